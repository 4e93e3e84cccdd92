package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/schema"
)

const predictBytes = 32 << 20 // of a request: what a sample may hold

// prediction asks what a table would do to events.
type prediction struct {
	Events     []string      `json:"events" maxItems:"10000" doc:"The events, as a sample gives them; what is no JSON object is passed over"`
	Columns    []newColumn   `json:"columns" doc:"The table's columns, those of the system left out"`
	Ignore     [][]string    `json:"ignore,omitempty" nullable:"true" doc:"Fields that never become columns and never reject an event"`
	Evolve     schema.Evolve `json:"evolve,omitempty" nullable:"true" enum:"add,fixed" doc:"add (default): new fields become columns; fixed: events that do not fit go to quarantine"`
	MaxDepth   whole         `json:"max_depth,omitempty" minimum:"1" maximum:"20" doc:"Names in a flattened path; objects below stay JSON"`
	MaxColumns whole         `json:"max_columns,omitempty" minimum:"6" maximum:"2000" doc:"Columns of the table, the system's included"`
}

// predicted is what a table would do to events.
type predicted struct {
	Events          int            `json:"events" doc:"JSON objects among the events"`
	QuarantineShare float64        `json:"quarantine_share" doc:"Of those, the share that would go to quarantine"`
	Fields          []schema.Field `json:"fields" doc:"In order of first appearance, with the column that each becomes"`
}

func (s *server) schemaRoutes() {
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/schema/predict", OperationID: "predict-schema", Tags: []string{"streams"},
		Summary:      "Tell what a table would do to events, before it is made",
		MaxBodyBytes: predictBytes,
	}, nil, func(_ context.Context, in *struct{ Body prediction }) (*output[predicted], error) {
		docs := make([][]byte, len(in.Body.Events))
		for i, text := range in.Body.Events {
			docs[i] = []byte(text)
		}
		got, err := schema.Predict(docs, columnsOf(in.Body.Columns), schema.Options{
			Evolve: in.Body.Evolve, MaxDepth: int(in.Body.MaxDepth), MaxColumns: int(in.Body.MaxColumns), Ignore: in.Body.Ignore,
		})
		return answered(predicted{Events: got.Events, QuarantineShare: got.QuarantineShare, Fields: got.Fields}, err)
	})
}
