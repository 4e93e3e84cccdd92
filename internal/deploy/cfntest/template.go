package cfntest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// template is what a stack is to be, its functions in their long form.
type template struct {
	parameters map[string]map[string]any
	conditions map[string]any
	mappings   map[string]any
	outputs    map[string]any
	resources  map[string]*definition
}

// definition is a resource as a template has it.
type definition struct {
	id, kind, condition string
	properties          any
	dependsOn           []string
	needs               []string // the resources that it waits for
	deletion, replacing string   // policies: Delete, Retain, Snapshot, RetainExceptOnCreate
}

// parse reads a template and refuses what CloudFormation refuses of it before it does anything.
func parse(text string) (*template, error) {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil || len(file.Docs) != 1 {
		return nil, refusal("Template format error: YAML not well-formed. %v", err)
	}
	root, ok := plain(file.Docs[0].Body).(map[string]any)
	if !ok {
		return nil, refusal("Template format error: unsupported structure.")
	}
	t := &template{parameters: map[string]map[string]any{}, resources: map[string]*definition{}}
	t.conditions, _ = root["Conditions"].(map[string]any)
	t.mappings, _ = root["Mappings"].(map[string]any)
	t.outputs, _ = root["Outputs"].(map[string]any)
	parameters, _ := root["Parameters"].(map[string]any)
	for name, p := range parameters {
		t.parameters[name], _ = p.(map[string]any)
	}
	resources, _ := root["Resources"].(map[string]any)
	if len(resources) == 0 {
		return nil, refusal("Template format error: At least one Resources member must be defined.")
	}
	for id, body := range resources {
		if t.resources[id], err = define(id, body); err != nil {
			return nil, err
		}
	}
	return t, t.check()
}

func define(id string, body any) (*definition, error) {
	fields, _ := body.(map[string]any)
	d := &definition{id: id, properties: fields["Properties"]}
	if !regexp.MustCompile(`^[A-Za-z0-9]+$`).MatchString(id) {
		return nil, refusal("Template format error: Resource name %s is non alphanumeric.", id)
	}
	d.kind, _ = fields["Type"].(string)
	if d.kind == "" {
		return nil, refusal("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", id)
	}
	for _, part := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains([]string{"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy", "Metadata"}, part) {
			return nil, refusal("Invalid template resource property '%s'", part)
		}
	}
	d.condition, _ = fields["Condition"].(string)
	d.deletion, _ = fields["DeletionPolicy"].(string)
	d.replacing, _ = fields["UpdateReplacePolicy"].(string)
	switch on := fields["DependsOn"].(type) {
	case string:
		d.dependsOn = []string{on}
	case []any:
		for _, one := range on {
			d.dependsOn = append(d.dependsOn, fmt.Sprint(one))
		}
	}
	return d, nil
}

// check sees that all that is named is there.
func (t *template) check() error {
	known := func(id string) bool {
		_, parameter := t.parameters[id]
		_, resource := t.resources[id]
		return parameter || resource || strings.HasPrefix(id, "AWS::")
	}
	for _, id := range slices.Sorted(maps.Keys(t.resources)) {
		d := t.resources[id]
		for _, other := range d.dependsOn {
			if t.resources[other] == nil {
				return refusal("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", other)
			}
		}
		if _, ok := t.conditions[d.condition]; d.condition != "" && !ok {
			return refusal("Template format error: Unresolved condition dependency %s in the Resources block of the template", d.condition)
		}
		d.needs = slices.Clone(d.dependsOn)
		for _, other := range sortedKeys(named(d.properties)) {
			if t.resources[other] != nil {
				d.needs = append(d.needs, other)
			}
			if !known(other) {
				return refusal("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", other)
			}
		}
	}
	for other := range named(t.outputs) {
		if !known(other) {
			return refusal("Template format error: Unresolved resource dependencies [%s] in the Outputs block of the template", other)
		}
	}
	if _, err := t.order(slices.Sorted(maps.Keys(t.resources))); err != nil {
		return err
	}
	return nil
}

// inside are the names in braces of Fn::Sub; those with an exclamation mark are text.
var inside = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// named are the parameters and resources that a value names.
func named(value any) map[string]bool {
	all := map[string]bool{}
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for key, one := range v {
				switch name, _ := one.(string); key {
				case "Ref":
					all[name] = true
					continue
				case "Fn::GetAtt":
					all[attributeOf(one)[0]] = true
					continue
				case "Fn::Sub":
					text, own := substitution(one)
					for _, m := range inside.FindAllStringSubmatch(text, -1) {
						id, _, _ := strings.Cut(m[1], ".")
						if _, ok := own[id]; !ok {
							all[id] = true
						}
					}
					walk(own)
					continue
				}
				walk(one)
			}
		}
	}
	walk(value)
	return all
}

func attributeOf(value any) [2]string {
	if list, ok := value.([]any); ok && len(list) == 2 {
		return [2]string{fmt.Sprint(list[0]), fmt.Sprint(list[1])}
	}
	id, name, _ := strings.Cut(fmt.Sprint(value), ".")
	return [2]string{id, name}
}

func substitution(value any) (string, map[string]any) {
	if list, ok := value.([]any); ok && len(list) == 2 {
		own, _ := list[1].(map[string]any)
		return fmt.Sprint(list[0]), own
	}
	return fmt.Sprint(value), nil
}

// order are resources so that each comes after what it needs.
func (t *template) order(ids []string) ([]string, error) {
	var done []string
	state := map[string]int{}
	var visit func(id string) error
	visit = func(id string) error {
		switch state[id] {
		case 1:
			return refusal("Circular dependency between resources: [%s]", id)
		case 2:
			return nil
		}
		state[id] = 1
		for _, other := range t.resources[id].needs {
			if err := visit(other); err != nil {
				return err
			}
		}
		state[id] = 2
		if slices.Contains(ids, id) {
			done = append(done, id)
		}
		return nil
	}
	for _, id := range ids {
		if err := visit(id); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// plain is a node of YAML as Go values; a tag becomes the function it stands for.
func plain(node ast.Node) any {
	switch n := node.(type) {
	case *ast.TagNode:
		value := plain(n.Value)
		switch name := strings.TrimPrefix(n.Start.Value, "!"); name {
		case "Ref", "Condition":
			return map[string]any{name: value}
		default:
			return map[string]any{"Fn::" + name: value}
		}
	case *ast.MappingNode:
		all := map[string]any{}
		for _, value := range n.Values {
			all[key(value.Key)] = plain(value.Value)
		}
		return all
	case *ast.MappingValueNode:
		return map[string]any{key(n.Key): plain(n.Value)}
	case *ast.SequenceNode:
		all := make([]any, len(n.Values))
		for i, value := range n.Values {
			all[i] = plain(value)
		}
		return all
	case *ast.AnchorNode:
		return plain(n.Value)
	case *ast.LiteralNode:
		return n.Value.Value
	case ast.ScalarNode:
		return fmt.Sprint(n.GetValue()) // CloudFormation takes all scalars as text
	}
	return nil
}

func key(node ast.MapKeyNode) string { return fmt.Sprint(plain(node)) }
