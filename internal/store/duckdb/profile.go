package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
)

const (
	profiledRows = 1_000_000 // the newest, that statistics are made of
	profileTop   = 10        // values that are told: the most frequent ones, and the newest
	profileSteps = 20        // of a histogram
	profileText  = 1000      // characters of a value that are told
)

// Column tells what a column holds: see query.Language. Values are told apart by their hash, so that statistics take
// memory by the number of rows and not by the size of what is in them. Rows lie in the order in which they were committed.
func (db *DB) Column(ctx context.Context, ask query.Ask, table, column string) (query.ColumnStatistics, error) {
	var t *schema.Table
	err := db.read(ctx, func(conn *sql.Conn) (err error) {
		t, err = loadTable(ctx, conn, table)
		return err
	})
	if err != nil {
		return query.ColumnStatistics{}, err
	}
	for _, c := range t.Columns {
		if key(c.Name) == key(column) {
			p := profile{ask: ask, table: t.Name, column: c}
			return p.make(ctx)
		}
	}
	return query.ColumnStatistics{}, fault.New(fault.NotFound, "the table %s has no column %s", t.Name, column)
}

// profile is the making of a column's statistics.
type profile struct {
	ask    query.Ask
	table  string
	column schema.Column
	newest string // what the statements read: r, the row's id, and v, its value
	made   query.ColumnStatistics
}

func (p *profile) make(ctx context.Context) (query.ColumnStatistics, error) {
	p.made = query.ColumnStatistics{Name: p.column.Name, Type: string(p.column.Type), Top: []query.ValueCount{}, Examples: []string{}}
	for _, step := range []func(context.Context) error{p.choose, p.summarize, p.list} {
		if err := step(ctx); err != nil {
			return query.ColumnStatistics{}, err
		}
	}
	return p.made, nil
}

// choose chooses the rows to look at.
func (p *profile) choose(ctx context.Context) error {
	answer, err := p.ask(ctx, forTable("SELECT count(*)::VARCHAR, coalesce(max(rowid), 0)::VARCHAR FROM {table}", mainSchema, p.table), nil)
	if err != nil {
		return err
	}
	numbers, err := integers(answer[0])
	if err != nil {
		return err
	}
	p.made.Rows = numbers[0]
	p.newest = fmt.Sprintf("(SELECT rowid AS r, %s AS v FROM %s", quote(p.column.Name), in(mainSchema, p.table))
	if p.made.Rows > profiledRows {
		p.newest += fmt.Sprintf(" WHERE rowid > %d", numbers[1]-profiledRows)
	}
	p.newest += ")"
	return nil
}

// summarize counts, finds the least, the greatest and the mean, and the steps between them.
func (p *profile) summarize(ctx context.Context) error {
	s := scaleOf(p.column.Type)
	least, greatest, mean := "NULL", "NULL", "NULL"
	if p.column.Type != schema.JSON { // whose texts have no order of any meaning
		least, greatest = p.text("min(v)"), p.text("max(v)")
	}
	if s.mean {
		mean = "(avg(" + s.number + ") FILTER (WHERE " + s.finite + "))"
	}
	low, high := "NULL", "NULL"
	if s.number != "" {
		low, high = "(min("+s.number+") FILTER (WHERE "+s.finite+"))", "(max("+s.number+") FILTER (WHERE "+s.finite+"))"
	}
	answer, err := p.ask(ctx, fmt.Sprintf(`SELECT count(*)::VARCHAR, (count(*) - count(v))::VARCHAR, (count(DISTINCT hash(v)) FILTER (WHERE v IS NOT NULL))::VARCHAR,
		%s::VARCHAR, %s::VARCHAR, %s::VARCHAR, %s::VARCHAR, %s::VARCHAR FROM %s`, least, greatest, mean, low, high, p.newest), nil)
	if err != nil {
		return err
	}
	row := answer[0]
	numbers, err := integers(row[:3])
	if err != nil {
		return err
	}
	if p.made.Rows > profiledRows {
		p.made.SampledRows = &numbers[0]
	} else {
		p.made.Rows = numbers[0] // some may have come in between
	}
	p.made.Nulls, p.made.Distinct, p.made.Min, p.made.Max, p.made.Mean = numbers[1], numbers[2], row[3], row[4], row[5]
	if row[6] == nil || row[7] == nil {
		return nil
	}
	from, err := strconv.ParseFloat(*row[6], 64)
	if err != nil {
		return fmt.Errorf("the least value: %w", err)
	}
	to, err := strconv.ParseFloat(*row[7], 64)
	if err != nil {
		return fmt.Errorf("the greatest value: %w", err)
	}
	return p.histogram(ctx, s, from, to)
}

