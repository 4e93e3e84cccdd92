package guard

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// The schemas of the store's file that a scope tells apart.
const (
	mainSchema       = "main"
	quarantineSchema = "quarantine"
	systemSchema     = "helios"
	auditLog         = "audit"
)

// maxNamed bounds the tables that a refusal lists.
const maxNamed = 10

var (
	// engines are the names of DuckDB's own descriptions, which it finds under a bare name when there is no such table.
	engines = regexp.MustCompile(`^(duckdb|pg|pragma|sqlite)_`)

	// plain is a name that means the same to DuckDB whether it is taken for an identifier or for a text that holds one.
	plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// forbid ends the walk with what is beyond the scope. It is decided by names alone, so that nobody learns from it what there
// is.
func (w *walk) forbid(n node, format string, args ...any) {
	if w.err != nil {
		return
	}
	err := fault.New(fault.Forbidden, "%w", query.Locate(w.sql, fmt.Sprintf(format, args...), n.position()))
	if w.scope.Limited() {
		err = err.WithHint("%s", mayRead(w.scope.Tables))
	}
	w.err = err
}

// mayRead says which tables a scope allows.
func mayRead(tables []string) string {
	switch {
	case len(tables) == 0:
		return "you may read no table"
	case len(tables) > maxNamed:
		return fmt.Sprintf("you may read %s and %d more", strings.Join(tables[:maxNamed], ", "), len(tables)-maxNamed)
	default:
		return "you may read " + strings.Join(tables, ", ")
	}
}

// permits judges a table, named for people as it was written, by the scope.
func (w *walk) permits(n node, named, catalog, schema, table string) bool {
	limited, ok := w.scope.Limited(), false
	switch {
	case schema == systemSchema && table == auditLog:
		ok = w.scope.Audit && !limited
	case schema == systemSchema:
		ok = w.scope.System && !limited
	case !limited:
		ok = true
	case schema == mainSchema, schema == quarantineSchema:
		ok = w.scope.Allows(table)
	}
	switch {
	case !ok:
		w.forbid(n, "you may not read %s", named)
	case limited && catalog == "" && engines.MatchString(table):
		w.refuseWithHint(n, fmt.Sprintf("write %s.%s.%s", w.guard.Catalog, schema, table),
			"%s could be one of the engine's own descriptions of all tables", named)
	}
	return w.err == nil
}

// show judges SHOW: DESCRIBE and SUMMARIZE hold a query, whose tables are judged, and anything else lists tables.
func (w *walk) show(n node) {
	if _, of := n["query"].(map[string]any); w.scope.Limited() && (!of || n.text("table_name")+n.text("schema_name")+n.text("catalog_name") != "") {
		w.forbid(n, "SHOW tells of all tables, and you may read only some")
	}
}

// about judges a table function by what it tells of.
func (w *walk) about(n node, name string, s subject, arguments any) {
	switch {
	case s == everyTable && w.scope.Limited():
		w.forbid(n, "%s tells of all tables, and you may read only some", name)
	case s == oneTable && (w.scope.Limited() || !w.scope.System || !w.scope.Audit):
		list, _ := arguments.([]any)
		table := ""
		if len(list) == 1 {
			table, _ = text(list[0])
		}
		if !plain.MatchString(table) {
			w.refuseWithHint(n, "DESCRIBE and SUMMARIZE take any name", "%s needs the bare name of one table, written out", name)
			return
		}
		w.permits(n, table, "", mainSchema, query.Lower(table))
	}
}
