package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
)

const (
	goodPassword  = "correct horse battery"
	otherPassword = "another horse altogether"
)

// machine runs commands on the accounts of a directory.
type machine struct {
	t   *testing.T
	dir string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	t.Chdir(t.TempDir()) // no settings file, and nothing made beside the tests
	return &machine{t: t, dir: filepath.Join(t.TempDir(), "data")}
}

func (m *machine) run(stdin, line string) result {
	m.t.Helper()
	got := helios(m.t, stdin, append(strings.Fields(line), "--data", m.dir)...)
	require.NotContains(m.t, got.out+got.talk, goodPassword)
	require.NotContains(m.t, got.out+got.talk, otherPassword)
	return got
}

func (m *machine) ok(stdin, line string) result {
	m.t.Helper()
	got := m.run(stdin, line)
	require.Zero(m.t, got.code, "%s: %s", line, got.talk)
	return got
}

func (m *machine) fails(code int, stdin, line, says string) {
	m.t.Helper()
	got := m.run(stdin, line)
	require.Equal(m.t, code, got.code, "%s: %s", line, got.talk)
	require.Contains(m.t, got.talk, says, line)
	require.Empty(m.t, got.out, line)
}

// accounts are those of the directory, as a server that runs has them open.
func (m *machine) accounts() *auth.Service {
	m.t.Helper()
	c, err := catalog.Open(m.t.Context(), m.dir)
	require.NoError(m.t, err)
	m.t.Cleanup(func() { require.NoError(m.t, c.Close()) })
	return auth.New(catalog.NewAccounts(c), auth.Options{})
}

func TestUsersAreManagedOnTheMachineWhileTheServerRunsOrRests(t *testing.T) {
	m := newMachine(t)
	m.fails(1, "", "users list", "no server has kept anything in")
	require.NoDirExists(t, m.dir, "a wrong directory is not made")
	m.fails(2, "", "users add me --role admin", "is not an e-mail address")
	m.fails(1, goodPassword, "users add me@example.com --role viewer --password-stdin", "the first account must be an admin's")
	m.ok(goodPassword+"\n", "users add Me@example.com --role admin --password-stdin")

	server := m.accounts()
	open, err := server.Open(t.Context())
	require.NoError(t, err)
	require.False(t, open)
	_, err = server.SignIn(t.Context(), "me@example.com", goodPassword)
	require.NoError(t, err, "the end of the line is no part of the password")

	require.Contains(t, m.ok(otherPassword, "users add you@example.com --role analyst --tables orders,Clicks --password-stdin").talk,
		"with the role analyst, limited to the tables clicks, orders.")
	m.fails(1, goodPassword, "users add you@example.com --role viewer --password-stdin", "there is an account you@example.com already")
	m.fails(2, "short", "users add x@example.com --role viewer --password-stdin", "fewer than 12 characters")
	m.fails(2, "\n", "users add x@example.com --role viewer --password-stdin", "the password is empty")
	m.fails(2, strings.Repeat("x", 5000), "users add x@example.com --role viewer --password-stdin", "more than 1024 bytes")
	m.fails(2, goodPassword, "users add x@example.com --role viewer", "Add --password-stdin")

	in, err := server.SignIn(t.Context(), "you@example.com", otherPassword)
	require.NoError(t, err)
	alive := func() bool {
		_, _, err := server.Session(t.Context(), in.Secret)
		return fault.CodeOf(err) != fault.SignIn
	}
	m.ok("", "users disable you@example.com")
	require.False(t, alive())
	_, err = server.SignIn(t.Context(), "you@example.com", otherPassword)
	require.Equal(t, fault.SignIn, fault.CodeOf(err))
	m.ok("", "users enable YOU@example.com")
	m.ok(goodPassword+"\r\n", "users password you@example.com --password-stdin")
	in, err = server.SignIn(t.Context(), "you@example.com", goodPassword)
	require.NoError(t, err)
	require.Equal(t, []string{"clicks", "orders"}, in.Principal.Tables)
	require.Contains(t, m.ok("", "users role you@example.com editor").talk, "the role editor, limited to the tables clicks, orders.", "what is not said stays")
	require.False(t, alive())
	require.Contains(t, m.ok("", "users role you@example.com editor --all-tables").talk, "may read all tables.")
	require.Contains(t, m.ok("", "users role you@example.com editor --tables storefrot").talk, "the role editor, limited to the table storefrot.")
	require.Contains(t, m.ok("", "users role you@example.com editor --tables=").talk, "the role editor, and may read no table.")
	m.ok("", "users role you@example.com editor --all-tables")

	var list struct {
		Users []map[string]any `json:"users"`
	}
	require.NoError(t, json.Unmarshal([]byte(m.ok("", "users list --json").out), &list))
	require.Len(t, list.Users, 2)
	require.Equal(t, "you@example.com", list.Users[1]["email"])
	require.Equal(t, "editor", list.Users[1]["role"])
	require.Nil(t, list.Users[1]["tables"])
	require.NotContains(t, m.ok("", "users list --json").out, "argon2")
	require.Contains(t, m.ok("", "users list").out, "you@example.com  editor  active  password       all")

	m.fails(1, "", "users remove me@example.com --yes", "no admin would be there")
	m.fails(2, "", "users remove you@example.com", "Add --yes")
	m.ok("", "users remove you@example.com --yes")
	m.fails(1, "", "users remove you@example.com --yes", "there is no account")
}

