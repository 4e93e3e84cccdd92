package query_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// crowd runs queries of several people.
type crowd struct {
	t *testing.T
	*query.Service
	open  map[string]*query.Result
	order []string
}

// asks starts a query and waits until it runs, waits for its turn or is refused.
func (c *crowd) asks(owner, name string) <-chan error {
	answer := make(chan error, 1)
	go func() {
		res, err := c.Start(c.t.Context(), query.Request{SQL: name, Owner: owner})
		if err == nil {
			c.open[name] = res // one at a time: each is waited for
			c.order = append(c.order, name)
		}
		answer <- err
	}()
	synctest.Wait()
	time.Sleep(time.Millisecond) // so that the list of what runs has an order
	return answer
}

func (c *crowd) ends(name string) {
	c.t.Helper()
	require.NoError(c.t, c.open[name].Close())
	synctest.Wait()
}

// waiting are the queries that wait, oldest first.
func (c *crowd) waiting() (names []string) {
	for _, r := range c.Running() {
		if r.Waiting {
			names = append(names, r.SQL)
		}
	}
	return names
}

func newCrowd(t *testing.T, o query.Options) *crowd {
	t.Helper()
	return &crowd{t: t, Service: query.New(&engine{batches: 9}, o), open: map[string]*query.Result{}}
}

func (c *crowd) endAll() {
	for i := 0; i < len(c.order); i++ { // which grows when others get their turn
		c.ends(c.order[i])
	}
	require.Empty(c.t, c.Running())
}

func TestOwnersTakeTurnsWhateverOneOfThemAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, query.Options{MaxConcurrent: 1, MaxWaiting: 20})
		for i := range 6 {
			c.asks("user:greedy", fmt.Sprint("greedy ", i))
		}
		for i := range 2 {
			c.asks("user:modest", fmt.Sprint("modest ", i))
		}
		c.asks("", "nobody 0")
		c.endAll()
		require.Equal(t, []string{"greedy 0", "greedy 1", "modest 0", "nobody 0", "greedy 2", "modest 1", "greedy 3", "greedy 4", "greedy 5"}, c.order)
	})
}

func TestOneOwnerLeavesASlotToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, query.Options{MaxConcurrent: 4})
		for i := range 5 {
			c.asks("user:a", fmt.Sprint("a", i))
		}
		require.Equal(t, []string{"a3", "a4"}, c.waiting())
		c.asks("token:a", "t0")
		require.Equal(t, []string{"a3", "a4"}, c.waiting(), "who has none running has one at once")
		c.asks("", "n0")
		require.Equal(t, []string{"a3", "a4", "n0"}, c.waiting())
		c.ends("t0")
		require.Equal(t, []string{"a3", "a4"}, c.waiting(), "the slot is not for one who has as many as they may")
		c.ends("a0")
		require.Equal(t, []string{"a4"}, c.waiting())
		i := slices.IndexFunc(c.Running(), func(r query.Running) bool { return r.Waiting })
		require.NoError(t, c.Cancel(c.Running()[i].ID))
		synctest.Wait()
		require.Empty(t, c.waiting(), "who is cancelled leaves the line")
		c.asks("user:a", "a5")
		require.Equal(t, []string{"a5"}, c.waiting())
		c.endAll()

		open := newCrowd(t, query.Options{MaxConcurrent: 4, OwnerPerMinute: 1})
		for i := range 4 {
			open.asks("", fmt.Sprint(i))
		}
		require.Len(t, open.order, 4, "without accounts there is nobody to leave one to")
		open.endAll()
	})
}

func TestNobodyFillsTheRoomToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, query.Options{MaxConcurrent: 1, MaxWaiting: 4})
		for i := range 3 {
			c.asks("user:a", fmt.Sprint("a", i))
		}
		err := <-c.asks("user:a", "a3")
		require.Equal(t, fault.TooMany, fault.CodeOf(err))
		require.ErrorContains(t, err, "1 of your queries are running and 2 are waiting")
		require.Contains(t, fault.HintOf(err), "limits.queries_at_once")
		require.Equal(t, time.Second, fault.RetryAfterOf(err))
		for i := range 2 {
			c.asks("user:b", fmt.Sprint("b", i))
		}
		for _, refused := range []string{"user:b", ""} {
			require.Equal(t, map[string]fault.Code{"user:b": fault.TooMany, "": fault.Unavailable}[refused], fault.CodeOf(<-c.asks(refused, "refused")))
		}
		c.asks("user:c", "c0")
		require.Len(t, c.waiting(), 5, "who has none waiting finds room, however full it is")
		require.Equal(t, fault.Unavailable, fault.CodeOf(<-c.asks("user:c", "c1")), "but for one")
		c.endAll()
		require.Len(t, c.order, 6)
	})
}

func TestQueriesOfOneOwnerAreCountedByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, query.Options{OwnerPerMinute: 60})
		run := func(owner string) error {
			res, err := c.Start(t.Context(), query.Request{SQL: "SELECT", Owner: owner})
			if err == nil {
				err = res.Close()
			}
			return err
		}
		for range 60 {
			require.NoError(t, run("user:a"), "all of them may come at once")
		}
		for range 3 { // trying costs nothing
			err := run("user:a")
			require.Equal(t, fault.TooMany, fault.CodeOf(err))
			require.ErrorContains(t, err, "60 queries within a minute")
			require.Contains(t, fault.HintOf(err), "limits.queries_per_minute")
			require.Equal(t, time.Second, fault.RetryAfterOf(err).Round(time.Millisecond))
		}
		require.NoError(t, run("token:a"), "each by itself")
		time.Sleep(time.Second)
		require.NoError(t, run("user:a"))
		require.Equal(t, fault.TooMany, fault.CodeOf(run("user:a")))
		time.Sleep(time.Hour)
		for range 60 {
			require.NoError(t, run("user:a"))
		}
		require.Equal(t, fault.TooMany, fault.CodeOf(run("user:a")), "what was not used in an hour is not saved up")
		for range 200 {
			require.NoError(t, run(""))
		}
	})
}

func TestADashboardOfTwentyPanelsIsWithinTheDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := query.New(&engine{batches: 1, pause: 50 * time.Millisecond}, query.Options{})
		for range 36 { // every 5 s, 3 minutes long
			answers := make(chan error, 20)
			for range cap(answers) {
				go func() {
					res, err := s.Start(t.Context(), query.Request{SQL: "SELECT", Owner: "user:a"})
					if err == nil {
						_, err = readAll(res)
						_ = res.Close()
					}
					answers <- err
				}()
			}
			for range cap(answers) {
				require.NoError(t, <-answers)
			}
			time.Sleep(5 * time.Second)
		}
	})
}
