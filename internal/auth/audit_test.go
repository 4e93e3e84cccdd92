package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

func TestWhatPeopleDoIsWrittenIntoTheAuditLog(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Viewer)
	admin := w.signIn("admin@example.com")
	_, err := w.SignIn(w.from("203.0.113.9"), "me@example.com", "not the password")
	requireCode(t, fault.SignIn, err)
	_, err = w.SignIn(w.from("203.0.113.9"), "hunter2 hunter2", "x")
	requireCode(t, fault.SignIn, err)
	editor := auth.Editor
	_, err = w.ChangeUser(w.as(admin.Principal), u.ID, auth.UserChange{Role: &editor})
	require.NoError(t, err)
	me := w.signIn("me@example.com")
	requireCode(t, fault.Refused, w.RemoveUser(w.as(me.Principal), admin.Principal.User))
	token, _, err := w.CreateToken(w.as(me.Principal), auth.NewToken{Name: "ci", Role: auth.Viewer, Tables: []string{"orders"}, ExpiresAt: w.clock.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.NoError(t, w.RevokeToken(w.as(admin.Principal), token.ID))
	require.NoError(t, w.EndSessions(w.as(admin.Principal), u.ID))
	require.NoError(t, w.RemoveUser(w.as(admin.Principal), u.ID))

	all := w.entries("")
	var lines []string
	for i, e := range all {
		require.Equal(t, w.clock.Now(), e.At)
		if i > 0 {
			require.Less(t, e.ID, all[i-1].ID, "newest first")
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s: %s %s %s %s", e.ActorKind, e.Actor, e.Address, e.Action, e.Target, e.Outcome, e.Detail)))
	}
	require.Equal(t, []string{
		`user admin@example.com 192.0.2.7: user.remove me@example.com ok`,
		`user admin@example.com 192.0.2.7: sessions.end me@example.com ok {"ended":1}`,
		`user admin@example.com 192.0.2.7: token.revoke ci ok`,
		`user me@example.com 192.0.2.7: token.create ci ok {"expires_at":"2026-03-01T13:00:00Z","role":"viewer","tables":["orders"]}`,
		`user me@example.com 192.0.2.7: user.remove admin@example.com refused`,
		`user me@example.com 192.0.2.7: sign_in me@example.com ok`,
		`user admin@example.com 192.0.2.7: user.change me@example.com ok {"role":"editor"}`,
		`203.0.113.9: sign_in  sign_in`,
		`203.0.113.9: sign_in me@example.com sign_in`,
		`user admin@example.com 192.0.2.7: sign_in admin@example.com ok`,
		`machine root : user.add me@example.com ok {"role":"viewer","tables":null}`,
		`machine root : user.add admin@example.com ok {"role":"admin","tables":null}`,
	}, lines)
	require.Equal(t, admin.Principal.User, all[0].ActorID)
}

func TestTheAuditLogIsSearchedPageByPage(t *testing.T) {
	w := newWorld(t)
	for n := range 25 {
		require.NoError(t, w.Record(t.Context(), auth.Entry{
			ActorKind: auth.KindUser, Actor: "Me@example.com", Action: "query", Target: fmt.Sprintf("t_%d", n), Outcome: auth.OutcomeOK,
			Detail: json.RawMessage(fmt.Sprintf(`{"sql":"SELECT %d"}`, n)), DurationMS: int64(n),
		}))
		w.clock.Pass(time.Second)
	}
	require.NoError(t, w.Record(t.Context(), auth.Entry{Action: "export", Target: "100%", Outcome: "timeout"}))

	var targets []string
	for search := (auth.AuditSearch{Action: "query", Limit: 10}); ; {
		page, more, err := w.SearchAudit(w.machine(), search)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), 10)
		for _, e := range page {
			targets = append(targets, e.Target)
		}
		if !more {
			break
		}
		search.Before = page[len(page)-1].ID
	}
	require.Len(t, targets, 25)
	require.Equal(t, "t_24", targets[0])
	require.Equal(t, "t_0", targets[24])

	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		search auth.AuditSearch
		want   int
	}{
		"who, in other letters":      {auth.AuditSearch{Text: "ME@EXAMPLE"}, 25},
		"what":                       {auth.AuditSearch{Text: "export"}, 1},
		"the detail":                 {auth.AuditSearch{Text: "select 24"}, 1},
		"the outcome":                {auth.AuditSearch{Text: "timeout"}, 1},
		"a percent sign is no joker": {auth.AuditSearch{Text: "%"}, 1},
		"nor is an underscore":       {auth.AuditSearch{Text: "t_1"}, 11},
		"nothing":                    {auth.AuditSearch{Text: "' OR 1=1 --"}, 0},
		"a span of time":             {auth.AuditSearch{From: began.Add(5 * time.Second), Until: began.Add(8 * time.Second)}, 3},
		"both":                       {auth.AuditSearch{From: began.Add(5 * time.Second), Text: "t_5"}, 1},
		"all":                        {auth.AuditSearch{}, 26},
	} {
		page, more, err := w.SearchAudit(w.machine(), c.search)
		require.NoError(t, err, name)
		require.Len(t, page, c.want, name)
		require.False(t, more, name)
	}
	page, _, err := w.SearchAudit(w.machine(), auth.AuditSearch{Text: "select 24"})
	require.NoError(t, err)
	require.Equal(t, auth.Entry{
		ID: page[0].ID, At: began.Add(24 * time.Second), ActorKind: auth.KindUser, Actor: "Me@example.com", Action: "query", Target: "t_24",
		Outcome: auth.OutcomeOK, Detail: json.RawMessage(`{"sql":"SELECT 24"}`), DurationMS: 24,
	}, page[0])
}

