package columns_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/columns"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/schema"
)

func TestWhatIsPredictedForATableIsWhatTheDecoderDoes(t *testing.T) {
	docs := []string{
		`{"id":1,"user":{"name":"Zoë","ssn":"1-2","age":31},"tags":["a"],"at":"2026-03-01"}`,
		`{"id":2,"user":{"name":"Max","ssn":7,"age":31.5},"at":"2026-03-01T10:00:00Z"}`,
		`{"id":"three","user":{"name":4},"extra":1}`,
		`{"id":4,"user":"nobody","extra":"late","at":1700000000}`,
		`{"id":18446744073709551616,"user":{"deep":{"er":{"still":1}}},"extra":2}`,
		`{"id":6,"nothing":null,"empty":{},"user":{"name":null}}`,
		`[1]`, `{"id":`,
	}
	id, at := schema.Column{Name: "id", Type: schema.BigInt, Path: []string{"id"}}, schema.Column{Name: "at", Type: schema.Date, Path: []string{"at"}}
	name := schema.Column{Name: "name", Type: schema.Varchar, Path: []string{"user", "name"}}
	for what, c := range map[string]struct {
		columns []schema.Column
		options schema.Options
	}{
		"no columns":              {},
		"some, and more are made": {columns: []schema.Column{id, at, name}},
		"some, and it is fixed":   {columns: []schema.Column{id, at, name}, options: schema.Options{Evolve: schema.EvolveFixed}},
		"as JSON":                 {columns: []schema.Column{id, {Name: "user", Type: schema.JSON, Path: []string{"user"}}}},
		"as JSON, and a member":   {columns: []schema.Column{{Name: "user", Type: schema.JSON, Path: []string{"user"}}, name}},
		"ignored": {
			columns: []schema.Column{id, name},
			options: schema.Options{Evolve: schema.EvolveFixed, Ignore: [][]string{{"user", "ssn"}, {"user", "age"}, {"tags"}, {"extra"}}},
		},
		"an object ignored":  {columns: []schema.Column{id}, options: schema.Options{Ignore: [][]string{{"user"}}}},
		"little room":        {columns: []schema.Column{id}, options: schema.Options{MaxColumns: 9}},
		"no depth":           {options: schema.Options{MaxDepth: 1}},
		"numbers for epochs": {columns: []schema.Column{{Name: "at", Type: schema.Timestamp, Format: schema.EpochSecond, Path: []string{"at"}}}},
	} {
		t.Run(what, func(t *testing.T) {
			table, err := schema.NewTable("t", c.columns, c.options)
			require.NoError(t, err)
			decoder := columns.NewDecoder(table)
			var sample [][]byte
			objects, rejected := 0, 0
			for i, doc := range docs {
				sample = append(sample, []byte(doc))
				switch r := decoder.Append(eventOf(i, doc), ingestedAt); {
				case r == nil:
					objects++
				case r.Reason != event.NotAnObject && r.Reason != event.MalformedJSON:
					objects++
					rejected++
				}
			}
			got, err := schema.Predict(sample, c.columns, c.options)
			require.NoError(t, err)
			require.Equal(t, objects, got.Events)
			require.InDelta(t, float64(rejected)/float64(objects), got.QuarantineShare, 1e-9)

			made, predicted := map[string]schema.Type{}, map[string]schema.Type{}
			for _, column := range decoder.Table().Columns {
				if !column.System() {
					made[column.Name] = column.Type
				}
			}
			for _, f := range got.Fields {
				if f.Column != "" {
					predicted[f.Column] = f.Type
				}
			}
			require.Equal(t, made, predicted)
		})
	}
}
