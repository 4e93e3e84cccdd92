package certs

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// After a failure the next try is later each time: authorities count them.
const (
	firstRetry = 10 * time.Minute
	lastRetry  = 6 * time.Hour
)

// authority gets certificates from one.
type authority struct {
	manager *autocert.Manager
	domains []string
	log     *slog.Logger
	local   func() (tls.Certificate, error) // what this machine itself is shown
}

// ACME keeps certificates of domains that an authority gives out, and renews them. They are kept in a directory. url is that of the
// authority's directory, "" for Let's Encrypt. The authority proves by tls-alpn-01 that the domain is this server's: it calls
// port 443. client calls the authority, nil for http.DefaultClient.
func ACME(dir string, domains []string, url string, client *http.Client, log *slog.Logger) Keeper {
	if url == "" {
		url = autocert.DefaultACMEDirectory
	}
	return &authority{
		domains: domains, log: log, local: sync.OnceValues(passing),
		manager: &autocert.Manager{
			Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(dir), HostPolicy: autocert.HostWhitelist(domains...),
			Client: &acme.Client{DirectoryURL: url, HTTPClient: client, UserAgent: "helios"},
		},
	}
}

// passing makes a certificate that is kept nowhere.
func passing() (tls.Certificate, error) {
	cert, key, err := mint([]string{"localhost", "127.0.0.1", "::1"}, time.Now())
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// Config implements Keeper. Who calls from this machine by its address, as checks of health do, gets through whether the authority
// has given anything out yet or not.
func (a *authority) Config() *tls.Config {
	return config(func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if from, ok := hello.Conn.RemoteAddr().(*net.TCPAddr); ok && from.IP.IsLoopback() && hello.ServerName == "" {
			pair, err := a.local()
			return &pair, err
		}
		return a.manager.GetCertificate(hello)
	}, acme.ALPNProto)
}

// Trusted implements Keeper.
func (a *authority) Trusted() bool { return true }

// Run implements Keeper: it asks for each certificate before somebody comes who would wait for it, and says what goes wrong.
func (a *authority) Run(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, domain := range a.domains {
		asking.Go(func() { a.ask(ctx, domain) })
	}
}

func (a *authority) ask(ctx context.Context, domain string) {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		leaf, err := a.get(ctx, domain)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			a.log.LogAttrs(ctx, slog.LevelInfo, "there is a certificate for the domain; it is renewed by itself", slog.String("domain", domain), describe(leaf.Leaf))
			return
		}
		a.log.LogAttrs(ctx, slog.LevelError, "there is no certificate for the domain: the authority must reach this server at port 443 of it",
			slog.String("domain", domain), slog.Any("error", err), slog.Duration("next_try", pause))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// get asks for a certificate, as a client that takes those of elliptic curves does. It does not wait for it beyond ctx; what
// goes on then ends with the process.
func (a *authority) get(ctx context.Context, domain string) (*tls.Certificate, error) {
	type answer struct {
		pair *tls.Certificate
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		pair, err := a.manager.GetCertificate(&tls.ClientHelloInfo{ServerName: domain, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}})
		got <- answer{pair, err}
	}()
	select {
	case a := <-got:
		return a.pair, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
