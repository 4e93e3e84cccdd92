package auth_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestATokenThatWasMistypedIsToldFromOneThatIsNotKnown(t *testing.T) {
	w := newWorld(t)
	_, secret, err := w.CreateToken(w.machine(), auth.NewToken{Name: "ci", Role: auth.Viewer})
	require.NoError(t, err)
	require.Regexp(t, `^hls_[0-9A-Za-z]{49}$`, secret)
	_, err = w.Token(t.Context(), secret)
	require.NoError(t, err)

	const mistyped = "this is not a whole token"
	for i := range secret {
		wrong := []byte(secret)
		wrong[i] = 'x'
		if secret[i] == 'x' {
			wrong[i] = 'y'
		}
		_, err := w.Token(t.Context(), string(wrong))
		require.EqualError(t, err, mistyped)
		require.Equal(t, fault.SignIn, fault.CodeOf(err))
		_, err = w.Token(t.Context(), secret[:i]+secret[i+1:])
		require.EqualError(t, err, mistyped)
	}
	for _, wrong := range []string{"", "hls_", secret + "x", " " + secret} {
		_, err := w.Token(t.Context(), wrong)
		require.EqualError(t, err, mistyped)
	}

	other := newWorld(t)
	_, err = other.Token(t.Context(), secret)
	requireCode(t, fault.SignIn, err)
	require.ErrorContains(t, err, "revoked")
}

func TestATokenMayWhatItAndItsOwnerMay(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Editor, "orders", "clicks", "visits")
	in := w.signIn(u.Email)
	_, secret, err := w.CreateToken(w.as(in.Principal), auth.NewToken{Name: " ci ", Role: auth.Analyst, Tables: []string{"clicks", "Orders"}})
	require.NoError(t, err)
	p, err := w.Token(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, auth.Principal{Kind: auth.KindToken, ID: p.ID, Name: "ci", Role: auth.Analyst, Tables: []string{"clicks", "orders"}, User: u.ID, Owner: u.Email}, p)

	_, wide, err := w.CreateToken(w.as(in.Principal), auth.NewToken{Name: "wide", Role: auth.Editor})
	require.NoError(t, err)
	p, err = w.Token(t.Context(), wide)
	require.NoError(t, err)
	require.Equal(t, u.Tables, p.Tables, "no limit of its own is its owner's")

	viewer, tables := auth.Viewer, []string{"orders", "visits"}
	require.NoError(t, w.change(u, auth.UserChange{Role: &viewer, Tables: &tables}))
	p, err = w.Token(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, auth.Viewer, p.Role)
	require.Equal(t, []string{"orders"}, p.Tables)

	for name, n := range map[string]auth.NewToken{
		"a role above the maker's":       {Name: "x", Role: auth.Analyst},
		"a table outside the own limit":  {Name: "x", Role: auth.Viewer, Tables: []string{"secrets"}},
		"the role admin for who is none": {Name: "x", Role: auth.Admin},
	} {
		in := w.signIn(u.Email)
		_, _, err = w.CreateToken(w.as(in.Principal), n)
		require.Equal(t, fault.Refused, fault.CodeOf(err), name)
	}
	_, _, err = w.CreateToken(w.as(p), auth.NewToken{Name: "child", Role: auth.Viewer})
	requireCode(t, fault.Refused, err)
	_, _, err = w.CreateToken(w.as(auth.OpenHouse()), auth.NewToken{Name: "open", Role: auth.Viewer})
	requireCode(t, fault.Refused, err)
}

