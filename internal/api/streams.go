package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/ingest"
)

// ConnectionParams are where streams are, as a request says it.
type ConnectionParams struct {
	Region   string `query:"region" doc:"AWS region; without it the server's standard chain decides"`
	Endpoint string `query:"endpoint" doc:"URL of a Kinesis-compatible endpoint instead of AWS"`
	Profile  string `query:"profile" doc:"Profile of the server's AWS configuration"`
	RoleARN  string `query:"role_arn" doc:"ARN of a role to assume, with the credentials of the chain or profile"`
}

func (c ConnectionParams) domain() ingest.Connection {
	return ingest.Connection{Region: c.Region, Endpoint: c.Endpoint, Profile: c.Profile, RoleARN: c.RoleARN}
}

type streamList struct {
	Body struct {
		Streams []ingest.ListedStream `json:"streams"`
	}
}

type output[T any] struct{ Body T }

// answered wraps a result for huma.
func answered[T any](v T, err error) (*output[T], error) {
	if err != nil {
		return nil, err
	}
	return &output[T]{v}, nil
}

func (s *server) streamRoutes() {
	s.cloudRoutes()
	cloud := []int{http.StatusBadRequest, http.StatusBadGateway, http.StatusGatewayTimeout}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/streams", OperationID: "list-streams", Tags: []string{"streams"},
		Summary:     "List the streams that the server can see",
		Description: "Retention and open shards are told of as many streams as can be asked quickly; the others are described one by one.",
	}, cloud, func(ctx context.Context, in *struct{ ConnectionParams }) (*streamList, error) {
		list, err := s.Streams.List(ctx, in.domain())
		out := &streamList{}
		out.Body.Streams = some(list)
		return out, err
	})
	named := append([]int{http.StatusNotFound}, cloud...)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/streams/{name}", OperationID: "describe-stream", Tags: []string{"streams"},
		Summary: "Describe a stream and its shards",
	}, named, func(ctx context.Context, in *struct {
		ConnectionParams
		Name string `path:"name"`
	},
	) (*output[ingest.StreamDetail], error) {
		return answered(s.Streams.Describe(ctx, in.domain(), in.Name))
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/streams/{name}/rate", OperationID: "measure-stream", Tags: []string{"streams"},
		Summary:     "Measure what a stream takes in",
		Description: "Reads the newest minute of up to 8 open shards, within the limits that all readers of the stream share. Takes up to 10 s.",
	}, named, func(ctx context.Context, in *struct {
		ConnectionParams
		Name string `path:"name"`
	},
	) (*output[ingest.StreamRate], error) {
		return answered(s.Streams.Rate(ctx, in.domain(), in.Name))
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/streams/{name}/sample", OperationID: "sample-stream", Tags: []string{"streams"},
		Summary:     "Look at a stream's events, and at the table that they could become",
		Description: "Reads the oldest and the newest records of every shard. Nothing is kept.",
	}, named, func(ctx context.Context, in *struct {
		ConnectionParams
		Name       string `path:"name"`
		Limit      int    `query:"limit" default:"1000" minimum:"1" maximum:"10000" doc:"Records to look at"`
		MaxDepth   int    `query:"max_depth" default:"3" minimum:"1" maximum:"20" doc:"Names in a flattened path; objects below stay JSON"`
		MaxColumns int    `query:"max_columns" default:"500" minimum:"6" maximum:"2000" doc:"Columns of the table, the system's included"`
	},
	) (*output[ingest.Sample], error) {
		release, err := s.admit(ctx, ingest.SampleBytes)
		if err != nil {
			return nil, err
		}
		defer release()
		return answered(s.Live.SampleStream(ctx, in.domain(), in.Name, ingest.SampleOptions{Limit: in.Limit, MaxDepth: in.MaxDepth, MaxColumns: in.MaxColumns}))
	})
}

// cloudRoutes tell what the machine itself knows of AWS.
func (s *server) cloudRoutes() {
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/aws", OperationID: "show-aws", Tags: []string{"streams"},
		Summary: "Tell which AWS profiles, region and credentials the server has",
	}, nil, func(ctx context.Context, _ *struct{}) (*output[ingest.Cloud], error) {
		return answered(s.Streams.Cloud(ctx), nil)
	})
}

// some is the list itself, or an empty one: a list on the wire is never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
