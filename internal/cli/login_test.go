package cli_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	server "github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/certs"
)

// house is a server with accounts.
type house struct {
	*httptest.Server
	*auth.Service
	t       *testing.T
	machine context.Context

	mu    sync.Mutex
	shown []string // the Authorization of each request, in order
}

// newHouse serves accounts, of which me@example.com is one, with or without TLS. Nobody has logged in to anything yet.
func newHouse(t *testing.T, tls bool) *house {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(t.TempDir(), "config"))
	c, err := catalog.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, machine: auth.With(t.Context(), auth.Machine("root")), Service: auth.New(catalog.NewAccounts(c), auth.Options{Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, Logger: log})}
	for _, u := range []auth.NewUser{{Email: "admin@example.com", Role: auth.Admin}, {Email: "me@example.com", Role: auth.Viewer, Tables: []string{"clicks"}}} {
		u.Password = goodPassword
		_, err := h.AddUser(h.machine, u)
		require.NoError(t, err)
	}
	world := &apitest.World{Keep: func(d *server.Deps) { d.Accounts = h.Service }}
	handler := world.Handler()
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.shown = append(h.shown, r.Header.Get("Authorization"))
		h.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	h.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	if tls {
		h.StartTLS()
	} else {
		h.Start()
	}
	t.Cleanup(h.Close)
	return h
}

// run runs a command at a terminal, where somebody types.
func (h *house) run(typed string, args ...string) result {
	h.t.Helper()
	got := heliosOnTerminal(h.t, typed, args...)
	require.NotContains(h.t, got.out+got.talk, goodPassword)
	require.NotContains(h.t, got.out+got.talk, "hls_")
	return got
}

// names are those of the tokens there are.
func (h *house) names() (names []string) {
	h.t.Helper()
	all, err := h.Tokens(h.machine)
	require.NoError(h.t, err)
	for _, v := range all {
		names = append(names, v.Name)
	}
	return names
}

func (h *house) token(n auth.NewToken) string {
	h.t.Helper()
	_, secret, err := h.CreateToken(h.machine, n)
	require.NoError(h.t, err)
	return secret
}

// mine makes a token of me@example.com.
func (h *house) mine(name string) {
	h.t.Helper()
	in, err := h.SignIn(h.t.Context(), "me@example.com", goodPassword)
	require.NoError(h.t, err)
	_, _, err = h.CreateToken(auth.With(h.t.Context(), in.Principal), auth.NewToken{Name: name, Role: auth.Viewer})
	require.NoError(h.t, err)
}

const typedLogin = "me@example.com\n" + goodPassword + "\n"

func credentials(t *testing.T) string {
	t.Helper()
	dir, err := os.UserConfigDir()
	require.NoError(t, err)
	return filepath.Join(dir, "helios", "credentials.json")
}

func TestALoginKeepsATokenOfItsOwnAndALogoutEndsIt(t *testing.T) {
	h := newHouse(t, false)
	host, err := os.Hostname()
	require.NoError(t, err)
	name := "helios on " + host
	got := h.run(typedLogin, "login", h.URL)
	require.Zero(t, got.code, got.talk)
	require.Empty(t, got.out)
	require.Contains(t, got.talk, "You are me@example.com at "+h.URL+", with the role viewer")
	require.Contains(t, got.talk, "`helios logout` ends that.")
	require.Equal(t, []string{name}, h.names())
	tokens, err := h.Tokens(h.machine)
	require.NoError(t, err)
	require.Equal(t, "me@example.com", tokens[0].Owner)
	require.Equal(t, []string{"clicks"}, tokens[0].Tables)
	require.WithinDuration(t, time.Now().Add(90*24*time.Hour), tokens[0].ExpiresAt, time.Hour)
	sessions, err := h.Sessions(h.machine, tokens[0].UserID)
	require.NoError(t, err)
	require.Empty(t, sessions, "nobody stays signed in")

	file := credentials(t)
	for path, mode := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, entries, 1)

	var me map[string]any
	require.NoError(t, json.Unmarshal([]byte(h.run("", "whoami", "--json").out), &me), "without --url commands talk to where one has logged in to")
	require.Equal(t, "token", me["kind"])
	require.Equal(t, name, me["name"])
	require.Equal(t, "me@example.com", me["owner"])
	require.Contains(t, h.run("", "whoami").out, "me@example.com, by the token "+name+"  token  viewer  clicks")
	require.Contains(t, h.run("", "__complete", "logout", "").out, h.URL)
	forbidden := h.run("", "sql", "rows 1")
	require.Equal(t, 1, forbidden.code)
	require.Contains(t, forbidden.talk, "this needs the role analyst")

	h.mine(name + " 2")
	require.Zero(t, h.run(typedLogin, "login", h.URL).code)
	require.ElementsMatch(t, []string{name, name + " 2"}, h.names(), "the token of the login before has ended")
	require.Zero(t, h.run("", "logout").code)
	require.Equal(t, []string{name + " 2"}, h.names())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "hls_")
	h.mine(name)
	require.Zero(t, h.run(typedLogin, "login", h.URL).code)
	require.Contains(t, h.names(), name+" 3", "two others have that name")

	h.Close()
	got = h.run("", "logout", h.URL)
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "forgotten here")
	got = h.run("", "logout", h.URL)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "you are not logged in to")
}

