package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/telemetry"
)

// cloudWatch writes how the server does into its log, at once and then every so often until ctx ends, as lines that CloudWatch
// makes metrics of: JSON, whatever the log is else. There is nothing to do unless the server is told which deployment it is.
func (s *server) cloudWatch(ctx context.Context, every time.Duration, lastBackup func() time.Time) {
	if s.Config.CloudWatch.Deployment == "" {
		return
	}
	log := slog.New(slog.NewJSONHandler(s.talk, nil))
	tick := time.NewTicker(every)
	defer tick.Stop()
	before := map[string]ingest.Counters{}
	for {
		now := time.Now()
		m := telemetry.Minute{At: now, Deployment: s.Config.CloudWatch.Deployment, Version: buildinfo.Read().Version}
		m.Sources, before = sourceMinutes(s.sources.List(), before, now)
		if disk, measured := s.sources.Disk(); measured {
			if size, err := s.store.DiskSize(); err == nil && size > 0 { // else it is left out, and the alarm tells that it is missing
				m.DiskUsedPercent = new(100 * max(0, 1-float64(disk.Free)/float64(size)))
			}
		}
		if at := lastBackup(); !at.IsZero() {
			m.BackupAge = new(now.Sub(at))
		}
		for _, attrs := range m.Lines() {
			log.LogAttrs(ctx, slog.LevelInfo, "metrics", attrs...)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sourceMinutes are what has happened since the counters of before, by source, and those of now. A source that was removed and
// added anew counts from nothing.
func sourceMinutes(all []ingest.SourceStatus, before map[string]ingest.Counters, now time.Time) ([]telemetry.SourceMinute, map[string]ingest.Counters) {
	minutes, counters := make([]telemetry.SourceMinute, len(all)), make(map[string]ingest.Counters, len(all))
	for i := range all {
		s := &all[i]
		last := before[s.Settings.Name]
		if s.Counters.Rows < last.Rows || s.Counters.Quarantined < last.Quarantined {
			last = ingest.Counters{}
		}
		m := telemetry.SourceMinute{Name: s.Settings.Name, Events: s.Counters.Rows - last.Rows, Quarantined: s.Counters.Quarantined - last.Quarantined}
		if s.LagMS != nil {
			m.Lag = new(time.Duration(*s.LagMS) * time.Millisecond)
		}
		if s.NewestArrived != nil {
			m.Freshness = new(now.Sub(*s.NewestArrived))
		}
		minutes[i], counters[s.Settings.Name] = m, s.Counters
	}
	return minutes, counters
}
