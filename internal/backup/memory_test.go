package backup_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
)

// memory is a place in memory, which can be told to fail.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	calls   int
	dieAt   int               // of this call on nothing works any more; 0: never
	put     func(name string) // called before an object is put
}

func newMemory() *memory { return &memory{objects: map[string][]byte{}} }

func (m *memory) open(context.Context, string) (backup.Place, error) { return m, nil }

func (m *memory) String() string { return "memory" }

func (m *memory) call() error {
	m.calls++
	if m.dieAt > 0 && m.calls >= m.dieAt {
		return fault.New(fault.Unavailable, "the place is gone")
	}
	return nil
}

func (m *memory) Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error {
	if m.put != nil {
		m.put(name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.call(); err != nil {
		return err
	}
	all, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if int64(len(all)) != size {
		return fault.New(fault.Internal, "%d bytes announced, %d put", size, len(all))
	}
	m.objects[name] = all
	return ctx.Err()
}

func (m *memory) Get(_ context.Context, name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.call(); err != nil {
		return nil, err
	}
	content, ok := m.objects[name]
	if !ok {
		return nil, fault.New(fault.NotFound, "there is no %s", name)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

func (m *memory) List(_ context.Context, prefix string) ([]backup.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.call(); err != nil {
		return nil, err
	}
	var objects []backup.Object
	for _, name := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(name, prefix) {
			objects = append(objects, backup.Object{Name: name, Size: int64(len(m.objects[name]))})
		}
	}
	return objects, nil
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.call(); err != nil {
		return err
	}
	delete(m.objects, name)
	return nil
}

// names are those of all objects with a prefix.
func (m *memory) names(prefix string) []string {
	var names []string
	for name := range m.objects {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// clone is a copy that works.
func (m *memory) clone() *memory { return &memory{objects: maps.Clone(m.objects)} }

// backup makes a backup of a server there, in ranges of 100 rows.
func (m *memory) backup(t *testing.T, s *server, keep int) (backup.Backup, error) {
	t.Helper()
	deps := s.deps(m.open, backup.Options{Keep: keep})
	return backup.New(backup.WithRangeRows(deps, 100)).Backup(t.Context(), "memory")
}

// check reads a backup as a restore does, to its last byte, but loads it nowhere.
func (m *memory) check(t *testing.T, id string) error {
	t.Helper()
	o := options(m, t.TempDir(), id)
	o.Store = func(context.Context, string, backup.Identity) (backup.Target, error) {
		return &nowhere{rows: map[string]int64{}}, nil
	}
	_, err := backup.Restore(t.Context(), o)
	return err
}

// nowhere is a store that only counts.
type nowhere struct{ rows map[string]int64 }

func (n *nowhere) Create(context.Context, []backup.Table) error { return nil }

func (n *nowhere) Load(_ context.Context, t backup.Table, path string) (int64, error) {
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n.rows[string(t.Kind)+t.Name] += f.NumRows()
	return f.NumRows(), nil
}

func (n *nowhere) Print(_ context.Context, t backup.Table) (backup.Print, error) {
	return backup.Print{Rows: n.rows[string(t.Kind)+t.Name]}, nil
}
func (*nowhere) Finish(context.Context) error { return nil }
func (*nowhere) Close() error                 { return nil }
func (*nowhere) Engine() string               { return "" }

func damaged(t *testing.T, m *memory) (ids []string) {
	t.Helper()
	all, err := backup.List(t.Context(), m)
	require.NoError(t, err)
	for _, b := range all {
		if b.Damaged != "" {
			ids = append(ids, b.ID)
		}
	}
	return ids
}
