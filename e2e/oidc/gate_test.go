//go:build e2e || keycloak

package oidc_test

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// gate stands between Helios and its provider, who knows the gate's address as its own: closed, it is a provider that is down.
type gate struct {
	address string

	mu       sync.Mutex
	listener net.Listener
	to       string
	open     map[net.Conn]bool
}

// newGate takes an address.
func newGate() (*gate, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &gate{address: l.Addr().String(), listener: l, open: map[net.Conn]bool{}}
	go g.serve(l)
	return g, nil
}

// lead says where the provider is.
func (g *gate) lead(to string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.to = to
}

func (g *gate) serve(l net.Listener) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		go g.pass(in)
	}
}

func (g *gate) pass(in net.Conn) {
	defer in.Close()
	g.mu.Lock()
	to := g.to
	g.mu.Unlock()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	g.mu.Lock()
	if g.listener == nil {
		g.mu.Unlock()
		return
	}
	g.open[in], g.open[out] = true, true
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.open, in)
		delete(g.open, out)
	}()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done // then both are closed
}

// close makes the provider one that is down.
func (g *gate) close(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	require.NoError(t, g.listener.Close())
	g.listener = nil
	for c := range g.open {
		_ = c.Close()
	}
}

// reopen ends that.
func (g *gate) reopen(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		return
	}
	l, err := net.Listen("tcp", g.address)
	require.NoError(t, err)
	g.listener = l
	go g.serve(l)
}
