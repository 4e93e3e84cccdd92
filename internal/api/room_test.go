package api_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
)

func TestLargeRequestsWaitForRoomAndAreSentAwayWhenThereIsNone(t *testing.T) {
	const small = `{"events":["{\"a\":1}"],"columns":[]}`
	synctest.Test(t, func(t *testing.T) {
		h := world().Handler()
		var bodies []*io.PipeWriter
		for _, length := range []int64{32 << 20, -1} { // what does not say its length may be as large as any
			body, writer := io.Pipe()
			bodies = append(bodies, writer)
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/schema/predict", body)
			r.Host, r.ContentLength = "127.0.0.1:8080", length
			r.Header.Set("Content-Type", "application/json")
			go h.ServeHTTP(httptest.NewRecorder(), r)
		}
		synctest.Wait()
		for _, target := range []string{"/api/v1/schema/predict", "/api/v1/dashboards/import"} {
			answer := call(t, h, "POST", target, small)
			problem(t, answer, 503, fault.Unavailable)
			require.Equal(t, "1", answer.Header().Get("Retry-After"))
		}
		answer := call(t, h, "GET", "/api/v1/streams/orders/sample", "")
		problem(t, answer, 503, fault.Unavailable)
		require.Equal(t, "1", answer.Header().Get("Retry-After"))
		require.Equal(t, 200, call(t, h, "GET", "/api/v1/tables", "").Code, "what is small needs no room")

		go func() {
			time.Sleep(time.Second)
			for _, body := range bodies {
				_ = body.CloseWithError(errors.New("the client went away"))
			}
		}()
		require.Equal(t, 200, call(t, h, "POST", "/api/v1/schema/predict", small).Code, "it waits for a moment")
		require.Equal(t, 200, call(t, h, "GET", "/api/v1/streams/orders/sample", "").Code)
		synctest.Wait()
	})
}

func TestWhatPassesByItselfSaysWhenToTryAgain(t *testing.T) {
	w := world()
	for after, want := range map[time.Duration]string{0: "", time.Millisecond: "1", 5 * time.Second: "5"} {
		w.Err = fault.New(fault.Unavailable, "not now").WithRetryAfter(after)
		for _, target := range []string{"/api/v1/tables", "/api/v1/quarantine"} {
			require.Equal(t, want, call(t, w.Handler(), "GET", target, "").Header().Get("Retry-After"))
		}
	}
	w = world()
	w.NotReady = errors.New("the store is opening")
	require.Equal(t, "1", call(t, w.Handler(), "GET", "/readyz", "").Header().Get("Retry-After"))
}
