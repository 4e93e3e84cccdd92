package app

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/certs"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

// Directories in that of the data.
const (
	selfSignedDir = "tls"
	acmeDir       = "acme"
)

// Addresses say where a running server is, and who may come.
type Addresses struct {
	API         string // URL by which people reach it
	Listens     string // HOST:PORT
	Kinesis     string // URL of the demo's Kinesis, else ""
	Data        string // directory
	Fingerprint string // SHA-256 of the self-signed certificate, else ""
	Open        bool   // whoever reaches the server is let in: there is no account yet, and none is needed
}

// addresses are those of a server that is up.
func (o *Options) addresses(ctx context.Context, at net.Addr, kinesis string) Addresses {
	a := Addresses{API: o.Config.Address(at), Listens: at.String(), Kinesis: kinesis, Data: o.Config.Data}
	if o.Config.TLS.SelfSigned {
		a.Fingerprint, _ = certs.SelfSignedFingerprint(filepath.Join(o.Config.Data, selfSignedDir)) // the log has it too
	}
	if o.Config.Closed() {
		return a
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lettingGo) // who stops the server at once is told no other
	defer cancel()
	err := Accounts(ctx, o.Config.Data, false, o.Logger, func(ctx context.Context, accounts *auth.Service) (err error) {
		a.Open, err = accounts.Empty(ctx)
		return err
	})
	if err != nil {
		o.Logger.WarnContext(ctx, "it cannot be told whether there is an account", "error", err)
	}
	return a
}

// stayHere makes the settings those of a server for this machine alone; fault.Refused if it is to listen beyond.
func stayHere(c *config.Config) error {
	if !config.Loopback(c.Listen) {
		return fault.New(fault.Refused, "the demo does not listen on %s: it lets everybody in, and stays on this machine", c.Listen).
			WithHint("listen on 127.0.0.1, or run `helios serve`, which can let others come")
	}
	c.TLS, c.InsecureHTTP, c.PublicURL, c.Proxies = config.TLS{}, false, "", nil
	return nil
}

// certificate is what keeps the server's, if it speaks TLS.
func (s *server) certificate() (certs.Keeper, error) {
	c := &s.Config.TLS
	switch {
	case c.CertFile != "":
		return certs.Files(c.CertFile, c.KeyFile, nil, s.logger)
	case len(c.Domains) > 0:
		return certs.ACME(filepath.Join(s.Config.Data, acmeDir), c.Domains, c.ACMEURL, nil, s.logger), nil
	}
	names, machine := s.Config.Hosts(), []string{}
	if host, err := os.Hostname(); err == nil {
		machine = append(machine, host)
	}
	if at, err := netip.ParseAddrPort(s.worker.Listener.Addr().String()); err == nil && !at.Addr().IsUnspecified() {
		names = append(names, at.Addr().Unmap().WithZone("").String())
	} else if all, err := net.InterfaceAddrs(); err == nil {
		for _, one := range all {
			if network, ok := one.(*net.IPNet); ok {
				machine = append(machine, network.IP.String())
			}
		}
	}
	return certs.SelfSigned(filepath.Join(s.Config.Data, selfSignedDir), names, machine, nil, s.logger)
}

// entrance is how clients come to the server, and what sees to it.
func (s *server) entrance() (reach api.Reach, how api.Listening, see func(context.Context), err error) {
	reach = api.Reach{PublicURL: s.Config.PublicURL, Hosts: s.Config.Hosts(), Proxies: s.Config.Proxies, TLSOnly: func() bool { return true }} // a proxy's certificate is its own matter
	how = api.Listening{Shared: s.Config.Proxies, Logger: s.logger}
	if s.Config.Closed() && !s.Config.TLS.On() && len(s.Config.Proxies) == 0 { // public_url names a proxy's address
		s.logger.Warn("others come over plain HTTP, and no proxies are named: name the one in front, or cookies are not kept to TLS and all clients look like one")
	}
	if !s.Config.TLS.On() {
		return reach, how, func(context.Context) {}, nil
	}
	keeper, err := s.certificate()
	if err != nil {
		return reach, how, nil, err
	}
	reach.TLSOnly, how.TLS = keeper.Trusted, keeper.Config()
	if host, err := os.Hostname(); err == nil && s.Config.TLS.SelfSigned { // which the certificate names too
		reach.Hosts = append(reach.Hosts, host)
	}
	return reach, how, keeper.Run, nil
}
