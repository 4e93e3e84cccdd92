package auth_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
)

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// cheap is what a password costs in tests that are not about that.
var cheap = auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}

// world is a service over a catalog of its own.
type world struct {
	*auth.Service
	t     *testing.T
	dir   string
	store auth.Store
	clock *clock
	log   *bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}}
	w.store = w.another()
	w.Service = w.service(w.store, cheap)
	return w
}

// another opens the catalog once more, as another process does.
func (w *world) another() auth.Store {
	w.t.Helper()
	c, err := catalog.Open(w.t.Context(), w.dir)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, c.Close()) })
	return catalog.NewAccounts(c)
}

func (w *world) service(store auth.Store, cost auth.Cost) *auth.Service {
	return auth.New(store, auth.Options{Now: w.clock.Now, Cost: cost, Logger: slog.New(slog.NewTextHandler(w.log, nil))})
}

// machine is the context of somebody on Helios's own machine.
func (w *world) machine() context.Context {
	return auth.With(w.t.Context(), auth.Machine("root"))
}

// from is the context of a request from an address.
func (w *world) from(address string) context.Context {
	return auth.WithCaller(w.t.Context(), auth.Caller{Address: address, Agent: "Browser/1.0"})
}

// as is the context of a request of somebody.
func (w *world) as(p auth.Principal) context.Context { return auth.With(w.from("192.0.2.7"), p) }

const password = "correct horse battery"

// user adds an account, after a first admin.
func (w *world) user(email string, role auth.Role, tables ...string) auth.User {
	w.t.Helper()
	if some, err := w.store.HasUsers(w.t.Context()); err == nil && !some && email != "admin@example.com" {
		w.user("admin@example.com", auth.Admin)
	}
	u, err := w.AddUser(w.machine(), auth.NewUser{Email: email, Role: role, Tables: tables, Password: password})
	require.NoError(w.t, err)
	return u
}

// signIn signs somebody in.
func (w *world) signIn(email string) auth.SignedIn {
	w.t.Helper()
	in, err := w.SignIn(w.from("192.0.2.7"), email, password)
	require.NoError(w.t, err)
	return in
}

// alive reports whether a session goes on.
func (w *world) alive(secret string) bool {
	w.t.Helper()
	_, _, err := w.Session(w.from("192.0.2.7"), secret)
	if err != nil {
		require.Equal(w.t, fault.SignIn, fault.CodeOf(err), err)
	}
	return err == nil
}

// entries are those of the audit log, newest first.
func (w *world) entries(action string) []auth.Entry {
	w.t.Helper()
	page, more, err := w.SearchAudit(w.machine(), auth.AuditSearch{Action: action, Limit: 1000})
	require.NoError(w.t, err)
	require.False(w.t, more)
	return page
}

// files are all bytes that the catalog has written.
func (w *world) files() []byte {
	w.t.Helper()
	paths, err := filepath.Glob(filepath.Join(w.dir, "*"))
	require.NoError(w.t, err)
	var all []byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(w.t, err)
		all = append(all, text...)
	}
	return all
}

func requireCode(t *testing.T, want fault.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, fault.CodeOf(err), err)
}
