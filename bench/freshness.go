package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/localkinesis"
)

const (
	freshShards    = 4
	warmUp         = 2 * time.Second // of publishing, before it counts
	opening        = 1000            // events that are there when the source is added: its columns are inferred from them
	probeInterval  = 5 * time.Millisecond
	lastPatience   = 15 * time.Second // for the last events to be seen
	refreshes      = 100 * time.Millisecond
	keptRate       = 0.97 // share of the rate below which a note says so
	historyTable   = "history"
	dashboardQuery = "SELECT country, device, event_type, count(*) AS events, avg(load_ms) AS load_ms FROM " + historyTable +
		" GROUP BY ALL ORDER BY events DESC LIMIT 20"
)

// scenario is one measurement of freshness.
type scenario struct {
	read      string
	pace      pace
	dashboard bool
}

func (s scenario) name() string {
	name := fmt.Sprintf("%s, %s/s", readNames[s.read], figure(float64(s.pace.rate)))
	if s.dashboard {
		name += ", dashboard"
	}
	return name
}

// bounds are the goals of a scenario for p50 and p99, in milliseconds; 0 for none.
func (s scenario) bounds() (p50, p99 float64) {
	switch {
	case s.pace == slowPace && s.read == readFanOut:
		return 30, 100
	case s.pace == slowPace:
		return 130, 350
	case s.dashboard:
		return 0, 500
	default:
		return 0, 0
	}
}

// withHistory has a server over a table of many rows, made once in a run.
func (b *bench) withHistory(ctx context.Context, do func(*server) error) error {
	if b.historyDir == "" {
		file, err := b.storefrontEvents(ctx)
		if err != nil {
			return err
		}
		dir := b.scratch("server")
		b.say("loading %s rows for the dashboard", figure(float64(b.history)))
		if _, err := inChild[loaded](ctx, b, "helios-load", loading{File: file, Rows: b.history, Table: historyTable, Dir: dir}); err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		b.historyDir = dir
	}
	s, err := b.serve(ctx, b.historyDir)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.stop())
}

// measureFreshness publishes at two rates, alone and beside a dashboard, and asks when events are seen.
func measureFreshness(ctx context.Context, b *bench) error {
	return b.withHistory(ctx, func(s *server) error {
		quiet, err := dashboardAlone(ctx, s, b.span/3)
		if err != nil {
			return err
		}
		dashboards := []line{
			measured("dashboard without ingest, p50", quantile(quiet, 0.5), "ms"),
			measured("dashboard without ingest, p99", quantile(quiet, 0.99), "ms"),
		}
		var looks []float64
		for _, read := range []string{readPoll, readFanOut} {
			for _, pace := range []pace{slowPace, fastPace} {
				for _, dashboard := range []bool{false, true} {
					c := scenario{read, pace, dashboard}
					found, err := b.freshness(ctx, s, c)
					if err != nil && ctx.Err() != nil {
						return ctx.Err()
					}
					if err != nil {
						b.failed("freshness, "+c.name(), err)
						continue
					}
					looks = append(looks, found.looks...)
					b.reportFreshness(c, found)
					if dashboard {
						dashboards = append(dashboards,
							measured("dashboard beside "+readNames[read]+", "+figure(float64(pace.rate))+"/s, p50", quantile(found.dashboard, 0.5), "ms").against(quantile(quiet, 0.5)),
							measured("dashboard beside "+readNames[read]+", "+figure(float64(pace.rate))+"/s, p99", quantile(found.dashboard, 0.99), "ms").against(quantile(quiet, 0.99)))
					}
				}
			}
		}
		if len(looks) > 0 {
			b.report.add(measured("freshness, between two looks, p50", quantile(looks, 0.5), "ms"))
		}
		for _, l := range dashboards {
			b.report.add(l)
		}
		return nil
	})
}

func (b *bench) reportFreshness(c scenario, found freshness) {
	p50, p99 := c.bounds()
	note := ""
	if published := float64(len(found.ages)) / b.span.Seconds(); published < keptRate*float64(c.pace.rate) {
		note = "only " + figure(published) + " events/s could be published"
	}
	for _, of := range []struct {
		name     string
		quantile float64
		bound    float64
	}{{"p50", 0.5, p50}, {"p99", 0.99, p99}, {"max", 1, 0}} {
		l := measured("freshness, "+c.name()+", "+of.name, quantile(found.ages, of.quantile), "ms")
		if of.bound > 0 {
			l = l.below(of.bound)
		}
		l.Note = note
		b.report.add(l)
	}
	b.say("freshness, %s: %d events, p50 %.0f ms, p99 %.0f ms, max %.0f ms; a look every %.1f ms (p99 %.1f), %d records refused", c.name(), len(found.ages),
		quantile(found.ages, 0.5), quantile(found.ages, 0.99), quantile(found.ages, 1), quantile(found.looks, 0.5), quantile(found.looks, 0.99), found.refused)
}

