package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/config"
)

func TestTheSettingsInTheDocumentationAreTakenAndAreTheDefaults(t *testing.T) {
	page, err := os.ReadFile("../../docs/SETTINGS.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	text, _, _ := strings.Cut(rest, "```")
	file := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))

	documented, err := config.Load(file, func(string) (string, bool) { return "", false }, nil)
	require.NoError(t, err)
	require.Len(t, documented.Sources, 1)
	require.Len(t, documented.Sources[0].Columns, 3)
	require.Len(t, documented.Queries, 1)
	require.Len(t, documented.Dashboards, 1)
	documented.Sources, documented.Queries, documented.Dashboards = nil, nil, nil
	documented.Store = config.Default().Store // which depends on the machine
	require.Equal(t, documented.Query.MaxConcurrent-1, documented.Limits.QueriesAtOnce)
	documented.Limits.QueriesAtOnce = 0 // which stands for that
	require.Equal(t, config.Default(), documented)
}
