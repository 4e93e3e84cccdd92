package cfntest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// values resolves the functions of a template for one stack.
type values struct {
	t          *template
	stack      *stack
	parameters map[string]string
	// physical is a resource's ID, attribute one of its attributes.
	physical  func(id string) string
	attribute func(id, name string) string
}

// nothing is AWS::NoValue: the property is left out.
type nothing struct{}

func (v *values) condition(name string) bool { return v.true(v.t.conditions[name]) }

func (v *values) true(value any) bool {
	function, _ := value.(map[string]any)
	for name, args := range function {
		list, _ := args.([]any)
		switch name {
		case "Condition":
			return v.condition(fmt.Sprint(args))
		case "Fn::Equals":
			return len(list) == 2 && fmt.Sprint(v.resolve(list[0])) == fmt.Sprint(v.resolve(list[1]))
		case "Fn::Not":
			return len(list) == 1 && !v.true(list[0])
		case "Fn::And":
			return !slices.ContainsFunc(list, func(one any) bool { return !v.true(one) })
		case "Fn::Or":
			return slices.ContainsFunc(list, v.true)
		}
	}
	return false
}

// wanted are the resources whose conditions hold.
func (v *values) wanted() []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(v.t.resources)) {
		if d := v.t.resources[id]; d.condition == "" || v.condition(d.condition) {
			ids = append(ids, id)
		}
	}
	ordered, _ := v.t.order(ids) // that there is no circle was seen when the template was read
	return ordered
}

func (v *values) resolve(value any) any {
	switch value := value.(type) {
	case []any:
		all := []any{}
		for _, one := range value {
			if r := v.resolve(one); r != (nothing{}) {
				all = append(all, r)
			}
		}
		return all
	case map[string]any:
		if len(value) == 1 {
			for name, args := range value {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return v.call(name, args)
				}
			}
		}
		all := map[string]any{}
		for key, one := range value {
			if r := v.resolve(one); r != (nothing{}) {
				all[key] = r
			}
		}
		return all
	}
	return value
}

func (v *values) call(name string, args any) any {
	list, _ := args.([]any)
	switch name {
	case "Ref":
		return v.ref(fmt.Sprint(args))
	case "Fn::GetAtt":
		at := attributeOf(args)
		return v.attribute(at[0], at[1])
	case "Fn::If":
		if len(list) == 3 && v.condition(fmt.Sprint(list[0])) {
			return v.resolve(list[1])
		}
		return v.resolve(list[2])
	case "Fn::Sub":
		text, own := substitution(args)
		text = inside.ReplaceAllStringFunc(text, func(found string) string {
			id := found[2 : len(found)-1]
			if value, ok := own[id]; ok {
				return fmt.Sprint(v.resolve(value))
			}
			if at, attribute, ok := strings.Cut(id, "."); ok {
				return v.attribute(at, attribute)
			}
			return fmt.Sprint(v.ref(id))
		})
		return strings.ReplaceAll(text, "${!", "${")
	case "Fn::Join":
		parts := []string{}
		all, _ := v.resolve(list[1]).([]any)
		for _, one := range all {
			parts = append(parts, fmt.Sprint(one))
		}
		return strings.Join(parts, fmt.Sprint(list[0]))
	case "Fn::Select":
		from, _ := v.resolve(list[1]).([]any)
		n := 0
		if _, err := fmt.Sscan(fmt.Sprint(list[0]), &n); err != nil || n >= len(from) {
			return ""
		}
		return from[n]
	case "Fn::GetAZs":
		return []any{Region + "a", Region + "b", Region + "c"}
	case "Fn::Base64":
		return base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(v.resolve(args))))
	case "Fn::Split":
		var all []any
		for part := range strings.SplitSeq(fmt.Sprint(v.resolve(list[1])), fmt.Sprint(list[0])) {
			all = append(all, part)
		}
		return all
	}
	return name + fmt.Sprint(args)
}

func (v *values) ref(id string) any {
	switch id {
	case "AWS::NoValue":
		return nothing{}
	case "AWS::Region":
		return Region
	case "AWS::AccountId":
		return ID
	case "AWS::Partition":
		return "aws"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	case "AWS::StackName":
		return v.stack.name
	case "AWS::StackId":
		return v.stack.id
	}
	if value, ok := v.parameters[id]; ok {
		if kind, _ := v.t.parameters[id]["Type"].(string); strings.HasPrefix(kind, "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>") {
			return Image
		}
		return value
	}
	return v.physical(id)
}

// given are the parameters of a stack with the defaults of its template.
func (t *template) given(parameters map[string]string) (map[string]string, error) {
	all := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if t.parameters[name] == nil {
			return nil, refusal("Parameters: [%s] do not exist in the template", name)
		}
		all[name] = parameters[name]
	}
	for _, name := range slices.Sorted(maps.Keys(t.parameters)) {
		if _, ok := all[name]; ok {
			continue
		}
		value, ok := t.parameters[name]["Default"]
		if !ok {
			return nil, refusal("Parameters: [%s] must have values", name)
		}
		all[name] = fmt.Sprint(value)
	}
	return all, nil
}
