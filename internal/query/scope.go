package query

import "strings"

// Scope is what a query may read. The zero Scope is every table with its quarantine, and nothing that Helios keeps of its
// own beside them.
type Scope struct {
	// Tables are those that may be read, each with its quarantine; nil is all of them, empty is none. Who may read only some
	// may read nothing either that tells of the others: not what the engine says of its tables, nor helios.*.
	Tables []string
	System bool // helios.*, but for the audit log; without effect where Tables is a limit
	Audit  bool // helios.audit; without effect where Tables is a limit
}

// Everything is the scope of who may read all there is.
func Everything() Scope { return Scope{System: true, Audit: true} }

// Limited tells whether only some tables may be read.
func (s Scope) Limited() bool { return s.Tables != nil }

// Allows tells whether a table may be read, by its name without a schema. A name is the same in small and capital letters
// of ASCII. Beyond these, engines and Unicode differ about what is the same, so that there only the very name will do.
func (s Scope) Allows(table string) bool {
	if !s.Limited() {
		return true
	}
	table = Lower(table)
	for _, name := range s.Tables {
		if Lower(name) == table {
			return true
		}
	}
	return false
}

// Lower writes the capital letters of ASCII small, and leaves all else as it is. It is for names that decide what may be
// read: to strings.ToLower the Kelvin sign is a k.
func Lower(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}
