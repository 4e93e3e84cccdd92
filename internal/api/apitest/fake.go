// Package apitest serves the API over a world that tests make up, so that the API and its client are tested through HTTP.
package apitest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/helios-sql/helios/internal/api"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/schema"
)

// World is what the server is told. It is made before the server starts, but for what its methods change.
type World struct {
	Err         error // of every call, when set
	NotReady    error
	Cloud       ingest.Cloud
	Streams     []ingest.StreamDetail
	Rate        ingest.StreamRate
	History     []ingest.HistoryPoint // of every source
	Sample      ingest.Sample
	Sources     []ingest.SourceStatus
	Tables      []ingest.TableInfo
	Changes     []schema.Change
	Reasons     []ingest.ReasonCount
	Groups      []ingest.QuarantineGroup
	Mends       []ingest.Mend
	Quarantined []ingest.Quarantined // of every table, by key
	Queries     *query.Service       // nil: one over Engine
	LogTo       io.Writer            // nil: nowhere
	Backups     backup.Status        // a backup that is started is added
	Made        []backup.Backup      // at every place
	Keep        func(*api.Deps)      // gives the server what keeps queries, dashboards and the history; nil: it has none

	mu       sync.Mutex
	calls    []string
	added    []ingest.Settings
	filters  []ingest.QuarantineFilter
	outcomes []string
	routes   []string
	tail     chan ingest.TailItem
}

// Handler is the API over the world.
func (w *World) Handler() http.Handler {
	if w.Queries == nil {
		w.Queries = query.New(Engine{}, query.Options{})
	}
	log := slog.New(slog.DiscardHandler)
	if w.LogTo != nil {
		log = slog.New(slog.NewTextHandler(w.LogTo, nil))
	}
	w.tail = make(chan ingest.TailItem)
	deps := api.Deps{
		Sources: sources{w}, Steering: sources{w}, Mending: mending{w}, Live: sources{w}, Streams: streams{w}, Tables: tables{w}, Queries: w.Queries, Recorder: w,
		Ready: func() error { return w.NotReady },
		Declare: func(s ingest.Settings) ([]byte, error) {
			return []byte("sources:\n  - stream: " + s.Stream + "\n"), nil
		},
		Backups: backups{w},
		Metrics: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "helios_up 1\n") }),
		Console: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, "the console at "+r.URL.Path) }),
		Logger:  log, Accounts: auth.New(nobody{}, auth.Options{Logger: log}),
	}
	if w.Keep != nil {
		w.Keep(&deps)
	}
	return api.New(deps)
}

// nobody is a store without accounts: everybody is let in.
type nobody struct{ auth.Store }

func (nobody) HasUsers(context.Context) (bool, error) { return false, nil }

// Emit hands an item to the one tail that runs.
func (w *World) Emit(tb testing.TB, item ingest.TailItem) {
	tb.Helper()
	select {
	case w.tail <- item:
	case <-tb.Context().Done():
		tb.Error("nobody tails")
	}
}

// Calls are what was asked of the world, in order.
func (w *World) Calls() []string { return locked(w, &w.calls) }

// Added are the sources that were asked for.
func (w *World) Added() []ingest.Settings { return locked(w, &w.added) }

// Filters say what was asked of the quarantine, but for its pages, in order.
func (w *World) Filters() []ingest.QuarantineFilter { return locked(w, &w.filters) }

// Outcomes are the outcomes of queries, as recorded.
func (w *World) Outcomes() []string { return locked(w, &w.outcomes) }

// Routes are the methods and routes of requests, as recorded.
func (w *World) Routes() []string { return locked(w, &w.routes) }

// Request records a request.
func (w *World) Request(method, route string, _ int, _ time.Duration) {
	note(w, &w.routes, method+" "+route)
}

// Query records a query.
func (w *World) Query(outcome string, _ time.Duration) { note(w, &w.outcomes, outcome) }

func locked[T any](w *World, list *[]T) []T {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(*list)
}

func note[T any](w *World, list *[]T, v T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, v)
}

type sources struct{ w *World }

func (s sources) find(name string) (ingest.SourceStatus, error) {
	if s.w.Err != nil {
		return ingest.SourceStatus{}, s.w.Err
	}
	i := slices.IndexFunc(s.w.Sources, func(v ingest.SourceStatus) bool { return v.Settings.Name == name })
	if i < 0 {
		return ingest.SourceStatus{}, fault.New(fault.NotFound, "there is no source %q", name).WithHint("helios sources list shows what there is")
	}
	return s.w.Sources[i], nil
}

func (s sources) Add(_ context.Context, settings ingest.Settings) (ingest.SourceStatus, error) {
	note(s.w, &s.w.added, settings)
	if _, err := s.find(settings.Table); err == nil {
		return ingest.SourceStatus{}, fault.New(fault.Conflict, "there is a source %q already", settings.Table)
	}
	return ingest.SourceStatus{Settings: settings, State: ingest.SourceStarting}, s.w.Err
}

func (s sources) List() []ingest.SourceStatus                  { return s.w.Sources }
func (s sources) Get(name string) (ingest.SourceStatus, error) { return s.find(name) }

func (s sources) Pause(_ context.Context, name string) (ingest.SourceStatus, error) {
	note(s.w, &s.w.calls, "pause "+name)
	return s.find(name)
}

func (s sources) Resume(_ context.Context, name string) (ingest.SourceStatus, error) {
	note(s.w, &s.w.calls, "resume "+name)
	return s.find(name)
}

