package duckdb_test

import (
	"bufio"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func open(tb testing.TB, dir string) *duckdb.DB {
	tb.Helper()
	db, err := duckdb.Open(tb.Context(), dir, duckdb.Options{Threads: 2, Logger: slog.New(slog.NewTextHandler(tb.Output(), nil))})
	require.NoError(tb, err)
	return db
}

func TestADirectoryIsMadeAndCanBeOpenedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's a", "new one 100%")
	for range 2 {
		db := open(t, dir)
		require.NoError(t, db.Close(t.Context()))
	}
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestClosingInAHurryLeavesTheLogAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	wal := filepath.Join(dir, "helios.duckdb.wal")

	db := open(t, dir)
	require.NoError(t, db.CreateTable(ctx, &schema.Table{Name: "events", Columns: schema.SystemColumns(), Version: 1}, ""))
	cancel()
	require.NoError(t, db.Close(ctx))
	require.FileExists(t, wal)

	db = open(t, dir)
	_, err := db.Table(t.Context(), "events")
	require.NoError(t, err)
	require.NoError(t, db.Close(t.Context()))
	require.NoFileExists(t, wal)
}

func TestAFileOfANewerFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir).Close(t.Context()))
	pool, err := sql.Open("duckdb", filepath.Join(dir, "helios.duckdb"))
	require.NoError(t, err)
	_, err = pool.ExecContext(t.Context(), `UPDATE "helios"."helios"."meta" SET format = 1000000`)
	require.NoError(t, err)
	require.NoError(t, pool.Close())

	_, err = duckdb.Open(t.Context(), dir, duckdb.Options{})
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, "newer version of Helios")
}

func TestWhatComesAfterCloseIsTurnedAway(t *testing.T) {
	db := open(t, t.TempDir())
	require.NoError(t, db.Close(t.Context()))
	require.Equal(t, fault.Unavailable, fault.CodeOf(db.Forget(t.Context(), "source")))
}

func TestNoCheckpointIsTriedOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	wal := filepath.Join(dir, "helios.duckdb.wal")
	db := open(t, dir)
	db.PretendFull()
	table := storefront()
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	for i := range 12 { // more than the log may grow to
		b := &ingest.Batch{Table: table, Rows: events(table, i*10000, 10000), At: time.Now()}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	}
	require.NoError(t, db.Close(t.Context()))
	info, err := os.Stat(wal)
	require.NoError(t, err)
	require.Greater(t, info.Size(), int64(16<<20))

	db = open(t, dir)
	count, err := db.Query(t.Context(), "SELECT count(*) FROM storefront")
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(120000)}}, count)
	require.NoError(t, db.Close(t.Context()))
	require.NoFileExists(t, wal)
}

// A query holds up checkpoints for as long as it reads what was before the last commits. People are told when that makes the
// log long, in words that are theirs.
func TestAQueryThatMakesTheLogGrowIsTold(t *testing.T) {
	said, log := io.Pipe()
	db, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{Threads: 2, Logger: slog.New(slog.NewTextHandler(log, nil))})
	require.NoError(t, err)
	table := storefront()
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Begin: &event.StreamState{CreatedAt: time.Now()}}}))
	commit := func(i int) {
		b := &ingest.Batch{Source: "s", Stream: "s", Table: table, Rows: events(table, i*10000, 10000), At: time.Now(), Shards: taken(i)}
		require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{b}))
	}
	commit(0)
	rows, err := db.Run(t.Context(), query.Statement{SQL: "FROM storefront, range(100000)"}, nil)
	require.NoError(t, err)
	for i := range 12 { // more than the log may grow to
		commit(i + 1)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "a query or a backup that runs on keeps the write-ahead log from being written into the file")
	require.NoError(t, said.Close())
	require.NoError(t, rows.Close())
	require.NoError(t, db.Close(t.Context()))
}

func TestADirectoryInUseIsRefusedAndItsHolderNamed(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	_, err := duckdb.Open(t.Context(), dir, duckdb.Options{})
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, strconv.Itoa(os.Getpid()))
	require.NoError(t, db.Close(t.Context()))
	require.NoError(t, open(t, dir).Close(t.Context()))
}

func TestAPlaceThatCannotHoldADirectoryIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{filepath.Join(file, "data"), filepath.Join(t.TempDir(), "really?")} {
		_, err := duckdb.Open(t.Context(), dir, duckdb.Options{})
		require.Equal(t, fault.Environment, fault.CodeOf(err))
		require.NotEmpty(t, fault.HintOf(err))
	}
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "helios.duckdb"), make([]byte, 8192), 0o600))
	_, err := duckdb.Open(t.Context(), dir, duckdb.Options{})
	require.Equal(t, fault.Environment, fault.CodeOf(err))
}

func TestAQueryThatDoesNotEndDoesNotKeepTheStoreFromClosing(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	table := storefront()
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	reading, err := runQuery(t.Context(), db, "FROM storefront, range(1000000)", nil)
	require.NoError(t, err)
	begin := event.StreamState{CreatedAt: time.Now()}
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Begin: &begin}}))
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Table: table, Rows: events(table, 0, 10), At: time.Now(), Shards: taken(0)}}))
	require.NoError(t, db.Close(t.Context()))
	_ = reading.Close()

	db = open(t, dir)
	count, err := db.Query(t.Context(), "SELECT count(*) FROM storefront")
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(10)}}, count)
	require.NoError(t, db.Close(t.Context()))
}
