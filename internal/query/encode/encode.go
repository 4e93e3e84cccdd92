// Package encode writes results as JSON, CSV, NDJSON, Parquet and Arrow, while they are read: what it holds is one batch, for
// Parquet one row group. It knows no HTTP.
//
// How values are written:
//
//	type                    JSON, NDJSON                                CSV                  Arrow, Parquet
//	BOOLEAN                 true, false                                 the same             boolean
//	TINYINT … UBIGINT       a number; a string beyond ±(2^53-1)         digits               integers
//	HUGEINT                 a string                                    digits               decimal128(38, 0)
//	UHUGEINT, BIGNUM        a string                                    digits               string
//	DECIMAL                 a string, so that nothing is rounded        digits               decimal128
//	FLOAT, DOUBLE           the shortest number that reads back;        the same, unquoted   float, double
//	                        "NaN", "Infinity", "-Infinity"
//	VARCHAR, ENUM           a string                                    the text             string
//	JSON                    the document as it is                       its text             string (arrow.json)
//	UUID                    a string                                    the same             16 bytes (arrow.uuid)
//	BLOB                    base64, padded                              the same             binary
//	DATE                    "2006-01-02"                                the same             date32
//	TIME                    "15:04:05.999999"                           the same             time64[us]
//	TIMESTAMP and its kin   RFC 3339 in UTC: "2006-01-02T15:04:05Z"     the same             timestamp, us, ms, ns or s
//	infinite dates          "infinity", "-infinity"                     the same             the largest number and its negation
//	INTERVAL, BIT, TIMETZ   the engine's text                           the same             string
//	LIST, ARRAY             an array                                    that JSON            list
//	STRUCT                  an object                                   that JSON            struct
//	MAP                     an array of {"key", "value"}                that JSON            map
//	UNION                   an object of "tag" and its one member       that JSON            struct of the tag and all members
//	NULL                    null                                        nothing              null
//
// Spreadsheets take text for a formula that begins with one of = + - @, or with white space or invisible characters before one of
// them, or with a tab or the end of a line; and what events hold anybody may have written. In CSV such text, in a column's name too,
// has a ' before it, unless Format.Formulas says that it is to stay.
//
// TIMESTAMP has no zone and is read as UTC; years outside 0 to 9999 have a sign, as ISO 8601 has it. In CSV (RFC 4180, with
// a header) an empty string is "" and NULL is nothing. Where names must be unique (NDJSON, Arrow, Parquet) the second "a"
// becomes "a_1", and an empty name "column".
package encode

import (
	"context"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

// Format is a form in which results are written.
type Format struct {
	Name        string // json, csv, ndjson, parquet, arrow
	ContentType string
	Extension   string // of a file's name, with its dot
	// Envelope is true for the format that says by itself that rows are missing (JSON). The others hold nothing but rows:
	// unless max_rows is named, ask for all of them (query.NoLimit), or they would be cut silently.
	Envelope bool
	// Formulas is true for CSV whose text is exactly the one that was queried, and which a spreadsheet may run.
	Formulas bool

	write func(context.Context, *sink, *query.Result, func() []ingest.Freshness) error
}

// Formats lists the formats; the first is the default.
func Formats() []Format {
	return []Format{
		{Name: "json", ContentType: "application/json", Extension: ".json", Envelope: true, write: writeJSON},
		{Name: "ndjson", ContentType: "application/x-ndjson", Extension: ".ndjson", write: writeNDJSON},
		{Name: "csv", ContentType: "text/csv; charset=utf-8; header=present", Extension: ".csv", write: writeCSV},
		{Name: "parquet", ContentType: "application/vnd.apache.parquet", Extension: ".parquet", write: writeParquet},
		{Name: "arrow", ContentType: "application/vnd.apache.arrow.stream", Extension: ".arrows", write: writeArrow},
	}
}

// ByName finds a format by its name.
func ByName(name string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fault.New(fault.Invalid, "no format %q: there are json, ndjson, csv, parquet and arrow", name)
}

// ByAccept finds the format that an HTTP Accept header likes best; of those liked the same the first in Formats. An empty
// header likes JSON. An error of code Invalid says that none is acceptable.
func ByAccept(accept string) (Format, error) {
	formats := Formats()
	if strings.TrimSpace(accept) == "" {
		return formats[0], nil
	}
	best, bestQ := -1, 0.0
	for i, f := range formats {
		if q := quality(accept, f.ContentType); q > bestQ {
			best, bestQ = i, q
		}
	}
	if best < 0 {
		return Format{}, fault.New(fault.Invalid, "nothing that %q accepts can be written", accept).
			WithHint("accept application/json, application/x-ndjson, text/csv, application/vnd.apache.parquet or application/vnd.apache.arrow.stream")
	}
	return formats[best], nil
}

// quality is how much an Accept header likes a media type, 0 to 1: the most specific range that matches decides (RFC 9110,
// 12.5.1).
func quality(accept, contentType string) float64 {
	media, _, _ := strings.Cut(contentType, ";")
	kind, _, _ := strings.Cut(media, "/")
	ranges := []string{"*/*", kind + "/*", media} // by rising specificity
	q, specificity := 0.0, -1
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if s := slices.Index(ranges, name); s > specificity {
			specificity, q = s, 1
			if v, ok := params["q"]; ok {
				if q, err = strconv.ParseFloat(v, 64); err != nil {
					q = 0
				}
			}
		}
	}
	return q
}

