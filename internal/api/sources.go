package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// newSource is a source as it is asked for. What is left out gets its default.
type newSource struct {
	Stream     string          `json:"stream" minLength:"1" doc:"The stream to read"`
	Table      string          `json:"table" minLength:"1" doc:"The table that is to hold its events"`
	Name       string          `json:"name,omitempty" nullable:"true" doc:"The source's name; without it the table's"`
	Region     string          `json:"region,omitempty" nullable:"true" doc:"AWS region; without it the server's standard chain decides"`
	Endpoint   string          `json:"endpoint,omitempty" nullable:"true" doc:"URL of a Kinesis-compatible endpoint instead of AWS"`
	Profile    string          `json:"profile,omitempty" nullable:"true" doc:"Profile of the server's AWS configuration"`
	RoleARN    string          `json:"role_arn,omitempty" nullable:"true" doc:"ARN of a role to assume, with the credentials of the chain or profile"`
	From       string          `json:"from,omitempty" nullable:"true" pattern:"^(|horizon|latest|\\d{4}-\\d\\d-\\d\\dT.+)$" patternDescription:"horizon, latest or a time such as 2026-01-31T12:00:00Z" doc:"Where to begin: horizon (default), latest, or a time, RFC 3339"`
	Evolve     schema.Evolve   `json:"evolve,omitempty" nullable:"true" enum:"add,fixed" doc:"add (default): new fields become columns; fixed: events that do not fit go to quarantine"`
	Aggregates unpack.Mode     `json:"aggregates,omitempty" nullable:"true" enum:"auto,keep,drop" doc:"What becomes of user records outside their shard's hash range"`
	Read       ingest.ReadMode `json:"read,omitempty" nullable:"true" enum:"auto,poll,fan_out" doc:"fan_out: by enhanced fan-out, with a consumer that is registered with the stream; auto (default) and poll: by polling"`
	MaxDepth   whole           `json:"max_depth,omitempty" minimum:"1" maximum:"20" doc:"Names in a flattened path; objects below stay JSON"`
	MaxColumns whole           `json:"max_columns,omitempty" minimum:"6" maximum:"2000" doc:"Columns of the table, the system's included"`
	Columns    []newColumn     `json:"columns,omitempty" nullable:"true" doc:"The columns, instead of inferring them from a sample"`
	Ignore     [][]string      `json:"ignore,omitempty" nullable:"true" maxItems:"1000" doc:"Paths of fields to read over: they get no column and reject no event" example:"[[\"user\",\"ssn\"]]"`
	EventTime  string          `json:"event_time,omitempty" nullable:"true" doc:"The TIMESTAMP column that says when an event happened; without it _arrived_at"`

	Retain           string `json:"retain,omitempty" nullable:"true" doc:"How long or how much of the table to keep: a time, a size or both, as 30d, 200GB; forever (default) keeps all" example:"30d, 200GB"`
	RetainQuarantine string `json:"retain_quarantine,omitempty" nullable:"true" doc:"The same for quarantined events; 30d unless said"`
}

// sourceChanges are settings to be changed. What is left out stays as it is.
type sourceChanges struct {
	Retain           *string `json:"retain,omitempty" nullable:"true" doc:"How long or how much of the table to keep: a time, a size or both, as 30d, 200GB; forever keeps all" example:"30d, 200GB"`
	RetainQuarantine *string `json:"retain_quarantine,omitempty" nullable:"true" doc:"The same for quarantined events"`
	EventTime        *string `json:"event_time,omitempty" nullable:"true" doc:"The TIMESTAMP column that says when an event happened; empty for _arrived_at"`

	Read *ingest.ReadMode `json:"read,omitempty" nullable:"true" enum:"auto,poll,fan_out" doc:"How the stream is read; the source goes on where it stopped"`
}

func (n sourceChanges) domain() (c ingest.Changes, err error) {
	if c.Retain, err = retainOrNil("retain", n.Retain); err != nil {
		return c, err
	}
	c.Read, c.EventTime = n.Read, n.EventTime
	c.RetainQuarantine, err = retainOrNil("retain_quarantine", n.RetainQuarantine)
	return c, err
}

func retainOrNil(setting string, text *string) (*ingest.Retain, error) {
	if text == nil {
		return nil, nil // no change
	}
	r, err := ingest.ParseRetain(setting, *text)
	return &r, err
}

// newColumn is a column as it is asked for.
type newColumn struct {
	Name   string        `json:"name" minLength:"1"`
	Type   schema.Type   `json:"type" enum:"BOOLEAN,BIGINT,HUGEINT,DOUBLE,VARCHAR,DATE,TIMESTAMP,UUID,JSON"`
	Path   []string      `json:"path" minItems:"1" doc:"The field in the event"`
	Format schema.Format `json:"format,omitempty" enum:",epoch_s,epoch_ms,scalar" doc:"How a TIMESTAMP is written: ISO 8601 unless said. A VARCHAR of the format scalar takes numbers and booleans too, as they are written"`
}

