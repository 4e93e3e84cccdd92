package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// stalled begins sign-ins from an address whose bodies do not come, until end is called; it gives their statuses, 0 for who was cut off.
func stalled(t *testing.T, h http.Handler, from string, n int) (end func() []int) {
	t.Helper()
	body, trickle := io.Pipe()
	var all sync.WaitGroup
	statuses := make([]int, n)
	for i := range n {
		all.Go(func() {
			defer func() { _ = recover() }() // as a server does
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/auth/sign-in", body)
			r.Host, r.RemoteAddr = "localhost", from
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			statuses[i] = w.Code
		})
	}
	synctest.Wait()
	return func() []int {
		_ = trickle.CloseWithError(errors.New("gone"))
		all.Wait()
		return statuses
	}
}

func TestStrangersTakeNoRoomFromWhoIsKnown(t *testing.T) {
	const ofOne = 128
	synctest.Test(t, func(t *testing.T) {
		h := closedHouse(t)
		mine := h.as(auth.Viewer)
		ask := func(from, target string, headers ...string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(t.Context(), "GET", target, nil)
			r.Host, r.RemoteAddr = "localhost", from
			for _, line := range headers {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w
		}
		end := stalled(t, h, "192.0.2.1:1", ofOne)
		for _, target := range []string{"/healthz", "/", "/api/v1/auth/state", "/api/v1/tables"} {
			w := ask("192.0.2.1:2", target)
			problem(t, w, 503, fault.Unavailable)
			require.Equal(t, "1", w.Header().Get("Retry-After"))
			require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		}
		for _, target := range []string{"/healthz", "/", "/api/v1/tables"} {
			require.Equal(t, 200, ask("192.0.2.1:2", target, mine).Code, target)
			require.Equal(t, 200, ask("198.51.100.1:1", target, mine).Code, target)
		}
		require.Equal(t, 200, ask("198.51.100.1:1", "/healthz").Code, "others have their own share")
		other := stalled(t, h, "[2001:db8::1]:1", ofOne)
		problem(t, ask("[2001:db8::2]:1", "/healthz"), 503, fault.Unavailable) // the same network
		problem(t, ask("198.51.100.1:1", "/healthz"), 503, fault.Unavailable)  // all places are taken
		said(t, ask("198.51.100.1:1", "/api/v1/tables", mine), 200)
		end()
		other()
		require.Equal(t, 200, ask("192.0.2.1:2", "/healthz").Code)
	})
}

func TestWhoIsKnownTakesNoPlaceOfStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := closedHouse(t)
		ctx, stop := context.WithCancel(t.Context())
		var tails sync.WaitGroup
		for i := range 10 {
			mine := h.token(auth.NewToken{Name: fmt.Sprintf("t%d", i), Role: auth.Analyst})
			for range 20 {
				tails.Go(func() { tail(ctx, h, mine) })
			}
		}
		synctest.Wait()
		require.Equal(t, 200, call(t, h, "GET", "/healthz", "").Code)
		stop()
		tails.Wait()
	})
}

// tail follows a source until ctx ends.
func tail(ctx context.Context, h http.Handler, header string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/sources/clicks/tail", nil)
	name, value, _ := strings.Cut(header, ": ")
	r.Host = "localhost"
	r.Header.Set(name, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestLiveTailsAreFew(t *testing.T) {
	const ofOne, most = 20, 256
	synctest.Test(t, func(t *testing.T) {
		h := closedHouse(t)
		ctx, stop := context.WithCancel(t.Context())
		var tails sync.WaitGroup
		follow := func(header string, n int) {
			for range n {
				tails.Go(func() { tail(ctx, h, header) })
			}
			synctest.Wait()
		}
		one, two := h.as(auth.Analyst), h.as(auth.Editor)
		follow(one, ofOne)
		w := tail(t.Context(), h, one)
		p := problem(t, w, 429, fault.TooMany)
		require.Contains(t, p["detail"], "20")
		require.Equal(t, "1", w.Header().Get("Retry-After"))
		require.Len(t, h.world.Calls(), ofOne)
		follow(two, 1)
		require.Len(t, h.world.Calls(), ofOne+1)
		for i := range (most - ofOne - 1) / ofOne {
			follow(h.token(auth.NewToken{Name: fmt.Sprintf("t%d", i), Role: auth.Analyst}), ofOne)
		}
		follow(two, (most-ofOne-1)%ofOne)
		require.Len(t, h.world.Calls(), most)
		problem(t, tail(t.Context(), h, two), 429, fault.TooMany)
		stop()
		tails.Wait()
		require.Len(t, h.told("source.tail"), most, "those that were refused fill no log")

		brief, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		require.Equal(t, 200, tail(brief, h, one).Code)
	})
}

func TestAHeadIsSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, trusting := certificate(t)
		dial, stop := listening(t, world(), api.Listening{TLS: config})
		client := over2(dial, trusting)
		ask := func(bytes int) error {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://localhost/healthz", nil)
			require.NoError(t, err)
			req.Header.Set("Cookie", strings.Repeat("x", bytes))
			resp, err := client.Do(req)
			if err == nil {
				require.Equal(t, 200, resp.StatusCode)
				require.NoError(t, resp.Body.Close())
			}
			return err
		}
		require.NoError(t, ask(14<<10))
		require.ErrorContains(t, ask(20<<10), "limit", "the server has said how much it takes")
		client.CloseIdleConnections()
		stop()
	})
}
