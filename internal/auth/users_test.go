package auth_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestRolesAreOrderedAndHaveNames(t *testing.T) {
	require.Equal(t, []string{"viewer", "analyst", "editor", "admin"}, auth.RoleNames())
	for i, has := range []auth.Role{auth.Viewer, auth.Analyst, auth.Editor, auth.Admin} {
		text, err := has.MarshalText()
		require.NoError(t, err)
		require.Equal(t, auth.RoleNames()[i], string(text))
		var read auth.Role
		require.NoError(t, read.UnmarshalText(text))
		require.Equal(t, has, read)
		for j, needed := range []auth.Role{auth.Viewer, auth.Analyst, auth.Editor, auth.Admin} {
			require.Equal(t, i >= j, auth.Principal{Role: has}.May(needed))
		}
		require.False(t, auth.Principal{Role: has}.May(auth.NoRole), "what needs no role is not asked for")
	}
	for _, name := range []string{"", "Admin", "root"} {
		_, err := auth.ParseRole(name)
		requireCode(t, fault.Invalid, err)
	}
	require.False(t, auth.Principal{}.May(auth.Viewer))
}

func TestAccountsAreKeptAsTheyWereAdded(t *testing.T) {
	w := newWorld(t)
	w.user("admin@example.com", auth.Admin)
	u, err := w.AddUser(w.machine(), auth.NewUser{Email: "  Me.Too@Example.COM ", Role: auth.Analyst, Tables: []string{"b", " A", "b"}, Password: password})
	require.NoError(t, err)
	require.Equal(t, "me.too@example.com", u.Email)
	require.Equal(t, []string{"a", "b"}, u.Tables)
	again, err := w.UserByEmail(w.machine(), "ME.TOO@example.com")
	require.NoError(t, err)
	require.Equal(t, u, again)
	all, err := w.Users(w.machine())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, u, all[1])

	for name, c := range map[string]struct {
		n    auth.NewUser
		code fault.Code
	}{
		"the same address in other letters": {auth.NewUser{Email: "ME.too@example.com", Role: auth.Viewer, Password: password}, fault.Conflict},
		"no address":                        {auth.NewUser{Email: "me", Role: auth.Viewer, Password: password}, fault.Invalid},
		"an address with a name":            {auth.NewUser{Email: "Me <me@example.com>", Role: auth.Viewer, Password: password}, fault.Invalid},
		"two addresses":                     {auth.NewUser{Email: "a@example.com, b@example.com", Role: auth.Viewer, Password: password}, fault.Invalid},
		"a line break":                      {auth.NewUser{Email: "a@example.com\r\nb", Role: auth.Viewer, Password: password}, fault.Invalid},
		"a sign that nobody sees":           {auth.NewUser{Email: "m\u200be@example.com", Role: auth.Viewer, Password: password}, fault.Invalid},
		"signs that turn others around":     {auth.NewUser{Email: "\u202eem@example.com", Role: auth.Viewer, Password: password}, fault.Invalid},
		"no role":                           {auth.NewUser{Email: "a@example.com", Password: password}, fault.Invalid},
		"a limited admin":                   {auth.NewUser{Email: "a@example.com", Role: auth.Admin, Tables: []string{"t"}, Password: password}, fault.Invalid},
		"a short password":                  {auth.NewUser{Email: "a@example.com", Role: auth.Viewer, Password: "short"}, fault.Invalid},
	} {
		_, err := w.AddUser(w.machine(), c.n)
		require.Equal(t, c.code, fault.CodeOf(err), name)
	}
	tables := []string{"t"}
	requireCode(t, fault.Invalid, w.change(all[0], auth.UserChange{Tables: &tables}))
	requireCode(t, fault.NotFound, w.change(auth.User{ID: "never was"}, auth.UserChange{}))
	requireCode(t, fault.NotFound, w.RemoveUser(w.machine(), "never was"))
	own := auth.Principal{Kind: auth.KindUser, ID: u.ID, User: u.ID, Role: auth.Analyst}
	self, err := w.User(w.as(own), u.ID)
	require.NoError(t, err)
	require.Equal(t, u, self)
	_, err = w.User(w.as(own), all[0].ID)
	requireCode(t, fault.Refused, err)
}

