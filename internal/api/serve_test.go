package api_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/api/apitest"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

// certificate makes a configuration of TLS, and one of who trusts its certificate.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	client = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost", NextProtos: []string{"h2"}}
	client.RootCAs.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"h2", "http/1.1"}}, client
}

// placed is a connection that comes from somewhere.
type placed struct {
	net.Conn
	from string
}

func (p placed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(p.from))
}

// listening serves the world in a bubble of synctest; dial makes a connection that comes from an address.
func listening(t *testing.T, w *apitest.World, o api.Listening) (dial func(from string) net.Conn, stop func()) {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	o.Logger = slog.New(slog.DiscardHandler)
	go func() { done <- api.Serve(ctx, p, w.Handler(), o) }()
	dial = func(from string) net.Conn {
		time.Sleep(time.Millisecond) // no two come at once
		ours, theirs := net.Pipe()
		p.conns <- placed{theirs, from}
		return ours
	}
	return dial, func() { cancel(); require.NoError(t, <-done) }
}

// over2 is a client that speaks HTTP/2 over TLS.
func over2(dial func(from string) net.Conn, config *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c := tls.Client(dial("192.0.2.1:1"), config)
		return c, c.HandshakeContext(ctx)
	}}}
}

// open reports whether a server has left a connection open that it has nothing to say on.
func open(c net.Conn) bool {
	if c.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

func TestOverHTTP2AnAnswerMayPauseAndATailGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		config, trusting := certificate(t)
		dial, stop := listening(t, w, api.Listening{TLS: config})
		client := over2(dial, trusting)
		ask := func(method, path, body string) *http.Response {
			req, err := http.NewRequestWithContext(t.Context(), method, "https://localhost"+path, strings.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("Accept", "application/x-ndjson")
			if body != "" {
				req.Header.Set("Content-Type", "application/json")
			}
			resp, err := client.Do(req)
			require.NoError(t, err)
			require.Equal(t, 2, resp.ProtoMajor)
			require.Equal(t, 200, resp.StatusCode)
			return resp
		}
		began := time.Now()
		resp := ask("POST", "/api/v1/query", `{"sql":"forever 10000","timeout_ms":120000,"max_rows":-1}`)
		first, err := bufio.NewReader(resp.Body).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, first, "name 0")
		require.Less(t, time.Since(began), time.Second)
		_, err = io.Copy(io.Discard, resp.Body)
		require.Error(t, err)
		require.GreaterOrEqual(t, time.Since(began), 2*time.Minute, "the query's own end, and not that of a pause between rows")
		require.Equal(t, []string{"timeout"}, w.Outcomes())

		resp = ask("GET", "/api/v1/sources/clicks/tail", "")
		lines := bufio.NewReader(resp.Body)
		until := func(want string) {
			for {
				line, err := lines.ReadString('\n')
				require.NoError(t, err)
				if strings.HasPrefix(line, want) {
					return
				}
			}
		}
		until(": following clicks")
		for range 20 { // five minutes
			until(": alive")
		}
		go w.Emit(t, ingest.TailItem{Event: &ingest.SampleEvent{Event: `{}`}})
		until("event: event")
		ended := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, lines)
			ended <- err
		}()
		stop()
		require.NoError(t, <-ended, "when the server stops a tail ends, and is not cut")
		client.CloseIdleConnections()
	})
}

func TestOverHTTP2AClientThatTakesNothingIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		config, trusting := certificate(t)
		dial, stop := listening(t, w, api.Listening{TLS: config})
		client := over2(dial, trusting)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://localhost/api/v1/query", strings.NewReader(`{"sql":"rows 1000000","max_rows":-1,"timeout_ms":600000}`))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "text/csv")
		resp, err := client.Do(req) // what it takes without being read is what its window lets
		require.NoError(t, err)
		time.Sleep(20 * time.Second)
		require.Empty(t, w.Routes())
		time.Sleep(30 * time.Second)
		require.Len(t, w.Routes(), 1)
		_, err = io.Copy(io.Discard, resp.Body)
		require.Error(t, err)
		client.CloseIdleConnections()
		stop()
	})
}