// Write writes a result to its end, then closes it. Freshness is asked for once, at the end, and may be nil; only JSON has
// room for it. It tells how many bytes the rows took, without an envelope. An error that is a *fault.Error comes from the
// query (what was written before it must be thrown away); any other, from w.
func Write(ctx context.Context, w io.Writer, f Format, res *query.Result, freshness func() []ingest.Freshness) (int64, error) {
	s := &sink{w: w, most: res.MaxBytes(), formulas: f.Formulas}
	err := f.write(ctx, s, res, freshness)
	if s.over != nil {
		err = s.over // the writers of files may have made another of it
	}
	if closeErr := res.Close(); err == nil {
		err = closeErr
	}
	return s.written - s.envelope, err
}

// sink is a writer that knows how to flush, and counts.
type sink struct {
	w        io.Writer
	written  int64
	envelope int64 // of what was written, that is no row
	most     int64 // that may be written; 0 for any number
	over     error // more was to be written
	formulas bool  // as Format has it
}

func (s *sink) Write(p []byte) (int, error) {
	if s.most > 0 && s.written+int64(len(p)) > s.most {
		s.over = fault.New(fault.TooLarge, "the result has more than %s, which is as much as one may have", humanize.IBytes(uint64(s.most))).
			WithHint("ask for fewer rows or columns, or in a smaller form, such as Parquet; limits.result_bytes says how much each user and token may have")
		return 0, s.over
	}
	n, err := s.w.Write(p)
	s.written += int64(n)
	return n, err
}

// flush hands on what the writer below holds back, if it does.
func (s *sink) flush() error {
	switch f := s.w.(type) {
	case interface{ FlushError() error }:
		return f.FlushError()
	case interface{ Flush() error }:
		return f.Flush()
	case interface{ Flush() }:
		f.Flush()
	}
	return nil
}

// put writes b and flushes.
func (s *sink) put(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := s.Write(b); err != nil {
		return err
	}
	return s.flush()
}

// uniqueNames are the columns' names, none empty and none twice.
func uniqueNames(columns []query.Column) []string {
	taken := make(map[string]bool, len(columns))
	for _, c := range columns {
		taken[c.Name] = true
	}
	used := make(map[string]bool, len(columns))
	names := make([]string, len(columns))
	for i, c := range columns {
		base := c.Name
		if base == "" {
			base = "column"
		}
		name := base
		for n := 1; used[name] || (name != c.Name && taken[name]); n++ {
			name = base + "_" + strconv.Itoa(n)
		}
		used[name] = true
		names[i] = name
	}
	return names
}
