package certs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/certs"
)

// How long tests wait for what another goroutine does.
const (
	waiting = time.Minute
	pause   = 10 * time.Millisecond
)

// pebble runs an ACME authority, Let's Encrypt's own for tests, that finds every domain at a port of this machine.
func pebble(t *testing.T, port int) (url string, client *http.Client, roots *x509.CertPool) {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0") // retries take seconds
	log := log.New(t.Output(), "pebble ", 0)
	kept := db.NewMemoryStore()
	issuer := ca.New(log, kept, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "the default"}})
	front := wfe.New(log, kept, va.New(log, 0, port, false, names(t), kept), issuer, []string{"authority.example"}, false, false, 1, 1)
	server := httptest.NewTLSServer(front.Handler())
	t.Cleanup(server.Close)
	roots = x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM()))
	return server.URL + wfe.DirectoryPath, server.Client(), roots
}

// names runs a name server by which every name is this machine's.
func names(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &dns.Server{Listener: listener, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		if q := asked.Question[0]; q.Qtype == dns.TypeA {
			answer.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return listener.Addr().String()
}

// serve shows a keeper's certificates until the test ends.
func serve(t *testing.T, listener net.Listener, k certs.Keeper) {
	t.Helper()
	server := &http.Server{ReadHeaderTimeout: waiting, TLSConfig: k.Config(), Handler: http.NotFoundHandler(), ErrorLog: log.New(t.Output(), "", 0)}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
}

func TestCertificatesOfADomainComeFromAnAuthority(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url, client, roots := pebble(t, listener.Addr().(*net.TCPAddr).Port)
	dir, said := filepath.Join(t.TempDir(), "acme"), &journal{}
	k := certs.ACME(dir, []string{"helios.example.com"}, url, client, said.logger())
	require.True(t, k.Trusted())
	serve(t, listener, k)

	dial := func(name string) error {
		c, err := (&tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: roots, NextProtos: []string{"h2"}}}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		require.Equal(t, "h2", c.(*tls.Conn).ConnectionState().NegotiatedProtocol)
		return nil
	}
	require.NoError(t, dial("helios.example.com"))
	require.Error(t, dial("other.example.com"), "none is asked for a name that is not the server's")
	require.Eventually(t, func() bool { return len(said.String()) > 0 }, waiting, pause)
	require.Contains(t, said.String(), "there is a certificate for the domain")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, 0o700|os.ModeDir, info.Mode())

	again, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener = again
	serve(t, again, certs.ACME(dir, []string{"helios.example.com"}, "https://127.0.0.1:1/", client, said.logger()))
	require.NoError(t, dial("helios.example.com"), "what was given out is kept: a new start needs no authority")
}

func TestAnAuthorityThatGivesNothingIsInTheLog(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	said := &journal{}
	k := certs.ACME(t.TempDir(), []string{"helios.example.com"}, "https://127.0.0.1:1/dir", nil, said.logger())
	serve(t, listener, k)
	require.Eventually(t, func() bool { return len(said.String()) > 0 }, waiting, pause)
	require.Contains(t, said.String(), "there is no certificate for the domain")

	local, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer local.Close()
	pair, err := k.Config().GetCertificate(&tls.ClientHelloInfo{Conn: local})
	require.NoError(t, err, "what checks health on this machine, by its address, gets through all the same")
	require.NoError(t, pair.Leaf.VerifyHostname("127.0.0.1"))
	_, err = k.Config().GetCertificate(&tls.ClientHelloInfo{Conn: local, ServerName: "helios.example.com", CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}})
	require.Error(t, err)
	require.Contains(t, said.String(), "helios.example.com")
}
