package app

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/certs"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

// setupLink waits for the link that a server logs.
func setupLink(t *testing.T, said *talk) (before, secret string) {
	t.Helper()
	var found []string
	require.Eventually(t, func() bool {
		found = regexp.MustCompile(`link=(\S*)/setup#([\w-]+)`).FindStringSubmatch(said.String())
		return found != nil
	}, time.Minute, 10*time.Millisecond)
	return found[1], found[2]
}

// ends asks with headers, written name and value by turns, and gives the answer without its body.
func ends(t *testing.T, c *http.Client, method, url string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res
}

func TestASelfSignedServerShowsTheSameCertificateAtEachStart(t *testing.T) {
	c := config.Default()
	c.Data, c.TLS.SelfSigned = t.TempDir(), true
	at, said, stop := bootAt(t, c)
	require.Regexp(t, `^https://127\.0\.0\.1:\d+$`, at.API)
	require.True(t, at.Open)
	admin := browser(t)
	pem, err := os.ReadFile(filepath.Join(c.Data, "tls", "cert.pem"))
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM(pem))
	admin.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: trusted}
	admin.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	res := ends(t, admin, http.MethodGet, at.API+"/healthz")
	require.Equal(t, 2, res.ProtoMajor)
	require.Empty(t, res.Header.Get("Strict-Transport-Security"), "nobody vouches for the certificate")
	require.Equal(t, certs.Fingerprint(res.TLS.PeerCertificates[0]), at.Fingerprint)
	require.Contains(t, said.String(), at.Fingerprint)

	before, secret := setupLink(t, said)
	require.Equal(t, at.API, before)
	status, body := post(t, admin, at.API+"/api/v1/auth/setup", `{"secret":"`+secret+`","email":"me@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	page, err := url.Parse(at.API)
	require.NoError(t, err)
	cookies := admin.Jar.Cookies(page)
	require.Len(t, cookies, 1)
	require.Equal(t, "__Host-helios", cookies[0].Name)
	status, body = post(t, admin, at.API+"/api/v1/query", `{"sql":"SELECT 42"}`)
	require.Equal(t, http.StatusOK, status, body)
	stop()

	again, _, _ := bootAt(t, c)
	require.Equal(t, at.Fingerprint, again.Fingerprint)
	require.Equal(t, at.Fingerprint, certs.Fingerprint(ends(t, admin, http.MethodGet, again.API+"/healthz").TLS.PeerCertificates[0]))
	require.False(t, again.Open)
}

func TestBehindAProxyNobodyIsLetInWithoutAnAccount(t *testing.T) {
	c := config.Default()
	c.Data, c.InsecureHTTP, c.PublicURL, c.Log.Level = t.TempDir(), true, "https://helios.example.com", "error"
	c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	at, said, _ := bootAt(t, c)
	require.Equal(t, c.PublicURL, at.API)
	require.False(t, at.Open)
	here, stranger := "http://"+at.Listens, browser(t)
	status, body := post(t, stranger, here+"/api/v1/query", `{"sql":"SELECT 42"}`)
	require.Equal(t, http.StatusUnauthorized, status, body)
	require.Equal(t, http.StatusOK, ends(t, stranger, http.MethodGet, here+"/healthz").StatusCode)
	require.Equal(t, http.StatusOK, ends(t, stranger, http.MethodGet, here+"/api/v1/auth/state").StatusCode)

	before, secret := setupLink(t, said)
	require.Equal(t, c.PublicURL, before, "as people reach it, and whatever the level of the log")
	for host, want := range map[string]int{"helios.example.com": http.StatusOK, "evil.example.com": http.StatusForbidden} {
		require.Equal(t, want, ends(t, stranger, http.MethodGet, here+"/healthz", "Host", host).StatusCode, host)
	}
	res := ends(t, stranger, http.MethodGet, here+"/", "Host", "helios.example.com", "X-Forwarded-Proto", "https")
	require.Equal(t, "max-age=31536000", res.Header.Get("Strict-Transport-Security"))
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	status, body = post(t, stranger, here+"/api/v1/auth/setup", `{"secret":"`+secret+`","email":"me@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	status, body = post(t, stranger, here+"/api/v1/query", `{"sql":"SELECT 42"}`)
	require.Equal(t, http.StatusOK, status, body)
}

func TestAClosedHouseMakesTheFirstAccountOfItsSettingsToo(t *testing.T) {
	c := config.Default()
	c.Data, c.PublicURL = t.TempDir(), "https://helios.example.com"
	c.Admin = config.Admin{Email: "root@example.com", PasswordFile: filepath.Join(t.TempDir(), "password")}
	require.NoError(t, os.WriteFile(c.Admin.PasswordFile, []byte(password), 0o600))
	at, said, _ := bootAt(t, c)
	status, body := post(t, browser(t), "http://"+at.Listens+"/api/v1/auth/sign-in", `{"email":"root@example.com","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, status, body)
	require.NotContains(t, said.String(), "/setup#")
	require.Contains(t, said.String(), "no proxies are named")
}

func TestTheDemoStaysOnThisMachine(t *testing.T) {
	c := config.Default()
	c.Listen, c.TLS.SelfSigned, c.Data = "0.0.0.0:0", true, t.TempDir()
	err := Demo(t.Context(), DemoOptions{Options: Options{Config: c, Logger: slog.New(slog.DiscardHandler)}, KinesisListen: "127.0.0.1:0"})
	require.Equal(t, fault.Refused, fault.CodeOf(err))
	c.Listen, c.Proxies, c.PublicURL = "127.0.0.1:0", []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, "https://helios.example.com"
	require.NoError(t, stayHere(&c))
	require.False(t, c.Closed())
	require.Equal(t, "http://127.0.0.1:1", c.Address(netAddr{}))
}

func TestAServerDoesNotListenBeyondThisMachineWithoutTLS(t *testing.T) {
	c := config.Default()
	c.Listen, c.Data = "0.0.0.0:0", t.TempDir()
	err := Serve(t.Context(), Options{Config: c, Worker: []string{"worker", calm}, Talk: io.Discard, Logger: slog.New(slog.DiscardHandler), Ready: func(Addresses) {}})
	require.Equal(t, fault.Refused, fault.CodeOf(err))
	var heard task
	c.Proxies, c.TLS.Domains = []netip.Prefix{netip.MustParsePrefix("fd00::/8")}, []string{"a.example.com"}
	require.NoError(t, tell(task{Config: c}, &heard))
	require.Equal(t, c, heard.Config, "what is set reaches the worker")
}

// netAddr is where a server listens, as far as a test cares.
type netAddr struct{}

func (netAddr) Network() string { return "tcp" }
func (netAddr) String() string  { return "127.0.0.1:1" }
