//go:build soak

package soak

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/fault"
)

// people query the tables, some with care.
type people struct {
	mu       sync.Mutex
	queries  int
	outcomes map[fault.Code]int // of those that failed
	late     time.Duration      // by which the latest answer exceeded its timeout
	defects  []string           // answers that no server should give
}

const (
	patience  = 2 * time.Second // timeout of the hostile
	lateLimit = 2 * time.Second // by which an answer may exceed its timeout, as promised
)

// questions by kind; %s is a table.
var (
	light = []string{
		"SELECT count(*) FROM %s WHERE _arrived_at > now() - INTERVAL 1 MINUTE",
		"SELECT event_type, count(*) FROM %s WHERE _arrived_at > now() - INTERVAL 5 MINUTE GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
		"SELECT reason, count(*) FROM quarantine.%s GROUP BY 1",
		"SELECT * FROM %s ORDER BY _arrived_at DESC LIMIT 20",
		"SELECT * FROM helios.schema_changes ORDER BY changed_at DESC LIMIT 5",
	}
	heavy = []string{
		"SELECT country, device, date_trunc('minute', _arrived_at), count(*), count(DISTINCT session_id) FROM %s GROUP BY ALL",
		"SELECT a.visitor_id, count(*) FROM %[1]s a JOIN %[1]s b USING (visitor_id) GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
		"SELECT url, quantile_cont(load_ms, 0.99) FROM %s WHERE url LIKE '%%product%%' GROUP BY 1",
	}
	hostile = []string{
		"SELECT list_sort(range(200000000))[1]",
		"SELECT length(repeat('ab', 1000000000))",
		"SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7",
		"WITH RECURSIVE r AS (SELECT 1::HUGEINT AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
		"SELECT string_agg(url, ',') OVER (ORDER BY soak_id) FROM %s",
		"SELECT max(levenshtein(a.url || a.visitor_id, b.url || b.session_id)) FROM %[1]s a, %[1]s b",
		"COPY %s TO '/tmp/stolen.csv'",
		"DROP TABLE %s",
		"SELEC 1 FROM %s",
	}
)

// ask asks questions of one kind until ctx ends.
func (p *people) ask(ctx context.Context, api *process, r *rand.Rand, questions []string, from, to float64, timeout time.Duration) {
	for pause(ctx, between(r, from, to)) {
		sql := questions[r.IntN(len(questions))]
		table := sources[r.IntN(len(sources))]
		sql = fmt.Sprintf(sql+"%.0[1]s", table) // a question without a table passes it over
		begin := time.Now()
		_, err := api.Query(ctx, client.QueryRequest{SQL: sql, Timeout: timeout})
		p.answered(ctx, sql, err, time.Since(begin)-timeout)
	}
}

// export takes a whole table now and then.
func (p *people) export(ctx context.Context, api *process, r *rand.Rand) {
	for pause(ctx, between(r, 10, 30)) {
		sql := "SELECT * FROM " + sources[r.IntN(len(sources))]
		formats := []client.Format{client.CSV, client.NDJSON, client.Arrow, client.Parquet}
		_, err := api.Export(ctx, client.QueryRequest{SQL: sql, MaxRows: 200_000, Timeout: time.Minute}, formats[r.IntN(len(formats))], io.Discard)
		p.answered(ctx, sql, err, 0)
	}
}

// count compares, in one statement, how many events there are and how many are different ones.
func (p *people) count(ctx context.Context, api *process, r *rand.Rand) {
	for pause(ctx, between(r, 3, 6)) {
		sql := "SELECT count(soak_id) - count(DISTINCT soak_id) FROM " + sources[r.IntN(len(sources))]
		begin := time.Now()
		result, err := api.Query(ctx, client.QueryRequest{SQL: sql, Timeout: 20 * time.Second})
		p.answered(ctx, sql, err, time.Since(begin)-20*time.Second)
		if err == nil && fmt.Sprint(result.Rows[0][0]) != "0" {
			p.defect("%s: %v", sql, result.Rows[0][0])
		}
	}
}

func (p *people) answered(ctx context.Context, sql string, err error, late time.Duration) {
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	p.queries++
	if err != nil {
		p.outcomes[fault.CodeOf(err)]++
	}
	p.late = max(p.late, late)
	p.mu.Unlock()
	if late > lateLimit {
		p.defect("an answer came %s after its timeout: %s: %v", late.Round(time.Millisecond), sql, err)
	}
	if err != nil && fault.CodeOf(err) == fault.Internal {
		p.defect("%s: %v", sql, err)
	}
}

func (p *people) defect(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.defects = append(p.defects, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}
