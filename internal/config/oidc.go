package config

import (
	"net/url"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/helios-sql/helios/internal/fault"
)

// OIDC is the OpenID Connect provider with whom people may sign in. Without an issuer there is none.
type OIDC struct {
	Issuer           string // URL
	ClientID         string
	ClientSecretFile string // a file of one line; "" for a public client
	Name             string // for people; "": the issuer's host
	Scopes           []string
	GroupsClaim      string     // which claim names the groups of a person
	TrustEmail       bool       // take addresses of which the provider says nothing for verified
	Roles            []OIDCRole // the first that is for somebody decides; nobody else is let in
}

// OIDCRole is what people of the provider may do: those of a group, of a domain or with an e-mail address.
type OIDCRole struct {
	Group  string   `yaml:"group"`
	Domain string   `yaml:"domain"`
	Email  string   `yaml:"email"`
	Role   string   `yaml:"role"`
	Tables []string `yaml:"tables"` // that they may read; nil: all
}

func oidcSettings() []setting {
	return []setting{
		{"oidc.issuer", func(c *Config, v string) error { return issuer(&c.OIDC.Issuer, v) }},
		{"oidc.client_id", func(c *Config, v string) error { c.OIDC.ClientID = v; return nil }},
		{"oidc.client_secret_file", func(c *Config, v string) error { return directory(&c.OIDC.ClientSecretFile, v) }},
		{"oidc.name", func(c *Config, v string) error { c.OIDC.Name = v; return nil }},
		{"oidc.scopes", func(c *Config, v string) error { return scopes(&c.OIDC.Scopes, v) }},
		{"oidc.trust_email", func(c *Config, v string) error { return yesOrNo(&c.OIDC.TrustEmail, v) }},
		{"oidc.groups_claim", func(c *Config, v string) error { c.OIDC.GroupsClaim = v; return nil }},
	}
}

// issuer takes the URL of a provider as it is, since the provider's tokens repeat it letter by letter. What goes there must not be
// read by others on the way.
func issuer(to *string, v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fault.New(fault.Invalid, "this is not the address of an OpenID Connect provider").WithHint("it looks like https://login.example.com/realms/main")
	}
	if u.Scheme == "http" && !loopbackHost(u.Hostname()) {
		return fault.New(fault.Refused, "the provider %s would be asked without TLS: others could read along", u.Host).WithHint("write https://")
	}
	*to = v
	return nil
}

func scopes(to *[]string, v string) error {
	*to = nil
	for name := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == ' ' }) {
		if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
			return fault.New(fault.Invalid, "%q is not a scope", name)
		}
		*to = append(*to, name)
	}
	return nil
}

// readOIDCRoles reads who of the provider is let in.
func (c *Config) readOIDCRoles(file string, node ast.Node, wrong *SettingErrors) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		note(wrong, place(file, node), fault.New(fault.Invalid, "oidc.roles must be a list"))
		return
	}
	before := len(*wrong)
	for _, item := range list.Values {
		checkKeys(file, "a role of oidc.roles", item, keysOf[OIDCRole](), wrong)
		if _, tables := valueAt(item, "tables"); tables != nil && tables.Type() != ast.SequenceType {
			note(wrong, place(file, tables), fault.New(fault.Invalid, "tables must be a list").WithHint("write [orders, clicks], or leave it out for all"))
		}
	}
	if len(*wrong) > before {
		return // what the parser says of them would only repeat it
	}
	if err := yaml.NodeToValue(node, &c.OIDC.Roles, yaml.Strict()); err != nil {
		*wrong = append(*wrong, atToken(file, err))
		return
	}
	for i := range c.OIDC.Roles {
		note(wrong, place(file, list.Values[i]), c.OIDC.Roles[i].check())
	}
}

func (r *OIDCRole) check() error {
	named := 0
	for _, who := range []string{r.Group, r.Domain, r.Email} {
		if who != "" {
			named++
		}
	}
	var role string
	switch {
	case named != 1:
		return fault.New(fault.Invalid, "a role of oidc.roles is for one group, domain or e-mail address").WithHint("name one of them; for several write several roles")
	case strings.ContainsRune(r.Domain, '@'):
		return fault.New(fault.Invalid, "%q is not a domain", r.Domain).WithHint("write what follows the @ of an e-mail address")
	case r.Email != "" && !strings.ContainsRune(r.Email, '@'):
		return fault.New(fault.Invalid, "%q is not an e-mail address", r.Email)
	case r.Role == "admin" && r.Tables != nil:
		return fault.New(fault.Invalid, "an admin cannot be limited to some tables").WithHint("choose another role")
	}
	return oneOf(&role, r.Role, "viewer", "analyst", "editor", "admin")
}

// check finds what is wrong with the settings of the provider together.
func (o *OIDC) check() error {
	switch {
	case o.Issuer == "" && (o.ClientID != "" || o.ClientSecretFile != "" || len(o.Roles) > 0):
		return fault.New(fault.Invalid, "oidc has no issuer").WithHint("name the provider with oidc.issuer, or leave oidc out")
	case o.Issuer != "" && o.ClientID == "":
		return fault.New(fault.Invalid, "oidc.issuer and oidc.client_id go together").WithHint("name the client that the provider knows Helios as")
	case o.Issuer != "" && len(o.Roles) == 0:
		return fault.New(fault.Invalid, "oidc.roles is empty, so that nobody could sign in with %s", o.Issuer).
			WithHint("say in the file who is let in, as in oidc: {roles: [{group: staff, role: viewer}]}")
	case o.GroupsClaim == "":
		return fault.New(fault.Invalid, "oidc.groups_claim is empty")
	}
	return nil
}
