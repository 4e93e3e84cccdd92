package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the baseline

	"github.com/helios-sql/helios/internal/app"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

// What loading must reach: 1.3 times DuckDB's own loader, in 600 MB.
const (
	loadGoal = 1.3
	rssGoal  = 600
)

// loading is what a child is to load.
type loading struct {
	File    storefrontFile
	Rows    int // to be loaded, the file's lines over and over; 0: each once
	Table   string
	Dir     string // data directory, or that of DuckDB's file
	System  bool   // fill the system columns too, when it is DuckDB that loads
	Profile string // path of a CPU profile to be written, "" for none
}

// loaded is what a child found.
type loaded struct {
	Seconds float64 // from the first event to the file as it is after the last checkpoint
	CPU     float64 // seconds of all cores, for the same
	RSS     float64 // MB
	File    float64 // MB
}

// measureLoad loads the storefront in turns with Helios and with DuckDB's own loader, each in a child process.
func measureLoad(ctx context.Context, b *bench) error {
	file, err := b.storefrontEvents(ctx)
	if err != nil {
		return err
	}
	profile, err := b.output("load.pprof")
	if err != nil {
		return err
	}
	var ours, theirs, alike []loaded
	for i := range b.rounds {
		for _, turn := range []struct {
			role   string
			system bool
			into   *[]loaded
		}{{"duckdb-load", false, &theirs}, {"helios-load", true, &ours}, {"duckdb-load", true, &alike}} {
			dir := b.scratch("load")
			l := loading{File: file, Table: "storefront", Dir: dir, System: turn.system}
			if turn.role == "helios-load" && i == 0 {
				l.Profile = profile
			}
			r, err := inChild[loaded](ctx, b, turn.role, l)
			if err != nil {
				return err
			}
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			name := turn.role
			if turn.role == "duckdb-load" && turn.system {
				name += ", system columns too"
			}
			b.say("%s: %.1f s, of the processors %.1f s, peak RSS %.0f MB, file %.0f MB", name, r.Seconds, r.CPU, r.RSS, r.File)
			*turn.into = append(*turn.into, r)
		}
	}
	median := func(of []loaded, pick func(loaded) float64) float64 {
		var values []float64
		for _, l := range of {
			values = append(values, pick(l))
		}
		return quantile(values, 0.5)
	}
	seconds := func(l loaded) float64 { return l.Seconds }
	cpu := func(l loaded) float64 { return l.CPU }
	rss := func(l loaded) float64 { return l.RSS }
	size := func(l loaded) float64 { return l.File }
	mine, base := median(ours, seconds), median(theirs, seconds)
	events, megabytes := float64(file.Events), float64(file.Bytes)/1e6
	b.report.add(measured("load", events/mine, "events/s").against(events / base).ratioOf(loadGoal))
	b.report.add(measured("load, DuckDB filling the system columns too", events/mine, "events/s").against(events / median(alike, seconds)))
	b.report.add(measured("load, JSON", megabytes/mine, "MB/s").against(megabytes / base))
	b.report.add(measured("load, time of the processors", median(ours, cpu), "s").against(median(theirs, cpu)))
	b.report.add(measured("load, peak RSS", median(ours, rss), "MB").against(median(theirs, rss)).below(rssGoal))
	b.report.add(measured("load, file", median(ours, size), "MB").against(median(theirs, size)))
	return b.reportProfile(ctx, profile)
}

// heliosLoad takes the file through the parts of a server that ingest: service, loop, committer and store, as app wires
// them and with the settings of production.
func heliosLoad(ctx context.Context, l loading) (result loaded, err error) {
	debug.SetGCPercent(app.GCPercent)
	cfg := config.Default()
	store, err := duckdb.Open(ctx, l.Dir, duckdb.Options{Threads: cfg.Store.Threads, MemoryLimit: cfg.Store.MemoryLimit})
	if err != nil {
		return result, err
	}
	committer := ingest.NewCommitter(store, ingest.CommitterOptions{Group: cfg.Ingest.Group, QueueBytes: cfg.Ingest.QueueBytes})
	committing, stopCommitter := context.WithCancel(context.WithoutCancel(ctx))
	committed := make(chan struct{})
	go func() {
		defer close(committed)
		committer.Run(committing)
	}()
	stream := &fileStream{file: l.File, rows: l.Rows}
	sources := ingest.NewService(store, committer, noRegistry{}, stream, ingest.Options{})
	stop := func() error {
		sources.Stop()
		stopCommitter()
		<-committed
		return store.Close(context.WithoutCancel(ctx))
	}

	stopProfile, err := startProfile(l.Profile)
	if err != nil {
		return result, errors.Join(err, stop())
	}
	defer stopProfile()
	begin, busy := time.Now(), processorTime()
	_, err = sources.Add(ctx, ingest.Settings{Stream: "file", Table: l.Table, Columns: l.File.Columns})
	if err == nil {
		err = arrived(ctx, sources, l.Table, int64(cmp.Or(l.Rows, l.File.Events)))
	}
	if err := errors.Join(err, stop()); err != nil { // the last checkpoint is a part of it
		return result, err
	}
	result.Seconds, result.CPU = time.Since(begin).Seconds(), (processorTime() - busy).Seconds()
	return result.weigh(filepath.Join(l.Dir, "helios.duckdb"))
}

