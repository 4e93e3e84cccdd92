package guard

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// The functions were judged one by one from duckdb_functions() of DuckDB 1.5; a test of the store fails when that list
// changes.

// tableFunctions may stand in FROM. Not here: what reads files (read_*, glob, parquet_*, sniff_csv, sql_auto_complete, which
// lists directories), what runs text as SQL (query, query_table, json_execute_serialized_sql, histogram, which calls
// query_table), what changes the process (enable_logging, enable_profiling, checkpoint, …), what takes pointers (arrow_scan),
// and what shows the queries of others (duckdb_logs, duckdb_prepared_statements, duckdb_variables).
var tableFunctions = map[string]subject{
	"range": values, "generate_series": values, "unnest": values, "repeat": values, "repeat_row": values,
	"json_each": values, "json_tree": values, "test_all_types": values,
	"duckdb_functions": engine, "duckdb_keywords": engine, "duckdb_optimizers": engine, "duckdb_settings": engine,
	"duckdb_types": engine, "duckdb_extensions": engine, "pragma_collations": engine, "pragma_platform": engine,
	"pragma_version": engine, "pg_timezone_names": engine, "icu_calendar_names": engine,
	"duckdb_columns": everyTable, "duckdb_constraints": everyTable, "duckdb_databases": everyTable, "duckdb_indexes": everyTable,
	"duckdb_memory": everyTable, "duckdb_schemas": everyTable, "duckdb_sequences": everyTable, "duckdb_tables": everyTable,
	"duckdb_temporary_files": everyTable, "duckdb_views": everyTable, "pragma_database_size": everyTable,
	"pragma_show": oneTable, "pragma_storage_info": oneTable, "pragma_table_info": oneTable,
}

// subject is what a table function tells of.
type subject int

const (
	values     subject = iota // its arguments
	engine                    // DuckDB itself
	everyTable                // the tables of the store, or the room that they and queries take
	oneTable                  // the table that its argument names
)

// describing are scalar macros that read what DuckDB says of all tables.
var describing = set("get_block_size", "pg_get_constraintdef", "pg_get_viewdef")

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// deniedScalars are functions that do more than compute, and why that is not allowed.
var deniedScalars = map[string]string{
	"nextval":                  "it moves a sequence",
	"currval":                  "it belongs to nextval",
	"setseed":                  "it changes what the next query on the connection sees",
	"sleep_ms":                 "it only holds up a worker",
	"pg_sleep":                 "it only holds up a worker",
	"write_log":                "it writes to the log",
	"json_serialize_plan":      "it plans a text that has not been judged",
	"combine":                  "the state of an aggregate is memory, not a value",
	"finalize":                 "the state of an aggregate is memory, not a value",
	"variant_bytes_to_variant": "it takes bytes for memory",
}

// scalarReason says why a scalar or aggregate function is not allowed, and whether that is so.
func scalarReason(name string) (string, bool) {
	if strings.HasPrefix(name, "__internal_") {
		return "it trusts its arguments to come from DuckDB itself", true
	}
	reason, denied := deniedScalars[name]
	return reason, denied
}

// bounded is a function that is allowed with some arguments only, most of them since its result may be much larger than these. DuckDB makes the result of one call, and those
// of a vector of 2,048 rows, without looking at its memory limit or at an interrupt: a call with a huge number would
// take the process down. So the number must be written out, and be modest.
type bounded struct {
	judge      func(arguments []any) string // what is wrong with them, or ""
	instead    string                       // what to write instead
	multiplies bool                         // so not to be called inside another one, nor once for each element of a list
}

const (
	maxElements = 10_000  // of a list made by one call: 160 MB a vector
	maxRepeats  = 1_000   // of a text of any length
	maxPadding  = 10_000  // characters
	maxBits     = 100_000 // of a bit string
	maxSample   = 100_000 // values that an aggregate keeps
	maxLambdas  = 2       // one inside another: each multiplies by the length of a list
)

const (
	useTable = "make rows instead: FROM range(…), FROM generate_series(…), which also take columns by a lateral join"
	useBar   = "write the number out; for bars in a text there is bar(x, min, max, width)"
)

