package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	storeName   = "STORE"
	objectsDir  = "objects/"
	backupsDir  = "backups/"
	manifestExt = ".json"

	// layout is the number of the form that manifests have.
	layout = 1

	// maxManifest bounds what is read as a manifest: 100,000 files take some 30 MB.
	maxManifest = 1 << 30
)

// manifest is all that a backup is, but for the rows.
type manifest struct {
	Layout     int           `json:"layout"`
	At         time.Time     `json:"at"`
	Version    string        `json:"version"` // of Helios
	DurationMS int64         `json:"duration_ms"`
	Uploaded   int64         `json:"uploaded_bytes"`
	Identity   Identity      `json:"identity"`
	Catalog    file          `json:"catalog"`
	Tables     []tableRecord `json:"tables"`

	index map[string]file // by name, once it has been asked for
}

// file is an object of the place, as it must be.
type file struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows,omitempty"`
}

// tableRecord is a table and where its rows are.
type tableRecord struct {
	Table

	Ranges []rangeRecord `json:"ranges"`
}

// rangeRecord is the rows of a span of time: the rows of its files, none of which holds others. A system table has one, of
// all its rows and without a print.
type rangeRecord struct {
	Span
	Print

	Files []file `json:"files"`
}

// encode gives the manifest's text, and the backup's ID for its time. The same manifest always has the same text.
func (m *manifest) encode(at time.Time) (id string, text []byte, err error) {
	text, err = json.Marshal(m)
	if err != nil {
		return "", nil, fmt.Errorf("write the manifest: %w", err)
	}
	text = append(text, '\n')
	return at.UTC().Format(idLayout) + "-" + digest(text), text, nil
}

// idLayout begins the ID of a backup, so that IDs sort in the order in which backups were made, by time unless a clock was wrong.
const idLayout = "20060102T150405.000Z"

// digest is what the name of a manifest has of its SHA-256.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

var (
	idForm     = regexp.MustCompile(`^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{16}$`)
	sumForm    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	objectForm = regexp.MustCompile(`^objects(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$`)
	// leftForm is the form of all that a backup may leave that nobody names: objects, and what was being written.
	leftForm = regexp.MustCompile(`^(objects/((events|quarantine)/[A-Za-z0-9_-]+/[0-9-]+T[0-9]{6}Z-[0-9a-f]{32}\.parquet|system/[A-Za-z0-9_-]+/[0-9a-f]{32}\.parquet|catalog/[0-9a-f]{32}\.sqlite)(\.part)?|` +
		`backups/[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{16}\.json\.part)$`)
)

// idTime is the time that an ID begins with; zero for one that is none.
func idTime(id string) time.Time {
	at, _ := time.Parse(idLayout, id[:len(idLayout)])
	return at
}

func manifestName(id string) string { return backupsDir + id + manifestExt }

