package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

// login is what a person has logged in to.
type login struct {
	URL          string     `json:"url"`
	Token        string     `json:"token"`
	TokenID      string     `json:"token_id"`
	Made         bool       `json:"made,omitempty"`       // by login, for itself: what others may use too is not its to end
	ExpiresAt    *time.Time `json:"expires_at,omitempty"` // nil: never
	Fingerprint  string     `json:"fingerprint,omitempty"`
	InsecureHTTP bool       `json:"insecure_http,omitempty"` // the token may go over HTTP without TLS
}

// logins are all that a person has logged in to, the last first.
type logins struct {
	Servers []login `json:"servers"`
}

// loginsFile is where they are kept; "" where nothing can be.
func loginsFile() string {
	if dir, err := os.UserConfigDir(); err == nil {
		return filepath.Join(dir, "helios", "credentials.json")
	}
	return ""
}

// readLogins reads them. A file that others can read holds no secrets any more, and is refused.
func readLogins() (logins, error) {
	file := loginsFile()
	info, err := os.Stat(file)
	switch {
	case file == "" || errors.Is(err, fs.ErrNotExist):
		return logins{}, nil
	case err != nil:
		return logins{}, fault.New(fault.Environment, "cannot read the tokens: %w", err)
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows": // which has other rights
		return logins{}, fault.New(fault.Environment, "others on this machine can read the tokens in %s", file).
			WithHint("take that from them with `chmod 600 '%s'`, and log in again if somebody may have read them", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return logins{}, fault.New(fault.Environment, "cannot read the tokens: %w", err)
	}
	var all logins
	if err := json.Unmarshal(text, &all); err != nil {
		return logins{}, fault.New(fault.Environment, "%s does not hold what `helios login` writes: %w", file, err).WithHint("remove it, and log in again")
	}
	return all, nil
}

// write keeps them, whole or not at all, for nobody else to read.
func (l *logins) write() error {
	file := loginsFile()
	if file == "" {
		return fault.New(fault.Environment, "you have no directory to keep a token in: neither HOME nor XDG_CONFIG_HOME is set").WithHint("set HELIOS_TOKEN instead")
	}
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	if err := writePrivate(file, append(text, '\n')); err != nil {
		return fault.New(fault.Environment, "cannot keep the token: %w", err).WithHint("set HELIOS_TOKEN instead")
	}
	return nil
}

// writePrivate replaces a file of the person's own.
func writePrivate(file string, text []byte) (err error) {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	made, err := os.CreateTemp(dir, ".credentials-*") // with the rights 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(made.Name())
		}
	}()
	_, err = made.Write(text)
	if err == nil {
		err = made.Sync()
	}
	if err = errors.Join(err, made.Close()); err != nil {
		return err
	}
	return os.Rename(made.Name(), file)
}

// of is the login to a server, nil if there is none.
func (l *logins) of(address string) *login {
	i := slices.IndexFunc(l.Servers, func(v login) bool { return origin(v.URL) == origin(address) })
	if i < 0 {
		return nil
	}
	return &l.Servers[i]
}

// last is the address that was logged in to last, "" if there is none.
func (l *logins) last() string {
	if len(l.Servers) == 0 {
		return ""
	}
	return l.Servers[0].URL
}

// put makes a login the last one, in place of an earlier one to the same server.
func (l *logins) put(v login) {
	l.remove(v.URL)
	l.Servers = slices.Insert(l.Servers, 0, v)
}

func (l *logins) remove(address string) {
	l.Servers = slices.DeleteFunc(l.Servers, func(v login) bool { return origin(v.URL) == origin(address) })
}

// origin is what a token belongs to: scheme, host and port.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// server is the address that commands talk to, and how: a token goes to the server that it was made for, and HELIOS_TOKEN to the
// one in force, which HELIOS_FINGERPRINT is of.
func (c *console) server() (address string, opts client.Options, err error) {
	kept, err := readLogins()
	if err != nil {
		return "", opts, err
	}
	address = config.URL(c.url, c.env, kept.last())
	if v := kept.of(address); v != nil {
		opts = client.Options{Token: v.Token, Fingerprint: v.Fingerprint, Plain: v.InsecureHTTP}
	}
	if token := config.Token(c.env); token != "" {
		opts.Token = token
	}
	if text := config.Fingerprint(c.env); text != "" {
		if opts.Fingerprint = client.Fingerprint(text); opts.Fingerprint == "" {
			return "", opts, fault.New(fault.Environment, "HELIOS_FINGERPRINT %q is no SHA-256", text).WithHint(fingerprintHint)
		}
	}
	return address, opts, nil
}
