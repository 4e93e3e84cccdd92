package config

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// TLS says which certificate the server shows: at most one of the pair of files, the domains and the self-signed one.
type TLS struct {
	CertFile, KeyFile string   // PEM; read again when they change
	Domains           []string // certificates are fetched for them, by ACME
	ACMEURL           string   // of the directory; "" for Let's Encrypt's
	SelfSigned        bool     // made at the first start
}

// On reports whether the server speaks TLS.
func (t *TLS) On() bool { return t.CertFile != "" || len(t.Domains) > 0 || t.SelfSigned }

// networkFlags are the flags that are not called as their settings are.
var networkFlags = map[string]string{
	"tls.cert_file": "tls-cert", "tls.key_file": "tls-key", "tls.domain": "domain", "tls.self_signed": "self-signed",
	"insecure_http": "insecure-http", "public_url": "public-url", "proxies": "trusted-proxies",
}

// Flag is the name of the flag of a setting, if it has one.
func Flag(key string) string {
	if flag, ok := networkFlags[key]; ok {
		return flag
	}
	return key
}

// fourWays are what lets a server listen beyond this machine.
const fourWays = "use --tls-cert and --tls-key, --domain or --self-signed, or, behind a proxy that speaks TLS, --insecure-http and --trusted-proxies; " +
	"in the file these are tls.cert_file and tls.key_file, tls.domain, tls.self_signed, insecure_http and proxies"

// networkSettings are those of who reaches the server, and how.
func networkSettings() []setting {
	return []setting{
		{"listen", func(c *Config, v string) error { c.Listen = v; return checkAddress(v) }},
		{"tls.cert_file", func(c *Config, v string) error { return directory(&c.TLS.CertFile, v) }},
		{"tls.key_file", func(c *Config, v string) error { return directory(&c.TLS.KeyFile, v) }},
		{"tls.domain", func(c *Config, v string) error { return domains(&c.TLS.Domains, v) }},
		{"tls.acme_url", func(c *Config, v string) error { return acmeURL(&c.TLS.ACMEURL, v) }},
		{"tls.self_signed", func(c *Config, v string) error { return yesOrNo(&c.TLS.SelfSigned, v) }},
		{"insecure_http", func(c *Config, v string) error { return yesOrNo(&c.InsecureHTTP, v) }},
		{"public_url", func(c *Config, v string) error { return origin(&c.PublicURL, v) }},
		{"proxies", func(c *Config, v string) error { return prefixes(&c.Proxies, v) }},
	}
}

// several reports whether a setting takes a list, in YAML or with commas.
func several(key string) bool { return key == "tls.domain" || key == "proxies" || key == "oidc.scopes" }

// Loopback reports whether only this machine reaches an address to listen on.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && loopbackHost(host)
}

func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// Closed reports whether everybody needs an account, even while there is none: others than the people of this machine may reach
// the server, by itself or through a proxy.
func (c *Config) Closed() bool {
	if !Loopback(c.Listen) || c.InsecureHTTP || len(c.Proxies) > 0 {
		return true
	}
	public, err := url.Parse(c.PublicURL)
	return c.PublicURL != "" && (err != nil || !loopbackHost(public.Hostname()))
}

// Hosts are the names that people call the server by, beside those of loopback and the addresses of the machine.
func (c *Config) Hosts() []string {
	names := append([]string(nil), c.TLS.Domains...)
	if public, err := url.Parse(c.PublicURL); err == nil && public.Hostname() != "" {
		names = append(names, public.Hostname())
	}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && host != "" {
		if _, err := netip.ParseAddr(host); err != nil {
			names = append(names, host)
		}
	}
	return names
}

