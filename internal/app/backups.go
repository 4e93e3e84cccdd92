package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/backup/place"
	"github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/telemetry"
)

// backups are those of one data directory. Whoever asks for one names the place as the settings do.
type backups struct {
	*backup.Service

	written, failures atomic.Int64 // bytes, and backups, since the start
}

func newBackups(deps backup.Deps, cfg *config.Config) *backups {
	deps.Open, deps.Dir, deps.Version = place.Open, cfg.Data, buildinfo.Read().Version
	deps.Options = backup.Options{To: cfg.Backup.To, Every: cfg.Backup.Every, Keep: cfg.Backup.Keep}
	b := &backups{}
	deps.Done = func(written int64, err error) {
		b.written.Add(written)
		if err != nil {
			b.failures.Add(1)
		}
	}
	b.Service = backup.New(deps)
	return b
}

// Start implements api.Backups.
func (b *backups) Start(ctx context.Context, to string) error {
	to, err := b.place(to)
	if err != nil {
		return err
	}
	return b.Service.Start(ctx, to)
}

// List implements api.Backups.
func (b *backups) List(ctx context.Context, at string) ([]backup.Backup, error) {
	if at != "" {
		var err error
		if at, err = config.BackupPlace(at); err != nil {
			return nil, err
		}
	}
	from, err := b.Open(ctx, at)
	if err != nil {
		return nil, err
	}
	return backup.List(ctx, from)
}

// place is a place that backups may go to; "" is that of the settings.
func (b *backups) place(to string) (string, error) {
	if to == "" {
		if b.Status().Schedule == nil {
			return "", fault.New(fault.Invalid, "no place for backups is named, neither here nor in the settings").
				WithHint("name one, a directory as in /srv/backups or s3://BUCKET/PREFIX, or set backup.to")
		}
		return "", nil
	}
	return config.BackupPlace(to)
}

// newest is the moment of the newest backup, zero if none is known.
func (b *backups) newest() time.Time {
	if last := b.Status().Last; last != nil {
		return last.At
	}
	return time.Time{}
}

// metrics are what Prometheus is told.
func (b *backups) metrics() telemetry.Backups {
	s := b.Status()
	m := telemetry.Backups{Running: s.Running != nil, Uploaded: b.written.Load(), Failures: b.failures.Load()}
	if s.Last != nil {
		m.At, m.Took, m.Bytes = s.Last.At, time.Duration(s.Last.DurationMS)*time.Millisecond, s.Last.Bytes
	}
	return m
}
