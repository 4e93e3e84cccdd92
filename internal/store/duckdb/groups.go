package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// maxGroups bounds the groups of a quarantine: producers that use ids for names make as many fields.
const maxGroups = 1000

// QuarantineGroups counts the quarantined events of a table, or of all tables for "", by reason and field, the most numerous
// groups first. Each is counted over the last ingest.GroupSteps steps too, the last of which holds the present.
func (db *DB) QuarantineGroups(ctx context.Context, table string, step time.Duration) ([]ingest.QuarantineGroup, error) {
	if step < time.Second {
		return nil, fault.New(fault.Internal, "a step of %s", step)
	}
	begin := db.now().UTC().Truncate(step).Add(-(ingest.GroupSteps - 1) * step)
	groups, err := ofQuarantines(ctx, db, table, func(ctx context.Context, tx *sql.Conn, table string) ([]ingest.QuarantineGroup, error) {
		return groupsOf(ctx, tx, table, begin, step)
	})
	slices.SortStableFunc(groups, func(a, b ingest.QuarantineGroup) int { return int(b.Count - a.Count) })
	return groups[:min(len(groups), maxGroups)], err
}

// countGroups takes the time of the first step, the length of a step, both in µs, the number of steps, and a limit. Step -1
// is all that came before the first.
const countGroups = `WITH counted AS (
		SELECT reason, coalesce(field, '') AS field,
			CASE WHEN epoch_us(quarantined_at) < $1 THEN -1 ELSE least((epoch_us(quarantined_at) - $1) // $2, $3 - 1) END AS step,
			count(*) AS n, min(quarantined_at) AS first, max(quarantined_at) AS last, arg_max(message, quarantined_at) AS example
		FROM {table} GROUP BY 1, 2, 3)
	SELECT reason, field, sum(n)::BIGINT, min(first), max(last), arg_max(example, last), list(step::BIGINT), list(n)
	FROM counted GROUP BY reason, field ORDER BY 3 DESC, reason, field LIMIT $4`

func groupsOf(ctx context.Context, tx *sql.Conn, table string, begin time.Time, step time.Duration) ([]ingest.QuarantineGroup, error) {
	rows, err := tx.QueryContext(ctx, forTable(countGroups, quarantineSchema, table), micros(begin), step.Microseconds(), int64(ingest.GroupSteps), maxGroups)
	if err != nil {
		return nil, fmt.Errorf("quarantine of %s: %w", table, err)
	}
	defer rows.Close()
	var groups []ingest.QuarantineGroup
	for rows.Next() {
		g := ingest.QuarantineGroup{Table: table, OverTime: make([]ingest.Tick, ingest.GroupSteps)}
		var steps, counts []any
		if err := rows.Scan(&g.Reason, &g.Field, &g.Count, &g.First, &g.Last, &g.Example, scanList{&steps}, scanList{&counts}); err != nil {
			return nil, fmt.Errorf("quarantine of %s: %w", table, err)
		}
		for i := range g.OverTime {
			g.OverTime[i].At = begin.Add(time.Duration(i) * step)
		}
		for i, at := range steps {
			if k, _ := at.(int64); k >= 0 {
				g.OverTime[k].Count, _ = counts[i].(int64)
			}
		}
		groups = append(groups, g)
	}
	return groups, rows.Err()
}

// scanList scans a LIST.
type scanList struct{ into *[]any }

// Scan implements sql.Scanner.
func (l scanList) Scan(v any) error {
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("a list, not a %T", v)
	}
	*l.into = list
	return nil
}
