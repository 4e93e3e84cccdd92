package kinesis

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// Account is a view of the streams behind one connection. Its methods may be called from several goroutines.
type Account struct {
	client      *kinesis.Client
	subscribing kinesis.HTTPClient // of subscriptions
	endpoint    string             // for messages
	region      string
	role        string   // that is assumed, or ""
	arns        sync.Map // of the streams that were looked up, by name
	logger      *slog.Logger
}

// NewAccount prepares a connection; it does not use the network. Errors are *fault.Error.
func NewAccount(ctx context.Context, conn ingest.Connection, logger *slog.Logger) (*Account, error) {
	client, subscribing, err := newClient(ctx, conn)
	if err != nil {
		return nil, err
	}
	o := client.Options()
	endpoint := "region " + o.Region
	if o.BaseEndpoint != nil {
		endpoint = *o.BaseEndpoint
	}
	return &Account{client: client, subscribing: subscribing, endpoint: endpoint, region: o.Region, role: conn.RoleARN, logger: logger}, nil
}

// Bounds of what List asks about each stream: AWS allows 20 such calls a second in an account, and readers need them too.
const (
	listedDetails = 15
	listedAtOnce  = 5
	listedTime    = 2 * time.Second
)

// List gives the account's streams, by name. Of the first ones it tells more, if that can be had quickly.
func (a *Account) List(ctx context.Context) ([]ingest.ListedStream, error) {
	streams, err := a.list(ctx)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, listedTime)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(listedAtOnce)
	for i := range streams[:min(len(streams), listedDetails)] {
		g.Go(func() error {
			s, err := a.lookUp(bounded, streams[i].ARN)
			if err == nil { // else it may not be allowed, and is not needed
				streams[i].OpenShards, streams[i].RetentionHours = &s.openShards, new(int(s.retention/time.Hour))
			}
			return nil
		})
	}
	return streams, g.Wait()
}

func (a *Account) list(ctx context.Context) ([]ingest.ListedStream, error) {
	var streams []ingest.ListedStream
	pages := kinesis.NewListStreamsPaginator(a.client, &kinesis.ListStreamsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, a.explain(err, "")
		}
		for i := range page.StreamSummaries {
			s := &page.StreamSummaries[i]
			streams = append(streams, ingest.ListedStream{StreamSummary: ingest.StreamSummary{
				Name: aws.ToString(s.StreamName), ARN: aws.ToString(s.StreamARN), Status: string(s.StreamStatus),
				Mode: mode(s.StreamModeDetails), CreatedAt: aws.ToTime(s.StreamCreationTimestamp).UTC(),
			}})
		}
	}
	slices.SortFunc(streams, func(x, y ingest.ListedStream) int { return cmp.Compare(x.Name, y.Name) })
	return streams, nil
}

// Describe gives a stream, by name or ARN, with all its shards that have not expired.
func (a *Account) Describe(ctx context.Context, name string) (ingest.StreamDetail, error) {
	s, err := a.describe(ctx, name)
	if err != nil {
		return ingest.StreamDetail{}, err
	}
	d := ingest.StreamDetail{
		StreamSummary: ingest.StreamSummary{
			Name: s.name, ARN: s.arn, Status: string(s.status), Mode: s.mode, CreatedAt: s.createdAt,
		},
		RetentionHours: int(s.retention / time.Hour),
		OpenShards:     s.openShards,
		Shards:         []ingest.StreamShard{},
	}
	if s.status == types.StreamStatusCreating {
		return d, nil
	}
	listed, err := a.listShards(ctx, s.arn, "")
	if err != nil {
		return ingest.StreamDetail{}, a.explain(err, name)
	}
	for i := range listed {
		d.Shards = append(d.Shards, listed[i].describe())
	}
	return d, nil
}

// Source makes a reader of a stream, named by its name or ARN.
func (a *Account) Source(name string, opts Options) *Reader {
	return &Reader{account: a, name: name, opts: opts.withDefaults(), logger: a.logger.With("stream", name)}
}

