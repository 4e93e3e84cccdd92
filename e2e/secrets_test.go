//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNoSecretIsFoundInAnythingThatHeliosProduces uses every kind of secret, rightly and wrongly, with the log at its most
// talkative, and then looks for them in all that came out: the log, what commands printed, every file of the data directory, the
// audit log, the metrics, every answer, and what the system shows of the processes.
func TestNoSecretIsFoundInAnythingThatHeliosProduces(t *testing.T) {
	needsProc(t)
	secrets := map[string]string{}
	keep := func(name, secret string) string {
		require.Greater(t, len(secret), 15, name)
		secrets[name] = secret
		return secret
	}
	typed := func(name string) string { return keep(name, name+" is what somebody typed") }
	l := newLocal(t, 1)
	s := startWith(t, []string{
		"AWS_REGION=us-east-1", "HELIOS_LOG_LEVEL=debug", "AWS_ACCESS_KEY_ID=AKIAEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=" + keep("AWS key", "wJalrXUtnFEMIsecretKEY"), "AWS_SESSION_TOKEN=" + keep("AWS session", "FwoGZXIvYXdzEsecret"),
	}, "serve", "--data", t.TempDir())
	var produced strings.Builder // all answers and all that commands printed, but for where a secret is handed out
	say := func(method, path string, body any, status int, headers ...string) string {
		text := ""
		if body != nil {
			text = asJSON(t, body)
		}
		resp, answer := s.ask(method, path, text, headers...)
		require.Equal(t, status, resp.StatusCode, "%s %s: %s", method, path, answer)
		fmt.Fprintln(&produced, resp.Header.Values("Content-Type"), answer)
		return answer
	}
	cookie := func(name, path string, body any) string {
		resp, answer := s.ask("POST", path, asJSON(t, body))
		require.Less(t, resp.StatusCode, 300, answer)
		fmt.Fprintln(&produced, answer)
		require.Len(t, resp.Cookies(), 1)
		return "Cookie: helios=" + keep(name, resp.Cookies()[0].Value)
	}
	handedOut := func(name, field, path string, body any, header string) string {
		resp, answer := s.ask("POST", path, asJSON(t, body), header)
		require.Less(t, resp.StatusCode, 300, answer)
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(answer), &v))
		secret, _ := v[field].(string)
		if _, after, ok := strings.Cut(secret, "#"); ok {
			secret = after
		}
		return keep(name, secret)
	}

	// The first account, with the link of the log: there alone it may stand.
	link := regexp.MustCompile(`/setup#([\w-]+)`)
	require.Eventually(t, func() bool { return link.MatchString(s.log.String()) }, 10*time.Second, 20*time.Millisecond)
	setup := link.FindStringSubmatch(s.log.String())[1]
	keep("set-up link", setup)
	admin := cookie("first session", "/api/v1/auth/setup", map[string]any{"secret": setup, "email": "admin@example.com", "password": typed("first password")})
	say("POST", "/api/v1/auth/setup", map[string]any{"secret": setup, "email": "x@example.com", "password": typed("late password")}, 404)
	say("POST", "/api/v1/auth/sign-in", map[string]any{"email": "admin@example.com", "password": typed("wrong password")}, 401)
	say("POST", "/api/v1/auth/sign-in", map[string]any{"email": "nobody@example.com", "password": typed("password of nobody")}, 401)
	say("POST", "/api/v1/auth/sign-in", `{"password": "`+typed("password of a broken request")+`"`, 422)
	again := cookie("second session", "/api/v1/auth/sign-in", map[string]any{"email": "admin@example.com", "password": secrets["first password"]})

	// A user: a link for the first password, then one of their own.
	var user struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.Unmarshal([]byte(say("POST", "/api/v1/users", map[string]any{
		"email": "ann@example.com", "role": "editor",
	}, 201, admin)), &user))
	reset := handedOut("reset link", "path", "/api/v1/users/"+user.ID+"/reset-link", map[string]any{}, admin)
	say("POST", "/api/v1/auth/link", map[string]any{"kind": "reset", "secret": reset}, 200)
	say("POST", "/api/v1/auth/reset", map[string]any{"secret": reset, "password": typed("password by link")}, 204)
	say("POST", "/api/v1/auth/reset", map[string]any{"secret": reset, "password": "another password"}, 404)
	ann := cookie("session of a user", "/api/v1/auth/sign-in", map[string]any{"email": "ann@example.com", "password": secrets["password by link"]})
	resp, _ := s.ask("POST", "/api/v1/auth/password", asJSON(t, map[string]any{"current": secrets["password by link"], "new": typed("own password")}), ann)
	require.Equal(t, 200, resp.StatusCode)
	ann = "Cookie: helios=" + keep("session after a new password", resp.Cookies()[0].Value)

	// Tokens: of the API, of the machine, used, mistyped, revoked.
	own := handedOut("token of a user", "secret", "/api/v1/tokens", map[string]any{"name": "mine", "role": "analyst"}, ann)
	made := keep("token of the machine", s.token("backup", "admin"))
	say("GET", "/api/v1/about", nil, 200, bearer(made))
	say("GET", "/api/v1/about", nil, 401, bearer(made[:len(made)-1]+"x"))
	say("GET", "/api/v1/tables?token="+url.QueryEscape(typed("in an address")), nil, 422, bearer(made))
	delete(secrets, "in an address") // nothing of Helios puts one there: it is here to see what an error quotes
	say("POST", "/api/v1/query", map[string]any{"sql": "SELECT 1", "history": true}, 200, bearer(own))
	say("POST", "/api/v1/query", map[string]any{"sql": "SELEC 1"}, 400, ann)
	for _, args := range [][]string{
		{"users", "list", "--data", s.dataDir()},
		{"tokens", "list", "--data", s.dataDir(), "--json"},
		{"tokens", "revoke", "nothing", "--data", s.dataDir(), "--yes"},
	} {
		out := helios(t, nil, args...)
		fmt.Fprintln(&produced, out.stdout, out.stderr)
	}

	// A source, with the machine's AWS credentials and with an endpoint that somebody wrote a password into.
	say("POST", "/api/v1/sources", map[string]any{"stream": localTable, "table": "events", "endpoint": l.endpoint}, 201, admin)
	at, err := url.Parse(l.endpoint)
	require.NoError(t, err)
	_, answer := s.ask("GET", "/api/v1/streams?endpoint="+url.QueryEscape("http://ann:"+typed("password-of-an-endpoint")+"@"+at.Host), "", admin)
	fmt.Fprintln(&produced, answer)
	require.Eventually(t, func() bool {
		_, answer := s.ask("POST", "/api/v1/query", asJSON(t, map[string]any{"sql": "SELECT count(*) > 0 FROM events"}), admin)
		return strings.Contains(answer, "true")
	}, 20*time.Second, 50*time.Millisecond)

	// What the server tells about all of it.
	for _, path := range []string{"/metrics", "/openapi.json", "/api/v1/about", "/api/v1/audit", "/api/v1/audit/export", "/api/v1/users", "/api/v1/tokens", "/api/v1/sources", "/api/v1/sources/events/yaml", "/api/v1/query-history?everybody=true", "/api/v1/auth/state"} {
		say("GET", path, nil, 200, again)
	}
	say("POST", "/api/v1/query", map[string]any{"sql": "SELECT * FROM helios.audit"}, 200, again)
	produced.WriteString(s.processes())
	require.Zero(t, s.interrupt())
	places := map[string]string{"an answer or what a command printed": produced.String(), "the log": strings.ReplaceAll(s.log.String(), "/setup#"+setup, "")}
	require.NoError(t, filepath.WalkDir(s.dataDir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		places[filepath.Base(path)] = string(text)
		return err
	}))
	require.GreaterOrEqual(t, len(places), 4, "the data directory has files")
	var found []string // a failure must not print whole files
	for where, text := range places {
		for name, secret := range secrets {
			for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), strings.Trim(strconv.QuoteToASCII(secret), `"`)} {
				if strings.Contains(text, form) {
					found = append(found, fmt.Sprintf("%s: the secret %q", where, name))
				}
			}
		}
	}
	require.Empty(t, found)
	requests := strings.Count(places["the log"], "/api/v1/auth/sign-in")
	require.Positive(t, requests, "the log tells of requests")
	signIns := strings.Count(produced.String(), `"action":"sign_in"`)
	require.Positive(t, signIns, "the audit log tells of sign-ins")
}

// processes is what the system shows everybody of a server's two processes: their command lines and names.
func (s *server) processes() string {
	var told strings.Builder
	for _, pid := range []int{s.cmd.Process.Pid, s.worker()} {
		for _, file := range []string{"cmdline", "status"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
			require.NoError(s.t, err)
			told.Write(text)
		}
	}
	return told.String()
}
