package board

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/fault"
)

// Bounds of what is kept.
const (
	MaxKept        = 1000 // saved queries, and as many dashboards
	MaxSQL         = 64 << 10
	MaxName        = 120 // characters of a name or title
	MaxDescription = 2000
	MaxPanels      = 100
	MaxParams      = 50
	MaxParamValue  = 4 << 10

	gridColumns = 12
	maxColumn   = 255 // characters of a column's name
	maxValues   = 20  // columns that one chart shows
	maxRow      = 10_000
	maxHeight   = 100
	maxRange    = 10 * 365 * 24 * time.Hour
	maxRefresh  = 24 * 60 * 60
)

// Complete gives a query its id if it has none, and finds what is wrong with it: errors are of code Invalid or TooLarge.
func (q Query) Complete() (Query, error) {
	q.Name = strings.TrimSpace(q.Name)
	if err := checkText("name", q.Name, 1, MaxName); err != nil {
		return q, err
	}
	var err error
	if q.ID, err = identify(q.ID, q.Name, "query"); err != nil {
		return q, err
	}
	if err := checkText("description", q.Description, 0, MaxDescription); err != nil {
		return q, err
	}
	switch {
	case strings.TrimSpace(q.SQL) == "":
		return q, fault.New(fault.Invalid, "the query %s has no SQL", q.ID)
	case len(q.SQL) > MaxSQL:
		return q, fault.New(fault.TooLarge, "the SQL of a saved query may have %d KiB, not %d", MaxSQL>>10, len(q.SQL)>>10)
	}
	if err := checkText("sql", q.SQL, 1, MaxSQL); err != nil {
		return q, err
	}
	if q.Params, err = q.Params.complete(); err != nil {
		return q, err
	}
	q.Chart, err = q.Chart.complete()
	return q, err
}

var paramName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

func (p Params) complete() (Params, error) {
	if len(p) > MaxParams {
		return p, fault.New(fault.TooLarge, "a query may have %d parameters, not %d", MaxParams, len(p))
	}
	whole := make(Params, len(p))
	for name, value := range p {
		if !paramName.MatchString(name) {
			return p, fault.New(fault.Invalid, "%q is no name of a parameter", name).WithHint("write it as letters, digits and _, without the $")
		}
		if len(value) > MaxParamValue {
			return p, fault.New(fault.TooLarge, "the value of the parameter %s may have %d KiB", name, MaxParamValue>>10)
		}
		text := bytes.TrimSpace(value)
		if !json.Valid(text) || text[0] == '{' || text[0] == '[' {
			return p, fault.New(fault.Invalid, "the value of the parameter %s must be a text, a number, true, false or null", name)
		}
		whole[name] = slices.Clone(text)
	}
	return whole, nil
}

func (c *Chart) complete() (*Chart, error) {
	if c == nil {
		return nil, nil //nolint:nilnil // no chart, no error: the console chooses one
	}
	whole := *c
	if !slices.Contains(Kinds(), c.Kind) {
		return c, fault.New(fault.Invalid, "there is no chart of the kind %q", c.Kind).WithHint("the kinds are %s", kinds())
	}
	if len(c.Y) > maxValues {
		return c, fault.New(fault.TooLarge, "a chart may show %d columns, not %d", maxValues, len(c.Y))
	}
	whole.Y = append([]string{}, c.Y...)
	for _, column := range append([]string{c.X, c.Series}, c.Y...) {
		if err := checkText("the name of a chart's column", column, 0, maxColumn); err != nil {
			return c, err
		}
	}
	return &whole, nil
}

func kinds() string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// Complete gives a dashboard and its panels their ids if they have none, and finds what is wrong with them: errors are of
// code Invalid or TooLarge. Whether the queries exist is not known here.
func (d Dashboard) Complete() (Dashboard, error) {
	d.Title = strings.TrimSpace(d.Title)
	if err := checkText("title", d.Title, 1, MaxName); err != nil {
		return d, err
	}
	var err error
	if d.ID, err = identify(d.ID, d.Title, "dashboard"); err != nil {
		return d, err
	}
	if err := checkText("description", d.Description, 0, MaxDescription); err != nil {
		return d, err
	}
	if _, err := ParseRange(d.Range); err != nil {
		return d, err
	}
	switch {
	case d.RefreshSeconds < 0 || d.RefreshSeconds > maxRefresh:
		return d, fault.New(fault.Invalid, "refresh_seconds must be 0 to %d, not %d", maxRefresh, d.RefreshSeconds).WithHint("0 refreshes only when asked")
	case len(d.Panels) > MaxPanels:
		return d, fault.New(fault.TooLarge, "a dashboard may have %d panels, not %d", MaxPanels, len(d.Panels))
	}
	d.Panels, err = completePanels(d.Panels)
	return d, err
}

