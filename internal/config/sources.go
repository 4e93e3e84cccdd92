package config

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/helios-sql/helios/internal/fault"
)

// readSources reads the declared sources, and finds what is wrong with them by themselves. What depends on what there is, in
// AWS and in the store, is found when they are added.
func (c *Config) readSources(file string, node ast.Node, wrong *SettingErrors) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		note(wrong, place(file, node), fault.New(fault.Invalid, "sources must be a list"))
		return
	}
	before := len(*wrong)
	for _, item := range list.Values {
		checkKeys(file, "a source", item, keysOf[Source](), wrong)
		for _, column := range listAt(item, "columns") {
			checkKeys(file, "a column", column, keysOf[Column](), wrong)
		}
	}
	if len(*wrong) > before {
		return // what the parser says of them would only repeat it
	}
	if err := yaml.NodeToValue(node, &c.Sources, yaml.Strict()); err != nil {
		*wrong = append(*wrong, atToken(file, err))
		return
	}
	seen := map[string]bool{}
	for i := range c.Sources {
		item := list.Values[i]
		source := &c.Sources[i]
		source.check(func(key string, err error) { note(wrong, keyPlace(file, item, key), err) })
		if source.Name == "" {
			source.Name = source.Table
		}
		if name := strings.ToLower(source.Name); seen[name] && name != "" {
			note(wrong, place(file, item), fault.New(fault.Invalid, "there are two sources named %q", name).WithHint("give one of them another name"))
		} else {
			seen[name] = true
		}
	}
}

// check finds what is wrong with a source as a part of the file, and tells it with the key. What its values may be is known
// where sources are made.
func (s *Source) check(tell func(key string, err error)) {
	if s.Stream == "" {
		tell("", fault.New(fault.Invalid, "a source needs a stream"))
	}
	if s.Table == "" {
		tell("", fault.New(fault.Invalid, "a source needs a table"))
	}
	if endpoint, err := url.Parse(s.Endpoint); s.Endpoint != "" && (err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https") {
		tell("endpoint", fault.New(fault.Invalid, "endpoint: %q is not a URL", s.Endpoint).WithHint("it looks like http://127.0.0.1:4567"))
	}
}

// WriteSources writes sources as the file declares them; what is empty is left out.
func WriteSources(sources []Source) ([]byte, error) {
	section := struct {
		Sources []Source `yaml:"sources"`
	}{sources}
	text, err := yaml.MarshalWithOptions(section, yaml.OmitEmpty(), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("write the sources as YAML: %w", err)
	}
	return text, nil
}

// checkKeys finds the keys that a mapping must not have.
func checkKeys(file, what string, node ast.Node, known []string, wrong *SettingErrors) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		return // the parser says it better
	}
	for entries := mapping.MapRange(); entries.Next(); {
		key := entries.Key()
		if name := key.GetToken().Value; !key.IsMergeKey() && !slices.Contains(known, name) {
			note(wrong, place(file, key), fault.New(fault.Invalid, "%s has no key %q", what, name).WithHint("the keys are %s", strings.Join(known, ", ")))
		}
	}
}

// keysOf are the keys of a structure in YAML.
func keysOf[T any]() []string {
	var keys []string
	for field := range reflect.TypeFor[T]().Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		keys = append(keys, key)
	}
	return keys
}

// valueAt is the key and the value of an entry of a mapping, nil if there is none.
func valueAt(node ast.Node, key string) (ast.Node, ast.Node) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		return nil, nil
	}
	for entries := mapping.MapRange(); entries.Next(); {
		if entries.Key().GetToken().Value == key {
			return entries.Key(), entries.Value()
		}
	}
	return nil, nil
}

func listAt(node ast.Node, key string) []ast.Node {
	_, value := valueAt(node, key)
	if list, ok := value.(*ast.SequenceNode); ok {
		return list.Values
	}
	return nil
}

// keyPlace is where a key of a mapping is, or the mapping when it has none.
func keyPlace(file string, mapping ast.Node, key string) string {
	if at, _ := valueAt(mapping, key); at != nil {
		return place(file, at)
	}
	return place(file, mapping)
}