func TestOverTLSASlowClientIsNotWaitedForEither(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, trusting := certificate(t)
		dial, stop := listening(t, world(), api.Listening{TLS: config})
		began, silent := time.Now(), dial("192.0.2.1:1")
		_, err := io.Copy(io.Discard, silent)
		require.NoError(t, err)
		require.Less(t, time.Since(began), 10*time.Second, "a handshake that does not come")
		require.NoError(t, silent.Close())

		client := over2(dial, trusting)
		body, trickle := io.Pipe()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			for _, err := trickle.Write([]byte("{")); err == nil; {
				time.Sleep(time.Second)
				_, err = trickle.Write([]byte(" "))
			}
		}()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://localhost/api/v1/query", body)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
		require.Equal(t, 2, resp.ProtoMajor)
		require.NoError(t, resp.Body.Close())
		require.NoError(t, body.Close())
		<-gone
		client.CloseIdleConnections()
		stop()
	})
}

func TestABodyComesAtAPaceOrIsNotWaitedFor(t *testing.T) {
	const size = 900_000
	head := fmt.Sprintf("POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", size)
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name  string
			every time.Duration
			bytes int
			want  int
		}{
			{"a slow line", time.Second, 40_000, 400}, // it is not JSON
			{"a trickle", 5 * time.Second, 1, 408},
			{"one that begins fast", 11 * time.Second, 800_000, 408},
			{"one below the pace", time.Second, 20_000, 408},
		} {
			dial, stop := listening(t, world(), api.Listening{})
			conn := dial("192.0.2.1:1")
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				_, _ = io.WriteString(conn, head)
				for left := size; left > 0; left -= c.bytes {
					time.Sleep(c.every)
					if _, err := io.WriteString(conn, strings.Repeat("x", min(left, c.bytes))); err != nil {
						return
					}
				}
			}()
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err, c.name)
			require.Equal(t, c.want, resp.StatusCode, c.name)
			require.Equal(t, c.want == 408, resp.Close, "what comes late is no other request")
			require.NoError(t, conn.Close())
			<-sent
			stop()
		}
	})
}

func TestManyConnectionsDoNotKeepOthersOut(t *testing.T) {
	const most = 1024
	synctest.Test(t, func(t *testing.T) {
		dial, stop := listening(t, world(), api.Listening{})
		tail := dial("198.51.100.1:1")
		_, body := request(t, tail, "GET", "/api/v1/sources/clicks/tail", "")
		_, err := body.ReadString('\n')
		require.NoError(t, err)
		var crowd []net.Conn
		for i := range most + 100 {
			crowd = append(crowd, dial(fmt.Sprintf("10.0.%d.%d:1", i/250, i%250+1)))
		}
		healthy := dial("203.0.113.1:1")
		resp, _ := request(t, healthy, "GET", "/healthz", "")
		require.Equal(t, 200, resp.StatusCode)
		require.False(t, open(crowd[0]), "the longest silent")
		require.False(t, open(crowd[100]))
		require.True(t, open(crowd[103]))
		_, err = io.WriteString(crowd[103], "GET /healthz HTTP/1.1\r\n")
		require.NoError(t, err)
		require.True(t, open(tail), "nobody who is being answered")
		for _, c := range append(crowd, tail, healthy) {
			require.NoError(t, c.Close())
		}
		stop()
	})
}

