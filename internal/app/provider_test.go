package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

func TestAProviderIsMadeOfTheSettingsWithoutBeingAsked(t *testing.T) {
	none, rules, err := provider(&config.OIDC{})
	require.NoError(t, err)
	require.Nil(t, none)
	require.Empty(t, rules)

	file := filepath.Join(t.TempDir(), "secret")
	c := config.Default()
	c.OIDC = config.OIDC{
		Issuer: "http://127.0.0.1:1", ClientID: "helios", ClientSecretFile: file, GroupsClaim: "groups",
		Roles: []config.OIDCRole{{Group: "staff", Role: "viewer", Tables: []string{"Orders", "orders"}}},
	}
	err = Check(c)
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.Contains(t, fault.HintOf(err), "oidc.client_secret_file")
	require.NoError(t, os.WriteFile(file, []byte("\n"), 0o600))
	require.ErrorContains(t, Check(c), "holds no secret")
	require.NoError(t, os.WriteFile(file, []byte("hush\n"), 0o600))
	require.NoError(t, Check(c))

	p, rules, err := provider(&c.OIDC)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:1", p.Name())
	require.Equal(t, []auth.Rule{{Group: "staff", Role: auth.Viewer, Tables: []string{"orders"}}}, rules)
}