func TestOnlyAdminsManageAccounts(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Viewer)
	yes := true
	doors := map[string]func(ctx context.Context) error{
		"add": func(ctx context.Context) error {
			_, err := w.AddUser(ctx, auth.NewUser{Email: "new@example.com", Role: auth.Admin, Password: password})
			return err
		},
		"list": func(ctx context.Context) error { _, err := w.Users(ctx); return err },
		"find": func(ctx context.Context) error { _, err := w.UserByEmail(ctx, u.Email); return err },
		"read": func(ctx context.Context) error { _, err := w.User(ctx, u.ID); return err },
		"change": func(ctx context.Context) error {
			_, err := w.ChangeUser(ctx, u.ID, auth.UserChange{Disabled: &yes})
			return err
		},
		"remove": func(ctx context.Context) error { return w.RemoveUser(ctx, u.ID) },
		"link":   func(ctx context.Context) error { _, err := w.ResetLink(ctx, u.ID); return err },
		"end":    func(ctx context.Context) error { return w.EndSessions(ctx, u.ID) },
		"audit":  func(ctx context.Context) error { _, _, err := w.SearchAudit(ctx, auth.AuditSearch{}); return err },
		"setup":  func(ctx context.Context) error { _, err := w.SetupLink(ctx); return err },
		"set":    func(ctx context.Context) error { return w.SetPassword(ctx, u.ID, password) },
	}
	callers := map[string]context.Context{
		"nobody": t.Context(), "everybody of an open house": w.as(auth.OpenHouse()),
		"an editor":         w.as(auth.Principal{Kind: auth.KindUser, ID: "x", User: "x", Name: "x", Role: auth.Editor}),
		"an editor's token": w.as(auth.Principal{Kind: auth.KindToken, ID: "x", User: "x", Name: "x", Role: auth.Editor}),
	}
	for door, call := range doors {
		for who, ctx := range callers {
			require.Contains(t, []fault.Code{fault.Refused, fault.SignIn}, fault.CodeOf(call(ctx)), "%s: %s", door, who)
		}
	}
	unchanged, err := w.Users(w.machine())
	require.NoError(t, err)
	require.Len(t, unchanged, 2)
	require.Equal(t, u, unchanged[1])
	admin := w.as(w.signIn("admin@example.com").Principal)
	for door, call := range doors {
		switch door {
		case "setup", "set": // of the machine alone
			require.Equal(t, fault.Refused, fault.CodeOf(call(admin)), door)
		case "remove": // comes last
		default:
			require.NoError(t, call(admin), door)
		}
	}
	require.NoError(t, doors["remove"](admin))
}

func TestAnAdminIsAlwaysLeft(t *testing.T) {
	w := newWorld(t)
	for name, n := range map[string]auth.NewUser{
		"no admin": {Email: "e@example.com", Role: auth.Editor, Password: password}, "no password": {Email: "a@example.com", Role: auth.Admin},
	} {
		_, err := w.AddUser(w.machine(), n)
		require.Equal(t, fault.Conflict, fault.CodeOf(err), name)
		open, err := w.Open(t.Context())
		require.NoError(t, err)
		require.True(t, open, name)
	}
	u := w.user("admin@example.com", auth.Admin)
	w.user("editor@example.com", auth.Editor)
	_, err := w.AddUser(w.machine(), auth.NewUser{Email: "invited@example.com", Role: auth.Admin})
	require.NoError(t, err)
	editor, yes := auth.Editor, true
	requireCode(t, fault.Conflict, w.change(u, auth.UserChange{Role: &editor}))
	requireCode(t, fault.Conflict, w.change(u, auth.UserChange{Disabled: &yes}))
	requireCode(t, fault.Conflict, w.RemoveUser(w.machine(), u.ID))
	w.signIn("admin@example.com")
	w.user("second@example.com", auth.Admin)
	require.NoError(t, w.RemoveUser(w.machine(), u.ID))
}

func TestOfTwoAdminsWhoRemoveEachOtherOneStays(t *testing.T) {
	w := newWorld(t)
	a, b := w.user("admin@example.com", auth.Admin), w.user("b@example.com", auth.Admin)
	other := w.service(w.another(), cheap)
	var all sync.WaitGroup
	var failed atomic.Int32
	for service, id := range map[*auth.Service]string{w.Service: b.ID, other: a.ID} {
		all.Go(func() {
			if err := service.RemoveUser(w.machine(), id); fault.CodeOf(err) == fault.Conflict {
				failed.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, failed.Load())
	users, err := w.Users(w.machine())
	require.NoError(t, err)
	require.Len(t, users, 1)
}

// counting counts how often the store is asked whether there is an account, and fails if it is told to.
type counting struct {
	auth.Store
	asked atomic.Int32
	err   error
}

func (c *counting) HasUsers(ctx context.Context) (bool, error) {
	c.asked.Add(1)
	if c.err != nil {
		return false, c.err
	}
	return c.Store.HasUsers(ctx)
}

func TestTheHouseIsOpenUntilTheFirstAccountAndThenNeverMore(t *testing.T) {
	w := newWorld(t)
	store := &counting{Store: w.store}
	service := w.service(store, cheap)
	open := func() bool {
		open, err := service.Open(t.Context())
		require.NoError(t, err)
		return open
	}
	for range 1000 {
		require.True(t, open())
	}
	require.EqualValues(t, 1, store.asked.Load(), "within a second nothing is read again")
	w.clock.Pass(999 * time.Millisecond)
	require.True(t, open())
	require.EqualValues(t, 1, store.asked.Load())

	another := w.service(w.another(), cheap) // another process
	_, err := another.AddUser(w.machine(), auth.NewUser{Email: "admin@example.com", Role: auth.Admin, Password: password})
	require.NoError(t, err)
	w.clock.Pass(time.Millisecond)
	require.False(t, open())
	store.err = errors.New("the disk is gone")
	w.clock.Pass(time.Hour)
	require.False(t, open())
	require.EqualValues(t, 2, store.asked.Load(), "once closed nothing is read any more")

	failing := w.service(store, cheap)
	isOpen, err := failing.Open(t.Context())
	require.ErrorIs(t, err, store.err)
	require.False(t, isOpen, "who cannot know does not let in")
}

func TestTheFirstAccountClosesTheHouseAtOnce(t *testing.T) {
	w := newWorld(t)
	open, err := w.Open(t.Context())
	require.NoError(t, err)
	require.True(t, open)
	w.user("admin@example.com", auth.Admin)
	open, err = w.Open(t.Context())
	require.NoError(t, err)
	require.False(t, open)
}
