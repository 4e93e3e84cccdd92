package duckdb_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// poison asks for more memory than there are addresses, which DuckDB takes for a fault of its own. The guard refuses it; it
// stands for what the guard does not know.
const poison = "SELECT reservoir_quantile(id::HUGEINT, 0.5, 2147483647) FROM range(20000) t(id) GROUP BY id"

func TestADatabaseThatWasGivenUpSaysSoAndOpensAgainInTheSameProcess(t *testing.T) {
	dir := t.TempDir()
	db, err := duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 2})
	require.NoError(t, err)
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE shop AS FROM range(1000) t(id)"))
	reading, err := runQuery(t.Context(), db, "SELECT * FROM range(10000000)", nil)
	require.NoError(t, err)

	rows, err := db.Run(t.Context(), query.Statement{SQL: poison}, nil)
	if err == nil {
		_, err = rows.Next()
		_ = rows.Close()
	}
	require.Equal(t, fault.Internal, fault.CodeOf(err))
	require.NotContains(t, err.Error(), "Stack Trace")
	<-db.Broken()

	_, err = runQuery(t.Context(), db, "FROM shop", nil)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	_, err = db.StreamState(t.Context(), "shop")
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	require.Equal(t, fault.Unavailable, fault.CodeOf(db.Commit(t.Context(), nil)))
	_ = reading.Close()
	require.NoError(t, db.Close(context.Background()))

	db, err = duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 2})
	require.NoError(t, err)
	count, err := db.Query(t.Context(), "SELECT count(*) FROM shop")
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(1000)}}, count)
	require.NoError(t, db.Commit(t.Context(), nil))
	require.NoError(t, db.Close(context.Background()))
}
