package api

import (
	"context"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// mayTable refuses a table that who asks may not read, before anything is looked up: the answer is the same whether there is one
// of that name or not.
func mayTable(ctx context.Context, table string) error {
	if scopeOf(ctx).Allows(table) {
		return nil
	}
	return fault.New(fault.Forbidden, "you may not read the table %.80q", table).WithHint("ask an admin of this server; you may read only some tables")
}

// mayFilter refuses a filter by a table, unless it is empty.
func mayFilter(ctx context.Context, table string) error {
	if table == "" {
		return nil
	}
	return mayTable(ctx, table)
}

// maySource refuses a source whose table who asks may not read, in the same words whether there is one of that name or not.
func (s *server) maySource(ctx context.Context, name string) error {
	scope := scopeOf(ctx)
	if !scope.Limited() {
		return nil
	}
	if source, err := s.Sources.Get(name); err == nil && scope.Allows(source.Settings.Table) {
		return nil
	}
	return fault.New(fault.Forbidden, "you may not see the source %.80q", name).WithHint("ask an admin of this server; you may read only some tables")
}

// allowed are those of a list whose tables who asks may read. The list itself may be shared, and stays as it is.
func allowed[T any](ctx context.Context, list []T, table func(*T) string) []T {
	scope := scopeOf(ctx)
	kept := make([]T, 0, len(list))
	for i := range list {
		if scope.Allows(table(&list[i])) {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// sources are those that who asks may see.
func (s *server) sources(ctx context.Context) []ingest.SourceStatus {
	return allowed(ctx, s.Sources.List(), func(v *ingest.SourceStatus) string { return v.Settings.Table })
}
