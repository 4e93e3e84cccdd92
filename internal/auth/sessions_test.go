package auth_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestASignInAlwaysMakesANewSession(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Analyst, "orders", "Clicks")
	first, second := w.signIn(u.Email), w.signIn(u.Email)
	require.NotEqual(t, first.Secret, second.Secret)
	require.NotEqual(t, first.Principal.Session, second.Principal.Session)
	require.GreaterOrEqual(t, len(second.Secret), 43, "256 bits")
	require.Equal(t, w.clock.Now().Add(14*24*time.Hour), second.EndsAt)

	p, fresh, err := w.Session(w.from("192.0.2.7"), second.Secret)
	require.NoError(t, err)
	require.Nil(t, fresh)
	require.Equal(t, second.Principal, p)
	require.Equal(t, auth.Principal{
		Kind: auth.KindUser, ID: u.ID, Name: "me@example.com", Role: auth.Analyst, Tables: []string{"clicks", "orders"}, User: u.ID, Session: p.Session,
	}, p)
	for _, secret := range []string{"", "x", first.Secret + "x", p.Session} {
		require.False(t, w.alive(secret), secret)
	}
}

func TestASessionEndsWhenNobodyUsesItAndInTheEndAnyway(t *testing.T) {
	w := newWorld(t)
	w.user("me@example.com", auth.Viewer)
	idle := w.signIn("me@example.com")
	w.clock.Pass(12*time.Hour - time.Second)
	require.True(t, w.alive(idle.Secret))
	w.clock.Pass(12 * time.Hour)
	require.False(t, w.alive(idle.Secret))

	in := w.signIn("me@example.com")
	secret, began := in.Secret, w.clock.Now()
	for w.clock.Now().Before(began.Add(14*24*time.Hour - 7*time.Hour)) {
		w.clock.Pass(6 * time.Hour)
		_, fresh, err := w.Session(w.from("192.0.2.7"), secret)
		require.NoError(t, err)
		require.Equal(t, in.EndsAt, fresh.EndsAt)
		secret = fresh.Secret
	}
	w.clock.Pass(in.EndsAt.Sub(w.clock.Now()) - time.Second)
	p, fresh, err := w.Session(w.from("192.0.2.7"), secret)
	require.NoError(t, err)
	require.Equal(t, in.Principal, p, "it has been the same session all the time")
	w.clock.Pass(time.Second)
	require.False(t, w.alive(fresh.Secret))
}

func TestASessionsSecretIsChangedNowAndThen(t *testing.T) {
	w := newWorld(t)
	w.user("me@example.com", auth.Viewer)
	old := w.signIn("me@example.com")
	w.clock.Pass(15*time.Minute - time.Second)
	_, fresh, err := w.Session(w.from("192.0.2.7"), old.Secret)
	require.NoError(t, err)
	require.Nil(t, fresh)

	w.clock.Pass(time.Second)
	var mu sync.Mutex
	var given []string
	var all sync.WaitGroup
	for range 8 { // requests of one page, at the same time
		all.Go(func() {
			p, fresh, err := w.Session(w.from("192.0.2.7"), old.Secret)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || p.Session != old.Principal.Session {
				given = append(given, "a failure")
			}
			if fresh != nil {
				given = append(given, fresh.Secret)
			}
		})
	}
	all.Wait()
	require.NotEmpty(t, given)
	require.Len(t, slices.Compact(slices.Clone(given)), 1, "there is one new secret")
	require.NotEqual(t, old.Secret, given[0])
	require.True(t, w.alive(given[0]))

	w.clock.Pass(30*time.Second - time.Millisecond)
	require.True(t, w.alive(old.Secret))
	w.clock.Pass(time.Millisecond)
	require.False(t, w.alive(old.Secret))
	require.True(t, w.alive(given[0]))
}

func TestASecretIsGoodUntilItsOwnerHasTheNextOne(t *testing.T) {
	w := newWorld(t)
	w.user("me@example.com", auth.Viewer)
	use := func(secret string) *auth.SignedIn {
		t.Helper()
		_, fresh, err := w.Session(w.from("192.0.2.7"), secret)
		require.NoError(t, err)
		return fresh
	}
	old := w.signIn("me@example.com").Secret
	w.clock.Pass(15 * time.Minute)
	lost := use(old) // the answer does not reach its client, or comes much later
	for range 14 {
		w.clock.Pass(time.Minute)
		again := use(old)
		require.NotNil(t, again)
		require.Equal(t, lost.Secret, again.Secret, "as it may arrive yet")
	}
	require.NotContains(t, string(w.files()), lost.Secret)
	require.Nil(t, use(lost.Secret))
	require.Nil(t, use(old), "its owner has the next one")
	w.clock.Pass(30*time.Second - time.Millisecond)
	require.True(t, w.alive(old))
	require.True(t, w.alive(lost.Secret))
	w.clock.Pass(time.Millisecond)
	require.False(t, w.alive(old))

	w.clock.Pass(time.Minute)
	next := use(lost.Secret)
	require.NotNil(t, next)
	w.clock.Pass(15*time.Minute - time.Millisecond)
	require.True(t, w.alive(lost.Secret))
	w.clock.Pass(time.Millisecond)
	require.False(t, w.alive(lost.Secret), "in the end anyway")
	require.True(t, w.alive(next.Secret))
}

