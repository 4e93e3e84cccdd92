package auth_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestAPasswordIsLongAndThatIsAll(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		password string
		ok       bool
	}{
		"eleven characters":            {strings.Repeat("a", 11), false},
		"twelve characters":            {strings.Repeat("a", 12), true},
		"twelve characters of 2 bytes": {strings.Repeat("é", 12), true},
		"eleven characters of 3 bytes": {strings.Repeat("語", 11), false},
		"1,024 bytes":                  {strings.Repeat("b", 1024), true},
		"1,025 bytes":                  {strings.Repeat("b", 1025), false},
		"no UTF-8":                     {strings.Repeat("\xff", 20), false},
	} {
		t.Run(name, func(t *testing.T) {
			email := fmt.Sprintf("u%d@example.com", len(c.password))
			_, err := w.AddUser(w.machine(), auth.NewUser{Email: email, Role: auth.Admin, Password: c.password})
			if !c.ok {
				requireCode(t, fault.Invalid, err)
				require.NotContains(t, err.Error()+fault.HintOf(err), c.password)
				return
			}
			require.NoError(t, err)
			_, err = w.SignIn(w.from("192.0.2.1"), email, c.password)
			require.NoError(t, err)
			_, err = w.SignIn(w.from("192.0.2.1"), email, c.password+"x")
			requireCode(t, fault.SignIn, err)
		})
	}
}

func TestAPasswordIsHashedAnewWhenItsCostHasChanged(t *testing.T) {
	w := newWorld(t)
	u := w.user("admin@example.com", auth.Admin)
	require.Contains(t, u.PasswordHash, "$argon2id$v=19$m=64,t=1,p=1$")
	before := w.signIn(u.Email)

	dearer := w.service(w.store, auth.Cost{MemoryKiB: 128, Passes: 2, Lanes: 1})
	_, err := dearer.SignIn(w.from("192.0.2.1"), u.Email, password+"!")
	requireCode(t, fault.SignIn, err)
	stored, err := w.store.User(t.Context(), u.ID)
	require.NoError(t, err)
	require.Equal(t, u.PasswordHash, stored.PasswordHash, "a wrong password changes nothing")

	_, err = dearer.SignIn(w.from("192.0.2.1"), u.Email, password)
	require.NoError(t, err)
	stored, err = w.store.User(t.Context(), u.ID)
	require.NoError(t, err)
	require.Contains(t, stored.PasswordHash, "$argon2id$v=19$m=128,t=2,p=1$")
	require.True(t, w.alive(before.Secret), "it is the same password, so the session goes on")
	w.signIn(u.Email)
}

func TestNobodyLearnsFromASignInWhichAccountsThereAre(t *testing.T) {
	w := newWorld(t)
	known := w.user("known@example.com", auth.Viewer)
	disabled := w.user("disabled@example.com", auth.Viewer)
	yes := true
	_, err := w.ChangeUser(w.machine(), disabled.ID, auth.UserChange{Disabled: &yes})
	require.NoError(t, err)
	_, err = w.AddUser(w.machine(), auth.NewUser{Email: "invited@example.com", Role: auth.Viewer})
	require.NoError(t, err)

	const memory = 8 << 10 // KiB
	dear := w.service(w.store, auth.Cost{MemoryKiB: memory, Passes: 1, Lanes: 1})
	_, err = dear.SignIn(w.from("192.0.2.1"), known.Email, password) // its hash is made at that cost
	require.NoError(t, err)
	for name, email := range map[string]string{
		"a wrong password": known.Email, "no account": "nobody@example.com", "a disabled account": disabled.Email,
		"an account without a password": "invited@example.com", "no e-mail address": "nobody",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			secret := password
			if email == known.Email {
				secret = "not this one at all"
			}
			runtime.ReadMemStats(&before)
			_, err := dear.SignIn(w.from("192.0.2.1"), email, secret)
			runtime.ReadMemStats(&after)
			requireCode(t, fault.SignIn, err)
			require.Equal(t, "the e-mail address or the password is wrong", err.Error())
			require.Empty(t, fault.HintOf(err))
			if email == disabled.Email {
				return // its hash is of the old cost: it is not made anew
			}
			require.Greater(t, after.TotalAlloc-before.TotalAlloc, uint64(memory<<10), "a password was hashed")
		})
	}
	_, err = w.SignIn(w.from("192.0.2.1"), "invited@example.com", "")
	requireCode(t, fault.SignIn, err)
}