// startProfile begins a CPU profile, and gives what ends it.
func startProfile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close()
	}, nil
}

// arrived waits until that many events of a source are rows, and none is anything else.
func arrived(ctx context.Context, sources *ingest.Service, name string, rows int64) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		s, err := sources.Get(name)
		switch {
		case err != nil:
			return err
		case s.Counters.Rows >= rows:
			return nil
		case s.State == ingest.SourceFailing:
			return fmt.Errorf("the source fails: %s", s.Error)
		case s.Counters.Quarantined > 0:
			return errors.New("an event went to quarantine")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// weigh adds what the process and its file have come to.
func (l loaded) weigh(path string) (loaded, error) {
	info, err := os.Stat(path)
	if err != nil {
		return l, err
	}
	l.File = float64(info.Size()) / 1e6
	l.RSS = peakRSS()
	return l, nil
}

// noRegistry remembers nothing: the source is gone with its process.
type noRegistry struct{}

func (noRegistry) Sources(context.Context) ([]ingest.Settings, error) { return nil, nil }
func (noRegistry) SaveSource(context.Context, ingest.Settings) error  { return nil }
func (noRegistry) DeleteSource(context.Context, string) error         { return nil }

// systemColumns are as Helios fills them, made of what the events have, so that they vary as much.
var systemColumns = []struct{ definition, expression string }{
	{"_shard_id VARCHAR", "'shardId-00000000000' || load_ms % 4"},
	{"_sequence_number VARCHAR", "'490000000000000000000000000000000000000' || epoch_us(occurred_at)"},
	{"_partition_key VARCHAR", "'v-' || load_ms * 7919 % 10000"},
	{"_arrived_at TIMESTAMP", "date_trunc('minute', occurred_at)"},
	{"_ingested_at TIMESTAMP", "date_trunc('minute', occurred_at)"},
}

// duckdbLoad lets DuckDB load the file into a table of the same columns, and make its checkpoint.
func duckdbLoad(ctx context.Context, l loading) (result loaded, err error) {
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return result, err
	}
	path := filepath.Join(l.Dir, "baseline.duckdb")
	db, err := sql.Open("duckdb", path)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var definitions, expressions []string
	for _, c := range l.File.Columns {
		definitions = append(definitions, quote(c.Name)+" "+string(c.Type))
		path := make([]string, len(c.Path))
		for i, name := range c.Path {
			path[i] = quote(name)
		}
		expressions = append(expressions, strings.Join(path, "."))
	}
	if l.System {
		for _, c := range systemColumns {
			definitions = append(definitions, c.definition)
			expressions = append(expressions, c.expression)
		}
	}
	for _, statement := range []string{
		fmt.Sprintf("SET threads = %d", runtime.GOMAXPROCS(0)),
		fmt.Sprintf("CREATE TABLE %s (%s)", l.Table, strings.Join(definitions, ", ")),
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return result, err
		}
	}
	begin, busy := time.Now(), processorTime()
	insert := strings.Join([]string{
		"INSERT INTO", l.Table, "SELECT", strings.Join(expressions, ", "),
		"FROM read_ndjson('" + l.File.Path + "', columns = {" + members(l.File.Columns, 0, ": '%s'") + "})",
	}, " ")
	for _, statement := range []string{insert, "CHECKPOINT"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return result, err
		}
	}
	result.Seconds, result.CPU = time.Since(begin).Seconds(), (processorTime() - busy).Seconds()
	return result.weigh(path)
}

// members lists the members of the objects at a depth with their types, objects as STRUCT. Columns of one object stand together.
func members(columns []schema.Column, depth int, form string) string {
	var list []string
	for len(columns) > 0 {
		name, n := columns[0].Path[depth], 1
		for n < len(columns) && columns[n].Path[depth] == name {
			n++
		}
		kind := string(columns[0].Type)
		if len(columns[0].Path) > depth+1 {
			kind = "STRUCT(" + members(columns[:n], depth+1, " %s") + ")"
		}
		list = append(list, quote(name)+fmt.Sprintf(form, kind))
		columns = columns[n:]
	}
	return strings.Join(list, ", ")
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
