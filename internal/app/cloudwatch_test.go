package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
)

// hurried is the argument of workers for which a minute is short, as CloudWatch is told.
const hurried = "hurried"

// minutes tells CloudWatch more often than a server does.
func minutes(ctx context.Context, s *server) {
	go s.cloudWatch(ctx, 20*time.Millisecond, func() time.Time { return time.Now().Add(-time.Hour) })
}

func TestTheLogOfADeploymentIsWhatCloudWatchMakesMetricsOf(t *testing.T) {
	log, talk := io.Pipe()
	defer talk.Close()
	_, kinesis, stop := serveWith(t, config.Source{}, func(o *Options) {
		o.Config.CloudWatch.Deployment, o.Config.Log.Level, o.Worker, o.Talk = "shop-1", "error", append(o.Worker, hurried), talk
	})
	defer stop()
	defer func() { go func() { _, _ = io.Copy(io.Discard, log) }() }() // while the server ends
	for i := range 20 {
		_, err := kinesis.PutRecords("shop", []localkinesis.Record{{PartitionKey: fmt.Sprint(i), Data: fmt.Appendf(nil, `{"id":%d}`, i)}})
		require.NoError(t, err)
	}
	_, err := kinesis.PutRecords("shop", []localkinesis.Record{{PartitionKey: "a", Data: []byte(`{"id":`)}})
	require.NoError(t, err)

	sums := map[string]float64{} // of Events, by dimensions
	seen := map[string]bool{}    // metrics by dimensions
	var quarantined float64
	for lines := bufio.NewScanner(log); sums["Deployment"] < 20 || sums["Deployment Source"] < 20 || quarantined < 1 || len(seen) < 9; {
		require.True(t, lines.Scan(), "the log ended: %v", lines.Err())
		if !strings.Contains(lines.Text(), `"_aws"`) {
			continue
		}
		root, dimensions, metrics := embedded(t, lines.Bytes())
		require.NotEmpty(t, root["version"])
		require.Equal(t, "shop-1", root["Deployment"])
		if dimensions == "Deployment Source" {
			require.Equal(t, "shop", root["Source"])
		} else {
			quarantined += root["Quarantined"].(float64)
		}
		sums[dimensions] += root["Events"].(float64)
		for _, m := range metrics {
			seen[dimensions+" "+m] = true
		}
		if age, ok := root["BackupAge"]; ok {
			require.InDelta(t, time.Hour.Seconds(), age, 60)
		}
		if used, ok := root["DiskUsedPercent"]; ok {
			require.Positive(t, used)
			require.LessOrEqual(t, used, 100.)
		}
	}
	require.Equal(t, map[string]float64{"Deployment": 20, "Deployment Source": 20}, sums)
}

// embedded reads a document of the embedded metric format by the rules that AWS has published, and gives its root, the names of
// the dimensions, and those of the metrics.
func embedded(t *testing.T, line []byte) (root map[string]any, dimensions string, metrics []string) {
	t.Helper()
	require.Less(t, len(line), 256<<10)
	require.NoError(t, json.Unmarshal(line, &root))
	var rules struct {
		AWS struct {
			Timestamp         int64 `json:"Timestamp"`
			CloudWatchMetrics []struct {
				Namespace  string     `json:"Namespace"`
				Dimensions [][]string `json:"Dimensions"`
				Metrics    []struct {
					Name              string `json:"Name"`
					Unit              string `json:"Unit"`
					StorageResolution *int   `json:"StorageResolution"`
				} `json:"Metrics"`
			} `json:"CloudWatchMetrics"`
		} `json:"_aws"`
	}
	aws, err := json.Marshal(map[string]any{"_aws": root["_aws"]})
	require.NoError(t, err)
	strict := json.NewDecoder(strings.NewReader(string(aws)))
	strict.DisallowUnknownFields() // objects that the format defines have no other members
	require.NoError(t, strict.Decode(&rules))
	age := time.Since(time.UnixMilli(rules.AWS.Timestamp)) // neither 14 days old nor two hours ahead; one of this test is new
	require.True(t, age > -time.Second && age < time.Hour, age)
	require.Len(t, rules.AWS.CloudWatchMetrics, 1)
	set := rules.AWS.CloudWatchMetrics[0]
	require.Equal(t, "Helios", set.Namespace)
	require.Len(t, set.Dimensions, 1)
	require.LessOrEqual(t, len(set.Dimensions[0]), 30)
	for _, name := range set.Dimensions[0] {
		require.Regexp(t, `^[\x21-\x7e]{1,250}$`, name)
		require.Regexp(t, `^[\x21-\x39\x3b-\x7e][\x20-\x7e]*$`, root[name], "a dimension is a text of the root")
		require.LessOrEqual(t, len(root[name].(string)), 1024)
	}
	require.NotEmpty(t, set.Metrics)
	require.LessOrEqual(t, len(set.Metrics), 100)
	for _, m := range set.Metrics {
		require.Regexp(t, `^[\x21-\x7e]{1,255}$`, m.Name)
		require.Contains(t, []string{"Seconds", "Milliseconds", "Percent", "Count"}, m.Unit)
		require.IsType(t, 0., root[m.Name], "a metric is a number of the root")
		metrics = append(metrics, m.Name)
	}
	return root, strings.Join(set.Dimensions[0], " "), metrics
}

func TestASourceThatWasAddedAnewCountsFromNothing(t *testing.T) {
	source := func(rows, quarantined int64) []ingest.SourceStatus {
		return []ingest.SourceStatus{{Settings: ingest.Settings{Name: "a"}, Counters: ingest.Counters{Rows: rows, Quarantined: quarantined}}}
	}
	now := time.Now()
	minutes, before := sourceMinutes(source(10, 2), nil, now)
	require.EqualValues(t, 10, minutes[0].Events)
	minutes, before = sourceMinutes(source(15, 2), before, now)
	require.EqualValues(t, 5, minutes[0].Events)
	require.EqualValues(t, 0, minutes[0].Quarantined)
	minutes, _ = sourceMinutes(source(4, 1), before, now)
	require.EqualValues(t, 4, minutes[0].Events)
	require.EqualValues(t, 1, minutes[0].Quarantined)
}