func TestWhoIsNotKnownIsToldHowToLogIn(t *testing.T) {
	h := newHouse(t, false)
	for _, typed := range []string{"me@example.com\n" + otherPassword + "\n", "nobody@example.com\n" + goodPassword + "\n"} {
		got := h.run(typed, "login", h.URL)
		require.Equal(t, 3, got.code)
		require.Contains(t, got.talk, "the e-mail address or the password is wrong")
		require.Contains(t, got.talk, "--token-stdin")
	}
	require.NoFileExists(t, credentials(t))
	require.Empty(t, h.names())
	for _, line := range []string{"tables list", "sources list", "sql SELECT", "queries list", "streams list", "quarantine list", "whoami", "whoami --json"} {
		got := helios(t, "", append(strings.Fields(line), "--url", h.URL)...)
		require.Equal(t, 3, got.code, "%s: %s", line, got.talk)
		require.Contains(t, got.talk, "`helios login "+h.URL+"`, or set HELIOS_TOKEN", line)
		require.Empty(t, got.out)
	}
	t.Setenv("HELIOS_TOKEN", "hls_wrong")
	got := helios(t, "", "tables", "list", "--url", h.URL)
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "token comes from HELIOS_TOKEN")
	t.Setenv("HELIOS_TOKEN", h.token(auth.NewToken{Name: "ci", Role: auth.Analyst})+"\n")
	require.Zero(t, helios(t, "", "tables", "list", "--url", h.URL).code)
	require.Zero(t, helios(t, "", "sql", "rows 1", "--url", h.URL).code)

	got = helios(t, "", "login", h.URL)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.talk, "standard input is not a terminal")
	open := httptest.NewServer((&apitest.World{}).Handler())
	defer open.Close()
	got = h.run("", "login", open.URL)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "has no accounts")
}

func TestATokenIsTakenFromStandardInput(t *testing.T) {
	h := newHouse(t, false)
	secret := h.token(auth.NewToken{Name: "ci", Role: auth.Analyst, ExpiresAt: time.Now().Add(time.Hour)})
	for stdin, want := range map[string]int{"": 2, "two words": 2, "hls_wrong": 3} {
		require.Equal(t, want, helios(t, stdin, "login", h.URL, "--token-stdin").code, stdin)
	}
	require.NoFileExists(t, credentials(t))
	got := helios(t, secret+"\r\n", "login", h.URL, "--token-stdin")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, got.talk, "You are the token ci")
	require.Contains(t, got.talk, ", until ")
	require.Contains(t, got.talk, "`helios logout` forgets the token, and does not end it.")
	require.Zero(t, h.run("", "sql", "rows 1").code)
	require.Contains(t, h.run("", "whoami").out, "the token ci  token  analyst  all")
	got = h.run("", "logout")
	require.Zero(t, got.code)
	tokens, err := h.Tokens(h.machine)
	require.NoError(t, err)
	require.Contains(t, got.talk, "`helios tokens revoke "+tokens[0].ID+"`")
	require.Equal(t, []string{"ci"}, h.names(), "others may use it")
	require.Equal(t, 3, h.run("", "sql", "rows 1", "--url", h.URL).code, "it is forgotten")

	require.Zero(t, helios(t, secret, "login", h.URL, "--token-stdin").code)
	require.Zero(t, h.run(typedLogin, "login", h.URL).code)
	require.Len(t, h.names(), 2, "nor does another login end it")
	require.Zero(t, helios(t, secret, "login", h.URL, "--token-stdin").code)
	require.Equal(t, []string{"ci"}, h.names(), "the one that the login made has ended")
}

func TestATokenGoesToItsServerOnly(t *testing.T) {
	h := newHouse(t, false)
	require.Zero(t, h.run(typedLogin, "login", h.URL).code)
	other := serve(t, map[string]answer{"GET /api/v1/tables": {body: `{"tables":[]}`}})
	other.seen = func(r *http.Request) { require.Empty(t, r.Header.Get("Authorization")) }
	require.Zero(t, h.run("", "tables", "list").code, "HELIOS_URL names the other one")
	require.Len(t, other.saw(), 1)

	sends := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.url+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer sends.Close()
	t.Setenv("HELIOS_TOKEN", h.token(auth.NewToken{Name: "ci", Role: auth.Analyst}))
	got := h.run("", "tables", "list", "--url", sends.URL)
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "sends to "+other.url)
	require.Len(t, other.saw(), 1, "nothing follows")

	got = h.run("", "tables", "list", "--url", "http://helios.invalid:1")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "http://helios.invalid:1 has no TLS")
	t.Setenv("HELIOS_TOKEN", "")
	got = h.run(typedLogin, "login", "http://helios.invalid:1")
	require.Equal(t, 1, got.code, "nor does a password go there")
	require.Contains(t, got.talk, "--insecure-http")
	got = h.run(typedLogin, "login", "http://helios.invalid:1", "--insecure-http")
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "no Helios answers")
	require.Contains(t, h.run("", "tables", "list", "--url", "https://me:secret@helios.invalid").talk, "holds no name and no password")
}

