package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/schema"
)

func TestQuantilesLieBetweenTheNearestValues(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	require.InDelta(t, 1, quantile(values, 0), 0)
	require.InDelta(t, 2.5, quantile(values, 0.5), 1e-9)
	require.InDelta(t, 4, quantile(values, 1), 0)
	require.InDelta(t, 7, quantile([]float64{7}, 0.99), 0)
}

func TestAReportTellsGoalsAndWhatCouldNotBeMeasured(t *testing.T) {
	var r report
	r.add(measured("load", 1_300_000, "events/s").against(1_000_000).ratioOf(1.3))
	memory := measured("memory", 612.4, "MB").below(600)
	memory.Note = "of two runs"
	r.add(memory)
	r.add(line{Name: "fan-out", Note: "it is\nnot there"})
	require.Equal(t, []string{
		"| load | 1,300,000 events/s | 1,000,000 events/s | 1.30 | ratio ≥ 1.30 | yes |",
		"| memory | 612 MB (of two runs) |  |  | < 600 MB | **no** |",
		"| fan-out | not measured: it is not there |  |  |  |  |",
	}, strings.Split(strings.TrimSpace(r.table()), "\n")[2:])
}

func TestATableReplacesWhatStandsBetweenTheMarkersOfADocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doc.md")
	require.NoError(t, os.WriteFile(path, []byte("head\n<!-- bench -->\nold\n<!-- /bench -->\ntail\n"), 0o600))
	r := report{}
	r.add(measured("load", 2, "s"))
	var out strings.Builder
	require.NoError(t, r.publish(&out, "A machine.", t.TempDir(), path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "head\n<!-- bench -->\nA machine.\n\n"+r.table()+"<!-- /bench -->\ntail\n", string(text))
	require.Error(t, replaceBetween(path, "<!-- else -->", "<!-- /bench -->", ""))
}

func TestASampleBelongsToTheFirstStageThatItsFunctionsAreOf(t *testing.T) {
	shares, err := stageShares([]byte(`Type: cpu
-----------+---------
      30ms   runtime.cgocall
             github.com/helios-sql/helios/internal/store/duckdb.(*appender).flush
             github.com/helios-sql/helios/internal/store/duckdb.(*DB).Commit.func1
-----------+---------
      10ms   github.com/helios-sql/helios/internal/jsonscan.Text
             github.com/helios-sql/helios/internal/unpack.(*Unpacker).judge
             github.com/helios-sql/helios/internal/ingest.(*loop).take
-----------+---------
`))
	require.NoError(t, err)
	for i, s := range stages {
		require.InDelta(t, map[string]float64{"append": 0.75, "unpack": 0.25}[s.name], shares[i], 1e-9, s.name)
	}
}

func TestObjectsAreStructsForDuckDB(t *testing.T) {
	columns := []schema.Column{
		{Name: "id", Type: schema.UUID, Path: []string{"id"}},
		{Name: "product_id", Type: schema.BigInt, Path: []string{"product", "id"}},
		{Name: "product_name", Type: schema.Varchar, Path: []string{"product", "name"}},
	}
	require.Equal(t, `"id": 'UUID', "product": 'STRUCT("id" BIGINT, "name" VARCHAR)'`, members(columns, 0, ": '%s'"))
}

func TestEveryEventOfTheFileIsWholeAndDeliveredOnce(t *testing.T) {
	file, err := makeStorefront(t.Context(), filepath.Join(t.TempDir(), "events.ndjson"), 5000)
	require.NoError(t, err)
	content, err := os.ReadFile(file.Path)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(file.Columns), 13)
	in, err := os.Open(file.Path)
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	var again strings.Builder
	for shard := range int64(loadShards) {
		size := int64(len(content))
		from, err := lineStart(in, size*shard/loadShards)
		require.NoError(t, err)
		to, err := lineStart(in, size*(shard+1)/loadShards)
		require.NoError(t, err)
		d := delivery{left: 5000}
		for from < to {
			n, records, err := d.next(in, from, to)
			require.NoError(t, err)
			for _, r := range records {
				require.True(t, whole(r.Data))
				again.Write(r.Data)
				again.WriteByte('\n')
			}
			from += n
		}
	}
	require.Equal(t, string(content), again.String())
}
