// Package guard judges SQL for DuckDB by its syntax tree, as json_serialize_sql gives it: a statement may read the store's
// tables that its scope allows and compute, nothing else. Whatever it does not know it refuses. It is the first of three doors; the others are
// DuckDB's locked configuration without external access, and read-only transactions.
//
// It is pure Go and executes nothing: who has the tree of a statement from DuckDB's own parser asks Guard.Check.
package guard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// Guard knows what a statement may name.
type Guard struct {
	Catalog string   // under which the store's file is attached
	Schemas []string // in it that may be read
}

// serialized is what json_serialize_sql answers.
type serialized struct {
	Error      bool   `json:"error"`
	Type       string `json:"error_type"`
	Message    string `json:"error_message"`
	Position   string `json:"position"` // a number, in bytes
	Statements []struct {
		Node any `json:"node"`
	} `json:"statements"`
}

// Check judges a statement by its tree. It returns the tables that it reads, lower-cased, sorted, with their schema if that
// is not main, names of CTEs left out. Errors wrap *query.SQLError; their code is Invalid for what does not parse, Refused
// for what nobody may do and Forbidden for what is beyond the scope.
func (g Guard) Check(sql string, tree []byte, scope query.Scope) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(tree))
	d.UseNumber()
	var s serialized
	if err := d.Decode(&s); err != nil {
		return nil, refusal(sql, -1, "the statement is nested too deep to be judged")
	}
	switch {
	case s.Error && s.Type == "parser":
		position := -1
		if p, err := strconv.Atoi(s.Position); err == nil {
			position = p
		}
		return nil, fault.New(fault.Invalid, "%w", query.Locate(sql, s.Message, position))
	case s.Error:
		return nil, notRead(sql, s.Message)
	case len(s.Statements) == 0:
		return nil, fault.New(fault.Invalid, "%w", query.Locate(sql, "there is no statement", -1))
	case len(s.Statements) > 1:
		return nil, refusal(sql, -1, "one statement at a time, not %d", len(s.Statements))
	}
	w := walk{guard: g, sql: sql, scope: scope}
	w.visit(s.Statements[0].Node, visible{})
	if w.err != nil {
		return nil, w.err
	}
	slices.Sort(w.tables)
	return slices.Compact(w.tables), nil
}

// notRead says what a statement is that DuckDB can parse but that is no SELECT.
func notRead(sql, message string) error {
	keyword := Keyword(sql)
	switch keyword {
	case "":
		return refusal(sql, -1, "one statement that reads is allowed, not several")
	case "PIVOT", "PIVOT_WIDER":
		return refusal(sql, -1, "PIVOT as a statement is not allowed: it makes a type first").
			WithHint("name the values: SELECT * FROM (…) PIVOT (sum(x) FOR y IN ('a', 'b'))")
	case "SELECT", "WITH", "FROM", "VALUES", "DESCRIBE", "SHOW", "SUMMARIZE", "TABLE", "UNPIVOT":
		return fault.New(fault.Invalid, "%w", query.Locate(sql, message, -1)) // such as mixed kinds of parameters
	default:
		return refusal(sql, -1, "%s is not allowed: queries may only read", keyword)
	}
}

func refusal(sql string, position int, format string, args ...any) *fault.Error {
	return fault.New(fault.Refused, "%w", query.Locate(sql, fmt.Sprintf(format, args...), position))
}

// visible holds the names of the CTEs that can be seen, lower-cased.
type visible map[string]bool

func (v visible) with(name string) visible {
	inner := make(visible, len(v)+1)
	for known := range v {
		inner[known] = true
	}
	inner[query.Lower(name)] = true
	return inner
}

// walk goes through a tree and stops at the first thing that is not allowed.
type walk struct {
	guard  Guard
	sql    string
	scope  query.Scope
	tables []string
	inside string // the bounded function or lambda that encloses what is visited, or ""
	lambda int    // how many of them are lambdas
	err    error
}

// node is an object of the tree.
type node map[string]any

func (n node) text(key string) string {
	s, _ := n[key].(string)
	return s
}

func (n node) position() int {
	if number, ok := n["query_location"].(json.Number); ok {
		if p, err := strconv.Atoi(number.String()); err == nil {
			return p
		}
	}
	return -1
}

func (w *walk) refuse(n node, format string, args ...any) {
	if w.err == nil {
		w.err = refusal(w.sql, n.position(), format, args...)
	}
}

func (w *walk) refuseWithHint(n node, hint, format string, args ...any) {
	if w.err == nil {
		w.err = refusal(w.sql, n.position(), format, args...).WithHint("%s", hint)
	}
}

func (w *walk) visit(v any, names visible) {
	if w.err != nil {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			w.visit(element, names)
		}
	case map[string]any:
		w.node(v, names)
	}
}