func (n newSource) domain() (ingest.Settings, error) {
	from, err := event.ParseStart(n.From)
	if err != nil {
		return ingest.Settings{}, err
	}
	s := ingest.Settings{
		Name: n.Name, Stream: n.Stream, Table: n.Table,
		Connection: ingest.Connection{Region: n.Region, Endpoint: n.Endpoint, Profile: n.Profile, RoleARN: n.RoleARN},
		From:       from, Evolve: n.Evolve, Aggregates: n.Aggregates, Read: n.Read,
		MaxDepth: int(n.MaxDepth), MaxColumns: int(n.MaxColumns), Ignore: n.Ignore, EventTime: n.EventTime,
	}
	s.Columns = columnsOf(n.Columns)
	if s.Retain, err = ingest.ParseRetain("retain", n.Retain); err != nil {
		return s, err
	}
	s.RetainQuarantine, err = ingest.ParseRetain("retain_quarantine", n.RetainQuarantine)
	return s, err
}

func columnsOf(asked []newColumn) []schema.Column {
	var all []schema.Column
	for _, c := range asked {
		all = append(all, schema.Column{Name: c.Name, Type: c.Type, Path: c.Path, Format: c.Format})
	}
	return all
}

type sourceList struct {
	Body struct {
		Sources []ingest.SourceStatus `json:"sources"`
	}
}

// SourceName names a source in a path.
type SourceName struct {
	Name string `path:"name"`
}

func (s *server) sourceRoutes() {
	tags := []string{"sources"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/sources", OperationID: "list-sources", Tags: tags,
		Summary: "List the sources and how they are doing",
	}, nil, func(ctx context.Context, _ *struct{}) (*sourceList, error) {
		out := &sourceList{}
		out.Body.Sources = s.sources(ctx)
		return out, nil
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/sources", OperationID: "add-source", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Connect a stream to a table",
	}, []int{http.StatusNotFound, http.StatusConflict, http.StatusBadGateway, http.StatusGatewayTimeout},
		func(ctx context.Context, in *struct{ Body newSource }) (*output[ingest.SourceStatus], error) {
			settings, err := in.Body.domain()
			if err != nil {
				return nil, err
			}
			tell(ctx, cmp.Or(settings.Name, settings.Table), map[string]any{"stream": settings.Stream, "table": settings.Table})
			return answered(s.Sources.Add(ctx, settings))
		})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/sources/{name}", OperationID: "show-source", Tags: tags,
		Summary: "Show a source: its shards' positions and lag, its rates and notices",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *SourceName) (*output[ingest.SourceStatus], error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		return answered(s.Sources.Get(in.Name))
	})
	register(s, huma.Operation{
		Method: http.MethodPatch, Path: "/api/v1/sources/{name}", OperationID: "change-source", Tags: tags,
		Summary: "Change settings of a source while it runs",
	}, []int{http.StatusNotFound, http.StatusBadGateway, http.StatusGatewayTimeout}, func(ctx context.Context, in *struct {
		SourceName
		Body sourceChanges
	},
	) (*output[ingest.SourceStatus], error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		changes, err := in.Body.domain()
		if err != nil {
			return nil, err
		}
		tell(ctx, in.Name, map[string]any{"change": in.Body})
		return answered(s.Steering.Change(ctx, in.Name, changes))
	})
	register(s, huma.Operation{
		Method: http.MethodDelete, Path: "/api/v1/sources/{name}", OperationID: "remove-source", Tags: tags,
		Summary:     "Disconnect a stream; its table stays unless drop_table is true",
		Description: "The stream's consumer for fan-out is removed too. If it cannot be, the source is gone nevertheless, and the error says what is left.",
	}, []int{http.StatusNotFound, http.StatusConflict, http.StatusBadGateway, http.StatusGatewayTimeout}, func(ctx context.Context, in *struct {
		SourceName
		DropTable bool `query:"drop_table" doc:"Remove the table, its quarantine and the positions too"`
	},
	) (*struct{}, error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		tell(ctx, in.Name, map[string]any{"drop_table": in.DropTable})
		return nil, s.Sources.Remove(ctx, in.Name, in.DropTable)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/sources/{name}/pause", OperationID: "pause-source", Tags: tags,
		Summary: "Stop reading until resumed, over restarts too",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *SourceName) (*output[ingest.SourceStatus], error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		return answered(s.Steering.Pause(ctx, in.Name))
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/sources/{name}/resume", OperationID: "resume-source", Tags: tags,
		Summary: "Go on reading where the pause began",
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *SourceName) (*output[ingest.SourceStatus], error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		return answered(s.Steering.Resume(ctx, in.Name))
	})
	s.declarationRoute()
}

type declaration struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// declarationRoute gives a source to be pasted into the settings file.
func (s *server) declarationRoute() {
	const yaml = "text/yaml"
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/sources/{name}/yaml", OperationID: "show-source-yaml", Tags: []string{"sources"},
		Summary: "Show a source as helios.yaml declares it, as far as it differs from the defaults",
		Responses: map[string]*huma.Response{"200": {
			Description: "YAML",
			Content:     map[string]*huma.MediaType{yaml: {Schema: &huma.Schema{Type: huma.TypeObject, Description: "Has the key sources, with a list of one"}}},
		}},
	}, []int{http.StatusNotFound}, func(ctx context.Context, in *SourceName) (*declaration, error) {
		if err := s.maySource(ctx, in.Name); err != nil {
			return nil, err
		}
		source, err := s.Sources.Get(in.Name)
		if err != nil {
			return nil, err
		}
		text, err := s.Declare(source.Settings)
		return &declaration{ContentType: yaml, Body: text}, err
	})
}