func TestACertificateThatNobodyVouchesForIsTrustedOnlyAsItIs(t *testing.T) {
	h := newHouse(t, true)
	fingerprint := certs.Fingerprint(h.Certificate())
	got := h.run("", "tables", "list", "--url", h.URL)
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "SHA-256 "+fingerprint)
	require.Contains(t, got.talk, "`helios login "+h.URL+"`")
	got = helios(t, "", "login", h.URL)
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "--fingerprint "+fingerprint)
	got = h.run("n\n", "login", h.URL)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, fingerprint)
	require.NoFileExists(t, credentials(t))
	require.Equal(t, 3, h.run(typedLogin, "login", h.URL, "--fingerprint", "SHA256:"+strings.Repeat("ab", 32)).code)
	for _, wrong := range []string{"abcd", strings.Repeat("zz", 32)} {
		require.Equal(t, 2, h.run(typedLogin, "login", h.URL, "--fingerprint", wrong).code)
	}
	require.Equal(t, 2, h.run(typedLogin, "login", "http://127.0.0.1", "--fingerprint", fingerprint).code)

	require.Zero(t, h.run("y\n"+typedLogin, "login", h.URL).code)
	require.Contains(t, h.run("", "whoami").out, "viewer")
	require.Zero(t, h.run("", "logout").code)
	typed := "sha256:" + strings.ToLower(strings.ReplaceAll(fingerprint, ":", ""))
	require.Zero(t, h.run(typedLogin, "login", h.URL, "--fingerprint", typed).code)
	require.Contains(t, h.run("", "whoami").out, "viewer")

	text, err := os.ReadFile(credentials(t))
	require.NoError(t, err)
	require.Contains(t, string(text), fingerprint)
	changed := strings.Replace(string(text), fingerprint, "00"+fingerprint[2:], 1)
	require.NoError(t, os.WriteFile(credentials(t), []byte(changed), 0o600))
	h.shown = nil
	got = h.run("", "whoami")
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "another certificate than the one that it was trusted for")
	require.Empty(t, h.shown, "it is not asked anything")
	require.Zero(t, h.run("y\n"+typedLogin, "login", h.URL).code, "a login asks anew")
	require.Zero(t, h.run("", "whoami").code)
}

func TestAProgramTrustsTheCertificateThatItsEnvironmentNames(t *testing.T) {
	h := newHouse(t, true)
	fingerprint := certs.Fingerprint(h.Certificate())
	t.Setenv("HELIOS_URL", h.URL)
	t.Setenv("HELIOS_TOKEN", h.token(auth.NewToken{Name: "ci", Role: auth.Analyst}))
	got := helios(t, "", "whoami")
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "or HELIOS_FINGERPRINT set to it")
	for _, written := range []string{fingerprint, "SHA-256 " + fingerprint, "SHA256:" + fingerprint} {
		t.Setenv("HELIOS_FINGERPRINT", written)
		got = helios(t, "", "sql", "rows 1")
		require.Zero(t, got.code, "%s: %s", written, got.talk)
	}
	require.Zero(t, h.run(typedLogin, "login", h.URL, "--fingerprint", "SHA-256 "+fingerprint).code)

	h.shown = nil
	t.Setenv("HELIOS_FINGERPRINT", strings.Repeat("ab", 32))
	got = helios(t, "", "whoami")
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "another certificate than the one that it was trusted for")
	t.Setenv("HELIOS_FINGERPRINT", "abcd")
	got = helios(t, "", "whoami")
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, `HELIOS_FINGERPRINT "abcd" is no SHA-256`)
	require.Empty(t, h.shown, "it is not asked anything")
}

func TestTokensThatOthersCanReadAreNotUsed(t *testing.T) {
	h := newHouse(t, false)
	require.Zero(t, h.run(typedLogin, "login", h.URL).code)
	require.NoError(t, os.Chmod(credentials(t), 0o644))
	for _, line := range []string{"whoami", "login " + h.URL, "logout"} {
		got := h.run(typedLogin, strings.Fields(line)...)
		require.Equal(t, 3, got.code, line)
		require.Contains(t, got.talk, "chmod 600", line)
	}
	require.NoError(t, os.Chmod(credentials(t), 0o600))
	require.Zero(t, h.run("", "whoami").code)
	require.NoError(t, os.WriteFile(credentials(t), []byte("{"), 0o600))
	got := h.run("", "whoami")
	require.Equal(t, 3, got.code)
	require.Contains(t, got.talk, "does not hold what `helios login` writes")
}

func TestALoginIsToSchemeHostAndPort(t *testing.T) {
	h := newHouse(t, false)
	require.Zero(t, h.run(typedLogin, "login", h.URL).code)
	u, err := url.Parse(h.URL)
	require.NoError(t, err)
	require.Zero(t, h.run("", "tables", "list", "--url", h.URL+"/").code)
	require.Equal(t, 3, h.run("", "tables", "list", "--url", "http://localhost:"+u.Port()).code, "another name is another server")
}
