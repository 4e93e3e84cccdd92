package api

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// How many connections there may be at once. Slow ones cost memory, and must not keep others out.
const (
	mostConnections = 1024
	mostOfOne       = mostConnections / 2 // from one address

	toldEvery = time.Minute // how often the log says that there are too many
)

// gate lets connections in. When there are too many it closes one that nothing is being done for: its client has sent no whole
// request, and has been silent the longest. So health is answered while somebody opens connections without end.
type gate struct {
	net.Listener
	shared []netip.Prefix // addresses that many clients have in common
	log    *slog.Logger

	mu   sync.Mutex
	open map[*connection]struct{}
	told time.Time
}

// connection is one that was let in.
type connection struct {
	net.Conn
	gate  *gate
	from  netip.Prefix // whose share it counts for; zero: nobody's
	heard atomic.Int64 // when something came last, in nanoseconds since 1970
	owed  atomic.Int32 // answers to requests that have come whole
}

func newGate(l net.Listener, shared []netip.Prefix, log *slog.Logger) *gate {
	return &gate{Listener: l, shared: shared, log: log, open: map[*connection]struct{}{}}
}

// Accept gives the next connection.
func (g *gate) Accept() (net.Conn, error) {
	for {
		raw, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &connection{Conn: raw, gate: g, from: g.shareOf(raw.RemoteAddr())}
		c.heard.Store(time.Now().UnixNano())
		if g.admit(c) {
			return c, nil
		}
		_ = raw.Close()
	}
}

// shareOf is whom a connection counts for: an address, or a network of IPv6, of which one client has a whole one.
func (g *gate) shareOf(remote net.Addr) netip.Prefix {
	at, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return netip.Prefix{}
	}
	address := at.Addr().Unmap().WithZone("")
	if (&Reach{Proxies: g.shared}).trusts(address) || address.IsLoopback() {
		return netip.Prefix{}
	}
	return networkOf(address)
}

// networkOf is whom an address counts for: itself, or with IPv6 the network of which one client has all.
func networkOf(address netip.Addr) netip.Prefix {
	bits := 32
	if address = address.Unmap().WithZone(""); address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // there are so many
	return network
}

// admit makes room for a connection; false if there is none to make.
func (g *gate) admit(c *connection) bool {
	g.mu.Lock()
	victim, full := g.victim(c.from)
	if victim != nil {
		delete(g.open, victim)
	}
	admitted := !full || victim != nil
	if admitted {
		g.open[c] = struct{}{}
	}
	tell := full && time.Since(g.told) >= toldEvery
	if tell {
		g.told = time.Now()
	}
	g.mu.Unlock()
	if victim != nil {
		_ = victim.Conn.Close()
	}
	if tell {
		g.log.LogAttrs(context.Background(), slog.LevelWarn, "there are too many connections: those that ask for nothing are closed",
			slog.String("newest", c.RemoteAddr().String()), slog.Int("most", mostConnections), slog.Int("most_of_one_address", mostOfOne))
	}
	return admitted
}

// victim tells whether there is no room for one more, and which connection can make it.
func (g *gate) victim(from netip.Prefix) (victim *connection, full bool) {
	siblings := 0
	if from.IsValid() && len(g.open) >= mostOfOne {
		for c := range g.open {
			if c.from == from {
				siblings++
			}
		}
	}
	crowded := siblings >= mostOfOne
	if !crowded && len(g.open) < mostConnections {
		return nil, false
	}
	for c := range g.open {
		if c.owed.Load() == 0 && (!crowded || c.from == from) && (victim == nil || c.heard.Load() < victim.heard.Load()) {
			victim = c
		}
	}
	return victim, true
}

// Read takes note of when something came.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

// Close gives its place back.
func (c *connection) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.open, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

type connectionKey struct{}

// withConnection is http.Server.ConnContext: requests know their connection.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// counted serves requests so that their connection knows what it owes.
func counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connectionKey{}).(*connection)
		if !ok {
			h.ServeHTTP(w, r)
			return
		}
		come := &arriving{ReadCloser: r.Body, owed: &c.owed}
		defer come.done()
		if r.Body == http.NoBody {
			come.whole()
		} else {
			r.Body = come
		}
		h.ServeHTTP(w, r)
	})
}

// arriving is the body of a request that has not come whole yet.
type arriving struct {
	io.ReadCloser
	owed *atomic.Int32
	came atomic.Bool
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err == io.EOF { // readers return io.EOF itself
		a.whole()
	}
	return n, err
}

func (a *arriving) whole() {
	if !a.came.Swap(true) {
		a.owed.Add(1)
	}
}

func (a *arriving) done() {
	if a.came.Load() {
		a.owed.Add(-1)
	}
}