func TestOneAddressDoesNotTakeAllConnections(t *testing.T) {
	const share = 512
	synctest.Test(t, func(t *testing.T) {
		w := world()
		w.Queries = query.New(apitest.Engine{}, query.Options{MaxConcurrent: share})
		dial, stop := listening(t, w, api.Listening{Shared: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		for crowd, kept := range map[string]bool{"192.0.2.1": false, "2001:db8::": false, "10.0.0.1": true, "127.0.0.1": true} {
			other := dial("198.51.100.1:1")
			var all []net.Conn
			for i := range share + 1 {
				from := net.JoinHostPort(crowd, "1")
				if crowd == "2001:db8::" { // one client has all of such a network
					from = fmt.Sprintf("[2001:db8::%x]:1", i+1)
				}
				all = append(all, dial(from))
			}
			require.Equal(t, kept, open(all[0]), crowd)
			require.True(t, open(all[1]))
			require.True(t, open(other))
			for _, c := range append(all, other) {
				require.NoError(t, c.Close())
			}
			synctest.Wait()
		}

		var answered []net.Conn
		for range share {
			c := dial("192.0.2.1:1")
			_, err := io.WriteString(c, post(`{"sql":"forever"}`))
			require.NoError(t, err)
			answered = append(answered, c)
		}
		synctest.Wait()
		more, other := dial("192.0.2.1:1"), dial("192.0.2.2:1")
		require.False(t, open(more), "there is none of its own to close")
		require.True(t, open(other))
		for _, c := range append(answered, more, other) {
			require.NoError(t, c.Close())
		}
		stop()
	})
}

func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := world()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- api.Serve(ctx, listener, w.Handler(), api.Listening{Logger: slog.New(slog.DiscardHandler)})
	}()
	dial := func(first string) net.Conn {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(c, first)
		require.NoError(t, err)
		return c
	}
	deaf := dial(post(`{"sql":"rows 5000000","max_rows":-1,"timeout_ms":600000}`)) // which reads nothing of it
	var slow sync.WaitGroup
	for _, first := range []string{
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
	} {
		c := dial(first)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = io.Copy(io.Discard, c) // to the end of the connection: it never comes if nobody cuts it off
		}()
		slow.Go(func() {
			defer c.Close()
			every := time.NewTicker(100 * time.Millisecond)
			defer every.Stop()
			for {
				select {
				case <-ended:
					return
				case <-every.C:
					_, _ = io.WriteString(c, "x")
				}
			}
		})
	}
	slow.Wait()
	require.Eventually(t, func() bool { return slices.Equal(w.Outcomes(), []string{"cancelled"}) }, 5*time.Minute, 50*time.Millisecond, "who does not read")
	require.NoError(t, deaf.Close())
	stop()
	require.NoError(t, <-done)
}

func TestEveryAnswerTellsBrowsersWhatIsAllowed(t *testing.T) {
	h := openHouse(t)
	for _, ask := range []struct{ method, target, body, host string }{
		{"GET", "/", "", "localhost"},
		{"GET", "/healthz", "", "localhost"},
		{"GET", "/api/v1/tables", "", "localhost"},
		{"GET", "/api/v1/nothing", "", "localhost"},
		{"GET", "/", "", "evil.example.com"},
		{"POST", "/api/v1/query", `{"sql":"panic"}`, "localhost"},
		{"OPTIONS", "/api/v1/query", "", "localhost"},
	} {
		w := call(t, h, ask.method, ask.target, ask.body, "Host: "+ask.host, "Origin: https://evil.example.com", "Access-Control-Request-Method: POST")
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'", ask)
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'", ask)
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", w.Header().Get("Referrer-Policy"))
		for name := range w.Header() {
			require.NotContains(t, name, "Access-Control", ask)
		}
	}
}

func TestBrowsersStayWithTLSWhenSomebodyVouchesForTheCertificate(t *testing.T) {
	vouched := false
	h := openHouse(t, func(d *api.Deps) {
		d.Reach.TLSOnly = func() bool { return vouched }
		d.Reach.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	said := func(target, from, proto string) string {
		r := httptest.NewRequestWithContext(t.Context(), "GET", target, nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-Proto", proto)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Header().Get("Strict-Transport-Security")
	}
	require.Empty(t, said("https://localhost/", "192.0.2.1:1", ""), "self-signed")
	vouched = true
	for _, c := range []struct {
		target, from, proto string
		want                bool
	}{
		{"https://localhost/", "192.0.2.1:1", "", true},
		{"http://localhost/", "192.0.2.1:1", "", false},
		{"http://localhost/", "192.0.2.1:1", "https", false},
		{"http://localhost/", "10.0.0.1:1", "https", true},
		{"http://localhost/", "10.0.0.1:1", "https, https", true},
		{"http://localhost/", "10.0.0.1:1", "https, http", false},
		{"http://localhost/", "10.0.0.1:1", "http", false},
	} {
		require.Equal(t, c.want, said(c.target, c.from, c.proto) == "max-age=31536000", c)
	}
	require.Empty(t, call(t, openHouse(t), "GET", "https://localhost/", "").Header().Get("Strict-Transport-Security"))
}
