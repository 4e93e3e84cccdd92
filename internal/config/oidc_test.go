package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/config"
)

// loaded are the settings of a file.
func loaded(t *testing.T, text string, env map[string]string) (config.Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return config.Load(file, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, nil)
}

func TestAProviderAndItsRoles(t *testing.T) {
	c, err := loaded(t, `oidc:
  issuer: https://login.example.com/realms/main/
  client_id: helios
  trust_email: true
  scopes: [groups, roles]
  roles:
    - {group: /admins, role: admin}
    - {domain: example.com, role: viewer, tables: [orders]}
    - {email: me@example.org, role: viewer, tables: []}
`, map[string]string{"HELIOS_OIDC_NAME": "Example", "HELIOS_OIDC_CLIENT_SECRET_FILE": "c.txt"})
	require.NoError(t, err)
	require.Equal(t, config.OIDC{
		Issuer: "https://login.example.com/realms/main/", ClientID: "helios", ClientSecretFile: "c.txt", Name: "Example",
		Scopes: []string{"groups", "roles"}, GroupsClaim: "groups", TrustEmail: true,
		Roles: []config.OIDCRole{
			{Group: "/admins", Role: "admin"},
			{Domain: "example.com", Role: "viewer", Tables: []string{"orders"}},
			{Email: "me@example.org", Role: "viewer", Tables: []string{}},
		},
	}, c.OIDC)
}

func TestAProviderThatCannotWorkIsRefusedWithItsPlace(t *testing.T) {
	const issuer = "oidc:\n  issuer: https://login.example.com\n"
	const whole = issuer + "  client_id: helios\n  roles:\n"
	for text, says := range map[string]string{
		issuer: "go together",
		"oidc: {issuer: 'http://login.example.com'}":                   "helios.yaml:1: oidc.issuer: the provider login.example.com would be asked without TLS",
		"oidc: {issuer: login.example.com}":                            "helios.yaml:1: oidc.issuer: this is not the address",
		"oidc: {client_id: helios}":                                    "no issuer",
		issuer + "  client_id: helios\n":                               "oidc.roles is empty",
		issuer + "  client_id: helios\n  roles: staff\n":               "must be a list",
		issuer + "  client_id: helios\n  groups_claim: ''\n":           "oidc.roles is empty",
		whole + "    - {group: staff, role: viewer, tables: orders}\n": "helios.yaml:5: tables must be a list",
		whole + "    - {role: viewer}\n":                               "helios.yaml:5: a role of oidc.roles is for one group, domain or e-mail address",
		whole + "    - {group: a, domain: b, role: viewer}\n":          "for one group",
		whole + "    - {group: a, role: owner}\n":                      `"owner" is none of viewer, analyst, editor, admin`,
		whole + "    - {group: a}\n":                                   `"" is none of`,
		whole + "    - {group: a, rule: admin}\n":                      `no key "rule"`,
		whole + "    - {group: a, role: admin, tables: [b]}\n":         "cannot be limited",
		whole + "    - {domain: '@example.com', role: viewer}":         "is not a domain",
		whole + "    - {email: example.com, role: viewer}":             "is not an e-mail address",
	} {
		t.Run(says, func(t *testing.T) {
			_, err := loaded(t, text, nil)
			require.ErrorContains(t, err, says)
		})
	}
}
