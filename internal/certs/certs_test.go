package certs_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/certs"
	"github.com/helios-sql/helios/internal/fault"
)

// journal is a log that tests read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

// clock is one that tests put forward.
type clock struct{ at time.Time }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

// shown is the certificate that somebody is shown.
func shown(t *testing.T, k certs.Keeper) *x509.Certificate {
	t.Helper()
	pair, err := k.Config().GetCertificate(&tls.ClientHelloInfo{})
	require.NoError(t, err)
	return pair.Leaf
}

// shake agrees on TLS of a version with a server that shows a certificate.
func shake(t *testing.T, k certs.Keeper, version uint16) (tls.ConnectionState, error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", k.Config())
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		if c, err := listener.Accept(); err == nil {
			_ = c.(*tls.Conn).HandshakeContext(t.Context())
			_ = c.Close()
		}
	}()
	trusted := x509.NewCertPool()
	trusted.AddCert(shown(t, k))
	client := &tls.Config{ServerName: "localhost", RootCAs: trusted, NextProtos: []string{"h2"}, MinVersion: version, MaxVersion: version}
	c, err := (&tls.Dialer{Config: client}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState(), nil
}

// authority signs pairs.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func anAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = a.sign(t, "authority")
	return a
}

// sign makes a certificate; the first is the authority's own.
func (a *authority) sign(t *testing.T, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert, key
}

// put writes a pair into a directory, or only one of the two.
func put(t *testing.T, dir string, cert *x509.Certificate, key *ecdsa.PrivateKey) {
	t.Helper()
	if cert != nil {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "c.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600))
	}
	if key != nil {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "k.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	}
}

func TestAChangedPairIsShownAndABrokenOneIsNot(t *testing.T) {
	dir, log, clock, ca := t.TempDir(), &journal{}, &clock{at: time.Now()}, anAuthority(t)
	certFile, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	_, err := certs.Files(certFile, keyFile, clock.now, log.logger())
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, certFile)

	first, firstKey := ca.sign(t, "first.example.com")
	put(t, dir, first, firstKey)
	k, err := certs.Files(certFile, keyFile, clock.now, log.logger())
	require.NoError(t, err)
	require.True(t, k.Trusted())
	require.Equal(t, first.Raw, shown(t, k).Raw)

	second, secondKey := ca.sign(t, "second.example.com")
	put(t, dir, second, nil) // whose key has not come yet
	require.Equal(t, first.Raw, shown(t, k).Raw, "files are not looked at for every handshake")
	for range 3 {
		clock.pass(time.Second)
		require.Equal(t, first.Raw, shown(t, k).Raw)
	}
	require.Equal(t, 1, strings.Count(log.String(), "the new certificate is not used"), log)
	put(t, dir, nil, secondKey)
	clock.pass(time.Second)
	require.Equal(t, second.Raw, shown(t, k).Raw)
	require.Contains(t, log.String(), certs.Fingerprint(second))

	require.NoError(t, os.Remove(certFile))
	clock.pass(time.Second)
	require.Equal(t, second.Raw, shown(t, k).Raw)
	put(t, dir, first, firstKey)
	clock.pass(time.Second)
	require.Equal(t, first.Raw, shown(t, k).Raw)
	put(t, dir, ca.cert, ca.key)
	clock.pass(time.Second)
	require.False(t, k.Trusted(), "one that vouches for itself")
	require.NotContains(t, log.String(), "PRIVATE KEY")
}

func TestTLSIsOfToday(t *testing.T) {
	k, err := certs.SelfSigned(t.TempDir(), nil, nil, nil, (&journal{}).logger())
	require.NoError(t, err)
	_, err = shake(t, k, tls.VersionTLS11)
	require.Error(t, err)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		state, err := shake(t, k, version)
		require.NoError(t, err)
		require.Equal(t, "h2", state.NegotiatedProtocol)
	}
}