var boundedScalars = map[string]bounded{
	"range":           {series, useTable, true},
	"generate_series": {series, useTable, true},
	"repeat":          {upTo(1, maxRepeats), useBar, true},
	"lpad":            {upTo(1, maxPadding), useBar, false},
	"rpad":            {upTo(1, maxPadding), useBar, false},
	"list_resize":     {upTo(1, maxElements), "write the number out", true},
	"array_resize":    {upTo(1, maxElements), "write the number out", true},
	"bitstring":       {upTo(1, maxBits), "write the number out", true},
	"equi_width_bins": {upTo(2, maxElements), "write the number out", true},
	// An aggregate takes its memory at once: when that fails, DuckDB declares the whole database broken.
	"reservoir_quantile": {upTo(2, maxSample), "write the size of the sample out", false},
	"approx_top_k":       {upTo(1, maxElements), "write the number out", false},
	"bitstring_agg":      {bitRange, "write the smallest and the largest number out", false},
	"list_aggregate":     {byName, "call the function list_… of that name", false},
	"list_aggr":          {byName, "call the function list_… of that name", false},
	"array_aggregate":    {byName, "call the function list_… of that name", false},
	"array_aggr":         {byName, "call the function list_… of that name", false},
	"aggregate":          {byName, "call the function list_… of that name", false},
	"format":             {template, "write widths out, up to four digits", false},
	"printf":             {template, "write widths out, up to four digits", false},
	// DuckDB's decode writes what it puts in the place of invalid bytes into its argument: into the table's own row, if it is one.
	"decode": {strict, "write try(decode(x)), which is NULL where x is no UTF-8; x::VARCHAR shows its bytes", false},
}

// integer is the value of a whole number that is written out.
func integer(argument any) (int64, bool) {
	n, _ := argument.(map[string]any)
	if node(n).text("class") != "CONSTANT" {
		return 0, false
	}
	value, _ := n["value"].(map[string]any)
	number, ok := value["value"].(json.Number)
	if !ok {
		return 0, false
	}
	i, err := number.Int64()
	return i, err == nil
}

// upTo judges calls whose argument of that index says how large the result becomes.
func upTo(index int, limit int64) func([]any) string {
	return func(arguments []any) string {
		if index >= len(arguments) {
			return "" // DuckDB will find that an argument is missing
		}
		if n, ok := integer(arguments[index]); !ok || n > limit {
			return fmt.Sprintf("needs a number that is written out, up to %d", limit)
		}
		return ""
	}
}

// bitRange judges bitstring_agg(x, smallest, largest).
func bitRange(arguments []any) string {
	if len(arguments) != 3 {
		return "needs the smallest and the largest number"
	}
	smallest, ok1 := integer(arguments[1])
	largest, ok2 := integer(arguments[2])
	if !ok1 || !ok2 || float64(largest)-float64(smallest) > maxBits {
		return fmt.Sprintf("needs numbers that are written out, up to %d apart", maxBits)
	}
	return ""
}

// strict judges decode(x, how): without how it fails at invalid bytes, and changes none.
func strict(arguments []any) string {
	if len(arguments) > 1 {
		return "takes one argument here: it would write over invalid bytes in the table itself"
	}
	return ""
}

// byName judges list_aggregate, which calls the aggregate that its second argument names.
func byName(arguments []any) string {
	if len(arguments) < 2 {
		return ""
	}
	name, ok := text(arguments[1])
	if !ok {
		return "needs the name of a function that is written out"
	}
	switch name = strings.ToLower(name); name {
	case "reservoir_quantile", "approx_top_k", "bitstring_agg":
		return "may not call " + name
	}
	if _, denied := scalarReason(name); denied {
		return "may not call " + name
	}
	return ""
}

// text is the value of a string that is written out.
func text(argument any) (string, bool) {
	n, _ := argument.(map[string]any)
	value, _ := n["value"].(map[string]any)
	s, ok := value["value"].(string)
	return s, ok && node(n).text("class") == "CONSTANT"
}

// series judges range(stop), range(start, stop) and range(start, stop, step).
func series(arguments []any) string {
	problem := fmt.Sprintf("as a value needs whole numbers that are written out, and gives up to %d elements", maxElements)
	numbers := make([]int64, len(arguments))
	for i, argument := range arguments {
		n, ok := integer(argument)
		if !ok || n > 1<<62 || n < -1<<62 {
			return problem
		}
		numbers[i] = n
	}
	start, stop, step := int64(0), int64(0), int64(1)
	switch len(numbers) {
	case 1:
		stop = numbers[0]
	case 2:
		start, stop = numbers[0], numbers[1]
	case 3:
		start, stop, step = numbers[0], numbers[1], numbers[2]
	}
	if step == 0 {
		return "needs a step that is not 0"
	}
	if (float64(stop)-float64(start))/float64(step) > maxElements {
		return problem
	}
	return ""
}

// wide is what can make a formatted number long: a width of five digits or more, one that comes from another argument.
var wide = regexp.MustCompile(`[0-9]{5,}|\*|\{[^}]*\{`)

// template judges the first argument of format and printf.
func template(arguments []any) string {
	if len(arguments) == 0 {
		return ""
	}
	if t, ok := text(arguments[0]); !ok || wide.MatchString(t) {
		return "needs a template that is written out, without huge widths"
	}
	return ""
}

// Verdict says what the guard does with a function: allowed, bounded or refused.
func Verdict(table bool, name string) string {
	_, denied := scalarReason(name)
	_, bounded := boundedScalars[name]
	_, known := tableFunctions[name]
	switch {
	case table && !known, !table && denied:
		return "refused"
	case !table && bounded:
		return "bounded"
	default:
		return "allowed"
	}
}