func TestATokenThatMakesNoSenseIsNotMade(t *testing.T) {
	w := newWorld(t)
	for name, n := range map[string]auth.NewToken{
		"no name":             {Name: " ", Role: auth.Viewer},
		"a very long name":    {Name: strings.Repeat("x", 101), Role: auth.Viewer},
		"a name of two lines": {Name: "a\nb", Role: auth.Viewer},
		"a name that is none": {Name: "\xff", Role: auth.Viewer},
		"no role":             {Name: "x"},
		"a role there is not": {Name: "x", Role: auth.Admin + 1},
		"a limited admin":     {Name: "x", Role: auth.Admin, Tables: []string{"orders"}},
		"an empty table":      {Name: "x", Role: auth.Viewer, Tables: []string{" "}},
		"its end is past":     {Name: "x", Role: auth.Viewer, ExpiresAt: w.clock.Now()},
	} {
		_, _, err := w.CreateToken(w.machine(), n)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), name)
	}
	_, _, err := w.CreateToken(w.machine(), auth.NewToken{Name: "ci", Role: auth.Viewer})
	require.NoError(t, err)
	_, _, err = w.CreateToken(w.machine(), auth.NewToken{Name: "ci", Role: auth.Viewer})
	requireCode(t, fault.Conflict, err)
	w.user("me@example.com", auth.Viewer)
	in := w.signIn("me@example.com")
	for n := range 100 {
		_, _, err = w.CreateToken(w.as(in.Principal), auth.NewToken{Name: fmt.Sprintf("ci %d", n), Role: auth.Viewer})
		require.NoError(t, err)
	}
	_, _, err = w.CreateToken(w.as(in.Principal), auth.NewToken{Name: "one more", Role: auth.Viewer})
	requireCode(t, fault.TooLarge, err)
}

func TestATokenEnds(t *testing.T) {
	yes := true
	for name, end := range map[string]func(w *world, owner auth.User, token auth.Token) error{
		"when it is revoked by its owner": func(w *world, u auth.User, token auth.Token) error {
			return w.RevokeToken(w.as(w.signIn(u.Email).Principal), token.ID)
		},
		"when it is revoked by an admin": func(w *world, _ auth.User, token auth.Token) error {
			return w.RevokeToken(w.as(w.signIn("admin@example.com").Principal), token.ID)
		},
		"when it expires": func(w *world, _ auth.User, token auth.Token) error {
			w.clock.Pass(token.ExpiresAt.Sub(w.clock.Now()))
			return nil
		},
		"when its owner is disabled": func(w *world, u auth.User, _ auth.Token) error {
			return w.change(u, auth.UserChange{Disabled: &yes})
		},
		"when its owner is removed": func(w *world, u auth.User, _ auth.Token) error {
			return w.RemoveUser(w.machine(), u.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.user("me@example.com", auth.Viewer)
			token, secret, err := w.CreateToken(w.as(w.signIn(u.Email).Principal),
				auth.NewToken{Name: "ci", Role: auth.Viewer, ExpiresAt: w.clock.Now().Add(90 * 24 * time.Hour)})
			require.NoError(t, err)
			w.clock.Pass(90*24*time.Hour - time.Second)
			_, err = w.Token(t.Context(), secret)
			require.NoError(t, err)
			require.NoError(t, end(w, u, token))
			_, err = w.Token(t.Context(), secret)
			requireCode(t, fault.SignIn, err)
		})
	}
}

func TestTokensAreSeenAndRevokedByTheirOwnersAndByAdmins(t *testing.T) {
	w := newWorld(t)
	w.user("a@example.com", auth.Editor)
	w.user("b@example.com", auth.Editor)
	a, b := w.as(w.signIn("a@example.com").Principal), w.as(w.signIn("b@example.com").Principal)
	of := func(names ...string) []string { return names }
	for _, ctx := range []struct {
		name string
		make func() error
	}{
		{"of a", func() error {
			_, _, err := w.CreateToken(a, auth.NewToken{Name: "of a", Role: auth.Viewer})
			return err
		}},
		{"of b", func() error {
			_, _, err := w.CreateToken(b, auth.NewToken{Name: "of b", Role: auth.Editor})
			return err
		}},
		{"of the machine", func() error {
			_, _, err := w.CreateToken(w.machine(), auth.NewToken{Name: "of the machine", Role: auth.Admin})
			return err
		}},
	} {
		require.NoError(t, ctx.make(), ctx.name)
	}
	names := func(tokens []auth.Token, err error) (names []string) {
		require.NoError(t, err)
		for _, token := range tokens {
			names = append(names, token.Name)
		}
		return names
	}
	require.Equal(t, of("of a"), names(w.Tokens(a)))
	all, err := w.Tokens(w.machine())
	require.Equal(t, of("of the machine", "of a", "of b"), names(all, err))
	require.Equal(t, []string{"", "a@example.com", "b@example.com"}, []string{all[0].Owner, all[1].Owner, all[2].Owner})

	_, secret, err := w.CreateToken(w.machine(), auth.NewToken{Name: "of a program", Role: auth.Viewer})
	require.NoError(t, err)
	program, err := w.Token(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, of("of a program"), names(w.Tokens(w.as(program))), "a token sees itself alone")
	requireCode(t, fault.NotFound, w.RevokeToken(w.as(program), all[0].ID))
	require.NoError(t, w.RevokeToken(w.as(program), program.ID))
	_, err = w.Token(t.Context(), secret)
	requireCode(t, fault.SignIn, err)

	_, secret, err = w.CreateToken(a, auth.NewToken{Name: "another of a", Role: auth.Editor})
	require.NoError(t, err)
	sibling, err := w.Token(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, of("another of a"), names(w.Tokens(w.as(sibling))), "nor does it see those of its owner")
	requireCode(t, fault.NotFound, w.RevokeToken(w.as(sibling), all[1].ID))
	require.NoError(t, w.RevokeToken(a, sibling.ID))

	requireCode(t, fault.NotFound, w.RevokeToken(a, all[2].ID))
	requireCode(t, fault.NotFound, w.RevokeToken(a, all[0].ID))
	requireCode(t, fault.NotFound, w.RevokeToken(w.machine(), "never was"))
	requireCode(t, fault.SignIn, w.RevokeToken(t.Context(), all[1].ID))
	require.NoError(t, w.RevokeToken(a, all[1].ID))
	require.NoError(t, w.RevokeToken(w.machine(), all[2].ID))
	require.Equal(t, of("of the machine"), names(w.Tokens(w.machine())))
}