func TestSignOutEndsOneSessionOrAll(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Viewer)
	w.user("other@example.com", auth.Editor)
	a, b, c, other := w.signIn(u.Email), w.signIn(u.Email), w.signIn(u.Email), w.signIn("other@example.com")

	for name, ctx := range map[string]context.Context{"once": w.as(a.Principal), "twice is no error": w.as(a.Principal), "nor is nobody": t.Context()} {
		continueAt, err := w.SignOut(ctx, a.Secret, "http://helios.example.com/sign-in")
		require.NoError(t, err, name)
		require.Empty(t, continueAt)
	}
	require.False(t, w.alive(a.Secret))
	require.True(t, w.alive(b.Secret))

	requireCode(t, fault.Refused, w.EndSession(w.as(other.Principal), u.ID, b.Principal.Session))
	requireCode(t, fault.Refused, w.EndSessions(w.as(other.Principal), u.ID))
	requireCode(t, fault.NotFound, w.EndSession(w.as(other.Principal), other.Principal.User, b.Principal.Session))
	_, err := w.Sessions(w.as(other.Principal), u.ID)
	requireCode(t, fault.Refused, err)
	token := auth.Principal{Kind: auth.KindToken, ID: "t", User: u.ID, Role: auth.Viewer}
	requireCode(t, fault.Refused, w.EndSessions(w.as(token), u.ID))
	require.True(t, w.alive(b.Secret))

	require.NoError(t, w.EndSession(w.as(c.Principal), u.ID, b.Principal.Session))
	require.False(t, w.alive(b.Secret))
	require.True(t, w.alive(c.Secret))
	require.NoError(t, w.EndSessions(w.as(c.Principal), u.ID))
	require.False(t, w.alive(c.Secret))
	require.True(t, w.alive(other.Secret))
}

func TestTheListOfSessionsSaysWhenAndFromWhere(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Viewer)
	began := w.clock.Now()
	quiet := w.signIn(u.Email)
	in := w.signIn(u.Email)
	w.clock.Pass(2 * time.Minute)
	seen := w.clock.Now()
	long := string(bytes.Repeat([]byte("x"), 5000))
	_, _, err := w.Session(auth.WithCaller(t.Context(), auth.Caller{Address: "203.0.113.5", Agent: long}), in.Secret)
	require.NoError(t, err)

	sessions, err := w.Sessions(w.as(in.Principal), u.ID)
	require.NoError(t, err)
	require.Len(t, sessions, 2)
	require.Equal(t, in.Principal.Session, sessions[0].ID, "the last seen first")
	require.Equal(t, began, sessions[0].CreatedAt)
	require.Equal(t, seen, sessions[0].SeenAt)
	require.Equal(t, "203.0.113.5", sessions[0].Address)
	require.Equal(t, long[:300], sessions[0].Agent)
	_, _, err = w.Session(w.from("198.51.100.1"), in.Secret)
	require.NoError(t, err)
	moved, err := w.Sessions(w.as(in.Principal), u.ID)
	require.NoError(t, err)
	require.Equal(t, "198.51.100.1", moved[0].Address, "another address is noted at once")
	require.Equal(t, quiet.Principal.Session, sessions[1].ID)
	require.Equal(t, began, sessions[1].SeenAt)
	require.Equal(t, "192.0.2.7", sessions[1].Address)
	require.Equal(t, "Browser/1.0", sessions[1].Agent)
}

