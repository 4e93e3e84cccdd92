package app

import (
	"os"
	"strings"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/oidc"
)

// provider is the OpenID Connect provider of the settings, nil if there is none, and whom it lets in. The provider itself is not
// asked yet: it may be down.
func provider(c *config.OIDC) (auth.Provider, []auth.Rule, error) {
	if c.Issuer == "" {
		return nil, nil, nil
	}
	o := oidc.Options{Issuer: c.Issuer, ClientID: c.ClientID, Name: c.Name, Scopes: c.Scopes, GroupsClaim: c.GroupsClaim, TrustEmail: c.TrustEmail}
	if c.ClientSecretFile != "" {
		text, err := os.ReadFile(c.ClientSecretFile)
		if err != nil {
			return nil, nil, fault.New(fault.Environment, "cannot read the secret of the OpenID Connect client: %w", err).WithHint("see the setting oidc.client_secret_file")
		}
		if o.ClientSecret = strings.TrimRight(string(text), "\r\n"); o.ClientSecret == "" {
			return nil, nil, fault.New(fault.Invalid, "the file %s holds no secret", c.ClientSecretFile)
		}
	}
	rules := make([]auth.Rule, len(c.Roles))
	for i, r := range c.Roles {
		role, err := auth.ParseRole(r.Role)
		if err != nil {
			return nil, nil, err
		}
		tables, err := auth.CleanTables(r.Tables)
		if err != nil {
			return nil, nil, err
		}
		rules[i] = auth.Rule{Group: r.Group, Domain: r.Domain, Email: r.Email, Role: role, Tables: tables}
	}
	return oidc.New(o), rules, nil
}
