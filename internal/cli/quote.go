package cli

import (
	"regexp"
	"slices"
	"strings"
)

// plainName is a name that SQL takes without quotes, if it is no word of SQL's own.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// quoteName writes the name of a table as SQL takes it.
func quoteName(name string) string {
	if plainName.MatchString(name) && !slices.Contains(reserved(), name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// reserved are the words that DuckDB does not take for a table without quotes.
func reserved() []string {
	return strings.Fields(`all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
		deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into lambda
		lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references returning
		select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window with
		authorization binary collation concurrently cross freeze full glob ilike inner is isnull join left like map natural notnull outer
		overlaps positional right semi similar tablesample try_cast verbose anti asof at by unpack`)
}