// backupIDs lists the backups of a place by their names alone, the oldest first.
func backupIDs(ctx context.Context, p Place) ([]string, error) {
	objects, err := p.List(ctx, backupsDir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, o := range objects {
		id := strings.TrimSuffix(strings.TrimPrefix(o.Name, backupsDir), manifestExt)
		if manifestName(id) == o.Name && idForm.MatchString(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// readManifest loads a manifest and makes sure that it is the one that was written. Else the error is of code Refused, and
// names it.
func readManifest(ctx context.Context, p Place, id string) (*manifest, error) {
	name := manifestName(id)
	text, err := readAll(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(id, "-"+digest(text)) {
		return nil, altered(p, name, "what it holds does not fit its name")
	}
	var m manifest
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var form struct {
		Layout int `json:"layout"`
	}
	if err := json.Unmarshal(text, &form); err == nil && form.Layout > layout {
		return nil, fault.New(fault.Environment, "%s in %s was made by a newer version of Helios", name, p).WithHint("use that version")
	}
	if err := decoder.Decode(&m); err != nil {
		return nil, altered(p, name, err.Error())
	}
	if err := m.check(); err != nil {
		return nil, altered(p, name, err.Error())
	}
	return &m, nil
}

// check refuses what Helios would not have written: the rest of the program takes it for granted.
func (m *manifest) check() error {
	if m.Layout != layout || m.Identity.Store == "" {
		return errors.New("it is no manifest of Helios")
	}
	if err := m.Catalog.check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, t := range m.Tables {
		name := strings.ToLower(t.key())
		if seen[name] || len(t.Columns) == 0 || !slices.Contains(kinds, t.Kind) {
			return fmt.Errorf("the table %q is there twice, or is none", t.Name)
		}
		seen[name] = true
		for i, r := range t.Ranges {
			if r.From >= r.To || i > 0 && r.From < t.Ranges[i-1].To {
				return fmt.Errorf("the ranges of %q overlap", t.Name)
			}
			rows := int64(0)
			for _, f := range r.Files {
				if err := f.check(); err != nil {
					return err
				}
				rows += f.Rows
			}
			if rows != r.Rows {
				return fmt.Errorf("the files of %q do not hold its rows", t.Name)
			}
		}
	}
	return nil
}

func (f *file) check() error {
	if !objectForm.MatchString(f.Name) || path.Clean(f.Name) != f.Name || !sumForm.MatchString(f.SHA256) || f.Size < 0 || f.Rows < 0 {
		return fmt.Errorf("the file %q is none that Helios names", f.Name)
	}
	return nil
}

// files are all that the backup needs; those that it shares with itself once.
func (m *manifest) files() []file {
	all := []file{m.Catalog}
	for _, t := range m.Tables {
		for _, r := range t.Ranges {
			all = append(all, r.Files...)
		}
	}
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b file) bool { return a.Name == b.Name })
}

// names tells whether the backup has the very file.
func (m *manifest) names(f file) bool {
	if m.index == nil {
		m.index = map[string]file{}
		for _, f := range m.files() {
			m.index[f.Name] = f
		}
	}
	known, ok := m.index[f.Name]
	return ok && known.SHA256 == f.SHA256 && known.Size == f.Size
}

// backup is what people see of it.
func (m *manifest) backup(p Place, id string) Backup {
	b := Backup{ID: id, At: m.At, To: p.String(), Uploaded: m.Uploaded, DurationMS: m.DurationMS, Version: m.Version}
	for _, t := range m.Tables {
		if t.Kind == Events {
			b.Tables++
		}
		for _, r := range t.Ranges {
			if t.Kind != System {
				b.Rows += r.Rows
			}
		}
	}
	for _, f := range m.files() {
		b.Bytes += f.Size
	}
	return b
}

// readOwner reads whose backups a place holds, if anybody's.
func readOwner(ctx context.Context, p Place) (owner string, owned bool, err error) {
	text, err := readAll(ctx, p, storeName)
	if fault.CodeOf(err) == fault.NotFound {
		return "", false, nil
	}
	return string(text), err == nil, err
}

func readAll(ctx context.Context, p Place, name string) (text []byte, err error) {
	err = persist(ctx, slog.New(slog.DiscardHandler), name, func() error {
		text, err = readOnce(ctx, p, name)
		return err
	})
	return text, err
}

func readOnce(ctx context.Context, p Place, name string) (text []byte, err error) {
	r, err := p.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	text, err = io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	if len(text) > maxManifest {
		return nil, altered(p, name, "it is larger than any that Helios writes")
	}
	return text, nil
}

// altered says that a file of a place is not as it was written.
func altered(p Place, name, why string) error {
	return fault.New(fault.Refused, "%s in %s is not as it was written: %s", name, p, why).
		WithHint("take another backup: `helios backups %s` lists them, and --at names one", p)
}

// List gives the backups of a place, the newest first. One whose manifest cannot be used is told as Damaged.
func List(ctx context.Context, p Place) ([]Backup, error) {
	ids, err := backupIDs(ctx, p)
	if err != nil {
		return nil, err
	}
	backups := make([]Backup, 0, len(ids))
	for _, id := range slices.Backward(ids) {
		m, err := readManifest(ctx, p, id)
		switch code := fault.CodeOf(err); {
		case err == nil:
			backups = append(backups, m.backup(p, id))
		case code == fault.NotFound: // it went meanwhile, as old ones do
		case code == fault.Refused:
			backups = append(backups, Backup{ID: id, At: idTime(id), To: p.String(), Damaged: err.Error()})
		default:
			return nil, err
		}
	}
	return backups, nil
}
