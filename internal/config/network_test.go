package config_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

func TestHeliosListensBeyondThisMachineOnlyInOneOfFourWays(t *testing.T) {
	for _, address := range []string{"127.0.0.1:8080", "127.1.2.3:0", "[::1]:8080", "localhost:80", "[::ffff:127.0.0.1]:80"} {
		_, err := config.Load(write(t, ""), environment(nil), map[string]string{"listen": address})
		require.NoError(t, err, address)
	}
	for _, address := range []string{":8080", "0.0.0.0:8080", "[::]:8080", "192.168.0.7:80", "example.com:80", "localhost.example.com:80"} {
		_, err := config.Load(write(t, ""), environment(nil), map[string]string{"listen": address})
		require.Equal(t, fault.Refused, fault.CodeOf(err), address)
		require.ErrorContains(t, err, "--listen: Helios does not listen on "+address)
		for _, way := range []string{"tls.cert_file", "tls.domain", "tls.self_signed", "insecure_http", "--tls-cert", "--domain", "--self-signed", "--insecure-http"} {
			require.Contains(t, fault.HintOf(err), way)
		}
		for _, way := range []map[string]string{
			{"tls.cert_file": "a.pem", "tls.key_file": "b.pem"}, {"tls.domain": "helios.example.com"}, {"tls.self_signed": "true"}, {"insecure_http": "true", "proxies": "10.0.0.0/8"},
		} {
			way["listen"] = address
			got, err := config.Load(write(t, ""), environment(nil), way)
			require.NoError(t, err, way)
			require.True(t, got.Closed())
		}
	}
	for _, address := range []string{"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", "a b:80", "http://127.0.0.1:80"} {
		_, err := config.Load(write(t, ""), environment(nil), map[string]string{"listen": address, "insecure_http": "true", "proxies": "10.0.0.1"})
		require.Equal(t, fault.Invalid, fault.CodeOf(err), address)
	}
}

func TestTheHouseIsOpenOnlyWhileNobodyFromElsewhereCanCome(t *testing.T) {
	for text, closed := range map[string]bool{
		"":                                     false,
		"public_url: http://localhost:8080":    false,
		"public_url: https://127.0.0.1":        false,
		"tls: {self_signed: true}":             false,
		"insecure_http: true\nproxies: ::1":    true,
		"public_url: https://h.example.com":    true,
		"proxies: 127.0.0.1":                   true,
		"proxies: []":                          false,
		"public_url: http://localhost.example": true,
	} {
		got, err := config.Load(write(t, text+"\n"), environment(nil), nil)
		require.NoError(t, err)
		require.Equal(t, closed, got.Closed(), text)
	}
}

func TestSettingsOfTheNetworkAreRead(t *testing.T) {
	text := `
tls:
  domain: [Helios.example.com, b.example.com]
  acme_url: https://acme.example.com/directory
public_url: https://Helios.example.com/
proxies: [10.0.0.9/8, "fd00::1"]
`
	got, err := config.Load(write(t, text), environment(nil), nil)
	require.NoError(t, err)
	require.Equal(t, config.TLS{Domains: []string{"helios.example.com", "b.example.com"}, ACMEURL: "https://acme.example.com/directory"}, got.TLS)
	require.Equal(t, "https://helios.example.com", got.PublicURL)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::1/128")}, got.Proxies)
	require.Equal(t, []string{"helios.example.com", "b.example.com", "helios.example.com"}, got.Hosts())

	got, err = config.Load(write(t, text), environment(map[string]string{"HELIOS_PROXIES": "192.0.2.1", "HELIOS_TLS_DOMAIN": "c.example.com"}), map[string]string{"proxies": "198.51.100.0/24,203.0.113.5"})
	require.NoError(t, err)
	require.Equal(t, []string{"c.example.com"}, got.TLS.Domains)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.5/32")}, got.Proxies)
}

func TestWhatDoesNotGoTogetherIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		file  string
		env   map[string]string
		flags map[string]string
		want  string
	}{
		{"tls:\n  cert_file: a\n", nil, nil, ":2: tls.cert_file and tls.key_file go together"},
		{"", nil, map[string]string{"tls.key_file": "a"}, "--tls-key: tls.cert_file and tls.key_file go together"},
		{"insecure_http: true\n", nil, map[string]string{"tls.self_signed": "true"}, "insecure_http does not go with tls.self_signed (--self-signed)"},
		{"tls: {cert_file: a, key_file: b}\n", map[string]string{"HELIOS_TLS_DOMAIN": "a.example.com"}, nil, "HELIOS_TLS_DOMAIN: tls.domain does not go with tls.cert_file"},
		{"tls: {acme_url: https://a}\n", nil, nil, ":1: tls.acme_url says where certificates come from, but there is no domain"},
		{"tls: {acme_url: http://a, domain: a.example.com}\n", nil, nil, `:1: tls.acme_url: this is not the address of an ACME directory`},
		{"public_url: http://a.example.com\n", nil, map[string]string{"tls.self_signed": "true"}, ":1: public_url begins with http://"},
		{"public_url: https://me:secret@a.example.com\n", nil, nil, ":1: public_url: this is not the address of a server"},
		{"public_url: https://a.example.com/helios\n", nil, nil, ":1: public_url: this is not the address of a server"},
		{"public_url: a.example.com\n", nil, nil, ":1: public_url: this is not the address of a server"},
		{"proxies: 0.0.0.0/0\n", nil, nil, ":1: proxies: 0.0.0.0/0 is everybody"},
		{"proxies: proxy.example.com\n", nil, nil, "is not a network of proxies"},
		{"proxies: [[10.0.0.0/8]]\n", nil, nil, ":1: proxies takes one value"},
		{"tls: {domain: 192.0.2.1}\n", nil, nil, "is not a domain"},
		{"tls: {domain: \"*.example.com\"}\n", nil, nil, "is not a domain"},
		{"tls: {domain: localhost}\n", nil, nil, "is not a domain"},
		{"insecure_http: true\n", nil, nil, ":1: insecure_http is for a proxy that speaks TLS, and none is named"},
		{"", map[string]string{"HELIOS_INSECURE_HTTP": "true"}, map[string]string{"listen": "0.0.0.0:80"}, "HELIOS_INSECURE_HTTP: insecure_http is for a proxy"},
		{"insecure_http: maybe\n", nil, nil, `insecure_http: "maybe" is neither true nor false`},
	} {
		_, err := config.Load(write(t, c.file), environment(c.env), c.flags)
		require.ErrorContains(t, err, c.want)
		require.Contains(t, []fault.Code{fault.Invalid, fault.Refused}, fault.CodeOf(err))
		require.NotContains(t, err.Error(), "\n")
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestTheAddressIsTheOneThatPeopleCanUse(t *testing.T) {
	here, everywhere := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}, &net.TCPAddr{IP: net.IPv6unspecified, Port: 443}
	for _, c := range []struct {
		settings config.Config
		at       net.Addr
		want     string
	}{
		{config.Config{Listen: "127.0.0.1:0"}, here, "http://127.0.0.1:8080"},
		{config.Config{Listen: "127.0.0.1:0", TLS: config.TLS{SelfSigned: true}}, here, "https://127.0.0.1:8080"},
		{config.Config{Listen: "127.0.0.1:0", PublicURL: "https://h.example.com"}, here, "https://h.example.com"},
		{config.Config{Listen: ":443", TLS: config.TLS{Domains: []string{"h.example.com"}}}, everywhere, "https://h.example.com"},
		{config.Config{Listen: ":443", TLS: config.TLS{CertFile: "a", KeyFile: "b"}}, everywhere, "https://localhost"},
		{config.Config{Listen: ":443", InsecureHTTP: true}, everywhere, "http://localhost:443"},
		{config.Config{Listen: "h.example.com:443", TLS: config.TLS{CertFile: "a", KeyFile: "b"}}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}, "https://h.example.com"},
	} {
		require.Equal(t, c.want, c.settings.Address(c.at))
	}
}
