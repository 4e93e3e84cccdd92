package term

import (
	"io"
	"slices"
	"strings"
)

// gap is what stands between two columns of a table.
const gap = "  "

// Column is the head of a table's column.
type Column struct {
	Name  string
	Right bool // aligned to the right, as numbers are
}

// minCell is the width in columns that a cell is not shortened below.
const minCell = 12

// Table writes rows below heads, each column as wide as its widest cell by display width. When that does not fit into width
// columns, the longest cells are shortened; 0 keeps all whole. All text is made safe with Clean.
func Table(w io.Writer, columns []Column, rows [][]string, width int) error {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.Name
	}
	cells := make([][]string, 0, len(rows)+1)
	widths := make([]int, len(columns))
	for _, row := range append([][]string{heads}, rows...) {
		line := make([]string, len(columns))
		for i := range columns {
			line[i] = Clean(row[i])
			widths[i] = max(widths[i], Columns(line[i]))
		}
		cells = append(cells, line)
	}
	longest := largestCell(widths, width)
	rules := make([]string, len(columns))
	for i := range widths {
		widths[i] = min(widths[i], longest)
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

// Fits reports whether a table of that many columns can be read in a width, the cells shortened; any fits into 0, which is
// no terminal.
func Fits(columns, width int) bool { return width == 0 || columns*(minCell+len(gap)) <= width+len(gap) }

// largestCell is the width to which cells must be shortened so that a line fits.
func largestCell(widths []int, width int) int {
	longest := slices.Max(append([]int{minCell}, widths...))
	if width == 0 {
		return longest
	}
	for ; longest > minCell; longest-- {
		line := len(gap) * (len(widths) - 1)
		for _, w := range widths {
			line += min(w, longest)
		}
		if line <= width {
			break
		}
	}
	return longest
}

// appendLine writes one line; the last column is not padded.
func appendLine(b *strings.Builder, columns []Column, widths []int, line []string) {
	for i, cell := range line {
		if i > 0 {
			b.WriteString(gap)
		}
		padding := strings.Repeat(" ", widths[i]-Columns(cell))
		if columns[i].Right {
			b.WriteString(padding)
		}
		b.WriteString(cell)
		if !columns[i].Right && i < len(line)-1 {
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
