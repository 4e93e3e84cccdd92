package duckdb_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
)

// Rows that fill a row group go into the file at once, others into the log and from there by a checkpoint; what is more than
// 204,800 in a commit is handed over in parts. DuckDB has mixed these up before (its issue 22823).
func TestCommitsOfAllSizesAreStoredAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	table := storefront()
	begin := event.StreamState{CreatedAt: time.Now()}
	db := open(t, dir)
	require.NoError(t, db.CreateTable(t.Context(), table, ""))
	require.NoError(t, db.Commit(t.Context(), []*ingest.Batch{{Source: "s", Begin: &begin}}))

	sizes := []int{1, 300, 2048, 2049, 12_000, 20_479, 20_480, 20_481, 33_000}
	rand.Shuffle(len(sizes), func(i, j int) { sizes[i], sizes[j] = sizes[j], sizes[i] })
	groups := [][]int{sizes[:1], sizes[1:3], sizes[3:4], sizes[4:7], {150_000, 60_000}, sizes[7:]}
	n, commits := 0, 0
	for _, group := range groups {
		var batches []*ingest.Batch
		for _, size := range group {
			commits++
			batches = append(batches, &ingest.Batch{Source: "s", Table: table, Rows: events(table, n, size), At: time.Now(), Shards: taken(commits)})
			n += size
		}
		require.NoError(t, db.Commit(t.Context(), batches), "sizes %v", groups)
		switch rand.IntN(3) {
		case 0:
			require.NoError(t, db.Compact(t.Context()))
		case 1:
			require.NoError(t, db.Close(t.Context()))
			db = open(t, dir)
		}
	}
	for _, then := range []func(){
		func() {},
		func() { require.NoError(t, db.Compact(t.Context())) },
		func() { require.NoError(t, db.Close(t.Context())); db = open(t, dir) },
	} {
		then()
		found, err := db.Query(t.Context(), `SELECT count(*), count(DISTINCT i), count(*) FILTER (
				event_id::VARCHAR = format('{:02x}{:02x}{:02x}00-{:02x}00-0000-0000-0000000000{:02x}', i & 255, (i >> 8) & 255, (i >> 16) & 255, i * 7 & 255, i * 31 & 255)
				AND event_type = ['page_view', 'search', 'add_to_cart', 'purchase'][1 + i % 4]
				AND epoch_us(occurred_at) = 1782900000000000 + i * 1000
				AND user_id = i * 7919 % 100000 AND quantity = user_id
				AND session_id = 'sess-' || (i * 104729 % 1000000) AND product_id = 'prod-' || (i * 104729 % 1000000)
				AND price = (i % 10000) / 100
				AND page_url = 'https://shop.example/products/' || (i % 5000) || '?utm_source=newsletter&position=' || (i % 97)
				AND coalesce(referrer, '') = if(i % 3 = 0, '', 'refe-' || (i * 104729 % 1000000))
				AND country = ['DE', 'FR', 'JP'][1 + i % 3] AND "returning" = (i % 2 = 0)
				AND tags::VARCHAR = '["new","sale",' || (i % 10) || ']')
			FROM (SELECT *, substr(_sequence_number, 5)::BIGINT AS i FROM storefront)`)
		require.NoError(t, err)
		require.Equal(t, [][]any{{int64(n), int64(n), int64(n)}}, found, "sizes %v", groups)
	}
	require.NoError(t, db.Close(t.Context()))
}
