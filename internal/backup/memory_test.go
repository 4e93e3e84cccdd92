package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

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
	m.mu.Lock()
	defer m.mu.Unlock()
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

// check makes sure that all that a manifest names is there as it says: as another program would, that knows only the manifest.
func (m *memory) check(t *testing.T, manifest string) {
	t.Helper()
	text := m.objects[manifest]
	sum := sha256.Sum256(text)
	require.Contains(t, manifest, "-"+hex.EncodeToString(sum[:8])+".json")
	var all any
	require.NoError(t, json.Unmarshal(text, &all))
	named := 0
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				look(one)
			}
		case map[string]any:
			if sha, ok := v["sha256"]; ok {
				content, ok := m.objects[v["name"].(string)]
				sum := sha256.Sum256(content)
				require.True(t, ok && sha == hex.EncodeToString(sum[:]) && v["size"] == float64(len(content)), "%s needs %v", manifest, v)
				named++
			}
			for _, one := range v {
				look(one)
			}
		}
	}
	look(all)
	require.Greater(t, named, 5)
}

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
