package kinesis

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBudgetIsNeverExceededByEstimates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		var held atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(1, uint64(i)))
				for range 50 {
					n, err := b.acquire(t.Context(), 1+rng.Int64N(150))
					if err != nil {
						t.Error(err)
						return
					}
					if all := held.Add(n); all > 100 {
						t.Errorf("%d bytes are held", all)
					}
					time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
					held.Add(-n)
					b.settle(n, 0)
				}
			})
		}
		wg.Wait()
		require.Equal(t, int64(100), b.free)
	})
}

func TestALargeClaimIsServedBeforeLaterSmallOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		first, err := b.acquire(t.Context(), 50)
		require.NoError(t, err)
		var order []int64
		var mu sync.Mutex
		for _, n := range []int64{80, 10, 10} {
			go func() {
				got, err := b.acquire(t.Context(), n)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, got)
				mu.Unlock()
				b.settle(got, 0)
			}()
			synctest.Wait()
		}
		require.Empty(t, order, "the small ones wait behind the large one")
		b.settle(first, 0)
		synctest.Wait()
		require.Len(t, order, 3)
		require.Equal(t, int64(100), b.free)
	})
}

func TestAnAnswerLargerThanForeseenHoldsOthersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		held, err := b.acquire(t.Context(), 10)
		require.NoError(t, err)
		b.settle(held, 300)
		served := false
		go func() {
			n, err := b.acquire(t.Context(), 1)
			served = err == nil
			b.settle(n, 0)
		}()
		synctest.Wait()
		require.False(t, served)
		b.settle(300, 0)
		synctest.Wait()
		require.True(t, served)
		require.Equal(t, int64(100), b.free)
	})
}

func TestAClaimThatIsGivenUpIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		held, err := b.acquire(t.Context(), 100)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if _, err := b.acquire(ctx, 100); err == nil {
				t.Error("a claim was granted that could not be")
			}
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		b.settle(held, 0)
		again, err := b.acquire(t.Context(), 100)
		require.NoError(t, err)
		b.settle(again, 0)
		require.Equal(t, int64(100), b.free)
	})
}
