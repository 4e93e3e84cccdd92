package ingest

import (
	"context"
	"slices"

	"github.com/helios-sql/helios/internal/schema"
)

// change commits one change of the table and goes on with it: no event is decoded for the table of before any more.
func (l *loop) change(ctx context.Context, next *schema.Table, changes ...schema.Change) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	at := l.now().UTC()
	for i := range changes {
		changes[i].At = at
	}
	b := &Batch{Source: l.settings.Name, Stream: l.settings.Stream, At: at, Table: next, Changes: changes}
	if err := l.lane.Commit(ctx, b); err != nil {
		return err
	}
	l.decoder.Adopt(next)
	return nil
}

// ignoreAsSet lets the table ignore what the settings say, which somebody may have changed while the source did not run.
func (l *loop) ignoreAsSet(ctx context.Context) error {
	const reason = "the settings of the source"
	next := l.decoder.Table()
	var changes []schema.Change
	follow := func(kind schema.ChangeKind, path []string) {
		c := schema.Change{Kind: kind, Version: next.Version + 1, Path: path, Reason: reason}
		next = next.Ignoring(c)
		changes = append(changes, c)
	}
	for _, path := range l.decoder.Table().Ignore {
		if !hasPath(l.settings.Ignore, path) {
			follow(schema.Unignored, path)
		}
	}
	for _, path := range l.settings.Ignore {
		if !hasPath(next.Ignore, path) {
			follow(schema.Ignored, path)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return l.change(ctx, next, changes...)
}

func hasPath(paths [][]string, path []string) bool {
	return slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, path) })
}