func TestASelfSignedPairIsMadeOnceAndForAllNames(t *testing.T) {
	dir, log := filepath.Join(t.TempDir(), "tls"), &journal{}
	names := []string{"helios.example.com", "192.0.2.7", "localhost"}
	k, err := certs.SelfSigned(dir, names, []string{"machine", "bücher"}, nil, log.logger())
	require.NoError(t, err)
	require.False(t, k.Trusted())
	made := shown(t, k)
	for _, name := range append(names, "127.0.0.1", "::1") {
		require.NoError(t, made.VerifyHostname(name))
	}
	require.Equal(t, []string{"localhost", "helios.example.com", "machine"}, made.DNSNames)
	require.Error(t, made.VerifyHostname("other.example.com"))
	require.LessOrEqual(t, made.NotAfter.Sub(made.NotBefore), 825*24*time.Hour)
	require.Greater(t, time.Until(made.NotAfter), 800*24*time.Hour)
	require.False(t, made.IsCA, "who trusts it trusts nothing else")
	trusted := x509.NewCertPool()
	trusted.AddCert(made)
	_, err = made.Verify(x509.VerifyOptions{Roots: trusted, DNSName: "helios.example.com"})
	require.NoError(t, err)
	for path, mode := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, filepath.Join(dir, "key.pem"): 0o600, filepath.Join(dir, "cert.pem"): 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), path)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2)
	told, err := certs.SelfSignedFingerprint(dir)
	require.NoError(t, err)
	require.Equal(t, certs.Fingerprint(made), told)
	require.Regexp(t, `^([0-9A-F]{2}:){31}[0-9A-F]{2}$`, told)
	require.Contains(t, log.String(), told)

	k, err = certs.SelfSigned(dir, names[:1], []string{"another machine"}, nil, log.logger())
	require.NoError(t, err)
	require.Equal(t, made.Raw, shown(t, k).Raw, "a second start shows the same")
	k, err = certs.SelfSigned(dir, []string{"new.example.com"}, nil, nil, log.logger())
	require.NoError(t, err)
	anew := shown(t, k)
	require.NoError(t, anew.VerifyHostname("new.example.com"))
	require.NotEqual(t, made.Raw, anew.Raw)
	require.Contains(t, log.String(), "who trusted the former must trust this one")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), []byte("torn"), 0o600))
	k, err = certs.SelfSigned(dir, []string{"new.example.com"}, nil, nil, log.logger())
	require.NoError(t, err)
	require.NotEqual(t, anew.Raw, shown(t, k).Raw)
}

func TestASelfSignedPairIsMadeAnewBeforeItEnds(t *testing.T) {
	dir, log := t.TempDir(), &journal{}
	early := time.Now().Add(-794 * 24 * time.Hour) // a month and a day before it ends
	k, err := certs.SelfSigned(dir, nil, nil, func() time.Time { return early }, log.logger())
	require.NoError(t, err)
	made := shown(t, k)
	k, err = certs.SelfSigned(dir, nil, nil, nil, log.logger())
	require.NoError(t, err)
	require.Equal(t, made.Raw, shown(t, k).Raw)
	anew, err := certs.SelfSigned(dir, nil, nil, func() time.Time { return time.Now().Add(48 * time.Hour) }, log.logger())
	require.NoError(t, err)
	require.NotEqual(t, made.Raw, shown(t, anew).Raw, "at a start")

	synctest.Test(t, func(t *testing.T) { // and while the server runs
		k, err := certs.SelfSigned(t.TempDir(), nil, nil, nil, log.logger())
		require.NoError(t, err)
		before := certs.Fingerprint(shown(t, k))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			k.Run(ctx)
		}()
		time.Sleep(790 * 24 * time.Hour)
		require.Equal(t, before, certs.Fingerprint(shown(t, k)))
		time.Sleep(6 * 24 * time.Hour)
		after := certs.Fingerprint(shown(t, k))
		require.NotEqual(t, before, after)
		time.Sleep(24 * time.Hour)
		require.Equal(t, after, certs.Fingerprint(shown(t, k)))
		stop()
		<-done
	})
}

func TestASelfSignedPairThatCannotBeKeptIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := certs.SelfSigned(filepath.Join(file, "tls"), nil, nil, nil, (&journal{}).logger())
	require.Equal(t, fault.Environment, fault.CodeOf(err))
}