func TestGuessesAtAnAccountAreFewAndKeepItsOwnerOutNowhereElse(t *testing.T) {
	w := newWorld(t)
	w.user("victim@example.com", auth.Viewer)
	guess := func(n int, password string) error {
		_, err := w.SignIn(w.from(fmt.Sprintf("198.51.%d.%d", n/250, n%250)), "Victim@Example.com ", password)
		return err
	}
	for range 10 {
		requireCode(t, fault.SignIn, guess(0, "a guess that is wrong"))
	}
	for range 5 {
		err := guess(0, password)
		requireCode(t, fault.TooMany, err) // the right one too
		require.Positive(t, fault.RetryAfterOf(err))
		require.LessOrEqual(t, fault.RetryAfterOf(err), 30*time.Second)
	}
	require.Len(t, w.entries(auth.ActionSignIn), 11, "that it is too many is written once")
	for range 200 { // for as long as the attacker likes
		_ = guess(0, "a guess that is wrong")
		require.NoError(t, guess(250, password))
		w.clock.Pass(6 * time.Second)
	}

	w.clock.Pass(time.Hour)
	for n := range 100 {
		requireCode(t, fault.SignIn, guess(n, "a guess that is wrong"))
	}
	for n := 100; n < 120; n++ {
		err := guess(n, password)
		requireCode(t, fault.TooMany, err)
		require.LessOrEqual(t, fault.RetryAfterOf(err), 5*time.Second)
	}
	w.signIn("admin@example.com")
	w.clock.Pass(5 * time.Second)
	requireCode(t, fault.SignIn, guess(130, "another guess"))
	requireCode(t, fault.TooMany, guess(131, password))
	w.clock.Pass(5 * time.Second)
	require.NoError(t, guess(132, password))
	requireCode(t, fault.SignIn, guess(133, "and one more guess")) // the right one has cost nothing
	requireCode(t, fault.TooMany, guess(134, password))
}

func TestGuessesFromAnAddressAreFewWhoeverTheyAreAt(t *testing.T) {
	for name, address := range map[string]func(n int) string{
		"IPv4":                  func(int) string { return "198.51.100.1" },
		"one network of IPv6":   func(n int) string { return fmt.Sprintf("2001:db8:1:2::%x", n) },
		"IPv4 in IPv6 notation": func(n int) string { return []string{"198.51.100.1", "::ffff:198.51.100.1"}[n%2] },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.user("me@example.com", auth.Viewer)
			for n := range 20 {
				_, err := w.SignIn(w.from(address(n)), fmt.Sprintf("u%d@example.com", n), password)
				requireCode(t, fault.SignIn, err)
			}
			_, err := w.SignIn(w.from(address(20)), "me@example.com", password)
			requireCode(t, fault.TooMany, err)
			_, err = w.SignIn(w.from("203.0.113.9"), "me@example.com", password)
			require.NoError(t, err, "others are not concerned")
			w.clock.Pass(6 * time.Second)
			_, err = w.SignIn(w.from(address(21)), "me@example.com", password)
			require.NoError(t, err)
		})
	}
}

func TestWhoKnowsTheirPasswordIsNeverTooOften(t *testing.T) {
	w := newWorld(t)
	w.user("admin@example.com", auth.Admin)
	for range 60 {
		w.signIn("admin@example.com")
		w.clock.Pass(2 * time.Second)
	}
	own, err := w.store.UserByEmail(t.Context(), "admin@example.com")
	require.NoError(t, err)
	sessions, err := w.store.Sessions(t.Context(), own.ID)
	require.NoError(t, err)
	require.Len(t, sessions, 50, "the oldest end")
}

func TestWhoSignsInWithoutEndIsRefusedForAWhile(t *testing.T) {
	p := newProvided(t)
	p.user("me@example.com", auth.Viewer)
	for range 30 {
		p.signIn("me@example.com")
	}
	for range 30 {
		_, err := p.SignIn(p.from("192.0.2.7"), "me@example.com", password)
		requireCode(t, fault.TooMany, err)
	}
	require.Len(t, p.entries(auth.ActionSignIn), 31)
	p.signIn("admin@example.com") // who has the same address
	p.clock.Pass(2 * time.Second)
	p.signIn("me@example.com")

	for range 30 {
		p.mustComeIn()
	}
	_, err := p.comeIn()
	requireCode(t, fault.TooMany, err)
}

