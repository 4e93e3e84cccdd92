package backup

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/fault"
)

// StagingDir is where, in the data directory, files are made before they go to their place: two at a time.
const StagingDir = "helios.backup"

// progress is how far a backup has come.
type progress struct {
	to         string
	started    time.Time
	done, rows atomic.Int64
	uploaded   atomic.Int64
}

// making is a backup under way.
type making struct {
	*progress

	deps  *Deps
	place Place
	dir   string           // StagingDir
	there map[string]int64 // sizes of the objects of the place
	last  *manifest        // the newest backup of the place that can be read, or nil
	after time.Time        // the time of the newest backup, whatever it holds
	sent  map[string]bool  // files of this backup
	clear bool             // what nobody needs is gone from the place
	most  int64            // rows of a range
	man   manifest
	work  chan staged
}

// staged is a file that waits to be uploaded.
type staged struct {
	path string
	file file
}

// makeBackup makes a backup. Whatever ends it before its last step, the manifest, leaves all backups of the place as they were,
// and at most objects that nobody names: the next backup removes them.
func makeBackup(ctx context.Context, deps *Deps, p Place, of *progress) (Backup, error) {
	m := &making{progress: of, deps: deps, place: p, dir: filepath.Join(deps.Dir, StagingDir), most: cmp.Or(deps.most, rangeRows), sent: map[string]bool{}, work: make(chan staged)}
	if err := m.look(ctx); err != nil {
		return Backup{}, err
	}
	if err := cleanStaging(deps.Dir); err != nil {
		return Backup{}, err
	}
	if err := os.Mkdir(m.dir, 0o700); err != nil {
		return Backup{}, m.staging(err)
	}
	defer func() {
		if err := cleanStaging(deps.Dir); err != nil {
			deps.Logger.WarnContext(ctx, "what was staged for a backup stays", "error", err)
		}
	}()
	if err := m.copyAll(ctx); err != nil {
		return Backup{}, err
	}
	b, err := m.seal(ctx)
	if err != nil {
		return Backup{}, err
	}
	m.prune(ctx)
	return b, nil
}

// cleanStaging removes what a backup has staged, be it one that was killed.
func cleanStaging(dataDir string) error {
	if err := os.RemoveAll(filepath.Join(dataDir, StagingDir)); err != nil {
		return fault.New(fault.Environment, "what a backup has left cannot be removed: %w", err)
	}
	return nil
}

