package stack_test

import (
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/stretchr/testify/require"
)

// parse reads a template as CloudFormation does: the short form of a function is an object with its name.
func parse(t *testing.T, template []byte) map[string]any {
	t.Helper()
	file, err := parser.ParseBytes(template, 0)
	require.NoError(t, err)
	require.Len(t, file.Docs, 1)
	return value(t, file.Docs[0].Body).(map[string]any)
}

func value(t *testing.T, node ast.Node) any {
	t.Helper()
	switch n := node.(type) {
	case *ast.TagNode:
		name := "Fn::" + n.Start.Value[1:]
		if name == "Fn::Ref" {
			name = "Ref"
		}
		return map[string]any{name: value(t, n.Value)}
	case *ast.MappingNode:
		all := map[string]any{}
		for _, one := range n.Values {
			all[one.Key.(*ast.StringNode).Value] = value(t, one.Value)
		}
		return all
	case *ast.MappingValueNode:
		return map[string]any{n.Key.(*ast.StringNode).Value: value(t, n.Value)}
	case *ast.SequenceNode:
		all := make([]any, len(n.Values))
		for i, one := range n.Values {
			all[i] = value(t, one)
		}
		return all
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.IntegerNode:
		return int(n.Value.(uint64))
	case *ast.StringNode:
		return n.Value
	case *ast.BoolNode:
		return n.Value
	}
	t.Fatalf("a template has no %T", node)
	return nil
}

// at is what a template holds at a path, and nil where there is nothing.
func at(within any, path ...any) any {
	for _, step := range path {
		switch key := step.(type) {
		case string:
			within, _ = within.(map[string]any)[key]
		case int:
			within = within.([]any)[key]
		}
		if within == nil {
			return nil
		}
	}
	return within
}

func ref(id string) map[string]any { return map[string]any{"Ref": id} }

func sub(text string) map[string]any { return map[string]any{"Fn::Sub": text} }
