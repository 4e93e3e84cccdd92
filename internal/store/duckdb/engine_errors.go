package duckdb

import (
	"strconv"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// executed is the text that DuckDB has run for a statement: prefix, a part that we put there, then what starts at skip in
// the statement.
type executed struct {
	statement string
	prefix    string
	skip      int
	limited   bool // to some tables: those that DuckDB proposes instead of a missing one may not be told
}

func (e executed) text() string { return e.prefix + e.statement[e.skip:] }

// explain makes an error for people of DuckDB's text, which is "Kind Error: message", often with the line and a caret below.
func (e executed) explain(text string) error {
	kind, message, ok := strings.Cut(text, " Error: ")
	if !ok {
		kind, message = "", text
	}
	message, _, _ = strings.Cut(message, "\n\nStack Trace:")
	message, position := e.locate(message)
	code, hint := fault.Invalid, ""
	switch kind {
	case "Invalid Input":
		if strings.HasPrefix(message, auditUnread) {
			code, hint = fault.Unavailable, "try again in a moment"
		}
	case "Out of Memory":
		code, hint = fault.TooLarge, "let it return or group fewer rows"
		message, _, _ = strings.Cut(message, "\n") // what follows advises to change settings
		message = "the query needs more memory than it may have: " + message
	case "Catalog":
		if what, instead, ok := strings.Cut(message, "\nDid you mean \""); ok && (e.limited || strings.HasPrefix(instead, "pg_") || strings.HasPrefix(instead, "duckdb_") || strings.HasPrefix(instead, "sqlite_")) {
			message = what // nobody meant one of the engine's own
		}
		if strings.HasPrefix(message, "Table with name") && !e.limited {
			hint = "SHOW ALL TABLES lists those there are"
		}
	case "Permission":
		code = fault.Refused
	case "IO":
		switch {
		case diskFull(message):
			code, hint = fault.Environment, "let it group or sort fewer rows, or make room"
			message = "the query needs more room than the disk has"
		case damage(message):
			code, hint = fault.Environment, "what lies elsewhere can still be read: save it, and restore the file from a backup"
			message = "a part of the data file that the query reads is damaged: " + message
		default:
			code = fault.Internal
		}
	case "INTERNAL", "FATAL", "TransactionContext", "Serialization":
		code = fault.Internal
	}
	err := fault.New(code, "%w", query.Locate(e.statement, strings.TrimSpace(message), position))
	if hint != "" {
		return err.WithHint("%s", hint)
	}
	return err
}

// locate takes the location off a message, and finds it in the statement:
//
//	LINE 1: SELECT x FROM t
//	               ^
//
// A long line is cropped, with "..." where something is missing.
func (e executed) locate(text string) (message string, position int) {
	message, location, ok := strings.Cut(text, "\n\nLINE ")
	if !ok {
		return text, -1
	}
	number, location, _ := strings.Cut(location, ": ")
	line, err := strconv.Atoi(number)
	lines := strings.SplitAfter(e.text(), "\n")
	if err != nil || line < 1 || line > len(lines) {
		return message, -1
	}
	shown, below, _ := strings.Cut(location, "\n")
	caret := strings.IndexByte(below, '^') - len("LINE : ") - len(number)
	if left, ok := strings.CutPrefix(shown, "..."); ok {
		shown, caret = left, caret-len("...")
	}
	shown = strings.TrimSuffix(shown, "...")
	at := strings.Index(lines[line-1], shown)
	if at < 0 || caret < 0 {
		return message, -1
	}
	for i := range shown { // to bytes from characters
		if caret == 0 {
			at += i
			break
		}
		caret--
	}
	for _, l := range lines[:line-1] {
		at += len(l)
	}
	if at -= len(e.prefix); at < 0 {
		return message, -1
	}
	return message, at + e.skip
}
