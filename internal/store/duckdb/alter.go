package duckdb

import (
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
)

// apply makes a change to a table's schema, but for the version, and gives what follows ALTER TABLE to make it to the table,
// "" if nothing is to be done there.
func apply(t *schema.Table, change schema.Change) (alter string, err error) {
	c := change.Column
	i := slices.IndexFunc(t.Columns, func(known schema.Column) bool { return strings.EqualFold(known.Name, c.Name) })
	switch {
	case change.Kind == schema.Added && i < 0:
		t.Columns = append(t.Columns, c)
		return "ADD COLUMN " + quote(c.Name) + " " + string(c.Type), nil
	case change.Kind == schema.Widened && i >= 0:
		from := t.Columns[i].Type
		t.Columns[i] = c
		if from == c.Type { // another format: the values stay
			return "", nil
		}
		return "ALTER COLUMN " + quote(c.Name) + " SET DATA TYPE " + string(c.Type) + converted(from, c), nil
	case change.Kind == schema.Ignored && len(change.Path) > 0:
		t.Ignore = append(t.Ignore, change.Path)
		return "", nil
	case change.Kind == schema.Unignored:
		t.Ignore = slices.DeleteFunc(t.Ignore, func(p []string) bool { return slices.Equal(p, change.Path) })
		return "", nil
	default:
		return "", fault.New(fault.Internal, "the change %q of column %s does not suit table %s", change.Kind, c.Name, t.Name)
	}
}

// converted says how values become those of a wider column, where a cast would not do: times as text are ISO 8601, as in
// events, and text as JSON is a string.
func converted(from schema.Type, to schema.Column) string {
	value := quote(to.Name)
	if from == schema.Timestamp && (to.Type == schema.Varchar || to.Type == schema.JSON) {
		value = "strftime(" + value + ", '%Y-%m-%dT%H:%M:%S.%fZ')"
	}
	switch to.Type {
	case schema.Varchar:
		return " USING " + value + "::VARCHAR"
	case schema.JSON:
		return " USING to_json(" + value + ")"
	default:
		return ""
	}
}
