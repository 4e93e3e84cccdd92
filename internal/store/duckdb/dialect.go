package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb/guard"
)

// EngineName is what people call the engine.
const EngineName = "DuckDB"

const (
	// maxSignatures bounds those that are told of one function: some aggregates have hundreds, one for each pair of types.
	maxSignatures = 12
)

// Dialect tells what DuckDB's SQL has, as far as queries may use it. It is asked once: nothing can add to it.
func (db *DB) Dialect(ctx context.Context) (query.Dialect, error) {
	db.dialectMu.Lock()
	defer db.dialectMu.Unlock()
	if db.dialect != nil {
		return *db.dialect, nil
	}
	d := query.Dialect{Engine: EngineName, Version: db.Version()}
	err := db.read(ctx, func(conn *sql.Conn) (err error) {
		if d.Keywords, err = words(ctx, conn, "SELECT keyword_name FROM duckdb_keywords()"); err != nil {
			return err
		}
		if d.Types, err = words(ctx, conn, "SELECT upper(type_name) FROM duckdb_types() WHERE type_name NOT IN ('null', 'type')"); err != nil {
			return err
		}
		d.Functions, err = functions(ctx, conn)
		return err
	})
	if err != nil {
		return query.Dialect{}, err
	}
	d.Keywords = slices.DeleteFunc(d.Keywords, guard.Writes)
	db.dialect = &d
	return d, nil
}

// words are the texts of a statement's one column, sorted, each once.
func words(ctx context.Context, conn *sql.Conn, statement string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return nil, fmt.Errorf("list the words of SQL: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, fmt.Errorf("list the words of SQL: %w", err)
		}
		all = append(all, word)
	}
	slices.Sort(all)
	return slices.Compact(all), rows.Err()
}

var (
	callable = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`) // all others are operators and internals
	unnamed  = regexp.MustCompile(`^col[0-9]+$`)             // how DuckDB names a parameter that has no name
)

// kinds are those of DuckDB's functions that queries can call.
var kinds = map[string]query.FunctionKind{
	"scalar": query.Scalar, "aggregate": query.Aggregate, "table": query.Table, "macro": query.Macro, "table_macro": query.Table,
}

const listFunctions = `SELECT function_name, function_type, coalesce(description, ''), coalesce(examples[1], ''), coalesce(return_type, ''),
	coalesce(array_to_string(list_transform(parameters, lambda p: coalesce(p, '')), chr(31)), ''),
	coalesce(array_to_string(list_transform(parameter_types, lambda p: coalesce(p, '')), chr(31)), ''), coalesce(varargs, '')
	FROM duckdb_functions() ORDER BY function_oid, len(parameters)`

// functions are those that the guard lets queries call, by name.
func functions(ctx context.Context, conn *sql.Conn) ([]query.Function, error) {
	rows, err := conn.QueryContext(ctx, listFunctions)
	if err != nil {
		return nil, fmt.Errorf("list the functions of SQL: %w", err)
	}
	defer rows.Close()
	type key struct {
		name string
		kind query.FunctionKind
	}
	known := map[key]*query.Function{}
	for rows.Next() {
		var name, kind, description, example, returns, parameters, types, varargs string
		if err := rows.Scan(&name, &kind, &description, &example, &returns, &parameters, &types, &varargs); err != nil {
			return nil, fmt.Errorf("list the functions of SQL: %w", err)
		}
		k := key{name, kinds[kind]}
		if k.kind == "" || !callable.MatchString(name) || guard.Verdict(k.kind == query.Table, strings.ToLower(name)) == "refused" {
			continue
		}
		f := known[k]
		if f == nil {
			f = &query.Function{Name: name, Kind: k.kind}
			known[k] = f
		}
		f.Description, f.Example = cmp.Or(f.Description, description), cmp.Or(f.Example, example)
		if s := signature(name, parameters, types, varargs, returns); len(f.Signatures) < maxSignatures && !slices.Contains(f.Signatures, s) {
			f.Signatures = append(f.Signatures, s)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the functions of SQL: %w", err)
	}
	all := make([]query.Function, 0, len(known))
	for _, f := range slices.SortedFunc(maps.Values(known), func(a, b *query.Function) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	}) {
		all = append(all, *f)
	}
	return all, nil
}

// signature writes a call for people; parameters and types are lists whose elements an ASCII unit separator parts.
func signature(name, parameters, types, varargs, returns string) string {
	var arguments []string
	if parameters != "" {
		typeOf := strings.Split(types, "\x1f")
		for i, parameter := range strings.Split(parameters, "\x1f") {
			if unnamed.MatchString(parameter) {
				parameter = ""
			}
			if i < len(typeOf) {
				parameter = strings.TrimSpace(parameter + " " + typeOf[i])
			}
			arguments = append(arguments, cmp.Or(parameter, "any"))
		}
	}
	if varargs != "" {
		arguments = append(arguments, varargs+", …")
	}
	text := name + "(" + strings.Join(arguments, ", ") + ")"
	if returns != "" {
		text += " → " + returns
	}
	return text
}

// Version is DuckDB's.
func (*DB) Version() string { return strings.TrimPrefix(mapping.LibraryVersion(), "v") }
