package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

// resultTable prints a result for people. On a terminal that is too narrow for its columns it prints one value a line. A plan
// is a drawing, not a value.
func (c *console) resultTable(r *client.QueryResult) error {
	if len(r.Columns) == 2 && r.Columns[0].Name == "explain_key" && r.Columns[1].Name == "explain_value" {
		return c.plan(r)
	}
	columns := make([]term.Column, len(r.Columns))
	for i, column := range r.Columns {
		columns[i] = term.Column{Name: column.Name, Right: isNumber(column.Type), Whole: isWhole(column)}
	}
	rows := make([][]string, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = make([]string, len(columns))
		for k := range columns {
			rows[i][k] = cell(row[k])
		}
	}
	for k, column := range r.Columns {
		if strings.HasPrefix(column.Type, "TIME") {
			alignFractions(rows, k)
		}
	}
	return c.table(columns, rows)
}

// clock is the text of a time, with the fraction of its second and its zone.
var clock = regexp.MustCompile(`^(.*\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-][\d:]+)?$`)

// alignFractions gives all times of a column as many digits as the longest has, so that they can be compared by looking.
func alignFractions(rows [][]string, column int) {
	parts, longest := make([][]string, len(rows)), 0
	for i, row := range rows {
		if parts[i] = clock.FindStringSubmatch(row[column]); parts[i] != nil {
			longest = max(longest, len(parts[i][2]))
		}
	}
	if longest == 0 {
		return
	}
	for i, row := range rows {
		if p := parts[i]; p != nil {
			fraction := cmp.Or(p[2], ".")
			row[column] = p[1] + fraction + strings.Repeat("0", longest-len(fraction)) + p[3]
		}
	}
}

// plan prints what EXPLAIN says, line by line.
func (c *console) plan(r *client.QueryResult) error {
	for _, row := range r.Rows {
		for line := range strings.Lines(cell(row[1])) {
			if _, err := fmt.Fprintln(c.out, term.Clean(strings.TrimRight(line, "\r\n"))); err != nil {
				return err
			}
		}
	}
	return nil
}

// isWhole reports whether values of a column say nothing when shortened.
func isWhole(column client.QueryColumn) bool {
	if column.Name == "_sequence_number" { // whose last digits differ
		return true
	}
	switch base, _, _ := strings.Cut(column.Type, "("); base {
	case "UUID", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "INTERVAL", "BOOLEAN":
		return true
	}
	return isNumber(column.Type)
}

// isNumber reports whether values of a type are aligned to the right.
func isNumber(kind string) bool {
	switch base, _, _ := strings.Cut(kind, "("); base {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
		"FLOAT", "DOUBLE", "DECIMAL":
		return !strings.HasSuffix(kind, "]")
	}
	return false
}

// cell is a value of a result as text: numbers to the last digit, NULL for null, JSON for what is nested.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return v
	case json.Number:
		return v.String()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// statementError is an error of a statement, which is kept to show the place.
type statementError struct {
	err       error
	statement statement
	file      string // that it was read from, "" for none
}

// Error says the file and the line of it, if there is one.
func (e *statementError) Error() string {
	if e.file == "" {
		return e.err.Error()
	}
	line := e.statement.line
	if located, ok := errors.AsType[*client.SQLError](e.err); ok {
		line += located.Line - 1
	}
	return fmt.Sprintf("%s:%d: %s", e.file, line, e.err)
}

func (e *statementError) Unwrap() error { return e.err }

// excerptWidth is how many columns of a line are shown around the place of an error.
const excerptWidth = 100

// place is the line of the statement that an error is about and a caret below the place, or "" when it is not known.
func place(err error) string {
	var failed *statementError
	var located *client.SQLError
	if !errors.As(err, &failed) || !errors.As(err, &located) {
		return ""
	}
	lines := strings.Split(failed.statement.sql, "\n")
	if located.Line < 1 || located.Line > len(lines) {
		return ""
	}
	line := []rune(lines[located.Line-1])
	before := max(0, min(located.Column-1, len(line)))
	from, lead := 0, ""
	if before > excerptWidth*2/3 {
		from, lead = before-excerptWidth*2/3, "…"
	}
	// A tab is as wide as one space here, so that the caret stays below its place.
	clean := func(r []rune) string { return term.Clean(strings.ReplaceAll(string(r), "\t", " ")) }
	head := lead + clean(line[from:before])
	number := fmt.Sprintf("%d | ", failed.statement.line+located.Line-1)
	return number + term.Shorten(head+clean(line[before:]), excerptWidth) + "\n" +
		strings.Repeat(" ", len(number)+term.Columns(head)) + "^"
}
