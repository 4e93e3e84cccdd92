package catalog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/ingest"
)

func TestASnapshotIsACatalogOfItsOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's 50% #1?")
	require.NoError(t, os.Mkdir(dir, 0o700))
	c, err := catalog.Open(t.Context(), dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	before := ingest.Settings{Name: "orders", Stream: "orders", Table: "orders"}
	require.NoError(t, c.SaveSource(t.Context(), before))
	copied := filepath.Join(t.TempDir(), catalog.File)
	require.NoError(t, c.Snapshot(t.Context(), copied))
	require.NoError(t, c.DeleteSource(t.Context(), "orders"))

	info, err := os.Stat(copied)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	same, err := catalog.Open(t.Context(), filepath.Dir(copied))
	require.NoError(t, err)
	defer func() { require.NoError(t, same.Close()) }()
	sources, err := same.Sources(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ingest.Settings{before}, sources)
	require.Error(t, c.Snapshot(t.Context(), copied), "nothing is written over")
}
