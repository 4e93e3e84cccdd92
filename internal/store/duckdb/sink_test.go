package duckdb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/store/duckdb"
	"github.com/helios-sql/helios/internal/store/storetest"
)

func TestTheStoreKeepsEveryPromiseOfASink(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		dir := t.TempDir()
		db := open(t, dir)
		t.Cleanup(func() { require.NoError(t, db.Close(t.Context())) })
		store := func(db *duckdb.DB) storetest.Store { return storetest.Store{Store: db, Query: db.Query} }
		s := store(db)
		s.Reopen = func(t *testing.T) storetest.Store {
			t.Helper()
			require.NoError(t, db.Close(t.Context()))
			db = open(t, dir)
			again := store(db)
			again.Reopen = s.Reopen
			return again
		}
		return s
	})
}