func (s sources) Change(_ context.Context, name string, c ingest.Changes) (ingest.SourceStatus, error) {
	v, err := s.find(name)
	if c.Retain != nil {
		v.Settings.Retain = *c.Retain
	}
	if c.RetainQuarantine != nil {
		v.Settings.RetainQuarantine = *c.RetainQuarantine
	}
	if c.Read != nil {
		v.Settings.Read = *c.Read
	}
	if c.EventTime != nil {
		v.Settings.EventTime = *c.EventTime
	}
	return v, err
}

func (s sources) Remove(_ context.Context, name string, dropTable bool) error {
	note(s.w, &s.w.calls, map[bool]string{false: "remove ", true: "drop "}[dropTable]+name)
	_, err := s.find(name)
	return err
}

func (s sources) Tail(ctx context.Context, _ string, t ingest.TailRequest, each func(ingest.TailItem) error) error {
	note(s.w, &s.w.calls, fmt.Sprintf("tail %q at %d", t.Text, t.MaxRate))
	for {
		select {
		case item := <-s.w.tail:
			if item.Event != nil && !t.Filter.Match([]byte(item.Event.Event)) {
				continue
			}
			if err := each(item); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (s sources) Freshness(names []string) []ingest.Freshness {
	var all []ingest.Freshness
	for _, n := range names {
		all = append(all, ingest.Freshness{Source: n, LagMS: new(int64(12))})
	}
	return all
}

func (s sources) SampleStream(_ context.Context, _ ingest.Connection, _ string, o ingest.SampleOptions) (ingest.Sample, error) {
	sample := s.w.Sample
	sample.Records = o.Limit
	sample.Inference.Table.MaxDepth, sample.Inference.Table.MaxColumns = o.MaxDepth, o.MaxColumns
	return sample, s.w.Err
}

func (s sources) History(name string, span time.Duration) (ingest.SourceHistory, error) {
	_, err := s.find(name)
	points := s.w.History
	if most := int(span / ingest.HistoryStep); len(points) > most {
		points = points[len(points)-most:]
	}
	return ingest.SourceHistory{Name: name, Points: points}, err
}

func (s sources) Histories(span time.Duration) []ingest.SourceHistory {
	var all []ingest.SourceHistory
	for _, v := range s.w.Sources {
		h, _ := s.History(v.Settings.Name, span)
		all = append(all, h)
	}
	return all
}

type streams struct{ w *World }

func (s streams) Cloud(context.Context) ingest.Cloud { return s.w.Cloud }

func (s streams) Rate(_ context.Context, c ingest.Connection, name string) (ingest.StreamRate, error) {
	note(s.w, &s.w.calls, "rate of "+name+" as "+c.RoleARN)
	return s.w.Rate, s.w.Err
}

func (s streams) List(_ context.Context, c ingest.Connection) ([]ingest.ListedStream, error) {
	note(s.w, &s.w.calls, "streams of "+c.Region+" "+c.Endpoint+" "+c.Profile)
	var all []ingest.ListedStream
	for _, d := range s.w.Streams {
		all = append(all, ingest.ListedStream{StreamSummary: d.StreamSummary})
	}
	return all, s.w.Err
}

func (s streams) Describe(_ context.Context, _ ingest.Connection, name string) (ingest.StreamDetail, error) {
	for _, d := range s.w.Streams {
		if d.Name == name {
			return d, s.w.Err
		}
	}
	return ingest.StreamDetail{}, fault.New(fault.NotFound, "there is no stream %q", name)
}

type tables struct{ w *World }

func (t tables) Tables(context.Context) ([]ingest.TableInfo, error) { return t.w.Tables, t.w.Err }

func (t tables) TableInfo(_ context.Context, name string) (ingest.TableInfo, error) {
	for _, info := range t.w.Tables {
		if info.Name == name {
			return info, t.w.Err
		}
	}
	return ingest.TableInfo{}, fault.New(fault.NotFound, "there is no table %q", name)
}

func (t tables) History(ctx context.Context, name string) ([]schema.Change, error) {
	_, err := t.TableInfo(ctx, name)
	return t.w.Changes, err
}

func (t tables) QuarantineReasons(_ context.Context, table string) ([]ingest.ReasonCount, error) {
	var all []ingest.ReasonCount
	for _, r := range t.w.Reasons {
		if table == "" || r.Table == table {
			all = append(all, r)
		}
	}
	return all, t.w.Err
}

func (t tables) Quarantined(ctx context.Context, f ingest.QuarantineFilter, after *ingest.QuarantineKey, limit int) ([]ingest.Quarantined, error) {
	if _, err := t.TableInfo(ctx, f.Table); err != nil {
		return nil, err
	}
	var all []ingest.Quarantined
	for _, q := range t.w.Quarantined {
		key := ingest.QuarantineKey{ShardID: q.Record.ShardID, Sequence: q.Record.Sequence, Index: q.Index}
		if (f.Reason == "" || f.Reason == q.Reason) && (after == nil || less(*after, key)) && len(all) < limit {
			all = append(all, q)
		}
	}
	return all, nil
}

func less(a, b ingest.QuarantineKey) bool {
	if a.ShardID != b.ShardID {
		return a.ShardID < b.ShardID
	}
	return event.Position{Sequence: a.Sequence, Taken: a.Index}.Compare(event.Position{Sequence: b.Sequence, Taken: b.Index}) < 0
}
