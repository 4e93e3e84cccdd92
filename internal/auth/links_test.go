package auth_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestTheSetupLinkMakesTheFirstAdminOnce(t *testing.T) {
	w := newWorld(t)
	_, err := w.SetupLink(w.as(auth.OpenHouse()))
	requireCode(t, fault.Refused, err)
	old, err := w.SetupLink(w.machine())
	require.NoError(t, err)
	l, err := w.SetupLink(w.machine())
	require.NoError(t, err)
	require.Equal(t, w.clock.Now().Add(30*time.Minute), l.ExpiresAt)
	_, _, err = w.CheckLink(t.Context(), auth.LinkSetup, old.Secret)
	requireCode(t, fault.NotFound, err)
	email, expires, err := w.CheckLink(t.Context(), auth.LinkSetup, l.Secret)
	require.NoError(t, err)
	require.Empty(t, email)
	require.Equal(t, l.ExpiresAt, expires)

	for name, c := range map[string]struct {
		email, password string
	}{"a bad address": {"me", password}, "a short password": {"me@example.com", "short"}, "no password": {"me@example.com", ""}} {
		_, err = w.Setup(w.from("192.0.2.1"), l.Secret, c.email, c.password)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
	}
	_, err = w.Setup(w.from("192.0.2.1"), "not the link", "me@example.com", password)
	requireCode(t, fault.NotFound, err)
	in, err := w.Setup(w.from("192.0.2.1"), l.Secret, "Me@example.com", password)
	require.NoError(t, err, "a mistake does not use the link up")
	require.Equal(t, auth.Admin, in.Principal.Role)
	require.True(t, w.alive(in.Secret))
	open, err := w.Open(t.Context())
	require.NoError(t, err)
	require.False(t, open)

	_, err = w.Setup(w.from("192.0.2.1"), l.Secret, "second@example.com", password)
	requireCode(t, fault.NotFound, err)
	_, err = w.SetupLink(w.machine())
	requireCode(t, fault.Conflict, err)
}

func TestWhoMakesLinksUpIsRefusedAndFillsNoLog(t *testing.T) {
	w := newWorld(t)
	w.user("admin@example.com", auth.Admin)
	u := w.user("me@example.com", auth.Viewer)
	l, err := w.ResetLink(w.machine(), u.ID)
	require.NoError(t, err)
	stranger := w.from("198.51.100.1")
	for name, try := range map[string]func(secret string) error{
		"setup": func(secret string) error { _, err := w.Setup(stranger, secret, "x@example.com", password); return err },
		"reset": func(secret string) error { return w.ResetPassword(stranger, secret, password) },
		"check": func(secret string) error { _, _, err := w.CheckLink(stranger, auth.LinkReset, secret); return err },
	} {
		before := len(w.entries(""))
		for range 20 {
			require.Equal(t, fault.NotFound, fault.CodeOf(try("made up")), name)
		}
		for range 200 {
			require.Equal(t, fault.TooMany, fault.CodeOf(try("made up")), name)
		}
		require.Less(t, len(w.entries(""))-before, 25, name)
		require.Equal(t, fault.TooMany, fault.CodeOf(w.ResetPassword(stranger, l.Secret, password)), name)
		w.clock.Pass(10 * time.Minute)
	}
	for range 40 { // as their page does
		_, _, err = w.CheckLink(stranger, auth.LinkReset, l.Secret)
		require.NoError(t, err)
	}
	require.NoError(t, w.ResetPassword(stranger, l.Secret, password))
}

