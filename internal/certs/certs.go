// Package certs keeps the certificate that a server shows: a pair of files that somebody else writes, certificates that an
// authority gives out by ACME, or a pair that nobody vouches for and that the server makes itself. It gives crypto/tls what that
// needs, and listens to nothing.
package certs

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// Keeper keeps the certificate of a server.
type Keeper interface {
	// Config is what TLS of version 1.2 or newer needs, HTTP/2 included.
	Config() *tls.Config

	// Trusted reports whether somebody else than the server itself vouches for the certificate shown now.
	Trusted() bool

	// Run sees to what can be done before anybody asks, until ctx ends.
	Run(ctx context.Context)
}

// Fingerprint is the SHA-256 of a certificate, as browsers and openssl write it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}

// Check reads a pair of files as Files does, and forgets it.
func Check(certFile, keyFile string) error {
	_, err := load(certFile, keyFile)
	return err
}

// load reads a pair of files.
func load(certFile, keyFile string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fault.New(fault.Environment, "the certificate %s with the key %s cannot be used: %w", certFile, keyFile, err).
			WithHint("both are PEM, the certificate first and after it those up to its authority; the key has no passphrase")
	}
	return &pair, nil
}

// selfSigned reports whether a certificate vouches for itself.
func selfSigned(c *x509.Certificate) bool {
	return c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// describe is what the log says of a certificate.
func describe(c *x509.Certificate) slog.Attr {
	return slog.Group("certificate",
		slog.String("names", strings.Join(names(c), " ")), slog.Time("until", c.NotAfter.UTC()), slog.String("sha256", Fingerprint(c)))
}

func names(c *x509.Certificate) []string {
	all := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

// config is one that asks get for the certificate.
func config(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), protocols ...string) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get, NextProtos: append([]string{"h2", "http/1.1"}, protocols...)}
}
