package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

// filled fills names and conditions into a statement of ours, in one pass: they may hold whatever they like.
func filled(statement string, names ...string) string {
	return strings.NewReplacer(names...).Replace(statement)
}

// prints adds up the prints of rows.
const prints = "count(*), coalesce(sum(print), 0)::HUGEINT, coalesce(sum(hash(print)), 0)::HUGEINT"

type printSums struct{ a, b *big.Int }

func (p printSums) print(rows int64) backup.Print {
	low := new(big.Int).SetUint64(math.MaxUint64)
	return backup.Print{Rows: rows, A: new(big.Int).And(p.a, low).Uint64(), B: new(big.Int).And(p.b, low).Uint64()}
}

// rowPrint is an expression for the print of a row, 64 bits. A NULL adds nothing to it: a column that is added, and empty in
// all rows so far, leaves the prints of those rows as they are. Name and type of a column count: the same value in another
// column is another row.
func rowPrint(t backup.Table) string {
	terms := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		name := quote(c.Name)
		value := "hash(" + name + ")"
		if c.Type == string(schema.Double) {
			value = "hash(" + name + ", signbit(" + name + "))" // 0.0 and -0.0 hash alike
		}
		terms[i] = fmt.Sprintf("CASE WHEN %s IS NULL THEN 0::UBIGINT ELSE hash(xor(%s, hash(%s))) END", name, value, literal(c.Name+"\x1f"+c.Type))
	}
	for len(terms) > 1 { // in pairs: a table may have more columns than DuckDB takes levels of calls
		half := terms[:0]
		for i := 0; i+1 < len(terms); i += 2 {
			half = append(half, "xor("+terms[i]+", "+terms[i+1]+")")
		}
		if len(terms)%2 == 1 {
			half = append(half, terms[len(terms)-1])
		}
		terms = half
	}
	return terms[0]
}

// addUp adds the rows of a condition to sums, by the step of their time.
func addUp(ctx context.Context, conn *sql.Conn, t backup.Table, where string, step time.Duration, sums map[int64]backup.Print) error {
	at := "epoch_us(" + quote(t.Time) + ")"
	// Rounded down, also before 1970.
	cell := fmt.Sprintf("%[1]s - (%[1]s %% %[2]d + %[2]d) %% %[2]d", at, step.Microseconds())
	statement := filled("SELECT cell, {prints} FROM (SELECT {cell} AS cell, {print} AS print FROM {table} WHERE {where}) GROUP BY cell",
		"{prints}", prints, "{cell}", cell, "{print}", rowPrint(t), "{table}", place(t), "{where}", where)
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var from sql.NullInt64
		var n int64
		var sum printSums
		if err := rows.Scan(&from, &n, &sum.a, &sum.b); err != nil {
			return err
		}
		if !from.Valid {
			return fault.New(fault.Internal, "%d rows have no %s", n, t.Time)
		}
		sums[from.Int64] = sums[from.Int64].Plus(sum.print(n))
	}
	return rows.Err()
}

// windowBytes bounds the texts that are read at once, where some are bulky. DuckDB reads 2,048 rows at a time, and holds all
// their texts: of texts of a megabyte that is more than it may have. By rowid it reads no more than the rows that are asked for.
const windowBytes = 64 << 20

// windows gives conditions, at least one, that together find the rows of a condition, none of which reads too much at once.
func windows(ctx context.Context, conn *sql.Conn, t backup.Table, where string) ([]string, error) {
	lengths := []string{"0"}
	for _, c := range t.Columns {
		if c.Type == string(schema.Varchar) || c.Type == string(schema.JSON) || c.Type == string(blob) {
			lengths = append(lengths, longest(quote(c.Name)))
		}
	}
	var length sql.NullInt64 // no row: an empty table
	err := conn.QueryRowContext(ctx, "SELECT "+strings.Join(lengths, " + ")+" FROM "+place(t)+" LIMIT 1").Scan(&length)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("longest texts of %s: %w", place(t), err)
	}
	if length.Int64 < bulkyText {
		return []string{where}, nil
	}
	var first, last sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT min(rowid), max(rowid) FROM "+place(t)+" WHERE "+where).Scan(&first, &last); err != nil {
		return nil, fmt.Errorf("rows of %s: %w", place(t), err)
	}
	if !first.Valid {
		return []string{"false"}, nil
	}
	groups, err := rowGroups(ctx, conn, t, length.Int64)
	if err != nil {
		return nil, fmt.Errorf("row groups of %s: %w", place(t), err)
	}
	var parts []string
	for _, w := range divide(groups, length.Int64, first.Int64, last.Int64+1) {
		parts = append(parts, fmt.Sprintf("rowid >= %d AND rowid < %d AND %s", w.from, w.to, where))
	}
	return parts, nil
}

// rowGroup is a row group: how many rows it has, and the length of its longest texts, one of each column, together.
type rowGroup struct{ rows, length int64 }

// rowGroups are those of a table, one after another by rowid. Of a text whose length is not known, `longest` is assumed.
func rowGroups(ctx context.Context, conn *sql.Conn, t backup.Table, longest int64) ([]rowGroup, error) {
	rows, err := conn.QueryContext(ctx, filled(`SELECT max(n), least(sum(length), {longest})::BIGINT FROM (
			SELECT row_group_id, sum(count)::BIGINT AS n, max(CASE WHEN segment_type IN ('VARCHAR', 'JSON', 'BLOB')
				THEN coalesce(try_cast(regexp_extract(stats, 'Max String Length: (\d+)', 1) AS BIGINT), {longest}) ELSE 0 END) AS length
			FROM pragma_storage_info({table}) WHERE segment_type <> 'VALIDITY' GROUP BY row_group_id, column_id)
		GROUP BY row_group_id ORDER BY row_group_id`, "{table}", literal(place(t)), "{longest}", strconv.FormatInt(longest, 10)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var groups []rowGroup
	for rows.Next() {
		var g rowGroup
		if err := rows.Scan(&g.rows, &g.length); err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, rows.Err()
}

// window is rowids, [from, to).
type window struct{ from, to int64 }

// divide divides the rowids [from, to) of row groups: finely where texts are bulky, else as little as can be. Rows of no known
// group may have the longest texts.
func divide(groups []rowGroup, longest, from, to int64) []window {
	var windows []window
	last := int64(0) // the length of texts in the last window
	begin := int64(0)
	for _, g := range append(slices.Clip(groups), rowGroup{rows: math.MaxInt64 / 2, length: longest}) {
		end := begin + g.rows
		low, high := max(begin, from), min(end, to)
		begin = end
		if low >= high {
			continue
		}
		if n := len(windows); n > 0 && g.length < bulkyText && last < bulkyText {
			windows[n-1].to = high
			continue
		}
		last = g.length
		size := high - low
		if g.length >= bulkyText {
			size = max(1, windowBytes/g.length)
		}
		for ; low < high; low += size {
			windows = append(windows, window{low, min(low+size, high)})
		}
	}
	return windows
}
