package client

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// fingerprintOf is the SHA-256 of a certificate as servers print it: pairs of hexadecimal digits in capitals, with colons.
func fingerprintOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return Fingerprint(hex.EncodeToString(sum[:]))
}

// Fingerprint is a fingerprint as servers print it, made of one that somebody has typed or copied: with SHA256: or SHA-256 before it or not,
// in any letter case, with or without colons and spaces. It is "" if it is none.
func Fingerprint(text string) string {
	text = strings.ToUpper(strings.TrimSpace(text))
	text = strings.NewReplacer(":", "", " ", "", "SHA-256=", "", "SHA256", "", "SHA-256", "").Replace(text)
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) != sha256.Size {
		return ""
	}
	pairs := make([]string, len(sum))
	for i := range sum {
		pairs[i] = text[2*i : 2*i+2]
	}
	return strings.Join(pairs, ":")
}

// UntrustedError says that a server has shown a certificate that it need not be trusted for. It is found with errors.As.
type UntrustedError struct {
	Fingerprint string // of that certificate
	pinned      bool   // another one was expected
	err         error
}

// Error says why.
func (e *UntrustedError) Error() string { return e.err.Error() }

// of is the error as people are told it.
func (e *UntrustedError) of(server *url.URL) error {
	if e.pinned {
		return fault.New(fault.Network, "%s shows another certificate than the one that it was trusted for: SHA-256 %s: %w", server, e.Fingerprint, e).
			WithHint("somebody may be in between; if the server has a new certificate, `helios login %s` asks anew, and HELIOS_FINGERPRINT, if you set it, must be the new one's", server)
	}
	return fault.New(fault.Network, "nobody vouches for the certificate of %s, SHA-256 %s: %w", server, e.Fingerprint, e).
		WithHint("if it is the server's own, which prints that when it starts, `helios login %s` trusts it, or HELIOS_FINGERPRINT set to it", server)
}

// distrusted is the reason for which TLS did not come about, if it was the server's certificate.
func distrusted(err error) *UntrustedError {
	if own, ok := errors.AsType[*UntrustedError](err); ok {
		return own
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(e.UnverifiedCertificates) > 0 {
		return &UntrustedError{Fingerprint: fingerprintOf(e.UnverifiedCertificates[0]), err: e.Err}
	}
	return nil
}

// pinned accepts the certificate with a fingerprint and no other, whoever vouches for it; with "" those that an authority does.
func pinned(fingerprint string) *tls.Config {
	if fingerprint == "" {
		return nil
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the whole certificate
		VerifyConnection: func(state tls.ConnectionState) error {
			if shown := fingerprintOf(state.PeerCertificates[0]); shown != fingerprint {
				return &UntrustedError{Fingerprint: shown, pinned: true, err: errors.New("it is not the one with " + fingerprint)}
			}
			return nil
		},
	}
}
