package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
)

// Mending is what can be done about events that could not become rows, and about the tables that did not take them:
// *ingest.Service.
type Mending interface {
	ChangeTable(ctx context.Context, table string, a schema.Alteration) error
	Mends(ctx context.Context, f ingest.QuarantineFilter) ([]ingest.Mend, error)
	DryRun(ctx context.Context, f ingest.QuarantineFilter, a *schema.Alteration) (ingest.DryRun, error)
	Replay(ctx context.Context, f ingest.QuarantineFilter, p ingest.ReplayPage) (ingest.ReplayResult, error)
	Discard(ctx context.Context, f ingest.QuarantineFilter) (int64, error)
}

// tableChange is a change of a table as it is asked for.
type tableChange struct {
	Kind   schema.ChangeKind `json:"kind" enum:"widen,add,ignore,unignore"`
	Column string            `json:"column,omitempty" nullable:"true" doc:"The column to widen, or the name of the one to add; without it one is made of the path"`
	Path   []string          `json:"path,omitempty" nullable:"true" doc:"The field to add a column for, to ignore, or not to ignore any more" example:"[\"user\",\"name\"]"`
	Type   schema.Type       `json:"type,omitempty" nullable:"true" enum:",BOOLEAN,BIGINT,HUGEINT,DOUBLE,VARCHAR,DATE,TIMESTAMP,UUID,JSON" doc:"To widen to, or of the new column"`
	Format schema.Format     `json:"format,omitempty" nullable:"true" enum:",epoch_s,epoch_ms,scalar" doc:"Of a new TIMESTAMP: epoch_s or epoch_ms instead of ISO 8601. Of a VARCHAR: scalar takes numbers and booleans too, as they are written; what is widened to VARCHAR always does"`
}

func (c tableChange) domain() schema.Alteration {
	return schema.Alteration{Kind: c.Kind, Column: c.Column, Path: c.Path, Type: c.Type, Format: c.Format}
}

type quarantineGroups struct {
	Body struct {
		Groups      []ingest.QuarantineGroup `json:"groups"`
		StepSeconds int64                    `json:"step_seconds" doc:"How long a step of over_time is"`
	}
}

type mendList struct {
	Body struct {
		Mends []ingest.Mend `json:"mends"`
	}
}

// newDryRun asks what a replay would do.
type newDryRun struct {
	Filter quarantineFilter `json:"filter"`
	Change *tableChange     `json:"change,omitempty" doc:"A change of the table to be made before"`
}

func (s *server) mendingRoutes() {
	tags := []string{"quarantine"}
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/tables/{table}/changes", OperationID: "change-table", Tags: []string{"tables"},
		Summary: "Change a table's schema by hand",
		Description: "widen gives a column a type that holds its values and others besides; add gives a field a column; ignore lets a field be read " +
			"over, so that it rejects no event; unignore ends that. Every event that is decoded after the answer is decoded with the new schema.",
	}, []int{http.StatusNotFound, http.StatusConflict}, func(ctx context.Context, in *struct {
		TableName
		Body tableChange
	},
	) (*output[ingest.TableInfo], error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		tell(ctx, in.Table, map[string]any{"change": in.Body})
		if err := s.Mending.ChangeTable(ctx, in.Table, in.Body.domain()); err != nil {
			return nil, err
		}
		info, err := s.Tables.TableInfo(ctx, in.Table)
		s.withEventTime(&info)
		return answered(info, err)
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/quarantine-groups", OperationID: "list-quarantine-groups", Tags: tags,
		Summary:     "Count the quarantined events by table, reason and field, and over time",
		Description: "The most numerous groups come first; beyond 1,000 they are left out.",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		Table string `query:"table" doc:"Only this table's"`
		Hours int    `query:"hours" default:"24" minimum:"1" maximum:"8760" doc:"How far back over_time goes; it has 24 steps"`
	},
	) (*quarantineGroups, error) {
		if err := mayFilter(ctx, in.Table); err != nil {
			return nil, err
		}
		step := time.Duration(in.Hours) * time.Hour / ingest.GroupSteps
		list, err := s.Tables.QuarantineGroups(ctx, in.Table, step)
		out := &quarantineGroups{}
		out.Body.Groups = allowed(ctx, list, func(g *ingest.QuarantineGroup) string { return g.Table })
		out.Body.StepSeconds = int64(step / time.Second)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/quarantine/{table}/mends", OperationID: "list-mends", Tags: tags,
		Summary: "Propose what could be done so that quarantined events become rows, the most sensible first",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *struct {
		TableName
		Blame
	},
	) (*mendList, error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		list, err := s.Mending.Mends(ctx, in.Blame.domain(in.Table))
		out := &mendList{}
		out.Body.Mends = some(list)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/quarantine/{table}/dry-run", OperationID: "dry-run-replay", Tags: tags,
		Summary:     "Find out what a replay would do, after a change of the table or without",
		Description: "Nothing is written. Up to 20,000 events are tried.",
	}, []int{http.StatusNotFound, http.StatusConflict}, func(ctx context.Context, in *struct {
		TableName
		Body newDryRun
	},
	) (*output[ingest.DryRun], error) {
		if err := mayTable(ctx, in.Table); err != nil {
			return nil, err
		}
		var change *schema.Alteration
		if in.Body.Change != nil {
			a := in.Body.Change.domain()
			change = &a
		}
		result, err := s.Mending.DryRun(ctx, in.Body.Filter.domain(in.Table), change)
		result.StillRejected = some(result.StillRejected)
		return answered(result, err)
	})
}
