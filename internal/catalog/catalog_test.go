package catalog_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

func open(t *testing.T, dir string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Open(t.Context(), dir)
	require.NoError(t, err)
	return c
}

func TestSourcesSurviveAReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with space & 100%?")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	orders := ingest.Settings{
		Name: "orders", Stream: "prod-orders", Table: "orders", Evolve: schema.EvolveAdd, MaxDepth: 3,
		Connection: ingest.Connection{Region: "eu-central-1"},
		From:       event.Start{Kind: event.FromTimestamp, At: time.Date(2026, 1, 2, 3, 4, 5, 6000000, time.UTC)},
		Columns:    []schema.Column{{Name: "id", Type: schema.BigInt, Path: []string{"id"}}},
	}
	c := open(t, dir)
	require.NoError(t, c.SaveSource(t.Context(), ingest.Settings{Name: "clicks", Stream: "clicks"}))
	require.NoError(t, c.SaveSource(t.Context(), orders))
	orders.Paused = true
	require.NoError(t, c.SaveSource(t.Context(), orders), "saving again replaces")
	require.NoError(t, c.Close())

	c = open(t, dir)
	defer func() { require.NoError(t, c.Close()) }()
	all, err := c.Sources(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, orders, all[1])

	require.NoError(t, c.DeleteSource(t.Context(), "clicks"))
	require.NoError(t, c.DeleteSource(t.Context(), "never was"))
	all, err = c.Sources(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ingest.Settings{orders}, all)
}

func TestACatalogOfANewerHeliosIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir).Close())
	db, err := sql.Open("sqlite", filepath.Join(dir, "catalog.sqlite"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE catalog_version SET version = 999`)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	_, err = catalog.Open(context.Background(), dir)
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, "newer Helios")
}

func TestADamagedCatalogIsRefusedWithAWayOutAndLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "catalog.sqlite")
	garbage := bytes.Repeat([]byte("not a database"), 100)
	require.NoError(t, os.WriteFile(file, garbage, 0o600))

	_, err := catalog.Open(t.Context(), dir)
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, file)
	require.Contains(t, fault.HintOf(err), "move it away")
	left, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, garbage, left)
}

func TestADirectoryThatIsNotThereIsAnErrorThatNamesIt(t *testing.T) {
	_, err := catalog.Open(t.Context(), filepath.Join(t.TempDir(), "missing"))
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, "missing")
}