func TestAnEntryIsBounded(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("é", 50_000)
	require.NoError(t, w.Record(t.Context(), auth.Entry{Actor: long, Target: long, Address: long, Action: "query", Detail: json.RawMessage(`"` + long + `"`)}))
	e := w.entries("query")[0]
	require.Equal(t, strings.Repeat("é", 512), e.Target)
	require.Equal(t, e.Target, e.Actor)
	require.Equal(t, e.Target, e.Address)
	require.JSONEq(t, `{"omitted_bytes":100002}`, string(e.Detail))
}

func TestEntriesOfManyAtOnceAreAllWritten(t *testing.T) {
	w := newWorld(t)
	store := &appending{Store: w.store}
	service := w.service(store, cheap)
	var all sync.WaitGroup
	failed := make(chan error, 300)
	for n := range 300 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if n%2 == 0 {
				cancel() // whoever is gone leaves their entry, and those that others have put with it
			}
			defer cancel()
			failed <- service.Record(ctx, auth.Entry{Action: "query", Target: fmt.Sprint(n)})
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	found := map[string]bool{}
	for _, e := range w.entries("query") {
		found[e.Target] = true
	}
	require.Len(t, found, 300)
	require.Less(t, store.calls, 300, "they share transactions")
}

// appending counts transactions of the audit log, and fails them if it is told to.
type appending struct {
	auth.Store
	calls int
	err   error
}

func (a *appending) AppendAudit(ctx context.Context, entries []auth.Entry) error {
	a.calls++
	if a.err != nil {
		return a.err
	}
	return a.Store.AppendAudit(ctx, entries)
}

func TestAnEntryThatCannotBeWrittenIsInTheLog(t *testing.T) {
	w := newWorld(t)
	w.user("admin@example.com", auth.Admin)
	store := &appending{Store: w.store, err: errors.New("the disk is full")}
	service := w.service(store, cheap)
	require.ErrorIs(t, service.Record(t.Context(), auth.Entry{Action: "query"}), store.err)
	_, err := service.SignIn(w.from("192.0.2.1"), "admin@example.com", password)
	require.NoError(t, err, "who must mend it can sign in")
	require.Contains(t, w.log.String(), "the disk is full")
	require.Contains(t, w.log.String(), "action=sign_in")
}

