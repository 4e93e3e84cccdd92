package query_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// ask starts a query and gives what comes of it.
func ask(s *query.Service, sql string, timeout time.Duration) <-chan error {
	answer := make(chan error, 1)
	go func() {
		res, err := s.Start(context.Background(), query.Request{SQL: sql, Timeout: timeout})
		if err == nil {
			_, err = readAll(res)
			_ = res.Close()
		}
		answer <- err
	}()
	synctest.Wait()
	return answer
}

func TestAQueryThatDoesNotHeedItsEndCostsTheEngineAndTheOthersAreToldToAskAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{batches: 1, pause: time.Hour}
		s := query.New(e, query.Options{MaxConcurrent: 2, MaxTimeout: 24 * time.Hour})
		reading := ask(s, "SELECT slow", 24*time.Hour)
		e.deaf = make(chan struct{})
		stuck := ask(s, "SELECT deaf", time.Second)
		waiting := ask(s, "SELECT later", 24*time.Hour)

		begun := time.Now()
		harm := s.Watch(t.Context(), query.Bounds{Memory: func() int64 { return 0 }})
		require.Greater(t, time.Since(begun), 3*time.Second, "it had time to heed its end")
		require.Equal(t, query.StuckQuery, harm.Reason)
		require.Len(t, harm.Queries, 1)
		require.Equal(t, "SELECT deaf", harm.Queries[0].SQL)
		require.Equal(t, fault.Timeout, fault.CodeOf(<-stuck))
		for _, other := range []<-chan error{reading, waiting, ask(s, "SELECT after", 0)} {
			err := <-other
			require.Equal(t, fault.Unavailable, fault.CodeOf(err))
			require.ErrorContains(t, err, "another query")
			require.Contains(t, fault.HintOf(err), "again")
		}
		close(e.deaf) // the process would end here instead
		require.NoError(t, s.Close(t.Context()))
	})
}

func TestAQueryThatEndsLateIsNotTakenForOneThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{deaf: make(chan struct{})}
		s := query.New(e, query.Options{})
		late := ask(s, "SELECT late", time.Second)
		time.AfterFunc(3*time.Second, func() { close(e.deaf) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.Nil(t, s.Watch(ctx, query.Bounds{Memory: func() int64 { return 0 }}))
		require.Equal(t, fault.Timeout, fault.CodeOf(<-late))
		require.NoError(t, s.Close(t.Context()))
	})
}

func TestMemoryBeyondItsBoundIsLaidToTheQueriesThatRun(t *testing.T) {
	for name, c := range map[string]struct {
		running int
		code    fault.Code
	}{
		"one is to blame":           {1, fault.TooLarge},
		"nobody knows which of two": {2, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &engine{batches: 1, pause: time.Hour}
				s := query.New(e, query.Options{MaxConcurrent: c.running, MaxTimeout: 24 * time.Hour})
				var inUse atomic.Int64
				inUse.Store(11)
				harmed := make(chan *query.Harm, 1)
				go func() { harmed <- s.Watch(t.Context(), query.Bounds{Memory: inUse.Load, Limit: 10}) }()
				time.Sleep(time.Second)
				require.Empty(t, harmed, "without a query there is nobody to blame")
				inUse.Store(10)
				var answers []<-chan error
				for range c.running {
					answers = append(answers, ask(s, "SELECT large", 24*time.Hour))
				}
				waiting := ask(s, "SELECT small", 24*time.Hour)
				time.Sleep(time.Second)
				require.Empty(t, harmed)
				inUse.Store(11)
				harm := <-harmed
				require.Equal(t, query.Memory, harm.Reason)
				require.Len(t, harm.Queries, c.running)
				for _, answer := range answers {
					require.Equal(t, c.code, fault.CodeOf(<-answer))
				}
				require.ErrorContains(t, <-waiting, "another query")
				require.NoError(t, s.Close(t.Context()))
			})
		})
	}
}