func TestALinkDoesNotOutliveAChangedPasswordOrADisabledAccount(t *testing.T) {
	yes, no, role := true, false, auth.Editor
	for name, c := range map[string]struct {
		change func(w *world, u auth.User) error
		ends   bool
	}{
		"the user's own change of password": {func(w *world, u auth.User) error {
			_, err := w.ChangePassword(w.as(w.signIn(u.Email).Principal), password, "another horse altogether")
			return err
		}, true},
		"a password of the machine": {func(w *world, u auth.User) error { return w.SetPassword(w.machine(), u.ID, "another horse altogether") }, true},
		"disabling": {func(w *world, u auth.User) error {
			require.NoError(w.t, w.change(u, auth.UserChange{Disabled: &yes}))
			return w.change(u, auth.UserChange{Disabled: &no})
		}, true},
		"another role": {func(w *world, u auth.User) error { return w.change(u, auth.UserChange{Role: &role}) }, false},
		"a sign-in":    {func(w *world, u auth.User) error { w.signIn(u.Email); return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.user("me@example.com", auth.Viewer)
			l, err := w.ResetLink(w.machine(), u.ID)
			require.NoError(t, err)
			require.NoError(t, c.change(w, u))
			err = w.ResetPassword(w.from("192.0.2.1"), l.Secret, "a password of the link")
			if c.ends {
				requireCode(t, fault.NotFound, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestAnOpenHouseHasNoLogToFill(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		_, _, err := w.CreateToken(w.as(auth.OpenHouse()), auth.NewToken{Name: "x", Role: auth.Viewer})
		requireCode(t, fault.Refused, err)
		_, err = w.AddUser(w.as(auth.OpenHouse()), auth.NewUser{Email: "x@example.com", Role: auth.Viewer})
		requireCode(t, fault.Refused, err)
	}
	require.Empty(t, w.entries(""))
}

func TestALinkExpires(t *testing.T) {
	w := newWorld(t)
	l, err := w.SetupLink(w.machine())
	require.NoError(t, err)
	w.clock.Pass(30 * time.Minute)
	_, _, err = w.CheckLink(t.Context(), auth.LinkSetup, l.Secret)
	requireCode(t, fault.NotFound, err)
	_, err = w.Setup(w.from("192.0.2.1"), l.Secret, "me@example.com", password)
	requireCode(t, fault.NotFound, err)

	u := w.user("admin@example.com", auth.Admin)
	l, err = w.ResetLink(w.machine(), u.ID)
	require.NoError(t, err)
	w.clock.Pass(24*time.Hour - time.Second)
	_, _, err = w.CheckLink(t.Context(), auth.LinkReset, l.Secret)
	require.NoError(t, err)
	w.clock.Pass(time.Second)
	requireCode(t, fault.NotFound, w.ResetPassword(w.from("192.0.2.1"), l.Secret, "another long password"))
	w.signIn(u.Email)
}

func TestTheSetupLinkIsWorthNothingOnceThereIsAnAccount(t *testing.T) {
	w := newWorld(t)
	l, err := w.SetupLink(w.machine())
	require.NoError(t, err)
	w.user("admin@example.com", auth.Admin)
	_, err = w.Setup(w.from("192.0.2.1"), l.Secret, "me@example.com", password)
	requireCode(t, fault.Conflict, err)
}

func TestOfManyWhoUseTheSetupLinkAtOnceOneBecomesAdmin(t *testing.T) {
	w := newWorld(t)
	l, err := w.SetupLink(w.machine())
	require.NoError(t, err)
	services := []*auth.Service{w.Service, w.service(w.another(), cheap)}
	var all sync.WaitGroup
	codes := make(chan error, 8)
	for n := range 8 {
		all.Go(func() {
			_, err := services[n%2].Setup(w.from("192.0.2.1"), l.Secret, fmt.Sprintf("u%d@example.com", n), password)
			codes <- err
		})
	}
	all.Wait()
	close(codes)
	won := 0
	for err := range codes {
		if err == nil {
			won++
			continue
		}
		requireCode(t, fault.NotFound, err)
	}
	require.Equal(t, 1, won)
	users, err := w.Users(w.machine())
	require.NoError(t, err)
	require.Len(t, users, 1)
}

func TestAResetLinkSetsAPasswordOnce(t *testing.T) {
	w := newWorld(t)
	admin := w.user("admin@example.com", auth.Admin)
	u, err := w.AddUser(w.machine(), auth.NewUser{Email: "invited@example.com", Role: auth.Viewer})
	require.NoError(t, err)
	old, err := w.ResetLink(w.as(w.signIn(admin.Email).Principal), u.ID)
	require.NoError(t, err)
	l, err := w.ResetLink(w.machine(), u.ID)
	require.NoError(t, err)
	others, err := w.ResetLink(w.machine(), admin.ID)
	require.NoError(t, err)
	requireCode(t, fault.NotFound, w.ResetPassword(w.from("192.0.2.1"), old.Secret, password))
	email, _, err := w.CheckLink(t.Context(), auth.LinkReset, l.Secret)
	require.NoError(t, err)
	require.Equal(t, "invited@example.com", email)
	_, _, err = w.CheckLink(t.Context(), auth.LinkSetup, l.Secret)
	requireCode(t, fault.NotFound, err)

	requireCode(t, fault.Invalid, w.ResetPassword(w.from("192.0.2.1"), l.Secret, "short"))
	require.NoError(t, w.ResetPassword(w.from("192.0.2.1"), l.Secret, password))
	w.signIn("invited@example.com")
	requireCode(t, fault.NotFound, w.ResetPassword(w.from("192.0.2.1"), l.Secret, "another long password"))
	w.signIn("invited@example.com")

	w.user("second@example.com", auth.Admin)
	require.NoError(t, w.RemoveUser(w.machine(), admin.ID))
	requireCode(t, fault.NotFound, w.ResetPassword(w.from("192.0.2.1"), others.Secret, password))
	_, err = w.ResetLink(w.machine(), admin.ID)
	requireCode(t, fault.NotFound, err)
}