// Address is the URL, without a path, by which people reach a server that listens at an address: public_url, or what can be
// known without it.
func (c *Config) Address(at net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	scheme, usual := "http", "80"
	if c.TLS.On() {
		scheme, usual = "https", "443"
	}
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return scheme + "://" + at.String()
	}
	named, _, _ := net.SplitHostPort(c.Listen)
	switch ip, err := netip.ParseAddr(host); {
	case len(c.TLS.Domains) > 0:
		host = c.TLS.Domains[0]
	case err == nil && ip.IsUnspecified():
		host = "localhost"
		if name, err := os.Hostname(); err == nil && c.TLS.SelfSigned { // else the server does not answer to it
			host = name
		}
	case c.TLS.On() && named != "":
		host = named
	}
	if port == usual {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return scheme + "://" + host
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// CheckNetwork finds what is wrong with the settings of the network together. places say where settings were set, by key.
func (c *Config) CheckNetwork(places map[string]string) error {
	var wrong SettingErrors
	c.checkNetwork(places, &wrong)
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

func (c *Config) checkNetwork(places map[string]string, wrong *SettingErrors) {
	where := func(key string) string { return cmp.Or(places[key], key) }
	tell := func(key, hint string, code error) {
		note(wrong, where(key), fault.New(fault.CodeOf(code), "%w", code).WithHint("%s", hint))
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		key := "tls.cert_file"
		if c.TLS.CertFile == "" {
			key = "tls.key_file"
		}
		tell(key, "name both: the certificate is of no use without its key", fault.New(fault.Invalid, "tls.cert_file and tls.key_file go together"))
	}
	var ways []string
	for _, way := range []struct {
		key string
		on  bool
	}{{"tls.cert_file", c.TLS.CertFile != ""}, {"tls.domain", len(c.TLS.Domains) > 0}, {"tls.self_signed", c.TLS.SelfSigned}, {"insecure_http", c.InsecureHTTP}} {
		if way.on {
			ways = append(ways, way.key)
		}
	}
	if len(ways) > 1 {
		tell(ways[1], "leave one of the two out", fault.New(fault.Invalid, "%s does not go with %s (%s)", ways[1], ways[0], where(ways[0])))
	}
	if c.TLS.ACMEURL != "" && len(c.TLS.Domains) == 0 {
		tell("tls.acme_url", "name the domains with tls.domain", fault.New(fault.Invalid, "tls.acme_url says where certificates come from, but there is no domain to fetch one for"))
	}
	if c.TLS.On() && strings.HasPrefix(c.PublicURL, "http://") {
		tell("public_url", "write https://", fault.New(fault.Invalid, "public_url begins with http://, but this server speaks TLS"))
	}
	if c.InsecureHTTP && len(c.Proxies) == 0 {
		tell("insecure_http", "name the proxy in front: --trusted-proxies 127.0.0.1 for one on this machine; in the file it is proxies",
			fault.New(fault.Invalid, "insecure_http is for a proxy that speaks TLS, and none is named: cookies would go without TLS, and all clients would look like one"))
	}
	if !Loopback(c.Listen) && len(ways) == 0 {
		tell("listen", fourWays, fault.New(fault.Refused, "Helios does not listen on %s without TLS: others could read along", c.Listen))
	}
}

// checkAddress refuses what nothing can listen on.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	number, wrong := strconv.ParseUint(port, 10, 16)
	_, notIP := netip.ParseAddr(host)
	if err == nil && wrong == nil && number <= 65535 && (host == "" || notIP == nil || hostName.MatchString(host)) {
		return nil
	}
	return fault.New(fault.Invalid, "%q is not an address to listen on", address).WithHint("an address is HOST:PORT, as in 127.0.0.1:8080")
}

// hostName is what DNS and the names of machines are made of.
var hostName = regexp.MustCompile(`^(?i:[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(?i:\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$`)

func domains(to *[]string, v string) error {
	*to = nil
	for name := range strings.SplitSeq(v, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		_, err := netip.ParseAddr(name)
		if err == nil || !strings.Contains(name, ".") || !hostName.MatchString(name) || len(name) > 253 {
			return fault.New(fault.Invalid, "%q is not a domain to fetch a certificate for", name).WithHint("a domain is written as helios.example.com, several with commas")
		}
		*to = append(*to, name)
	}
	return nil
}

func prefixes(to *[]netip.Prefix, v string) error {
	*to = nil
	for text := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(text)
		if ip, single := netip.ParseAddr(text); single == nil {
			prefix, err = netip.PrefixFrom(ip.Unmap().WithZone(""), ip.Unmap().BitLen()), nil
		}
		switch {
		case err != nil:
			return fault.New(fault.Invalid, "%q is not a network of proxies", text).WithHint("a network is written as 10.0.0.0/8, one proxy as 10.0.0.7, several with commas")
		case prefix.Bits() == 0:
			return fault.New(fault.Refused, "%s is everybody: whoever comes could say to be somebody else", text).WithHint("name the networks that the proxies call from")
		}
		*to = append(*to, prefix.Masked())
	}
	return nil
}

// origin takes the URL of a server. What is none is not repeated: a password may be in it.
func origin(to *string, v string) error {
	u, err := url.Parse(strings.TrimSuffix(v, "/"))
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == "" && !u.ForceQuery
	if ok {
		_, notIP := netip.ParseAddr(u.Hostname())
		port, wrong := strconv.ParseUint(u.Port(), 10, 16)
		ok = (notIP == nil || hostName.MatchString(u.Hostname())) && (u.Port() == "" || wrong == nil && port > 0)
	}
	if !ok {
		return fault.New(fault.Invalid, "this is not the address of a server").WithHint("it looks like https://helios.example.com: no path, name or password belongs to it")
	}
	*to = u.Scheme + "://" + strings.ToLower(u.Host)
	return nil
}

func acmeURL(to *string, v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fault.New(fault.Invalid, "this is not the address of an ACME directory").WithHint("it looks like https://acme-v02.api.letsencrypt.org/directory")
	}
	*to = v
	return nil
}

func yesOrNo(to *bool, v string) error {
	switch v {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		return fault.New(fault.Invalid, "%q is neither true nor false", v)
	}
	return nil
}