// freshness is what a scenario gave, in milliseconds.
type freshness struct {
	ages      []float64 // of each event, from its acknowledgement to the first answer that knows it
	looks     []float64 // from one such answer to the next: the resolution
	dashboard []float64 // of each of its queries
	refused   int64     // records
}

// freshness measures one scenario with a stream and a source of its own.
func (b *bench) freshness(ctx context.Context, s *server, c scenario) (found freshness, err error) {
	err = withKinesis(ctx, localkinesis.Options{KeepLimits: true}, func(k *localkinesis.Server, endpoint string) (err error) {
		stream := "fresh_" + c.read + fmt.Sprint("_", c.pace.rate, "_", c.dashboard)
		if err := k.CreateStream(stream, freshShards); err != nil {
			return err
		}
		p := newProducer(k, stream, c.pace)
		for p.next <= opening {
			if err := p.put(time.Now().Add(time.Hour)); err != nil {
				return err
			}
		}
		if err := s.connect(ctx, stream, endpoint, c.read); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.RemoveSource(context.WithoutCancel(ctx), stream, true)) }()
		found, err = b.watch(ctx, s, p, c)
		return err
	})
	return found, err
}

// watch publishes and looks until all that was published is seen.
func (b *bench) watch(ctx context.Context, s *server, p *producer, c scenario) (found freshness, err error) {
	publishing, stop := context.WithTimeout(ctx, warmUp+b.span)
	defer stop()
	var working errgroup.Group
	working.Go(func() error {
		defer stop()
		return p.run(publishing, time.Now().Add(warmUp))
	})
	if c.dashboard {
		working.Go(func() (err error) {
			found.dashboard, err = refresh(publishing, s)
			return err
		})
	}
	eye := &prober{server: s, producer: p, table: p.stream, upTo: map[string]int64{}}
	err = eye.run(ctx, publishing)
	stop()
	err = errors.Join(err, working.Wait())
	found.ages, found.looks, found.refused = eye.ages, eye.looks, p.refused
	if err == nil && len(found.ages) == 0 {
		err = errors.New("nothing was published")
	}
	return found, err
}

// prober asks again and again for the newest event of each shard.
type prober struct {
	server   *server
	producer *producer
	table    string
	upTo     map[string]int64 // the newest event seen of each shard
	ages     []float64
	looks    []float64
	last     time.Time // answer
}

// run looks until publishing has ended and everything is seen.
func (e *prober) run(ctx, publishing context.Context) error {
	var ended time.Time
	for {
		begin := time.Now()
		if err := e.look(ctx); err != nil {
			return err
		}
		if publishing.Err() != nil {
			if ended.IsZero() {
				ended = time.Now()
			}
			if left := e.producer.unseen(); left == 0 {
				return nil
			} else if time.Since(ended) > lastPatience {
				return fmt.Errorf("%d records are not seen %s after the last put", left, lastPatience)
			}
		}
		wait(ctx, time.Until(begin.Add(probeInterval)))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// look asks once. The events behind the oldest shard's are left out: what is asked for stays small while the table grows.
func (e *prober) look(ctx context.Context) error {
	oldest := int64(0)
	if len(e.upTo) == freshShards {
		oldest = math.MaxInt64
		for _, n := range e.upTo {
			oldest = min(oldest, n)
		}
	}
	result, err := e.server.Query(ctx, client.QueryRequest{
		SQL: "SELECT _shard_id, max(n) FROM " + e.table + " WHERE n >= $1 GROUP BY 1", Params: []any{oldest},
	})
	if err != nil {
		return err
	}
	now := time.Now()
	if !e.last.IsZero() {
		e.looks = append(e.looks, now.Sub(e.last).Seconds()*1000)
	}
	e.last = now
	for _, row := range result.Rows {
		n, err := row[1].(json.Number).Int64()
		if err != nil {
			return err
		}
		shard, _ := row[0].(string)
		e.upTo[shard] = n
		e.ages = e.producer.seen(shard, n, now, e.ages)
	}
	return nil
}

// dashboardAlone runs the dashboard for a while, with nothing else going on.
func dashboardAlone(ctx context.Context, s *server, span time.Duration) ([]float64, error) {
	ctx, stop := context.WithTimeout(ctx, span)
	defer stop()
	return refresh(ctx, s)
}

// refresh runs the dashboard's query every 100 ms, or as soon as the last one has ended, and gives the time of each in
// milliseconds. It ends with ctx.
func refresh(ctx context.Context, s *server) (took []float64, err error) {
	tick := time.NewTicker(refreshes)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if len(took) == 0 {
				return nil, errors.New("the dashboard was never answered")
			}
			return took, nil
		case <-tick.C:
		}
		begin := time.Now()
		if _, err := s.Query(context.WithoutCancel(ctx), client.QueryRequest{SQL: dashboardQuery}); err != nil {
			return nil, fmt.Errorf("dashboard: %w", err)
		}
		took = append(took, time.Since(begin).Seconds()*1000)
	}
}
