package ingest_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// memory is a Sink that keeps the ids of rows, for tests of what lies before a store.
type memory struct {
	mu         sync.Mutex
	tables     map[string]*schema.Table
	rows       map[string][]string // by table: the values of column id
	quarantine map[string]map[ingest.QuarantineKey]event.Rejected
	states     map[string]event.StreamState
	commits    [][]*ingest.Batch
	refuse     func([]*ingest.Batch) error // asked before each commit
}

func newMemory() *memory {
	return &memory{
		tables: map[string]*schema.Table{}, rows: map[string][]string{},
		quarantine: map[string]map[ingest.QuarantineKey]event.Rejected{}, states: map[string]event.StreamState{},
	}
}

func key(r *event.Rejected) ingest.QuarantineKey {
	return ingest.QuarantineKey{ShardID: r.Record.ShardID, Sequence: r.Record.Sequence, Index: r.Index}
}

func (m *memory) Commit(_ context.Context, batches []*ingest.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		if err := m.refuse(batches); err != nil {
			return err
		}
	}
	for _, b := range batches {
		for _, k := range b.Release {
			if _, ok := m.quarantine[b.Table.Name][k]; !ok {
				return fault.New(fault.Conflict, "event %v is not in quarantine", k)
			}
		}
	}
	m.commits = append(m.commits, batches)
	for _, b := range batches {
		m.apply(b)
	}
	return nil
}

func (m *memory) apply(b *ingest.Batch) {
	state := m.states[b.Source]
	if b.Begin != nil {
		state = *b.Begin
		state.Shards = slices.Clone(state.Shards)
	}
	for _, s := range b.Shards {
		i := slices.IndexFunc(state.Shards, func(o event.ShardState) bool { return o.ShardID == s.ShardID })
		if i < 0 {
			state.Shards = append(state.Shards, s)
		} else if s.Position.Compare(state.Shards[i].Position) < 0 {
			panic("a position moved backwards")
		} else {
			state.Shards[i] = s
		}
	}
	m.states[b.Source] = state
	if b.Table == nil {
		return
	}
	if len(b.Changes) > 0 {
		m.tables[b.Table.Name] = b.Table
	}
	for _, k := range b.Release {
		delete(m.quarantine[b.Table.Name], k)
	}
	for i := range b.Rejected {
		m.quarantine[b.Table.Name][key(&b.Rejected[i])] = b.Rejected[i]
	}
	if b.Rows == nil {
		return
	}
	id := slices.IndexFunc(b.Table.Columns, func(c schema.Column) bool { return c.Name == "id" })
	for i := range b.Rows.N {
		m.rows[b.Table.Name] = append(m.rows[b.Table.Name], string(b.Rows.Vectors[id].String(i)))
	}
}

func (m *memory) CreateTable(_ context.Context, t *schema.Table, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tables[t.Name] = t
	m.quarantine[t.Name] = map[ingest.QuarantineKey]event.Rejected{}
	return nil
}

func (m *memory) DropTable(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tables, name)
	delete(m.rows, name)
	delete(m.quarantine, name)
	return nil
}

func (m *memory) Table(_ context.Context, name string) (*schema.Table, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.tables[name]; t != nil {
		return t.Clone(), nil
	}
	return nil, fault.New(fault.NotFound, "no table %s", name)
}

func (m *memory) StreamState(_ context.Context, source string) (event.StreamState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.states[source]
	s.Shards = slices.Clone(s.Shards)
	return s, nil
}

func (m *memory) Forget(_ context.Context, source string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.states, source)
	return nil
}

func (m *memory) Quarantined(_ context.Context, f ingest.QuarantineFilter, after *ingest.QuarantineKey, limit int) ([]ingest.Quarantined, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	order := func(a, b ingest.QuarantineKey) int {
		return strings.Compare(fmt.Sprintf("%s/%60s/%d", a.ShardID, a.Sequence, a.Index), fmt.Sprintf("%s/%60s/%d", b.ShardID, b.Sequence, b.Index))
	}
	var page []ingest.Quarantined
	for _, k := range slices.SortedFunc(maps.Keys(m.quarantine[f.Table]), order) {
		r := m.quarantine[f.Table][k]
		if after != nil && order(k, *after) <= 0 || !matches(f, k, r) {
			continue
		}
		if page = append(page, ingest.Quarantined{Rejected: r}); len(page) == limit {
			break
		}
	}
	return page, nil
}

func matches(f ingest.QuarantineFilter, k ingest.QuarantineKey, r event.Rejected) bool {
	return (f.Reason == "" || f.Reason == r.Reason) && (f.Field == nil || *f.Field == r.Field) && (f.Key == nil || *f.Key == k) &&
		(f.Search == "" || strings.Contains(r.Message+string(r.Data), f.Search) || r.Record.Sequence == f.Search)
}

func (m *memory) CountQuarantined(ctx context.Context, f ingest.QuarantineFilter) (int64, error) {
	all, err := m.Quarantined(ctx, f, nil, 0)
	return int64(len(all)), err
}

func (m *memory) DropQuarantined(_ context.Context, f ingest.QuarantineFilter) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.quarantine[f.Table])
	maps.DeleteFunc(m.quarantine[f.Table], func(k ingest.QuarantineKey, r event.Rejected) bool { return matches(f, k, r) })
	return int64(before - len(m.quarantine[f.Table])), nil
}

func (m *memory) ids(table string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(slices.Values(m.rows[table]))
}

func (m *memory) reasons(table string) []event.Reason {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []event.Reason
	for _, r := range m.quarantine[table] {
		all = append(all, r.Reason)
	}
	slices.Sort(all)
	return all
}

// sequence is the committed position of a source's only shard.
func (m *memory) sequence(source string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.states[source].Shards[0].Position.Sequence
}

// registry remembers sources in memory.
type registry struct {
	mu      sync.Mutex
	sources map[string]ingest.Settings
}

func (r *registry) Sources(context.Context) ([]ingest.Settings, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.sources)), nil
}

func (r *registry) SaveSource(_ context.Context, s ingest.Settings) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sources == nil {
		r.sources = map[string]ingest.Settings{}
	}
	r.sources[s.Name] = s
	return nil
}

func (r *registry) DeleteSource(_ context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sources, name)
	return nil
}
