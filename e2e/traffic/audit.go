package traffic

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/helios-sql/helios/internal/client"
)

// maxFindings is how many findings of one kind an audit names.
const maxFindings = 10

// Audit is the result of a comparison of the books with a table and its quarantine.
type Audit struct {
	Published, Rows, Quarantined int
	Lost, Doubled, Strange       int // events that are nowhere, more than once, or were never published so
	Positions                    int // that are not that of the last record of their shard
	Findings                     []string
}

// Err says what is wrong, or nil.
func (a Audit) Err() error {
	if a.Lost+a.Doubled+a.Strange+a.Positions == 0 && a.Rows+a.Quarantined == a.Published {
		return nil
	}
	return fmt.Errorf("of %d events %d are rows and %d in quarantine: %d lost, %d doubled, %d strange, %d wrong positions\n%s",
		a.Published, a.Rows, a.Quarantined, a.Lost, a.Doubled, a.Strange, a.Positions, strings.Join(a.Findings, "\n"))
}

// finder collects what an audit finds.
type finder struct {
	*Traffic

	seen   []uint8 // how often, by number of event
	result Audit
}

func (f *finder) find(count *int, format string, args ...any) {
	if *count++; *count <= maxFindings {
		f.result.Findings = append(f.result.Findings, fmt.Sprintf(format, args...))
	}
}

// row judges a row of the table: shard, sequence number, number of the event.
func (f *finder) row(at place, id string) {
	f.result.Rows++
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 || n >= int64(len(f.of)) || f.of[n] < 0 {
		f.find(&f.result.Strange, "row %q at %v: no such event was published", id, at)
		return
	}
	if e := f.entries[f.of[n]]; e.place != at {
		f.find(&f.result.Strange, "event %d is a row at %v, but was published at %v", n, at, e.place)
		return
	}
	f.count(n)
}

var ids = regexp.MustCompile(`^\{` + idField + `(\d+)\b`)

// quarantined judges a quarantined event: shard, sequence number, index in the record, its first bytes in hexadecimal.
func (f *finder) quarantined(at place, index, raw string) {
	f.result.Quarantined++
	i, known := f.at[at]
	k, err := strconv.ParseInt(index, 10, 64)
	if err != nil || !known || k < 0 || k >= int64(f.entries[i].events) {
		f.find(&f.result.Strange, "quarantined event %s of the record at %v: no such event was published", index, at)
		return
	}
	n := f.entries[i].first + k
	start, _ := hex.DecodeString(raw)
	if m := ids.FindStringSubmatch(string(start)); m != nil && m[1] != strconv.FormatInt(n, 10) {
		f.find(&f.result.Strange, "quarantined event %s at %v should be event %d", m[1], at, n)
		return
	}
	f.count(n)
}

func (f *finder) count(n int64) {
	if f.seen[n] < 255 {
		f.seen[n]++
	}
	if f.seen[n] == 2 {
		f.find(&f.result.Doubled, "event %d, published at %v, is there more than once", n, f.entries[f.of[n]].place)
	}
}

// finish finds what was never seen, and positions, by shard, that are not where the books end.
func (f *finder) finish(positions map[string]string) {
	for n, i := range f.of {
		if i < 0 {
			continue // it was put, but never acknowledged
		}
		f.result.Published++
		if f.seen[n] == 0 {
			f.find(&f.result.Lost, "event %d, published %s at %v, is nowhere", n, f.entries[i].at.Format("15:04:05.000"), f.entries[i].place)
		}
	}
	for shard, sequence := range f.last {
		if positions[shard] != sequence {
			f.find(&f.result.Positions, "the position of shard %s is %q, its last record %s", shard, positions[shard], sequence)
		}
	}
}

// Audit compares a source's table, quarantine and positions with the books, event by event. Nothing may be published
// meanwhile, and Helios must have read all that was.
func (t *Traffic) Audit(ctx context.Context, api *client.Client, source string) (Audit, error) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	f := &finder{Traffic: t, seen: make([]uint8, len(t.of))}
	err := errors.Join(
		export(ctx, api, `SELECT _shard_id, _sequence_number, soak_id FROM `+source, func(r []string) { f.row(place{r[0], r[1]}, r[2]) }),
		export(ctx, api, `SELECT shard_id, sequence_number, record_index, hex(raw[:40]) FROM quarantine.`+source, func(r []string) { f.quarantined(place{r[0], r[1]}, r[2], r[3]) }),
	)
	if err != nil {
		return f.result, err
	}
	positions := map[string]string{}
	err = export(ctx, api, `SELECT shard_id, sequence_number FROM helios.positions WHERE source = '`+source+`'`, func(r []string) { positions[r[0]] = r[1] })
	f.finish(positions)
	return f.result, err
}

// Stored is how many events a source's table and quarantine hold together.
func Stored(ctx context.Context, api *client.Client, source string) (n int, err error) {
	r, err := api.Query(ctx, client.QueryRequest{SQL: fmt.Sprintf(`SELECT (SELECT count(*) FROM %[1]s) + (SELECT count(*) FROM quarantine.%[1]s)`, source)})
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(fmt.Sprint(r.Rows[0][0]), &n)
	return n, err
}

// export runs a query and calls each for every row.
func export(ctx context.Context, api *client.Client, sql string, each func([]string)) error {
	from, to := io.Pipe()
	var result client.ExportResult
	var failed error
	go func() {
		result, failed = api.Export(ctx, client.QueryRequest{SQL: sql, MaxRows: client.NoLimit, KeepFormulas: true}, client.CSV, to)
		_ = to.CloseWithError(failed) // nil is the end
	}()
	defer from.Close()
	rows := csv.NewReader(from)
	rows.ReuseRecord = true
	for n := int64(-1); ; n++ { // the first row is the names
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF) && n == result.Rows && !result.Truncated:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%s: %d of %d rows came", sql, n, result.Rows)
		case err != nil:
			return fmt.Errorf("%s: %w", sql, err)
		case n >= 0:
			for i := range row {
				row[i] = strings.Clone(row[i])
			}
			each(row)
		}
	}
}
