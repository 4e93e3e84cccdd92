package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// line is one figure.
type line struct {
	Name     string   `json:"name"`
	Value    *float64 `json:"value"` // null when it could not be measured
	Unit     string   `json:"unit"`
	Baseline *float64 `json:"baseline"` // the same, measured beside it of what it is compared with
	Ratio    *float64 `json:"ratio"`    // value / baseline
	Goal     string   `json:"goal"`
	Met      *bool    `json:"met"`
	Note     string   `json:"note,omitempty"` // why it could not be measured, or what to know of the value
}

// report is what a run found.
type report struct{ lines []line }

func (r *report) add(l line) { r.lines = append(r.lines, l) }

// measured makes a line of a value.
func measured(name string, value float64, unit string) line {
	return line{Name: name, Value: &value, Unit: unit}
}

// against gives a line its baseline.
func (l line) against(baseline float64) line {
	ratio := *l.Value / baseline
	l.Baseline, l.Ratio = &baseline, &ratio
	return l
}

// below and ratioOf give a line its goal.
func (l line) below(bound float64) line {
	met := *l.Value < bound
	l.Goal, l.Met = "< "+figure(bound)+" "+l.Unit, &met
	return l
}

func (l line) ratioOf(bound float64) line {
	met := *l.Ratio >= bound
	l.Goal, l.Met = "ratio ≥ "+figure(bound), &met
	return l
}

// figure writes a number with three digits that matter, and with separators.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && a < 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// table is the report in Markdown.
func (r *report) table() string {
	var b strings.Builder
	b.WriteString("| what | value | baseline | ratio | goal | met |\n|---|---:|---:|---:|---|---|\n")
	orNothing := func(v *float64, unit string) string {
		if v == nil {
			return ""
		}
		return strings.TrimSpace(figure(*v) + " " + unit)
	}
	for _, l := range r.lines {
		value, met := orNothing(l.Value, l.Unit), ""
		switch note := strings.ReplaceAll(l.Note, "\n", " "); {
		case l.Value == nil:
			value = "not measured: " + note
		case note != "":
			value += " (" + note + ")"
		}
		if l.Met != nil {
			met = map[bool]string{true: "yes", false: "**no**"}[*l.Met]
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", l.Name, value, orNothing(l.Baseline, l.Unit), orNothing(l.Ratio, ""), l.Goal, met)
	}
	return b.String()
}

// publish prints the table under a sentence about the run, writes DIR/bench.json, and puts the table into a document when there is one.
func (r *report) publish(out io.Writer, about, dir, doc string) error {
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetEscapeHTML(false)
	to.SetIndent("", "  ")
	if err := to.Encode(r.lines); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "bench.json"), text.Bytes(), 0o644); err != nil {
		return err
	}
	figures := about + "\n\n" + r.table()
	fmt.Fprintf(out, "\n%s", figures)
	if doc == "" {
		return nil
	}
	return replaceBetween(doc, "<!-- bench -->\n", "<!-- /bench -->\n", figures)
}

// replaceBetween replaces what stands between two markers of a file.
func replaceBetween(path, begin, end, text string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, opened := bytes.Cut(content, []byte(begin))
	_, tail, closed := bytes.Cut(rest, []byte(end))
	if !opened || !closed {
		return fmt.Errorf("%s has no place for the table, between %q and %q", path, begin, end)
	}
	return os.WriteFile(path, slices.Concat(head, []byte(begin+text+end), tail), 0o644)
}

// quantile of values: 0.5 for the median, 1 for the largest. It sorts them.
func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	at := q * float64(len(values)-1)
	low := int(at)
	high := min(low+1, len(values)-1)
	return values[low] + (values[high]-values[low])*(at-float64(low))
}