func TestATokenMakesNobodyAnAdmin(t *testing.T) {
	w := newWorld(t)
	root := w.user("admin@example.com", auth.Admin)
	other := w.user("other@example.com", auth.Viewer)
	past := w.user("past@example.com", auth.Admin)
	yes, no, admin, editor := true, false, auth.Admin, auth.Editor
	require.NoError(t, w.change(past, auth.UserChange{Disabled: &yes}))
	session := w.as(w.signIn(root.Email).Principal)
	_, secret, err := w.CreateToken(session, auth.NewToken{Name: "ops", Role: auth.Admin})
	require.NoError(t, err)
	p, err := w.Token(t.Context(), secret)
	require.NoError(t, err)
	for name, try := range map[string]func(ctx context.Context) error{
		"make an admin": func(ctx context.Context) error {
			_, err := w.AddUser(ctx, auth.NewUser{Email: "new@example.com", Role: auth.Admin})
			return err
		},
		"raise a role": func(ctx context.Context) error {
			_, err := w.ChangeUser(ctx, other.ID, auth.UserChange{Role: &admin})
			return err
		},
		"let an admin in again": func(ctx context.Context) error {
			_, err := w.ChangeUser(ctx, past.ID, auth.UserChange{Disabled: &no})
			return err
		},
		"make an admin's link": func(ctx context.Context) error { _, err := w.ResetLink(ctx, root.ID); return err },
	} {
		require.Equal(t, fault.Refused, fault.CodeOf(try(w.as(p))), name)
		require.NoError(t, try(session), name)
	}
	added, err := w.AddUser(w.as(p), auth.NewUser{Email: "viewer@example.com", Role: auth.Viewer})
	require.NoError(t, err)
	_, err = w.ChangeUser(w.as(p), added.ID, auth.UserChange{Role: &editor})
	require.NoError(t, err)
	_, err = w.ResetLink(w.as(p), added.ID)
	require.NoError(t, err)
}

func TestTheLastUseOfATokenIsKeptToTheMinute(t *testing.T) {
	w := newWorld(t)
	_, secret, err := w.CreateToken(w.machine(), auth.NewToken{Name: "ci", Role: auth.Viewer})
	require.NoError(t, err)
	used := func() time.Time {
		_, err := w.Token(t.Context(), secret)
		require.NoError(t, err)
		tokens, err := w.Tokens(w.machine())
		require.NoError(t, err)
		return tokens[0].LastUsedAt
	}
	first := w.clock.Now()
	require.Equal(t, first, used())
	w.clock.Pass(59 * time.Second)
	require.Equal(t, first, used())
	w.clock.Pass(time.Second)
	require.Equal(t, w.clock.Now(), used())
}
