package apitest

import (
	"context"
	"fmt"
	"time"

	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

type mending struct{ w *World }

func (m mending) ChangeTable(_ context.Context, table string, a schema.Alteration) error {
	note(m.w, &m.w.calls, fmt.Sprintf("%s %s %s%v %s", a.Kind, table, a.Column, a.Path, a.Type))
	return m.w.Err
}

func (m mending) Mends(_ context.Context, f ingest.QuarantineFilter) ([]ingest.Mend, error) {
	note(m.w, &m.w.filters, f)
	return m.w.Mends, m.w.Err
}

func (m mending) DryRun(ctx context.Context, f ingest.QuarantineFilter, a *schema.Alteration) (ingest.DryRun, error) {
	note(m.w, &m.w.filters, f)
	if a != nil {
		_ = m.ChangeTable(ctx, f.Table, *a)
	}
	return ingest.DryRun{Matched: 3, Tried: 2, WouldPass: 2}, m.w.Err
}

func (m mending) Replay(_ context.Context, f ingest.QuarantineFilter, p ingest.ReplayPage) (ingest.ReplayResult, error) {
	note(m.w, &m.w.filters, f)
	result := ingest.ReplayResult{Matched: 3, Replayed: 2, Rows: 2, Rejected: 1}
	if p.Limit == 3 {
		result.Next = &ingest.QuarantineKey{ShardID: "s", Sequence: "7", Index: 1}
	}
	if p.After != nil {
		note(m.w, &m.w.calls, fmt.Sprintf("replay after %v", *p.After))
	}
	return result, m.w.Err
}

func (m mending) Discard(_ context.Context, f ingest.QuarantineFilter) (int64, error) {
	note(m.w, &m.w.filters, f)
	return 3, m.w.Err
}

func (t tables) QuarantineGroups(_ context.Context, table string, step time.Duration) ([]ingest.QuarantineGroup, error) {
	note(t.w, &t.w.calls, fmt.Sprintf("groups of %q by %s", table, step))
	return t.w.Groups, t.w.Err
}
