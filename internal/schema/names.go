package schema

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	maxColumnName = 120 // bytes
	maxTableName  = 63
)

// names are those that are taken in a table. SQL identifiers that differ only in letter case are the same name.
type names map[string]bool

func (n names) take(name string) { n[fold(name)] = true }

// taken reports whether a column cannot have a name: another one has it, or it is that by which stores know a row, which a
// column would hide.
func (n names) taken(name string) bool { return n[fold(name)] || fold(name) == "ROWID" }

// fold makes one of all names that strings.EqualFold calls equal. Lower case is not enough: s and ſ, σ and ς, the micro sign
// and the Greek letter have several lower cases.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}

// forPath makes and takes the name of the column that holds the field at path: its names joined with underscores, in their
// own letter case, with an underscore for every rune that is not a letter, a digit or an underscore, at most 120 bytes long,
// and numbered from _2 on if the name is taken.
func (n names) forPath(path []string) string {
	base := cut(identifier(strings.Join(path, "_")), maxColumnName)
	name := base
	for k := 2; n.taken(name); k++ {
		suffix := "_" + strconv.Itoa(k)
		name = cut(base, maxColumnName-len(suffix)) + suffix
	}
	n.take(name)
	return name
}

func identifier(s string) string {
	s = strings.Map(func(r rune) rune {
		if isNameRune(r) {
			return r
		}
		return '_'
	}, s)
	if first, _ := utf8.DecodeRuneInString(s); s == "" || unicode.IsDigit(first) {
		return "_" + s
	}
	return s
}

func isNameRune(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// cut shortens s to at most limit bytes, at the border of a rune.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// validColumnName judges a name that a person has chosen.
func validColumnName(name string) bool {
	return name != "" && len(name) <= maxColumnName && identifier(name) == name
}

// ValidTableName judges the name of a table: a letter, then letters, digits and underscores, all ASCII, at most 63, and not
// one of the names that the store keeps for itself. The error is a *fault.Error of code Invalid.
func ValidTableName(name string) error {
	valid := name != "" && len(name) <= maxTableName
	for i, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		valid = valid && (letter || i > 0 && ('0' <= r && r <= '9' || r == '_'))
	}
	if !valid {
		return fault.New(fault.Invalid, "%q cannot be the name of a table", name).
			WithHint("use a letter, then letters, digits and underscores, at most %d", maxTableName)
	}
	switch strings.ToLower(name) {
	case "helios", "quarantine", "main", "temp", "system", "information_schema", "pg_catalog":
		return fault.New(fault.Invalid, "the name %q is reserved", name).WithHint("choose another name for the table")
	}
	return nil
}