// histogram counts values by equal steps.
func (p *profile) histogram(ctx context.Context, s scale, from, to float64) error {
	steps, width := s.steps(from, to)
	p.made.Histogram = make([]query.Bucket, steps)
	for i := range p.made.Histogram {
		b := &p.made.Histogram[i]
		b.From, b.To = s.write(from+float64(i)*width), s.write(from+float64(i+1)*width)
		if i == steps-1 && !s.whole {
			b.To = s.write(to)
		}
	}
	answer, err := p.ask(ctx, fmt.Sprintf(`SELECT least(greatest(floor(%[1]s / $width - $from / $width), 0), $last)::INTEGER::VARCHAR, count(*)::VARCHAR
		FROM %[2]s WHERE %[3]s GROUP BY ALL`, s.number, p.newest, s.finite),
		map[string]any{"from": from, "width": width, "last": int64(steps - 1)})
	if err != nil {
		return err
	}
	for _, row := range answer {
		numbers, err := integers(row)
		if err != nil {
			return err
		}
		p.made.Histogram[numbers[0]].Count = numbers[1]
	}
	return nil
}

// list finds the most frequent values, and the newest.
func (p *profile) list(ctx context.Context) error {
	answer, err := p.ask(ctx, fmt.Sprintf(`WITH known AS MATERIALIZED (SELECT max(r) AS r, count(*) AS n FROM %s WHERE v IS NOT NULL GROUP BY hash(v)),
		told AS (SELECT * FROM (SELECT r, n, 'top' AS kind FROM known ORDER BY n DESC, r DESC LIMIT %[2]d)
			UNION ALL SELECT * FROM (SELECT r, 0, 'newest' FROM known ORDER BY r DESC LIMIT %[2]d))
		SELECT kind, n::VARCHAR, %[3]s::VARCHAR FROM told JOIN (SELECT rowid AS id, %[4]s AS v FROM %[5]s) ON id = r ORDER BY n DESC, r DESC`,
		p.newest, profileTop, p.text("v"), quote(p.column.Name), in(mainSchema, p.table)), nil)
	if err != nil {
		return err
	}
	for _, row := range answer {
		if row[2] == nil {
			continue
		}
		if *row[0] == "newest" {
			p.made.Examples = append(p.made.Examples, *row[2])
			continue
		}
		n, err := integers(row[1:2])
		if err != nil {
			return err
		}
		p.made.Top = append(p.made.Top, query.ValueCount{Value: *row[2], Count: n[0]})
	}
	return nil
}

// text is the expression that makes a text of a value, as results spell it.
func (p *profile) text(value string) string {
	switch p.column.Type {
	case schema.Timestamp:
		return fmt.Sprintf("CASE WHEN isfinite(%[1]s) THEN replace(%[1]s::VARCHAR, ' ', 'T') || 'Z' ELSE %[1]s::VARCHAR END", value)
	case schema.Varchar, schema.JSON:
		return fmt.Sprintf("CASE WHEN length(%[1]s::VARCHAR) > %[2]d THEN left(%[1]s::VARCHAR, %[2]d) || '…' ELSE %[1]s::VARCHAR END", value, profileText)
	default:
		return value
	}
}

// scale says how the values of a type lie on a line of numbers.
type scale struct {
	number string // the expression of v's place; "" for types that have none
	finite string // whether v has one
	whole  bool   // places are whole numbers
	mean   bool
	write  func(place float64) string
}

func scaleOf(t schema.Type) scale {
	switch t {
	case schema.BigInt, schema.HugeInt:
		return scale{number: "v::DOUBLE", finite: "v IS NOT NULL", whole: true, mean: true, write: func(f float64) string { return strconv.FormatFloat(f, 'f', 0, 64) }}
	case schema.Double:
		return scale{number: "v", finite: "isfinite(v)", mean: true, write: func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }}
	case schema.Date:
		return scale{number: "(v - DATE '1970-01-01')::DOUBLE", finite: "isfinite(v)", whole: true, write: func(days float64) string {
			return time.Unix(int64(days)*24*60*60, 0).UTC().Format(time.DateOnly)
		}}
	case schema.Timestamp:
		return scale{number: "epoch_us(v)::DOUBLE", finite: "isfinite(v)", whole: true, write: func(us float64) string {
			return time.UnixMicro(int64(us)).UTC().Format(time.RFC3339Nano)
		}}
	default:
		return scale{}
	}
}

// steps says how many there are from one place to another, and how wide they are.
func (s scale) steps(from, to float64) (steps int, width float64) {
	if s.whole {
		width = max(math.Ceil((to-from+1)/profileSteps), 1)
		return max(int(math.Ceil((to-from+1)/width)), 1), width
	}
	if width = to/profileSteps - from/profileSteps; width <= 0 {
		return 1, 1
	}
	return profileSteps, width
}

func integers(texts []*string) ([]int64, error) {
	numbers := make([]int64, len(texts))
	for i, text := range texts {
		if text == nil {
			return nil, fmt.Errorf("number %d of an answer is missing", i)
		}
		n, err := strconv.ParseInt(*text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("number %d of an answer: %w", i, err)
		}
		numbers[i] = n
	}
	return numbers, nil
}
