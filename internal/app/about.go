package app

import (
	"context"
	"path/filepath"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
	"github.com/helios-sql/helios/internal/supervise"
)

const license = "Apache-2.0"

// about tells of the server what people ask first. limits are those in force.
func (s *server) about(ctx context.Context, limits query.Options) (api.About, error) {
	memory, err := s.store.MemoryLimit(ctx)
	if err != nil {
		return api.About{}, err
	}
	threads, err := s.store.Threads(ctx)
	if err != nil {
		return api.About{}, err
	}
	dir, err := filepath.Abs(s.Config.Data)
	if err != nil {
		return api.About{}, err
	}
	build := buildinfo.Read()
	a := api.About{
		Version: build.Version, Commit: build.Commit, License: license, DataDir: dir, StartedAt: s.Started,
		Engine: api.AboutEngine{Name: duckdb.EngineName, Version: s.store.Version()}, MemoryBytes: supervise.Memory(),
		Limits: api.AboutLimits{
			QueryTimeoutMS: limits.Timeout.Milliseconds(), QueryMaxTimeoutMS: limits.MaxTimeout.Milliseconds(), QueryMaxRows: limits.MaxRows,
			QueryMaxConcurrent: limits.MaxConcurrent,
			UserQueriesAtOnce:  limits.OwnerConcurrent, UserQueriesPerMinute: limits.OwnerPerMinute, UserResultBytes: limits.OwnerBytes,
			StoreThreads: threads, StoreMemoryLimitBytes: memory, IngestQueueBytes: s.Config.Ingest.QueueBytes,
		},
		Restarts: s.restarts(),
	}
	if disk, measured := s.sources.Disk(); measured {
		a.Disk = api.AboutDisk{UsedBytes: disk.Used, FreeBytes: disk.Free, FullAt: disk.FullAt}
	}
	return a, nil
}
