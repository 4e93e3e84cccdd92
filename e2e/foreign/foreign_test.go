//go:build e2e

// Package foreign judges Helios by clients that nobody here wrote: boto3 and the AWS command line, both from PyPI in the
// versions that requirements.txt pins, in a virtual environment that venv.sh makes once.
package foreign

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// client runs programs of the virtual environment against one endpoint.
type client struct {
	*testing.T
	bin, endpoint string
}

func newClient(t *testing.T) client {
	t.Helper()
	var complaint bytes.Buffer
	making := exec.CommandContext(t.Context(), "sh", "venv.sh")
	making.Stderr = &complaint
	venv, err := making.Output()
	require.NoError(t, err, "the Python clients cannot be had: %s", complaint.String())
	server := httptest.NewServer(localkinesis.New(localkinesis.Options{}).Handler())
	t.Cleanup(server.Close)
	return client{t, filepath.Join(strings.TrimSpace(string(venv)), "bin"), server.URL}
}

// run gives a program's output; an error holds what it complained of. Nothing of the user's AWS settings reaches it.
func (c client) run(program string, args ...string) (string, error) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), args...)
	cmd.Env = []string{
		"HOME=" + c.TempDir(), "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_DEFAULT_REGION=us-east-1",
	}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if err != nil {
		c.Log(complaint.String())
		return complaint.String(), err
	}
	return out.String(), nil
}

// aws runs `aws kinesis` and decodes what it prints.
func (c client) aws(into any, args ...string) {
	c.Helper()
	out, err := c.run("aws", append([]string{"kinesis", "--output", "json", "--endpoint-url", c.endpoint}, args...)...)
	require.NoError(c, err)
	if into != nil {
		require.NoError(c, json.Unmarshal([]byte(out), into), out)
	}
}

// awsRefused runs `aws kinesis`, which must fail with that code and status 254 or 255, as on AWS.
func (c client) awsRefused(code string, args ...string) {
	c.Helper()
	out, err := c.run("aws", append([]string{"kinesis", "--endpoint-url", c.endpoint}, args...)...)
	require.Error(c, err)
	require.Contains(c, out, "An error occurred ("+code+")")
}

func TestBoto3PutsReadsAndReshards(t *testing.T) {
	c := newClient(t)
	out, err := c.run("python", "testdata/boto3_client.py", c.endpoint)
	require.NoError(t, err)
	require.Equal(t, "boto3 is content\n", out)
}

type putAnswer struct {
	ShardID        string `json:"ShardId"`
	SequenceNumber string `json:"SequenceNumber"`
}

type iteratorAnswer struct {
	ShardIterator string `json:"ShardIterator"`
}

type recordsAnswer struct {
	Records []struct {
		Data           []byte `json:"Data"`
		PartitionKey   string `json:"PartitionKey"`
		SequenceNumber string `json:"SequenceNumber"`
	} `json:"Records"`
	NextShardIterator string `json:"NextShardIterator"`
	ChildShards       []struct {
		ShardID string `json:"ShardId"`
	} `json:"ChildShards"`
}

func TestTheAWSCommandLinePutsReadsAndReshards(t *testing.T) {
	c := newClient(t)
	c.aws(nil, "create-stream", "--stream-name", "orders", "--shard-count", "1")
	c.aws(nil, "wait", "stream-exists", "--stream-name", "orders")

	var put putAnswer
	c.aws(&put, "put-record", "--stream-name", "orders", "--partition-key", "customer-1", "--data", "eyJvcmRlciI6MX0=") // version 1 takes text as it is
	var puts struct {
		FailedRecordCount int         `json:"FailedRecordCount"`
		Records           []putAnswer `json:"Records"`
	}
	c.aws(&puts, "put-records", "--stream-name", "orders", "--records", "Data=second,PartitionKey=customer-2", "Data=third,PartitionKey=customer-3")
	require.Zero(t, puts.FailedRecordCount)
	require.Less(t, put.SequenceNumber, puts.Records[0].SequenceNumber)
	require.Less(t, puts.Records[0].SequenceNumber, puts.Records[1].SequenceNumber)

	c.aws(nil, "split-shard", "--stream-name", "orders", "--shard-to-split", put.ShardID, "--new-starting-hash-key", "170141183460469231731687303715884105728")
	var described struct {
		StreamDescription struct {
			StreamStatus string `json:"StreamStatus"`
			StreamARN    string `json:"StreamARN"`
			Shards       []struct {
				ShardID string `json:"ShardId"`
			} `json:"Shards"`
		} `json:"StreamDescription"`
	}
	c.aws(&described, "describe-stream", "--stream-name", "orders")
	require.Equal(t, "ACTIVE", described.StreamDescription.StreamStatus)
	require.Len(t, described.StreamDescription.Shards, 3)

	var it iteratorAnswer
	c.aws(&it, "get-shard-iterator", "--stream-arn", described.StreamDescription.StreamARN, "--shard-id", put.ShardID, "--shard-iterator-type", "TRIM_HORIZON")
	var got recordsAnswer
	c.aws(&got, "get-records", "--shard-iterator", it.ShardIterator)
	require.Len(t, got.Records, 3)
	require.Equal(t, "customer-1", got.Records[0].PartitionKey)
	require.Equal(t, put.SequenceNumber, got.Records[0].SequenceNumber)
	require.Equal(t, "second", string(got.Records[1].Data))
	require.Empty(t, got.NextShardIterator)
	require.Len(t, got.ChildShards, 2)

	c.aws(nil, "merge-shards", "--stream-name", "orders", "--shard-to-merge", got.ChildShards[0].ShardID, "--adjacent-shard-to-merge", got.ChildShards[1].ShardID)
	var listed struct {
		Shards []struct {
			ShardID               string `json:"ShardId"`
			AdjacentParentShardID string `json:"AdjacentParentShardId"`
		} `json:"Shards"`
	}
	c.aws(&listed, "list-shards", "--stream-name", "orders", "--shard-filter", "Type=AT_LATEST")
	require.Len(t, listed.Shards, 1)
	require.Equal(t, got.ChildShards[1].ShardID, listed.Shards[0].AdjacentParentShardID)

	c.awsRefused("InvalidArgumentException", "get-records", "--shard-iterator", "garbage")
	c.awsRefused("ResourceNotFoundException", "describe-stream-summary", "--stream-name", "nobody")
	c.awsRefused("ResourceInUseException", "create-stream", "--stream-name", "orders", "--shard-count", "1")
	c.awsRefused("UnknownOperationException", "get-resource-policy", "--resource-arn", described.StreamDescription.StreamARN)

	var consumers struct {
		Consumers []struct{ ConsumerName string }
	}
	c.aws(nil, "register-stream-consumer", "--stream-arn", described.StreamDescription.StreamARN, "--consumer-name", "app")
	c.aws(&consumers, "list-stream-consumers", "--stream-arn", described.StreamDescription.StreamARN)
	require.Len(t, consumers.Consumers, 1)
	require.Equal(t, "app", consumers.Consumers[0].ConsumerName)
	c.aws(nil, "delete-stream", "--stream-name", "orders", "--enforce-consumer-deletion")
}
