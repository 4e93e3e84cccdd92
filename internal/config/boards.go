package config

import (
	"encoding/json"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/helios-sql/helios/internal/fault"
)

// SavedQuery is a saved query declared in the settings file, with the keys of one that was exported.
type SavedQuery struct {
	ID          string            `yaml:"id"` // "": made of the name
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	SQL         string            `yaml:"sql"`
	Params      map[string]Scalar `yaml:"params"`
	Chart       *Chart            `yaml:"chart"`
}

// Chart says how rows are shown.
type Chart struct {
	Kind    string   `yaml:"kind"`
	X       string   `yaml:"x"`
	Y       []string `yaml:"y"`
	Series  string   `yaml:"series"`
	Stacked bool     `yaml:"stacked"`
}

// Dashboard is a dashboard declared in the settings file, with the keys of one that was exported.
type Dashboard struct {
	ID             string  `yaml:"id"` // "": made of the title
	Title          string  `yaml:"title"`
	Description    string  `yaml:"description"`
	Range          string  `yaml:"range"`
	RefreshSeconds int     `yaml:"refresh_seconds"`
	Panels         []Panel `yaml:"panels"`
}

// Panel shows a saved query.
type Panel struct {
	ID     string `yaml:"id"` // "": made of the title
	Title  string `yaml:"title"`
	Query  string `yaml:"query"`
	Chart  *Chart `yaml:"chart"`
	Layout Layout `yaml:"layout"`
}

// Layout is a panel's place.
type Layout struct {
	X int `yaml:"x"`
	Y int `yaml:"y"`
	W int `yaml:"w"`
	H int `yaml:"h"`
}

// Scalar is one value of any kind, as JSON writes it; "" is null.
type Scalar string

// UnmarshalYAML takes a text, a number, true, false or null.
func (s *Scalar) UnmarshalYAML(unmarshal func(any) error) error {
	var v any
	if err := unmarshal(&v); err != nil {
		return err
	}
	switch v.(type) {
	case map[string]any, []any:
		return fault.New(fault.Invalid, "a parameter must be one value")
	}
	text, err := json.Marshal(v)
	*s = Scalar(text)
	return err
}

// readQueries reads the declared queries. What their values may be is known where they are kept.
func (c *Config) readQueries(file string, node ast.Node, wrong *SettingErrors) {
	before := len(*wrong)
	for _, item := range items(file, "queries", node, wrong) {
		checkKeys(file, "a query", item, keysOf[SavedQuery](), wrong)
		checkChart(file, item, wrong)
	}
	decode(file, node, &c.Queries, before, wrong)
}

// readDashboards reads the declared dashboards.
func (c *Config) readDashboards(file string, node ast.Node, wrong *SettingErrors) {
	before := len(*wrong)
	for _, item := range items(file, "dashboards", node, wrong) {
		checkKeys(file, "a dashboard", item, keysOf[Dashboard](), wrong)
		for _, panel := range listAt(item, "panels") {
			checkKeys(file, "a panel", panel, keysOf[Panel](), wrong)
			checkChart(file, panel, wrong)
			if _, layout := valueAt(panel, "layout"); layout != nil {
				checkKeys(file, "a layout", layout, keysOf[Layout](), wrong)
			}
		}
	}
	decode(file, node, &c.Dashboards, before, wrong)
}

func checkChart(file string, of ast.Node, wrong *SettingErrors) {
	if _, chart := valueAt(of, "chart"); chart != nil {
		checkKeys(file, "a chart", chart, keysOf[Chart](), wrong)
	}
}

// items are the mappings of a list.
func items(file, key string, node ast.Node, wrong *SettingErrors) []ast.Node {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		note(wrong, place(file, node), fault.New(fault.Invalid, "%s must be a list", key))
		return nil
	}
	return list.Values
}

// decode reads a list, unless more was found wrong with it than before: the parser would only repeat it.
func decode(file string, node ast.Node, to any, before int, wrong *SettingErrors) {
	if len(*wrong) > before {
		return
	}
	if err := yaml.NodeToValue(node, to, yaml.Strict()); err != nil {
		*wrong = append(*wrong, atToken(file, err))
	}
}

// Parse gives the defaults with what the text of a settings file sets, and nothing else. The errors are those of Load.
func Parse(name, text string) (Config, error) {
	c := Default()
	var wrong SettingErrors
	c.readText(name, []byte(text), map[string]string{}, &wrong)
	if len(wrong) > 0 {
		return Config{}, wrong
	}
	return c, nil
}
