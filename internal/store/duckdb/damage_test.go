package duckdb_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// TestADamagedBlockIsNeverTakenForRows damages each block of a file in turn: the file is refused, or the query that reads the
// block fails, and a checkpoint that needs it says that the file is damaged.
func TestADamagedBlockIsNeverTakenForRows(t *testing.T) {
	const header, block = 3 * 4096, 256 << 10 // DuckDB's layout
	dir := t.TempDir()
	db := open(t, dir)
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE shop AS SELECT id, md5(id::VARCHAR) AS text FROM range(60000) t(id)"))
	const sum = "SELECT count(*), sum(id), sum(ascii(text)) FROM shop"
	truth, err := db.Query(t.Context(), sum)
	require.NoError(t, err)
	require.NoError(t, db.Close(context.Background()))
	path := filepath.Join(dir, "helios.duckdb")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	refused, failed, stopped := 0, 0, 0
	for at := header; at < len(whole); at += block {
		spoilt := append([]byte{}, whole...)
		for i := at + 16; i < min(at+block, len(whole)); i += 1000 {
			spoilt[i] ^= 1
		}
		require.NoError(t, os.WriteFile(path, spoilt, 0o600))
		db, err := duckdb.Open(t.Context(), dir, duckdb.Options{})
		if err != nil {
			refused++
			require.Equal(t, fault.Environment, fault.CodeOf(err))
			require.ErrorContains(t, err, "is damaged")
			continue
		}
		rows, err := runQuery(t.Context(), db, sum, nil)
		if err == nil {
			_, err = rows.Next()
			_ = rows.Close()
		}
		if got, again := db.Query(t.Context(), sum); err != nil {
			failed++
			require.Equal(t, fault.Environment, fault.CodeOf(err))
			require.ErrorContains(t, err, "is damaged")
			require.Error(t, again)
		} else {
			require.NoError(t, again)
			require.Equal(t, truth, got)
		}
		require.NoError(t, db.Exec(t.Context(), "DELETE FROM shop WHERE rowid % 10 > 0; SET GLOBAL max_vacuum_tasks = 1")) // the rest is written anew
		if err := db.Checkpoint(t.Context()); err != nil {
			stopped++
			require.Error(t, db.Damage())
			<-db.Broken()
		}
		require.NoError(t, db.Close(context.Background()))
		_ = os.Remove(path + ".wal")
	}
	t.Logf("of %d blocks %d were missed when the file was opened, %d by a query, %d by a checkpoint", (len(whole)-header)/block, refused, failed, stopped)
	require.Positive(t, refused)
	require.Positive(t, failed)
	require.Positive(t, stopped)
}
