package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// About is what a server tells of itself.
type About struct {
	Version     string           `json:"version"`
	Commit      string           `json:"commit" doc:"Nothing if the build does not say"`
	License     string           `json:"license"`
	DataDir     string           `json:"data_dir"`
	StartedAt   time.Time        `json:"started_at"`
	Engine      AboutEngine      `json:"engine"`
	Disk        AboutDisk        `json:"disk"`
	MemoryBytes int64            `json:"memory_bytes" doc:"That the server has in use; 0 where the system does not tell"`
	Limits      AboutLimits      `json:"limits"`
	Restarts    map[string]int64 `json:"restarts" doc:"How often the server has started its worker again since then, by reason"`
}

// AboutEngine is what runs the SQL.
type AboutEngine struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// AboutDisk is the room that there is.
type AboutDisk struct {
	UsedBytes int64      `json:"used_bytes" doc:"Of the data file, that hold something"`
	FreeBytes int64      `json:"free_bytes" doc:"That can still be written"`
	FullAt    *time.Time `json:"full_at,omitempty" doc:"When that is used up, if things go on as they do; known after an hour"`
}

// AboutLimits are the settings that bound what a server does.
type AboutLimits struct {
	QueryTimeoutMS        int64 `json:"query_timeout_ms" doc:"Of a query that names none"`
	QueryMaxTimeoutMS     int64 `json:"query_max_timeout_ms"`
	QueryMaxRows          int64 `json:"query_max_rows" doc:"Of a JSON answer to a query that names none"`
	QueryMaxConcurrent    int   `json:"query_max_concurrent"`
	UserQueriesAtOnce     int   `json:"user_queries_at_once" doc:"Of each user and each token; others of theirs wait"`
	UserQueriesPerMinute  int   `json:"user_queries_per_minute" doc:"Of each user and each token"`
	UserResultBytes       int64 `json:"user_result_bytes" doc:"Of one result, as it is sent, to a user or a token"`
	StoreThreads          int   `json:"store_threads"`
	StoreMemoryLimitBytes int64 `json:"store_memory_limit_bytes"`
	IngestQueueBytes      int64 `json:"ingest_queue_bytes"`
}

func (s *server) aboutRoutes() {
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/about", OperationID: "about", Tags: []string{"system"},
		Summary: "Tell about this server: version, engine, disk, limits",
	}, nil, func(ctx context.Context, _ *struct{}) (*output[About], error) {
		return answered(s.About(ctx))
	})
}
