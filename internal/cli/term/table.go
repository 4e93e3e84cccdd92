package term

import (
	"io"
	"slices"
	"strconv"
	"strings"
)

// gap is what stands between two columns of a table.
const gap = "  "

// Column is the head of a table's column.
type Column struct {
	Name  string
	Right bool // aligned to the right, as numbers are
	Whole bool // its cells say nothing when shortened: numbers, times, identifiers
}

// minCell is the width in columns that a cell is not shortened below.
const minCell = 10

// Table writes rows below heads, each column as wide as its widest cell by display width. When that does not fit into width
// columns, the longest cells are shortened, but for those that must stay whole; when that does not do either, each row is
// written with one value a line. A width of 0 keeps all whole. All text is made safe with Clean.
func Table(w io.Writer, columns []Column, rows [][]string, width int) error {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.Name
	}
	cells := make([][]string, 0, len(rows)+1)
	widths := make([]int, len(columns))
	least := make([]int, len(columns))
	for n, row := range append([][]string{heads}, rows...) {
		line := make([]string, len(columns))
		for i := range columns {
			line[i] = Clean(row[i])
			taken := Columns(line[i])
			widths[i] = max(widths[i], taken)
			if n == 0 || !columns[i].Whole {
				taken = min(taken, minCell)
			}
			least[i] = max(least[i], taken)
		}
		cells = append(cells, line)
	}
	if !shrink(widths, least, width) {
		return records(w, cells)
	}
	rules := make([]string, len(columns))
	for i := range widths {
		rules[i] = strings.Repeat("─", widths[i])
	}
	var b strings.Builder
	for n, line := range cells {
		for i := range line {
			line[i] = Shorten(line[i], widths[i])
		}
		appendLine(&b, columns, widths, line)
		if n == 0 {
			appendLine(&b, columns, widths, rules)
		}
		if b.Len() > 64<<10 {
			if _, err := io.WriteString(w, b.String()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shrink narrows the widest columns, none below its least, until a line fits into width. It reports whether one does.
func shrink(widths, least []int, width int) bool {
	if width == 0 || len(widths) == 0 {
		return true
	}
	for longest := slices.Max(widths); ; longest-- {
		line := len(gap) * (len(widths) - 1)
		for i, w := range widths {
			line += min(w, max(longest, least[i]))
		}
		if line <= width {
			for i, w := range widths {
				widths[i] = min(w, max(longest, least[i]))
			}
			return true
		}
		if longest == 0 {
			return false
		}
	}
}

// records writes each row with one value a line; the first of the cells are the heads.
func records(w io.Writer, cells [][]string) error {
	for n, line := range cells[1:] {
		if _, err := io.WriteString(w, "── row "+strconv.Itoa(n+1)+"\n"); err != nil {
			return err
		}
		pairs := make([][2]string, len(line))
		for i := range line {
			pairs[i] = [2]string{cells[0][i], line[i]}
		}
		if err := Pairs(w, pairs); err != nil {
			return err
		}
	}
	return nil
}

// appendLine writes one line. What stands last in it is not padded.
func appendLine(b *strings.Builder, columns []Column, widths []int, line []string) {
	last := len(line) - 1
	for last > 0 && line[last] == "" {
		last--
	}
	for i, cell := range line[:last+1] {
		if i > 0 {
			b.WriteString(gap)
		}
		padding := strings.Repeat(" ", widths[i]-Columns(cell))
		if columns[i].Right {
			b.WriteString(padding)
		}
		b.WriteString(cell)
		if !columns[i].Right && i < last {
			b.WriteString(padding)
		}
	}
	b.WriteByte('\n')
}

// Pairs writes names and values below one another, the values aligned.
func Pairs(w io.Writer, pairs [][2]string) error {
	width := 0
	for _, p := range pairs {
		width = max(width, Columns(p[0]))
	}
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p[0])
		b.WriteString(strings.Repeat(" ", width-Columns(p[0])+len(gap)))
		b.WriteString(Clean(p[1]))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
