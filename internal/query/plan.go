package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// Draw writes a plan for people: an operator a line, those that it reads from below it.
func (n PlanNode) Draw() string {
	var b strings.Builder
	n.draw(&b, "", "")
	return b.String()
}

// draw puts first before the operator's own line, and rest before all others.
func (n PlanNode) draw(b *strings.Builder, first, rest string) {
	b.WriteString(first + n.Operator)
	var facts []string
	if n.Rows != nil {
		facts = append(facts, humanize.Comma(*n.Rows)+" rows")
	} else if n.EstimatedRows != nil {
		facts = append(facts, "about "+humanize.Comma(*n.EstimatedRows)+" rows")
	}
	if n.ElapsedMS != nil {
		facts = append(facts, fmt.Sprintf("%.3g ms", *n.ElapsedMS))
	}
	if len(facts) > 0 {
		b.WriteString("  (" + strings.Join(facts, ", ") + ")")
	}
	b.WriteByte('\n')
	below := rest + "  "
	if len(n.Children) > 0 {
		below = rest + "│ "
	}
	for _, name := range slices.Sorted(maps.Keys(n.Detail)) {
		b.WriteString(below + "  " + name + ": " + strings.ReplaceAll(n.Detail[name], "\n", ", ") + "\n")
	}
	for i, child := range n.Children {
		if i == len(n.Children)-1 {
			child.draw(b, rest+"└─ ", rest+"   ")
		} else {
			child.draw(b, rest+"├─ ", rest+"│  ")
		}
	}
}