func TestWhatHasEndedIsDeleted(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Viewer)
	old := make([]auth.Entry, 12_000) // more than leave in one transaction
	for n := range old {
		old[n] = auth.Entry{ID: fmt.Sprintf("0-%d", n), At: w.clock.Now(), Action: "old"}
	}
	require.NoError(t, w.store.AppendAudit(t.Context(), old))
	w.signIn(u.Email)
	l, err := w.ResetLink(w.machine(), u.ID)
	require.NoError(t, err)
	w.clock.Pass(90*24*time.Hour - time.Hour)
	kept := w.signIn(u.Email)
	require.NoError(t, w.Record(t.Context(), auth.Entry{Action: "new"}))
	require.NoError(t, w.Prune(t.Context()))
	page, _, err := w.SearchAudit(w.machine(), auth.AuditSearch{Action: "old"})
	require.NoError(t, err)
	require.NotEmpty(t, page, "it is not 90 days old")

	w.clock.Pass(2 * time.Hour)
	require.NoError(t, w.Prune(t.Context()))
	require.Empty(t, w.entries("old"))
	require.Len(t, w.entries("new"), 1)
	sessions, err := w.store.Sessions(t.Context(), u.ID)
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.Equal(t, kept.Principal.Session, sessions[0].ID)
	_, _, err = w.CheckLink(t.Context(), auth.LinkReset, l.Secret)
	requireCode(t, fault.NotFound, err)
	require.True(t, w.alive(kept.Secret))
}

func TestTheHouseworkEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	u := w.user("me@example.com", auth.Viewer)
	w.signIn(u.Email)
	w.clock.Pass(13 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	require.Eventually(t, func() bool {
		sessions, err := w.store.Sessions(t.Context(), u.ID)
		return err == nil && len(sessions) == 0
	}, 10*time.Second, 5*time.Millisecond, "it begins at once")
	cancel()
	<-done
}

// slowAudit is a store whose audit log can be held up, and which counts what is written at once.
type slowAudit struct {
	auth.Store
	mu      sync.Mutex
	hold    chan struct{} // nil: it is not held up
	largest int
}

func (s *slowAudit) AppendAudit(ctx context.Context, entries []auth.Entry) error {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	s.largest = max(s.largest, len(entries))
	s.mu.Unlock()
	return s.Store.AppendAudit(ctx, entries)
}

func TestWhatIsRecordedSoonWaitsForNothingAndIsWrittenInOrder(t *testing.T) {
	w := newWorld(t)
	slow := &slowAudit{Store: w.store, hold: make(chan struct{})}
	w.Service = w.service(slow, cheap)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	for i := range 500 {
		w.RecordSoon(t.Context(), auth.Entry{Action: "test", Target: strconv.Itoa(i)})
	}
	close(slow.hold) // only now is anything written
	stop()
	<-ended
	page, _, err := w.store.SearchAudit(t.Context(), auth.AuditSearch{Action: "test", Limit: 1000})
	require.NoError(t, err)
	require.Len(t, page, 500, "when Run ends all is there")
	for i, e := range page {
		require.Equal(t, strconv.Itoa(499-i), e.Target)
	}
}

func TestWhatWaitsWhenRunEndsIsWritten(t *testing.T) {
	w := newWorld(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 20 { // what wakes Run may come before or after its end
		w.RecordSoon(t.Context(), auth.Entry{Action: "last"})
		w.Run(ended)
		page, _, err := w.store.SearchAudit(t.Context(), auth.AuditSearch{Action: "last", Limit: 100})
		require.NoError(t, err)
		require.Len(t, page, i+1)
	}
}

func TestWhatWaitsForTheAuditLogIsBoundedAndNothingIsLeftOut(t *testing.T) {
	w := newWorld(t)
	slow := &slowAudit{Store: w.store}
	w.Service = w.service(slow, cheap) // which nobody runs
	for range 2500 {
		w.RecordSoon(t.Context(), auth.Entry{Action: "many"})
	}
	for range 300 {
		w.RecordSoon(t.Context(), auth.Entry{Action: "large", Detail: json.RawMessage(`"` + strings.Repeat("x", 60<<10) + `"`)})
	}
	require.Equal(t, 1000, slow.largest)
	for action, want := range map[string]int{"many": 2500, "large": 300} {
		search, total := auth.AuditSearch{Action: action, Limit: 1000}, 0
		for more := true; more; {
			page, next, err := w.SearchAudit(w.machine(), search)
			require.NoError(t, err)
			total, more, search.Before = total+len(page), next, page[len(page)-1].ID
		}
		require.Equal(t, want, total, "whoever searches sees what waits too")
	}
}
