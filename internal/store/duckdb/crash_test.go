package duckdb_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// TestKillsLoseAndDoubleNothing kills a process that commits, again and again, and finds every event up to the position
// exactly once, in the table or in its quarantine, and none beyond.
func TestKillsLoseAndDoubleNothing(t *testing.T) {
	const kills = 16
	dir := t.TempDir()
	var reached int64
	for i := range kills {
		run(t, dir, 1+rand.IntN(6), time.Duration(rand.IntN(40))*time.Millisecond)

		db := open(t, dir)
		position := readPosition(t, db)
		require.GreaterOrEqual(t, position, reached)
		found, err := db.Query(t.Context(), `SELECT count(*), count(DISTINCT n), coalesce(min(n), 0), coalesce(max(n) + 1, 0)
			FROM (SELECT n::BIGINT AS n FROM events UNION ALL SELECT record_index FROM quarantine.events)`)
		require.NoError(t, err)
		require.Equal(t, [][]any{{position, position, int64(0), position}}, found, "kill %d", i)
		table, err := db.Table(t.Context(), "events")
		require.NoError(t, err)
		there, err := db.Query(t.Context(), "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'main' AND table_name = 'events'")
		require.NoError(t, err)
		require.Equal(t, int64(len(table.Columns)), there[0][0])
		history, err := db.History(t.Context(), "events")
		require.NoError(t, err)
		require.Len(t, history, table.Version)
		ctx, cancel := context.WithCancel(t.Context())
		if i%3 > 0 {
			cancel() // the log stays as it is, and grows with the next run until maintenance writes it into the file
		}
		require.NoError(t, db.Close(ctx))
		cancel()
		reached = position
	}
	require.NotZero(t, reached)
	t.Logf("%d events committed under %d kills", reached, kills)
}

// run starts a process that commits for ever, and kills it some time after so many commits.
func run(t *testing.T, dir string, commits int, after time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewReader(out); commits > 0 && err == nil; commits-- {
		_, err = lines.ReadString('\n')
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // killed
	require.NoError(t, err, complaints.String())
	require.Empty(t, complaints.String())
}

func readPosition(tb testing.TB, db *duckdb.DB) int64 {
	tb.Helper()
	state, err := db.StreamState(tb.Context(), "source")
	require.NoError(tb, err)
	require.Len(tb, state.Shards, 1)
	n, err := strconv.ParseInt(state.Shards[0].Position.Sequence, 10, 64)
	require.NoError(tb, err)
	return n
}

// commitForEver commits events that are numbered from where the position says, and changes the table now and then.
func commitForEver(dir string) int {
	ctx := context.Background()
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	db, err := duckdb.Open(ctx, dir, duckdb.Options{})
	if err != nil {
		return fail(err)
	}
	table, err := db.Table(ctx, "events")
	if fault.CodeOf(err) == fault.NotFound {
		table = &schema.Table{Name: "events", Version: 1, Columns: append(schema.SystemColumns(),
			schema.Column{Name: "n", Type: schema.BigInt, Path: []string{"n"}}, schema.Column{Name: "text", Type: schema.Varchar, Path: []string{"text"}})}
		err = db.CreateTable(ctx, table, "")
	}
	if err != nil {
		return fail(err)
	}
	state, err := db.StreamState(ctx, "source")
	if err != nil {
		return fail(err)
	}
	var n int64
	if state.Started() {
		if n, err = strconv.ParseInt(state.Shards[0].Position.Sequence, 10, 64); err != nil {
			return fail(err)
		}
	} else {
		begin := event.StreamState{CreatedAt: time.Now(), Shards: []event.ShardState{{ShardID: "shard", Position: event.Position{Sequence: "0"}}}}
		if err := db.Commit(ctx, []*ingest.Batch{{Source: "source", Begin: &begin}}); err != nil {
			return fail(err)
		}
	}
	for {
		b := &ingest.Batch{Source: "source", Stream: "stream", At: time.Now()}
		if rand.IntN(10) == 0 {
			var change schema.Change
			table, change = nextVersion(table)
			b.Changes = append(b.Changes, change)
		}
		b.Table = table
		n = number(b, n, 1+rand.IntN(1500))
		b.Shards = []event.ShardState{{ShardID: "shard", Position: event.Position{Sequence: strconv.FormatInt(n, 10)}}}
		if err := db.Commit(ctx, []*ingest.Batch{b}); err != nil {
			return fail(err)
		}
		fmt.Fprintln(os.Stdout, "committed")
	}
}

// nextVersion gives the table one more column, or makes n wider.
func nextVersion(t *schema.Table) (*schema.Table, schema.Change) {
	next := *t
	next.Version++
	next.Columns = append([]schema.Column{}, t.Columns...)
	n := &next.Columns[5]
	if wider := map[schema.Type]schema.Type{schema.BigInt: schema.HugeInt, schema.HugeInt: schema.Double}[n.Type]; wider != "" && rand.IntN(4) == 0 {
		from := n.Type
		n.Type = wider
		return &next, schema.Change{Kind: schema.Widened, Version: next.Version, Column: *n, From: from}
	}
	name := fmt.Sprintf("c%d", next.Version)
	added := schema.Column{Name: name, Type: schema.Varchar, Path: []string{name}}
	next.Columns = append(next.Columns, added)
	return &next, schema.Change{Kind: schema.Added, Version: next.Version, Column: added}
}

// filler makes the log grow fast, so that checkpoints are among what is killed.
var filler = strings.Repeat(".", 2000)

// number fills a batch with events from number n on: every seventh is rejected. It returns the number after the last.
func number(b *ingest.Batch, n int64, size int) int64 {
	b.Rows = &columns.Rows{Vectors: make([]columns.Vector, len(b.Table.Columns))}
	for ; size > 0; size-- {
		if n%7 == 0 {
			b.Rejected = append(b.Rejected, event.Rejected{
				Event:  event.Event{Record: &event.Record{ShardID: "shard", Sequence: strconv.FormatInt(n, 10)}, Index: n, Data: make([]byte, 100)},
				Reason: event.TypeMismatch,
			})
			n++
			continue
		}
		b.Rows.N++
		for i, c := range b.Table.Columns {
			v := &b.Rows.Vectors[i]
			v.Type = c.Type
			v.Null = append(v.Null, i >= 7)
			switch c.Type {
			case schema.BigInt:
				v.Ints = append(v.Ints, n)
			case schema.Timestamp:
				v.Ints = append(v.Ints, b.At.UnixMicro())
			case schema.HugeInt:
				v.Huge = append(v.Huge, columns.Int128{Lo: uint64(n)})
			case schema.Double:
				v.Real = append(v.Real, float64(n))
			default:
				if i < 7 {
					v.Text = append(strconv.AppendInt(v.Text, n, 10), filler...)
				}
				v.Ends = append(v.Ends, len(v.Text))
			}
		}
		n++
	}
	return n
}