// stream is what a reader needs to know of a stream.
type stream struct {
	name       string
	arn        string
	createdAt  time.Time // to the millisecond, which is what Kinesis keeps
	status     types.StreamStatus
	mode       string
	retention  time.Duration
	openShards int
}

// describe looks a stream up by name or ARN. Its errors are explained; that of a missing stream says which may be meant.
func (a *Account) describe(ctx context.Context, name string) (stream, error) {
	s, err := a.lookUp(ctx, name)
	if isNotFound(err) {
		return s, a.suggest(ctx, err, name)
	}
	return s, a.explain(err, name)
}

// lookUp asks for a stream by name or ARN. Its errors are the SDK's.
func (a *Account) lookUp(ctx context.Context, name string) (stream, error) {
	in := &kinesis.DescribeStreamSummaryInput{}
	if strings.HasPrefix(name, "arn:") {
		in.StreamARN, in.StreamName = &name, nameIn(name)
	} else {
		in.StreamName = &name
	}
	out, err := a.client.DescribeStreamSummary(ctx, in)
	if err != nil {
		return stream{}, err
	}
	d := out.StreamDescriptionSummary
	a.arns.Store(aws.ToString(d.StreamName), aws.ToString(d.StreamARN))
	return stream{
		name: aws.ToString(d.StreamName), arn: aws.ToString(d.StreamARN), status: d.StreamStatus, mode: mode(d.StreamModeDetails),
		createdAt:  aws.ToTime(d.StreamCreationTimestamp).UTC().Truncate(time.Millisecond),
		retention:  time.Duration(max(24, aws.ToInt32(d.RetentionPeriodHours))) * time.Hour, // 24 is the least that Kinesis keeps
		openShards: int(aws.ToInt32(d.OpenShardCount)),
	}, nil
}

// nameIn gives the name in a stream's ARN, to be sent beside it: AWS takes both, and servers by others know one or the other.
func nameIn(arn string) *string {
	_, name, found := strings.Cut(arn, ":stream/")
	if !found {
		return nil
	}
	return &name
}

// listShards gives all shards of a stream, or those with an id after `after`, in the order of their ids.
func (a *Account) listShards(ctx context.Context, arn, after string) ([]shard, error) {
	in := &kinesis.ListShardsInput{StreamARN: &arn, StreamName: nameIn(arn)}
	if after != "" {
		in.ShardFilter = &types.ShardFilter{Type: types.ShardFilterTypeAfterShardId, ShardId: &after}
	}
	var shards []shard
	for {
		out, err := a.client.ListShards(ctx, in)
		if err != nil {
			return nil, err
		}
		for i := range out.Shards {
			sh, err := newShard(&out.Shards[i])
			if err != nil {
				return nil, err
			}
			shards = append(shards, sh)
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		// The token stands for the stream, its account and the filter: Kinesis refuses any of them beside it.
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
	slices.SortFunc(shards, func(x, y shard) int { return cmp.Compare(x.id, y.id) })
	return shards, nil
}

// suggest explains that a stream does not exist, and names those that may have been meant.
func (a *Account) suggest(ctx context.Context, missing error, name string) error {
	explained := a.explain(missing, name)
	all, err := a.list(ctx)
	var f *fault.Error
	if err != nil || !errors.As(explained, &f) {
		return explained // whose hint says how to list them
	}
	var near []string
	for _, s := range all {
		if alike(s.Name, name) {
			near = append(near, s.Name)
		}
	}
	if len(near) == 0 {
		return explained
	}
	return f.WithHint("Did you mean %s? `helios streams list` shows the streams there are.", strings.Join(near[:min(len(near), 3)], ", "))
}

// alike reports whether a name may be meant by another: one holds the other, or few letters differ.
func alike(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if strings.Contains(a, b) || strings.Contains(b, a) {
		return true
	}
	// Levenshtein distance, one row at a time.
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substituted := diagonal
			if a[i-1] != b[j-1] {
				substituted++
			}
			diagonal = row[j]
			row[j] = min(substituted, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)] <= max(len(a), len(b))/3
}

func mode(d *types.StreamModeDetails) string {
	if d == nil {
		return string(types.StreamModeProvisioned)
	}
	return string(d.StreamMode)
}