// look learns what the place holds.
func (m *making) look(ctx context.Context) error {
	objects, err := m.place.List(ctx, objectsDir)
	if err != nil {
		return err
	}
	m.there = make(map[string]int64, len(objects))
	for _, o := range objects {
		m.there[o.Name] = o.Size
	}
	ids, err := backupIDs(ctx, m.place)
	if err != nil {
		return err
	}
	if n := len(ids); n > 0 {
		m.after = idTime(ids[n-1])
	}
	for n := len(ids) - 1; n >= 0 && m.last == nil; n-- {
		m.last, err = readManifest(ctx, m.place, ids[n])
		switch fault.CodeOf(err) {
		case fault.NotFound:
		case fault.Refused:
			m.deps.Logger.WarnContext(ctx, "a backup that is there cannot be used", "error", err)
		default:
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// copyAll stages and uploads all that has changed. The last snapshot ends as soon as the last file is staged.
func (m *making) copyAll(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(m.work)
		return m.stage(ctx)
	})
	group.Go(func() error {
		for s := range m.work {
			if err := m.upload(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// The time that a round has for copying, at first, and the pause after it.
const (
	roundTime  = 10 * time.Second
	roundPause = 2 * time.Second
)

// stage copies in rounds. A snapshot keeps the store from writing its log into its file, and the longer the log, the longer do
// commits wait for that in the end. So a round that takes too long is given up, and after a pause the next begins with a new
// snapshot: rows that have been copied, and have not changed, need not be copied again. The backup is what the last round saw, and
// that one alone. Each round has twice as long as the one before, so that there is a last one whatever goes on.
func (m *making) stage(ctx context.Context) error {
	stored := map[string][]rangeRecord{}
	for limit := cmp.Or(m.deps.round, roundTime); ; limit *= 2 {
		finished, err := m.round(ctx, limit, stored)
		if err != nil || finished {
			return err
		}
		select {
		case <-time.After(min(roundPause, limit)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// round copies what is not stored yet. It ends early when its time is over and more than one range has to be copied.
func (m *making) round(ctx context.Context, limit time.Duration, stored map[string][]rangeRecord) (finished bool, err error) {
	catalog := filepath.Join(m.dir, "catalog")
	s, err := m.snapshot(ctx, catalog)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m.man = manifest{Layout: layout, At: m.deps.Now().UTC().Truncate(time.Millisecond), Version: m.deps.Version, Identity: s.Identity()}
	if err := m.claim(ctx, m.man.Identity.Store); err != nil {
		return false, err
	}
	if !m.clear { // before anything is written too: a place may be full of what nobody needs
		m.prune(ctx)
		m.clear = true
	}
	tables := slices.Clone(s.Tables())
	slices.SortStableFunc(tables, func(a, b Table) int { // what changes all the time comes last
		return cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind))
	})
	plans, err := m.plans(ctx, s, tables, stored)
	if err != nil {
		return false, err
	}
	begun := time.Now()
	for i, t := range tables {
		record := tableRecord{Table: t, Ranges: []rangeRecord{}}
		written := 0
		for n, r := range plans[i] {
			if written > 0 && t.Kind != System && time.Since(begun) > limit {
				stored[t.key()] = append(record.Ranges, m.still(plans[i][n:])...)
				return false, os.Remove(catalog)
			}
			done, same, err := m.keep(ctx, s, t, r)
			if err != nil {
				return false, err
			}
			if !same {
				written++
			}
			if len(done.Files) > 0 { // a system table may be empty
				record.Ranges = append(record.Ranges, done)
			}
		}
		stored[t.key()] = record.Ranges
		m.man.Tables = append(m.man.Tables, record)
	}
	if m.man.Catalog, err = m.describe(catalog); err != nil {
		return false, err
	}
	m.man.Catalog.Name = objectsDir + "catalog/" + m.man.Catalog.SHA256[:nameDigits] + ".sqlite"
	return true, m.send(ctx, staged{path: catalog, file: m.man.Catalog})
}

// plans divides the rows of all tables into ranges.
func (m *making) plans(ctx context.Context, s Snapshot, tables []Table, stored map[string][]rangeRecord) ([][]planned, error) {
	plans := make([][]planned, len(tables))
	rows := int64(0)
	for i, t := range tables {
		if t.Kind == System {
			plans[i] = []planned{{Span: Always}}
			continue
		}
		last, ok := stored[t.key()]
		if !ok {
			last = usable(m.last, s.Identity(), t)
		}
		cells, err := refine(ctx, s, t, last, m.most)
		if err != nil {
			return nil, err
		}
		plans[i] = plan(last, cells, m.most)
		for _, r := range plans[i] {
			rows += r.Rows
		}
	}
	m.done.Store(0)
	m.rows.Store(rows)
	return plans, nil
}

// still are those of the ranges that are stored.
func (m *making) still(ranges []planned) (records []rangeRecord) {
	for _, r := range ranges {
		if r.same != nil && m.hasAll(r.same.Files) {
			records = append(records, *r.same)
		}
	}
	return records
}

// attempts is how often a snapshot is begun anew because sources changed meanwhile.
const attempts = 10

// snapshot begins to read the store, and copies the catalog so that both fit.
//
// Positions, schemas and rows are of one transaction of the store. The catalog is another database, and what must fit is its
// list of sources: one that is listed, but whose positions have just been forgotten while its table stays, would be read again
// from its start, into rows that are there already. So the sources must be the same before the snapshot and after the copy:
// then they were so at the snapshot too. Whoever adds or removes a source changes the catalog first, and the store after it,
// and a server that was killed between the two goes on rightly; what is restored is one of those states.
func (m *making) snapshot(ctx context.Context, catalog string) (Snapshot, error) {
	for range attempts {
		before, err := m.deps.Catalog.Sources(ctx)
		if err != nil {
			return nil, err
		}
		s, err := m.deps.Store.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		if err = m.deps.Catalog.Snapshot(ctx, catalog); err != nil {
			return nil, errors.Join(m.staging(err), s.Close())
		}
		after, err := m.deps.Catalog.Sources(ctx)
		if err == nil && reflect.DeepEqual(before, after) {
			return s, nil
		}
		if err = errors.Join(err, s.Close(), os.Remove(catalog)); err != nil {
			return nil, err
		}
	}
	return nil, fault.New(fault.Unavailable, "sources are being changed all the time").WithHint("try again in a moment")
}

// claim makes sure that the place holds backups of this store only, and marks a new one.
func (m *making) claim(ctx context.Context, store string) error {
	owner, owned, err := readOwner(ctx, m.place)
	switch {
	case err != nil:
		return err
	case owned && owner != store+"\n", m.last != nil && m.last.Identity.Store != store:
		return foreign(m.place)
	case owned:
		return nil
	}
	content := []byte(store + "\n")
	return m.place.Put(ctx, storeName, bytes.NewReader(content), int64(len(content)))
}

func foreign(p Place) error {
	return fault.New(fault.Conflict, "%s holds the backups of another server", p).
		WithHint("choose another place, for each server needs one of its own; or move all that is there aside, the file STORE too")
}

// send hands a file to the uploader, which removes it. What the last backup has already stays as it is.
func (m *making) send(ctx context.Context, s staged) error {
	if m.has(s.file) {
		return os.Remove(s.path)
	}
	select {
	case m.work <- s:
		m.sent[s.file.Name] = true // its content is its name
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// has tells whether this backup has made the very file, or the last one names it and the place seems to have it. A file that no manifest names is not
// trusted: it may be what a crash has left.
func (m *making) has(f file) bool {
	if m.sent[f.Name] {
		return true
	}
	if size, ok := m.there[f.Name]; !ok || size != f.Size || m.last == nil {
		return false
	}
	return m.last.names(f)
}

func (m *making) upload(ctx context.Context, s staged) error {
	f, err := os.Open(s.path)
	if err != nil {
		return m.staging(err)
	}
	err = m.place.Put(ctx, s.file.Name, f, s.file.Size)
	if err := errors.Join(err, f.Close(), os.Remove(s.path)); err != nil {
		return err
	}
	m.uploaded.Add(s.file.Size)
	return nil
}

// seal writes the manifest, once all that it names is seen to be there.
func (m *making) seal(ctx context.Context) (Backup, error) {
	if err := m.claim(ctx, m.man.Identity.Store); err != nil { // another server may have begun beside this one
		return Backup{}, err
	}
	if err := missing(ctx, m.place, m.man.files()); err != nil {
		return Backup{}, changed(err)
	}
	m.man.DurationMS = m.deps.Now().Sub(m.started).Milliseconds()
	m.man.Uploaded = m.uploaded.Load()
	last := m.man.At
	if !last.After(m.after) { // a clock was set back: the newest must be the last by its name, or it would be removed for an old one
		last = m.after.Add(time.Millisecond)
	}
	id, text, err := m.man.encode(last)
	if err != nil {
		return Backup{}, err
	}
	if err := m.place.Put(ctx, manifestName(id), bytes.NewReader(text), int64(len(text))); err != nil {
		return Backup{}, err
	}
	if err := missing(ctx, m.place, m.man.files()); err != nil { // another copy of this store may have removed what no manifest named yet
		return Backup{}, errors.Join(changed(err), m.place.Delete(ctx, manifestName(id)))
	}
	b := m.man.backup(m.place, id)
	m.deps.Logger.InfoContext(ctx, "backup made", "id", id, "place", b.To, "rows", b.Rows, "bytes", b.Bytes, "uploaded_bytes", b.Uploaded, "duration_ms", b.DurationMS)
	return b, nil
}

func changed(err error) error {
	return fault.New(fault.Unavailable, "the place of the backup has changed meanwhile: %w", err).
		WithHint("make another backup; two copies of one store cannot share a place")
}

// missing names the first file that a place does not have, or has in another size.
func missing(ctx context.Context, p Place, files []file) error {
	objects, err := p.List(ctx, objectsDir)
	if err != nil {
		return err
	}
	sizes := make(map[string]int64, len(objects))
	for _, o := range objects {
		sizes[o.Name] = o.Size
	}
	for _, f := range files {
		switch size, ok := sizes[f.Name]; {
		case !ok:
			return altered(p, f.Name, "it is missing")
		case size != f.Size:
			return altered(p, f.Name, fmt.Sprintf("it has %d bytes, not %d", size, f.Size))
		}
	}
	return nil
}

// staging says so when what failed is the disk of the data directory.
func (m *making) staging(err error) error {
	if text := err.Error(); strings.Contains(text, "no space left") || strings.Contains(text, "disk is full") || strings.Contains(text, "quota exceeded") {
		return fault.New(fault.Environment, "the disk is full that holds %s, where a backup stages two files at a time", m.deps.Dir).WithHint("make room: about %d MB", 4*maxFile>>20)
	}
	if errors.Is(err, fs.ErrPermission) {
		return fault.New(fault.Environment, "the data directory %s cannot be written: %w", m.deps.Dir, err)
	}
	return err
}

// prune removes what nobody needs any more.
func (m *making) prune(ctx context.Context) {
	if err := prune(ctx, m.place, m.deps.Options.Keep, m.deps.Logger); err != nil {
		m.deps.Logger.WarnContext(ctx, "old backups could not be removed; the next backup tries again", "place", m.place.String(), "error", err)
	}
}

// prune removes the oldest backups beyond `keep`, then what no backup names. As long as a manifest cannot be read nobody knows
// what it names, and all stays. Only what has a name that Helios gives is removed: a place may hold files of other people. Nothing
// else removes anything from a place but a manifest that has just been written in vain.
func prune(ctx context.Context, p Place, keep int, log *slog.Logger) error {
	ids, err := backupIDs(ctx, p)
	if err != nil {
		return err
	}
	if keep > 0 && len(ids) > keep {
		for _, id := range ids[:len(ids)-keep] {
			if err := p.Delete(ctx, manifestName(id)); err != nil {
				return err
			}
		}
		ids = ids[len(ids)-keep:]
	}
	named := map[string]bool{}
	for _, id := range ids {
		m, err := readManifest(ctx, p, id)
		if fault.CodeOf(err) == fault.Refused {
			log.WarnContext(ctx, "a backup cannot be read: nothing is removed that it may need", "error", err)
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range m.files() {
			named[f.Name] = true
		}
	}
	objects, err := p.List(ctx, objectsDir)
	if err != nil {
		return err
	}
	parts, err := p.List(ctx, backupsDir)
	if err != nil {
		return err
	}
	for _, o := range append(objects, parts...) {
		if !named[o.Name] && leftForm.MatchString(o.Name) {
			if err := p.Delete(ctx, o.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