func TestAPasswordIsAskedForTwiceOnATerminal(t *testing.T) {
	m := newMachine(t)
	add := []string{"users", "add", "me@example.com", "--role", "admin", "--data", m.dir}
	got := heliosOnTerminal(t, goodPassword+"\n"+otherPassword+"\n", add...)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.talk, "the two passwords differ")
	require.Equal(t, 1, heliosOnTerminal(t, goodPassword+"\n", add...).code, "asked once more, nobody answers")

	got = heliosOnTerminal(t, goodPassword+"\r\n"+goodPassword+"\n", add...)
	require.Zero(t, got.code, got.talk)
	require.Equal(t, "Password: \nAgain: \nme@example.com has an account now, with the role admin.\n", got.talk)
	_, err := m.accounts().SignIn(t.Context(), "me@example.com", goodPassword)
	require.NoError(t, err)
	got = heliosOnTerminal(t, "", add...)
	require.Equal(t, 1, got.code)
	require.NotContains(t, got.talk, "Password", "nobody is asked in vain")
}

func TestTokensAreMadeOnTheMachineAndShownOnce(t *testing.T) {
	m := newMachine(t)
	got := m.ok("", "tokens create nightly --role analyst --tables orders,clicks --expires 90d")
	require.Contains(t, got.talk, "nightly has the role analyst, limited to the tables clicks, orders. It is not shown again.")
	secret := strings.TrimSuffix(got.out, "\n")
	server := m.accounts()
	p, err := server.Token(t.Context(), secret)
	require.NoError(t, err, "standard output is the token and nothing else")
	require.Equal(t, auth.Analyst, p.Role)
	require.Equal(t, []string{"clicks", "orders"}, p.Tables)
	require.NotContains(t, got.talk, secret)

	var made map[string]any
	require.NoError(t, json.Unmarshal([]byte(m.ok("", "tokens create forever --role admin --expires never --json").out), &made))
	require.Nil(t, made["expires_at"])
	_, err = server.Token(t.Context(), made["token"].(string))
	require.NoError(t, err)
	m.fails(1, "", "tokens create nightly --role viewer", "there is a token")

	var list struct {
		Tokens []map[string]any `json:"tokens"`
	}
	text := m.ok("", "tokens list --json").out
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	require.Len(t, list.Tokens, 2)
	require.NotContains(t, text, secret)
	ends, err := time.Parse(time.RFC3339, list.Tokens[1]["expires_at"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(90*24*time.Hour), ends, time.Hour)
	require.Contains(t, m.ok("", "tokens list").out, "nightly")

	m.ok("", "tokens revoke nightly")
	_, err = server.Token(t.Context(), secret)
	require.Equal(t, fault.SignIn, fault.CodeOf(err))
	m.fails(1, "", "tokens revoke nightly", "there is no token")
	m.ok("", "tokens revoke "+made["id"].(string))
	require.Contains(t, m.ok("", "tokens list").talk, "There is no token")
}

func TestTheDataDirectoryMayComeFromTheSettings(t *testing.T) {
	m := newMachine(t)
	t.Setenv("HELIOS_DATA", m.dir)
	got := helios(t, goodPassword, "users", "add", "me@example.com", "--role", "admin", "--password-stdin")
	require.Zero(t, got.code, got.talk)
	info, err := os.Stat(m.dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.FileExists(t, filepath.Join(m.dir, "catalog.sqlite"))
}
