package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/config"
)

const password = "correct horse battery"

// talk is what a server says while it runs.
type talk struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (k *talk) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(p)
}

func (k *talk) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.String()
}

// boot runs a server without sources, and gives its URL.
func boot(t *testing.T, c config.Config) (url string, said *talk, stop func()) {
	t.Helper()
	at, said, stop := bootAt(t, c)
	return at.API, said, stop
}

func bootAt(t *testing.T, c config.Config) (at Addresses, said *talk, stop func()) {
	t.Helper()
	said = &talk{}
	c.Listen, c.Log.Format = "127.0.0.1:0", "text"
	up := make(chan Addresses, 1)
	o := Options{Config: c, Worker: []string{"worker", calm}, Talk: said, Logger: slog.New(slog.DiscardHandler), Ready: func(a Addresses) { up <- a }}
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { served <- Serve(ctx, o) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-served)
	})
	t.Cleanup(stop)
	select {
	case at := <-up:
		return at, said, stop
	case err := <-served:
		cancel()
		require.FailNow(t, "the server ended", "%v\n%s", err, said)
		return Addresses{}, nil, nil
	}
}

// browser keeps cookies.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
}

// post sends JSON and gives the answer's status and body.
func post(t *testing.T, c *http.Client, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

func TestTheAuditLogIsKeptAsLongAsTheSettingsSay(t *testing.T) {
	c := config.Default()
	c.Data, c.Audit.Retention = t.TempDir(), 48*time.Hour
	accounts := func(do func(ctx context.Context, accounts *auth.Service) error) {
		t.Helper()
		require.NoError(t, Accounts(t.Context(), c.Data, true, slog.New(slog.DiscardHandler), do))
	}
	accounts(func(ctx context.Context, accounts *auth.Service) error {
		for target, age := range map[string]time.Duration{"old": 49 * time.Hour, "young": 47 * time.Hour} {
			require.NoError(t, accounts.Record(ctx, auth.Entry{At: time.Now().Add(-age), Action: "test", Target: target}))
		}
		return nil
	})
	boot(t, c)
	var targets []string
	require.Eventually(t, func() bool {
		targets = nil
		accounts(func(ctx context.Context, accounts *auth.Service) error {
			page, _, err := accounts.SearchAudit(ctx, auth.AuditSearch{Action: "test"})
			for _, e := range page {
				targets = append(targets, e.Target)
			}
			return err
		})
		return len(targets) < 2
	}, time.Minute, 10*time.Millisecond)
	require.Equal(t, []string{"young"}, targets)
}

func TestAServerMakesTheFirstAccountOfItsSettingsBeforeItLetsAnybodyIn(t *testing.T) {
	c := config.Default()
	c.Data = t.TempDir()
	c.Admin = config.Admin{Email: "root@example.com", PasswordFile: filepath.Join(t.TempDir(), "password")}
	require.NoError(t, os.WriteFile(c.Admin.PasswordFile, []byte(password+"\n"), 0o600))
	url, said, stop := boot(t, c)
	const sql = `{"sql":"SELECT action, actor, detail->>'sql' FROM helios.audit ORDER BY id"}`
	status, body := post(t, browser(t), url+"/api/v1/query", sql)
	require.Equal(t, http.StatusUnauthorized, status, body)
	admin := browser(t)
	status, body = post(t, admin, url+"/api/v1/auth/sign-in", `{"email":"root@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	status, body = post(t, admin, url+"/api/v1/query", `{"sql":"SELECT 42"}`)
	require.Equal(t, http.StatusOK, status, body)
	require.Eventually(t, func() bool {
		status, body = post(t, admin, url+"/api/v1/query", sql)
		return status == http.StatusOK && strings.Contains(body, `["query.run","root@example.com","SELECT 42"]`)
	}, time.Minute, 10*time.Millisecond, "helios.audit tells")
	require.NotContains(t, said.String(), password)
	require.NotContains(t, said.String(), "/setup#", "there is an account")
	stop()

	c.Admin.Email = "other@example.com"
	url, _, _ = boot(t, c)
	status, _ = post(t, browser(t), url+"/api/v1/auth/sign-in", `{"email":"other@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusUnauthorized, status, "it makes the first only")
}

func TestAServerWithoutAccountsSaysWhereTheFirstIsMade(t *testing.T) {
	c := config.Default()
	c.Data = t.TempDir()
	url, said, _ := boot(t, c)
	var secret string
	require.Eventually(t, func() bool {
		if m := regexp.MustCompile(`link=\S*/setup#([\w-]+)`).FindStringSubmatch(said.String()); m != nil {
			secret = m[1]
		}
		return secret != ""
	}, time.Minute, 10*time.Millisecond)
	status, body := post(t, browser(t), url+"/api/v1/query", `{"sql":"SELECT 42"}`)
	require.Equal(t, http.StatusOK, status, body)
	admin := browser(t)
	status, body = post(t, admin, url+"/api/v1/auth/setup", `{"secret":"`+secret+`","email":"me@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	status, _ = post(t, browser(t), url+"/api/v1/query", `{"sql":"SELECT 42"}`)
	require.Equal(t, http.StatusUnauthorized, status)
	status, body = post(t, admin, url+"/api/v1/tokens", `{"name":"limited","role":"analyst","tables":["shop"]}`)
	require.Equal(t, http.StatusCreated, status, body)
	var token struct {
		Secret string `json:"secret"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &token))
	limited := browser(t)
	limited.Transport = bearer{limited.Transport, token.Secret}
	for sql, want := range map[string]int{
		"SELECT 1": http.StatusOK, "SELECT * FROM other": http.StatusForbidden, "SELECT * FROM helios.audit": http.StatusForbidden, "SELECT * FROM helios.tables": http.StatusForbidden,
	} {
		status, body = post(t, limited, url+"/api/v1/query", `{"sql":"`+sql+`"}`)
		require.Equal(t, want, status, "%s: %s", sql, body)
	}

	require.NoError(t, Accounts(t.Context(), c.Data, false, slog.New(slog.DiscardHandler), func(ctx context.Context, a *auth.Service) error {
		users, err := a.Users(ctx)
		require.Len(t, users, 1)
		return err
	}))
}

func TestTheLogOfADeploymentHoldsNoLink(t *testing.T) {
	c := config.Default()
	c.Data, c.CloudWatch.Deployment = t.TempDir(), "helios"
	_, said, stop := boot(t, c)
	require.Eventually(t, func() bool { return strings.Contains(said.String(), "`helios users setup` gives the link") }, time.Minute, 10*time.Millisecond)
	stop()
	require.NotContains(t, said.String(), "/setup#")
}

// bearer sends a token with every request.
type bearer struct {
	next   http.RoundTripper
	secret string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.secret)
	return b.next.RoundTrip(r)
}

func TestAFirstAccountThatCannotBeMadeIsNoStart(t *testing.T) {
	for name, file := range map[string]string{"no file": "", "no password": "\n", "a short password": "short\n"} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			c.Listen, c.Data = "127.0.0.1:0", t.TempDir()
			c.Admin = config.Admin{Email: "root@example.com", PasswordFile: filepath.Join(t.TempDir(), "password")}
			if file != "" {
				require.NoError(t, os.WriteFile(c.Admin.PasswordFile, []byte(file), 0o600))
			}
			err := Serve(t.Context(), Options{Config: c, Worker: []string{"worker", calm}, Talk: io.Discard, Logger: slog.New(slog.DiscardHandler), Ready: func(Addresses) {}})
			require.ErrorContains(t, err, "password")
			require.NotContains(t, err.Error(), "short\n")
		})
	}
}