func TestWhoGoesAwayBeforeTheAnswerHasTriedToo(t *testing.T) {
	w := newWorld(t)
	w.user("me@example.com", auth.Viewer)
	store := &hasty{Store: w.store}
	w.Service = w.service(store, cheap)
	for range 500 {
		ctx, cancel := context.WithCancel(w.from("198.51.100.1"))
		store.found = cancel
		_, err := w.SignIn(ctx, "me@example.com", "a guess that is wrong")
		require.Error(t, err)
	}
	require.Less(t, len(w.entries(auth.ActionSignIn)), 50)
}

// hasty is a store whose callers go away when their account has been found.
type hasty struct {
	auth.Store
	found func()
}

func (h *hasty) UserByEmail(ctx context.Context, email string) (auth.User, error) {
	defer h.found()
	return h.Store.UserByEmail(ctx, email)
}

func TestGuessesAtTheSameTimeAreCountedOneByOne(t *testing.T) {
	w := newWorld(t)
	w.user("victim@example.com", auth.Viewer)
	var all sync.WaitGroup
	codes := make(chan fault.Code, 40)
	for range 40 {
		all.Go(func() {
			_, err := w.SignIn(w.from("198.51.100.1"), "victim@example.com", "a guess that is wrong")
			codes <- fault.CodeOf(err)
		})
	}
	all.Wait()
	close(codes)
	count := map[fault.Code]int{}
	for code := range codes {
		count[code]++
	}
	require.Equal(t, map[fault.Code]int{fault.SignIn: 10, fault.TooMany: 30}, count)
}

func TestOfTwoWhoChangeAPasswordAtOnceOneDoes(t *testing.T) {
	w := newWorld(t)
	w.user("me@example.com", auth.Viewer)
	in := w.signIn("me@example.com")
	var all sync.WaitGroup
	var changed atomic.Int32
	for n := range 4 {
		all.Go(func() {
			if _, err := w.ChangePassword(w.as(in.Principal), password, fmt.Sprintf("another password %d", n)); err == nil {
				changed.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, changed.Load())
}

func TestTheOwnPasswordIsChangedWithTheCurrentOne(t *testing.T) {
	w := newWorld(t)
	w.user("me@example.com", auth.Viewer)
	in, other := w.signIn("me@example.com"), w.signIn("me@example.com")
	const next = "another horse altogether"

	_, err := w.ChangePassword(w.as(in.Principal), "not the current one", next)
	requireCode(t, fault.Refused, err)
	_, err = w.ChangePassword(w.as(in.Principal), password, "short")
	requireCode(t, fault.Invalid, err)
	require.True(t, w.alive(other.Secret))

	fresh, err := w.ChangePassword(w.as(in.Principal), password, next)
	require.NoError(t, err)
	require.True(t, w.alive(fresh.Secret))
	require.False(t, w.alive(in.Secret))
	require.False(t, w.alive(other.Secret))
	_, err = w.SignIn(w.from("192.0.2.7"), "me@example.com", password)
	requireCode(t, fault.SignIn, err)
	_, err = w.SignIn(w.from("192.0.2.7"), "me@example.com", next)
	require.NoError(t, err)

	for name, p := range map[string]auth.Principal{
		"a token": {Kind: auth.KindToken, User: in.Principal.User, Role: auth.Admin}, "everybody": auth.OpenHouse(), "the machine": auth.Machine("root"),
	} {
		_, err = w.ChangePassword(w.as(p), next, password)
		require.Equal(t, fault.Refused, fault.CodeOf(err), name)
	}
	for range 8 { // two guesses were made above
		_, err = w.ChangePassword(w.as(fresh.Principal), "a guess in a session", next)
		requireCode(t, fault.Refused, err)
	}
	_, err = w.ChangePassword(w.as(fresh.Principal), next, password)
	requireCode(t, fault.TooMany, err) // a stolen session is no way to guess the password
}
