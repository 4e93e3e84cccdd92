package duckdb_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/query/encode"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func openStore(t testing.TB) *duckdb.DB {
	t.Helper()
	db, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(t.Context())) })
	return db
}

func export(t testing.TB, s *query.Service, format, sql string) string {
	t.Helper()
	f, err := encode.ByName(format)
	require.NoError(t, err)
	res, err := s.Start(t.Context(), query.Request{SQL: sql, MaxRows: query.NoLimit})
	require.NoError(t, err, sql)
	var b bytes.Buffer
	require.NoError(t, encode.Write(t.Context(), &b, f, res, nil), sql)
	return b.String()
}

func TestSmoke(t *testing.T) {
	s := query.New(openStore(t), query.Options{})
	for _, q := range []string{"SELECT 1 AS a, 'x' AS a", "SELECT * FROM test_all_types()", "DESCRIBE SELECT * FROM test_all_types()", "SHOW TABLES", "EXPLAIN SELECT 1", "EXPLAIN (ANALYZE, FORMAT json) SELECT 1", "SUMMARIZE SELECT 1 AS x", "SELECT 1::VARIANT v, [1::VARIANT] w", "SELECT * FROM duckdb_tables()"} {
		t.Log(q)
		t.Log(export(t, s, "json", q))
		export(t, s, "csv", q)
		export(t, s, "ndjson", q)
		export(t, s, "arrow", q)
		export(t, s, "parquet", q)
	}
}
