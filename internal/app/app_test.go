package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// poison makes DuckDB give the database up. The guard refuses it; it stands for what the guard does not know.
const poison = "SELECT reservoir_quantile(id::HUGEINT, 0.5, 2147483647) FROM range(20000) t(id) GROUP BY id"

func TestAQueryThatBreaksTheDatabaseDoesNotEndTheServerNorLoseOrDoubleARow(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	log := slog.New(slog.DiscardHandler)
	kinesis := localkinesis.New(localkinesis.Options{Logger: log})
	listener, err := listen(t.Context(), "127.0.0.1:0", "")
	require.NoError(t, err)
	defer running(func(ctx context.Context) { _ = kinesis.Serve(ctx, listener) })()
	require.NoError(t, kinesis.CreateStream("shop", 2))

	settings := config.Default()
	settings.Listen, settings.Data = "127.0.0.1:0", t.TempDir()
	up := make(chan Addresses, 1)
	o := Options{Config: settings, Logger: log, Ready: func(a Addresses) { up <- a }}
	source := ingest.Settings{Stream: "shop", Table: "shop", Connection: ingest.Connection{Region: "us-east-1", Endpoint: "http://" + listener.Addr().String()}}
	const breaks = 3
	var lives, published atomic.Int64
	served := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		served <- serve(ctx, o, func(ctx context.Context, s *server) error {
			if err := s.sources.Start(ctx); err != nil {
				return err
			}
			if err := s.sources.Declare(ctx, []ingest.Settings{source}); err != nil {
				return err
			}
			s.announce()
			if lives.Add(1) <= breaks {
				return swallow(ctx, s)
			}
			<-ctx.Done()
			return nil
		})
	}()
	defer running(func(ctx context.Context) {
		every := time.NewTicker(time.Millisecond)
		defer every.Stop()
		for lives.Load() <= breaks && ctx.Err() == nil {
			i := published.Load()
			_, err := kinesis.PutRecords("shop", []localkinesis.Record{{PartitionKey: fmt.Sprint(i), Data: fmt.Appendf(nil, `{"id":%d}`, i)}})
			if err == nil {
				published.Add(1)
			}
			<-every.C
		}
	})()
	at := <-up
	require.Eventually(t, func() bool {
		n := published.Load()
		rows := ask(t, at.API, "SELECT count(*), count(DISTINCT id) FROM shop")
		return lives.Load() > breaks && len(rows) == 1 && rows[0] == [2]int64{n, n}
	}, time.Minute, 50*time.Millisecond)
	stop()
	require.NoError(t, <-served)
}

// swallow runs the poison once rows are being committed, and waits for what comes of it.
func swallow(ctx context.Context, s *server) error {
	for {
		if source, err := s.sources.Get("shop"); err != nil || source.Counters.Rows > 0 {
			break
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return nil
		}
	}
	rows, err := s.store.Run(ctx, query.Statement{SQL: poison}, nil)
	if err == nil {
		_, err = rows.Next()
		_ = rows.Close()
	}
	if err == nil {
		return errors.New("the poison did no harm")
	}
	<-ctx.Done()
	return err
}

// ask gives the rows of a query, or none while there is no answer.
func ask(t *testing.T, url, sql string) [][2]int64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/query", strings.NewReader(fmt.Sprintf(`{"sql":%q}`, sql)))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	res, err := client.Do(req)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	var answer struct {
		Rows [][2]int64 `json:"rows"`
	}
	if json.NewDecoder(res.Body).Decode(&answer) != nil {
		return nil
	}
	return answer.Rows
}