func TestAChangeOfTheAccountEndsItsSessions(t *testing.T) {
	role, same, yes, no := auth.Editor, auth.Viewer, true, false
	tables := []string{"orders"}
	for name, c := range map[string]struct {
		change func(w *world, u auth.User) error
		ends   bool
	}{
		"another role":  {func(w *world, u auth.User) error { return w.change(u, auth.UserChange{Role: &role}) }, true},
		"the same role": {func(w *world, u auth.User) error { return w.change(u, auth.UserChange{Role: &same, Disabled: &no}) }, false},
		"a limit":       {func(w *world, u auth.User) error { return w.change(u, auth.UserChange{Tables: &tables}) }, false},
		"disabling": {func(w *world, u auth.User) error {
			require.NoError(w.t, w.change(u, auth.UserChange{Disabled: &yes}))
			return w.change(u, auth.UserChange{Disabled: &no})
		}, true},
		"removal": {func(w *world, u auth.User) error { return w.RemoveUser(w.machine(), u.ID) }, true},
		"a password": {func(w *world, u auth.User) error {
			return w.SetPassword(w.machine(), u.ID, "a password of the machine")
		}, true},
		"a used link": {func(w *world, u auth.User) error {
			l, err := w.ResetLink(w.machine(), u.ID)
			require.NoError(w.t, err)
			return w.ResetPassword(w.from("192.0.2.1"), l.Secret, "a password of the link")
		}, true},
		"an unused link": {func(w *world, u auth.User) error {
			_, err := w.ResetLink(w.machine(), u.ID)
			return err
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.user("me@example.com", auth.Viewer)
			w.user("other@example.com", auth.Viewer)
			in, other := w.signIn(u.Email), w.signIn("other@example.com")
			require.NoError(t, c.change(w, u))
			require.Equal(t, !c.ends, w.alive(in.Secret))
			require.True(t, w.alive(other.Secret))
		})
	}
}

func (w *world) change(u auth.User, c auth.UserChange) error {
	_, err := w.ChangeUser(w.machine(), u.ID, c)
	return err
}

func TestASessionOfADisabledAccountIsWorthNothing(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Viewer)
	in := w.signIn(u.Email)
	_, err := w.store.ChangeUser(t.Context(), u.ID, func(u *auth.User) (bool, error) {
		u.Disabled = true
		return false, nil // even if somebody forgets to end it
	})
	require.NoError(t, err)
	require.False(t, w.alive(in.Secret))
}

func TestALimitHoldsInSessionsThatAreThere(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Analyst)
	in := w.signIn(u.Email)
	require.True(t, in.Principal.MayRead("orders"))
	tables := []string{"Orders"}
	require.NoError(t, w.change(u, auth.UserChange{Tables: &tables}))
	p, _, err := w.Session(w.from("192.0.2.7"), in.Secret)
	require.NoError(t, err)
	require.True(t, p.MayRead("ORDERS"))
	require.False(t, p.MayRead("clicks"))
	none := []string{}
	require.NoError(t, w.change(u, auth.UserChange{Tables: &none}))
	p, _, err = w.Session(w.from("192.0.2.7"), in.Secret)
	require.NoError(t, err)
	require.False(t, p.MayRead("orders"), "an empty limit is not no limit")
	var all []string
	require.NoError(t, w.change(u, auth.UserChange{Tables: &all}))
	p, _, err = w.Session(w.from("192.0.2.7"), in.Secret)
	require.NoError(t, err)
	require.True(t, p.MayRead("clicks"))
}

func TestWhatIsStoredIsNoSecret(t *testing.T) {
	w := newWorld(t)
	setup, err := w.SetupLink(w.machine())
	require.NoError(t, err)
	in, err := w.Setup(w.from("192.0.2.1"), setup.Secret, "admin@example.com", password)
	require.NoError(t, err)
	reset, err := w.ResetLink(w.as(in.Principal), in.Principal.User)
	require.NoError(t, err)
	_, token, err := w.CreateToken(w.as(in.Principal), auth.NewToken{Name: "ci", Role: auth.Viewer})
	require.NoError(t, err)
	w.clock.Pass(time.Hour)
	_, fresh, err := w.Session(w.from("192.0.2.1"), in.Secret)
	require.NoError(t, err)
	_, err = w.SignIn(w.from("192.0.2.1"), "admin@example.com", "a wrong but telling one")
	requireCode(t, fault.SignIn, err)
	_, err = w.SignIn(w.from("192.0.2.1"), "a password in the wrong field", "x")
	requireCode(t, fault.SignIn, err)

	all := w.files()
	require.True(t, bytes.Contains(all, []byte("admin@example.com")), "the files are read")
	for _, secret := range []string{setup.Secret, in.Secret, fresh.Secret, reset.Secret, token, password, "a wrong but telling one", "a password in the wrong field"} {
		require.False(t, bytes.Contains(all, []byte(secret)), secret)
		require.NotContains(t, w.log.String(), secret)
	}
}
