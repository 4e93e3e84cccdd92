package certs

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	lasts = 825 * 24 * time.Hour // the longest that browsers take
	ahead = 30 * 24 * time.Hour  // before its end a certificate is made anew

	renewCheck = time.Hour

	selfCert = "cert.pem"
	selfKey  = "key.pem"
)

// own is a pair that the server makes itself.
type own struct {
	*files
	dir   string
	names []string
}

// SelfSigned keeps a pair that nobody vouches for in a directory, and makes it if there is none for these names, or it ends soon.
// One that is made is for passing names too, but what the machine is called otherwise one day needs no other: a container is at
// each start. A name may be an address. now is the clock, nil for the system's.
func SelfSigned(dir string, names, passing []string, now func() time.Time, log *slog.Logger) (Keeper, error) {
	if now == nil {
		now = time.Now
	}
	names = append([]string{"localhost", "127.0.0.1", "::1"}, names...)
	o := &own{dir: dir, names: append(slices.Clone(names), passing...)}
	if !serves(dir, names, now()) {
		_, former := load(filepath.Join(dir, selfCert), filepath.Join(dir, selfKey))
		if err := forge(dir, o.names, now()); err != nil {
			return nil, err
		}
		if former == nil {
			log.LogAttrs(context.Background(), slog.LevelWarn, "the self-signed certificate has been made anew, for it was about to end or lacked a name: who trusted the former must trust this one",
				slog.Any("names", names))
		} else {
			log.LogAttrs(context.Background(), slog.LevelInfo, "a self-signed certificate has been made", slog.String("dir", dir))
		}
	}
	var err error
	o.files, err = openFiles(filepath.Join(dir, selfCert), filepath.Join(dir, selfKey), now, log)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// SelfSignedFingerprint is the fingerprint of the certificate that SelfSigned keeps in a directory.
func SelfSignedFingerprint(dir string) (string, error) {
	pair, err := load(filepath.Join(dir, selfCert), filepath.Join(dir, selfKey))
	if err != nil {
		return "", err
	}
	return Fingerprint(pair.Leaf), nil
}

// Trusted implements Keeper.
func (o *own) Trusted() bool { return false }

// Run implements Keeper: it makes the pair anew in time.
func (o *own) Run(ctx context.Context) {
	tick := time.NewTicker(renewCheck)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.renew(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (o *own) renew(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now().Add(ahead).Before(o.pair.Leaf.NotAfter) {
		return
	}
	if err := forge(o.dir, o.names, o.now()); err != nil {
		o.log.LogAttrs(ctx, slog.LevelError, "the self-signed certificate ends soon and cannot be made anew", slog.Any("error", err))
		return
	}
	o.looked = time.Time{} // the next one who comes is shown the new one
}

// serves reports whether there is a pair in a directory that is good for these names and not about to end.
func serves(dir string, names []string, now time.Time) bool {
	pair, err := load(filepath.Join(dir, selfCert), filepath.Join(dir, selfKey))
	if err != nil || now.Before(pair.Leaf.NotBefore) || now.Add(ahead).After(pair.Leaf.NotAfter) {
		return false
	}
	return !slices.ContainsFunc(names, func(name string) bool { return pair.Leaf.VerifyHostname(name) != nil })
}

// forge makes a pair for names and writes it to a directory.
func forge(dir string, names []string, now time.Time) error {
	cert, key, err := mint(names, now)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Environment, "the self-signed certificate cannot be kept: %w", err)
	}
	for _, file := range []struct {
		name string
		text []byte
	}{{selfKey, key}, {selfCert, cert}} {
		if err := write(filepath.Join(dir, file.name), file.text); err != nil {
			return fault.New(fault.Environment, "the self-signed certificate cannot be kept: %w", err)
		}
	}
	return nil
}

// mint makes a pair for names, in PEM.
func mint(names []string, now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "make a serial number: %w", err)
	}
	begins := now.Add(-time.Hour).UTC() // clocks differ
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Helios"},
		NotBefore: begins, NotAfter: begins.Add(lasts),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, // and no authority: who trusts it trusts it for this server alone
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip == nil && ascii(name) && !slices.Contains(template.DNSNames, name) {
			template.DNSNames = append(template.DNSNames, name)
		} else if ip != nil && !slices.ContainsFunc(template.IPAddresses, ip.Equal) {
			template.IPAddresses = append(template.IPAddresses, ip)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "make a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "write a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), nil
}

// ascii reports whether a name can stand in a certificate.
func ascii(name string) bool {
	return name != "" && !slices.ContainsFunc([]byte(name), func(b byte) bool { return b <= ' ' || b > '~' })
}

// write replaces a file whole. Only the owner reads it.
func write(path string, text []byte) error {
	part, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part.Name()) }() // unless it has become the file
	_, err = part.Write(text)
	if err == nil {
		err = part.Sync()
	}
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