func completePanels(panels []Panel) ([]Panel, error) {
	whole := make([]Panel, 0, len(panels))
	taken := map[string]bool{}
	for _, p := range panels {
		if p.ID != "" && taken[p.ID] {
			return nil, fault.New(fault.Invalid, "two panels have the id %q", p.ID)
		}
		taken[p.ID] = true
	}
	for _, p := range panels {
		p, err := p.complete(func(id string) bool { return taken[id] })
		if err != nil {
			return nil, err
		}
		taken[p.ID] = true
		whole = append(whole, p)
	}
	return whole, nil
}

func (p Panel) complete(taken func(string) bool) (Panel, error) {
	p.Title = strings.TrimSpace(p.Title)
	if err := checkText("the title of a panel", p.Title, 1, MaxName); err != nil {
		return p, err
	}
	given := p.ID != ""
	var err error
	if p.ID, err = identify(p.ID, p.Title, "panel"); err != nil {
		return p, err
	}
	if !given {
		p.ID = Free(p.ID, taken)
	}
	if p.Query == "" {
		return p, fault.New(fault.Invalid, "the panel %q shows no query", p.Title).WithHint("name a saved query by its id")
	}
	l := p.Layout
	if l.X < 0 || l.Y < 0 || l.Y > maxRow || l.W < 1 || l.X+l.W > gridColumns || l.H < 1 || l.H > maxHeight {
		return p, fault.New(fault.Invalid, "the panel %q does not fit on the grid", p.Title).
			WithHint("x and y start at 0, x + w is at most %d, h is 1 to %d", gridColumns, maxHeight)
	}
	p.Chart, err = p.Chart.complete()
	return p, err
}

// Complete does so with all queries and dashboards of a bundle, and finds ids that come twice.
func (b Bundle) Complete() (Bundle, error) {
	whole := Bundle{Queries: make([]Query, 0, len(b.Queries)), Dashboards: make([]Dashboard, 0, len(b.Dashboards))}
	if len(b.Queries) > MaxKept || len(b.Dashboards) > MaxKept {
		return b, fault.New(fault.TooLarge, "there may be %d queries and %d dashboards", MaxKept, MaxKept)
	}
	seen := map[string]bool{}
	for _, q := range b.Queries {
		q, err := q.Complete()
		if err != nil {
			return b, within("query", q.Name, err)
		}
		if seen[q.ID] {
			return b, fault.New(fault.Invalid, "there are two queries with the id %q", q.ID).WithHint("give one of them another id")
		}
		seen[q.ID] = true
		whole.Queries = append(whole.Queries, q)
	}
	clear(seen)
	for _, d := range b.Dashboards {
		d, err := d.Complete()
		if err != nil {
			return b, within("dashboard", d.Title, err)
		}
		if seen[d.ID] {
			return b, fault.New(fault.Invalid, "there are two dashboards with the id %q", d.ID).WithHint("give one of them another id")
		}
		seen[d.ID] = true
		whole.Dashboards = append(whole.Dashboards, d)
	}
	return whole, nil
}

// within says which part of a bundle an error is about.
func within(what, name string, err error) error {
	located := fault.New(fault.CodeOf(err), "%s %q: %w", what, name, err)
	if hint := fault.HintOf(err); hint != "" {
		return located.WithHint("%s", hint)
	}
	return located
}

// Missing is the first panel of a dashboard whose query is none of those that exist, or nil.
func (d Dashboard) Missing(exists func(query string) bool) *Panel {
	for i := range d.Panels {
		if !exists(d.Panels[i].Query) {
			return &d.Panels[i]
		}
	}
	return nil
}

var days = regexp.MustCompile(`^([1-9][0-9]{0,3})([dw])$`)

// ParseRange reads how far back a dashboard looks: 15m, 1h30m, 7d, 2w; "" is 0.
func ParseRange(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if m := days.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1]) // up to four digits
		d, err = time.Duration(n)*24*time.Hour, nil
		if m[2] == "w" {
			d *= 7
		}
	}
	if err != nil || d < time.Second || d > maxRange {
		return 0, fault.New(fault.Invalid, "the range %q is not a length of time", text).WithHint("write it as 15m, 1h, 24h or 7d")
	}
	return d, nil
}

func checkText(what, text string, least, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return fault.New(fault.Invalid, "%s is not text: it has a NUL or is not UTF-8", what)
	case n < least:
		return fault.New(fault.Invalid, "%s must not be empty", what)
	case n > most:
		return fault.New(fault.TooLarge, "%s may have %d characters, not %d", what, most, n)
	}
	return nil
}
