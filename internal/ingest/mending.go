package ingest

import (
	"context"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

// ChangeTable changes a table's schema by hand; when it returns, every event is decoded with the new one.
func (s *Service) ChangeTable(ctx context.Context, table string, a schema.Alteration) error {
	r, err := s.sourceOf(table)
	if err != nil {
		return err
	}
	return r.alter(ctx, a)
}

// ReplayPage says which part of the events that match is replayed.
type ReplayPage struct {
	After *QuarantineKey // nil: from the beginning
	Limit int            // events; 0: all
}

// Replay tries quarantined events of a table again; fault.NotFound if no source has the table.
func (s *Service) Replay(ctx context.Context, f QuarantineFilter, p ReplayPage) (ReplayResult, error) {
	r, err := s.sourceOf(f.Table)
	if err != nil {
		return ReplayResult{}, err
	}
	f.Table = strings.ToLower(f.Table)
	return r.replay(ctx, f, p)
}

// sourceOf finds the source that fills a table.
func (s *Service) sourceOf(table string) (*runner, error) {
	table = strings.ToLower(table)
	for _, r := range s.runners() {
		if r.current().Table == table {
			return r, nil
		}
	}
	return nil, fault.New(fault.NotFound, "no source has a table %q", table).
		WithHint("a table is changed, and events are replayed into it, through its source: add it again")
}

// Discard deletes quarantined events, and tells how many. It waits for a replay of the same table to end.
func (s *Service) Discard(ctx context.Context, f QuarantineFilter) (int64, error) {
	f.Table = strings.ToLower(f.Table)
	if r, err := s.sourceOf(f.Table); err == nil {
		r.control.Lock()
		defer r.control.Unlock()
	}
	return s.sink.DropQuarantined(ctx, f)
}

// tableOf loads a table with the settings of its source, if it has one.
func (s *Service) tableOf(ctx context.Context, name string) (*schema.Table, Settings, error) {
	t, err := s.sink.Table(ctx, name)
	if err != nil {
		return nil, Settings{}, err
	}
	var settings Settings
	if r, err := s.sourceOf(name); err == nil {
		settings = r.current()
		t.Evolve, t.MaxDepth, t.MaxColumns = settings.Evolve, settings.MaxDepth, settings.MaxColumns
	}
	return t, settings, nil
}
