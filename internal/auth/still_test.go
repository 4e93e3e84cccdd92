package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestWhoIsLetInIsSoUntilSomethingChanges(t *testing.T) {
	viewer, none, some := auth.Viewer, []string(nil), []string{"orders"}
	yes := true
	for name, change := range map[string]func(w *world, u auth.User, p auth.Principal) error{
		"the user is disabled": func(w *world, u auth.User, _ auth.Principal) error {
			_, err := w.ChangeUser(w.machine(), u.ID, auth.UserChange{Disabled: &yes})
			return err
		},
		"the user is removed": func(w *world, u auth.User, _ auth.Principal) error { return w.RemoveUser(w.machine(), u.ID) },
		"the user's role changes": func(w *world, u auth.User, _ auth.Principal) error {
			_, err := w.ChangeUser(w.machine(), u.ID, auth.UserChange{Role: &viewer})
			return err
		},
		"the user's tables change": func(w *world, u auth.User, _ auth.Principal) error {
			_, err := w.ChangeUser(w.machine(), u.ID, auth.UserChange{Tables: &some})
			return err
		},
		"the session ends, the token is revoked": func(w *world, u auth.User, p auth.Principal) error {
			if p.Kind == auth.KindToken {
				return w.RevokeToken(w.machine(), p.ID)
			}
			return w.EndSessions(w.machine(), u.ID)
		},
		"its time is over": func(w *world, _ auth.User, _ auth.Principal) error {
			w.clock.Pass(auth.SessionIdle)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.user("me@example.com", auth.Editor, "clicks", "orders")
			in := w.signIn("me@example.com")
			_, secret, err := w.CreateToken(w.as(in.Principal), auth.NewToken{Name: "mine", Role: auth.Editor, ExpiresAt: w.clock.Now().Add(time.Hour)})
			require.NoError(t, err)
			token, err := w.Token(w.from("192.0.2.7"), secret)
			require.NoError(t, err)
			for _, p := range []auth.Principal{token, in.Principal} {
				require.NoError(t, w.Still(w.as(p)))
			}
			for _, p := range []auth.Principal{token, in.Principal} {
				if err := change(w, u, p); fault.CodeOf(err) != fault.NotFound { // what has been removed already
					require.NoError(t, err)
				}
				requireCode(t, fault.SignIn, w.Still(w.as(p)))
			}
		})
	}
	w := newWorld(t)
	require.NoError(t, w.Still(w.as(auth.OpenHouse())))
	require.NoError(t, w.Still(w.machine()))
	requireCode(t, fault.SignIn, w.Still(context.Background()))
	w.user("admin@example.com", auth.Admin)
	requireCode(t, fault.SignIn, w.Still(w.as(auth.OpenHouse())))
	u := w.user("me@example.com", auth.Editor)
	in := w.signIn("me@example.com")
	_, err := w.ChangeUser(w.machine(), u.ID, auth.UserChange{Tables: &none})
	require.NoError(t, err)
	require.NoError(t, w.Still(w.as(in.Principal)), "nothing changed")
}