// node judges an object and what is in it.
func (w *walk) node(n node, names visible) {
	inside, lambda, judged := w.inside, w.lambda, []string{"cte_map"} // what is not visited below
	defer func() { w.inside, w.lambda = inside, lambda }()
	if class := n.text("class"); class != "" {
		switch class {
		case "CONSTANT":
			return // a value, not syntax
		case "FUNCTION", "WINDOW":
			w.function(n)
		case "LAMBDA":
			w.inside = "a lambda"
			if w.lambda++; w.lambda > maxLambdas {
				w.refuse(n, "lambdas may be nested %d deep", maxLambdas)
			}
		case "COLUMN_REF", "CAST", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "STAR", "SUBQUERY", "PARAMETER", "COLLATE",
			"LAMBDA_REF", "POSITIONAL_REFERENCE", "BETWEEN", "TYPE":
		default:
			w.refuse(n, "%s is not allowed in a query", class)
		}
	} else if kind := n.text("type"); kind != "" {
		switch kind {
		case "BASE_TABLE":
			w.table(n, names)
		case "TABLE_FUNCTION":
			w.tableFunction(n, names)
			judged = append(judged, "function")
		case "SHOW_REF":
			w.show(n)
		case "SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE",
			"SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "PIVOT",
			"LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER",
			"ORDER_DEFAULT", "ASCENDING", "DESCENDING":
		default:
			if !strings.HasSuffix(kind, "_TYPE_INFO") {
				w.refuse(n, "%s is not allowed in a query", kind)
			}
		}
	}
	names = w.ctes(n, names)
	for _, key := range slices.Sorted(maps.Keys(n)) { // so that of several things that are not allowed it is always the same that is told
		if !slices.Contains(judged, key) {
			w.visit(n[key], w.itself(n, key, names))
		}
	}
}

// itself adds the name of a CTE where it can be seen in its own node: a recursive one in its right side, another one in the
// body. The left side, from which the recursion starts, reads what else has that name, such as a table.
func (*walk) itself(n node, key string, names visible) visible {
	switch kind := n.text("type"); {
	case kind == "RECURSIVE_CTE_NODE" && key == "right", kind == "CTE_NODE" && key == "child":
		return names.with(n.text("cte_name"))
	}
	return names
}

// ctes visits the CTEs that a query declares and returns the names that are visible in its body. Each sees those before it.
func (w *walk) ctes(n node, names visible) visible {
	declared, _ := n["cte_map"].(map[string]any)
	entries, _ := declared["map"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		w.visit(entry["value"], names)
		names = names.with(node(entry).text("key"))
	}
	return names
}

// table judges a table by its name: it is one of the store's or of DuckDB's own descriptions, not a file.
func (w *walk) table(n node, names visible) {
	catalog, schema, table := query.Lower(n.text("catalog_name")), query.Lower(n.text("schema_name")), query.Lower(n.text("table_name"))
	if catalog == "" && schema == "" && names[table] {
		return
	}
	if strings.ContainsAny(table, `./\:*?`) {
		w.refuse(n, "%q is not a table: queries may not read files", n.text("table_name"))
		return
	}
	if catalog == "" && schema == w.guard.Catalog { // db.t: DuckDB looks for a schema first, but there is none of that name
		catalog, schema = schema, mainSchema
	}
	if catalog == "" && schema == "" {
		schema = mainSchema
	}
	described := schema == "information_schema" || schema == "pg_catalog"
	switch {
	case catalog != "" && catalog != w.guard.Catalog && (catalog != "system" || !described),
		!described && !slices.Contains(w.guard.Schemas, schema):
		w.refuse(n, "there is no %s here: queries may read the schemas %s", qualified(n), strings.Join(w.guard.Schemas, ", "))
	case !w.permits(n, qualified(n), catalog, schema, table):
	case schema == mainSchema:
		w.tables = append(w.tables, table)
	default:
		w.tables = append(w.tables, schema+"."+table)
	}
}

func qualified(n node) string {
	name := n.text("table_name")
	for _, part := range []string{n.text("schema_name"), n.text("catalog_name")} {
		if part != "" {
			name = part + "." + name
		}
	}
	return name
}

// tableFunction judges a table function by its name, then its arguments.
func (w *walk) tableFunction(n node, names visible) {
	function, _ := n["function"].(map[string]any)
	name := query.Lower(node(function).text("function_name"))
	subject, known := tableFunctions[name]
	if !known {
		w.refuse(n, "the table function %s is not allowed: queries may only read tables", name)
		return
	}
	w.about(n, name, subject, function["children"])
	w.visit(function["children"], names)
	w.visit(function["filter"], names)
}

// function judges a function by its name and, if its result may be much larger than its arguments, by those.
func (w *walk) function(n node) {
	name := query.Lower(n.text("function_name"))
	if w.scope.Limited() && describing[name] {
		w.forbid(n, "%s tells of all tables, and you may read only some", name)
		return
	}
	if reason, denied := scalarReason(name); denied {
		w.refuse(n, "%s is not allowed: %s", name, reason)
		return
	}
	if exported, _ := n["export_state"].(bool); exported {
		w.refuse(n, "EXPORT_STATE is not allowed: %s", deniedScalars["finalize"])
		return
	}
	b, bounded := boundedScalars[name]
	if !bounded {
		return
	}
	if b.multiplies && w.inside != "" {
		w.refuseWithHint(n, b.instead, "%s is not allowed inside %s: its results could multiply beyond the memory there is", name, w.inside)
		return
	}
	if b.multiplies {
		w.inside = name
	}
	arguments, _ := n["children"].([]any)
	if schema := n.text("schema"); schema != "" && schema != mainSchema {
		arguments = append([]any{nil}, arguments...) // schema.f(x) may be the method call f(schema, x)
	}
	if problem := b.judge(arguments); problem != "" {
		w.refuseWithHint(n, b.instead, "%s %s", name, problem)
	}
}
