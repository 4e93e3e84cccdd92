package localkinesis_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// cborCall sends a request as SDKs for Java do. The encoder is the AWS SDK's, not the server's.
func (k kit) cborCall(operation string, members cbor.Map) (status int, answer cbor.Map) {
	k.Helper()
	req, err := http.NewRequestWithContext(k.Context(), http.MethodPost, k.url, bytes.NewReader(cbor.Encode(members)))
	require.NoError(k, err)
	req.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	req.Header.Set("Content-Type", "application/x-amz-cbor-1.1")
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(k, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(k, err)
	require.NoError(k, resp.Body.Close())
	require.Equal(k, "application/x-amz-cbor-1.1", resp.Header.Get("Content-Type"))
	v, err := cbor.Decode(body)
	require.NoError(k, err)
	return resp.StatusCode, v.(cbor.Map)
}

func TestCBORHasTheSameMembersAsJSON(t *testing.T) {
	now := newClock()
	k := start(t, localkinesis.Options{Now: now.now})
	k.stream(1)
	orders := cbor.String("orders")

	status, put := k.cborCall("PutRecord", cbor.Map{"StreamName": orders, "PartitionKey": cbor.String("k"), "Data": cbor.Slice{0, 0xff, 'x'}})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, cbor.String(shard0), put["ShardId"])

	at := cbor.Map{
		"StreamName": orders, "ShardId": cbor.String(shard0), "ShardIteratorType": cbor.String("AT_TIMESTAMP"),
		"Timestamp": &cbor.Tag{ID: 1, Value: cbor.Uint(now.now().UnixMilli())},
	}
	_, iterator := k.cborCall("GetShardIterator", at)
	_, read := k.cborCall("GetRecords", cbor.Map{"ShardIterator": iterator["ShardIterator"]})
	require.Equal(t, cbor.Map{
		"Records": cbor.List{cbor.Map{
			"SequenceNumber":              put["SequenceNumber"],
			"ApproximateArrivalTimestamp": &cbor.Tag{ID: 1, Value: cbor.Uint(now.now().UnixMilli())},
			"EncryptionType":              cbor.String("NONE"),
			"PartitionKey":                cbor.String("k"),
			"Data":                        cbor.Slice{0, 0xff, 'x'},
		}},
		"MillisBehindLatest": cbor.Uint(0),
		"NextShardIterator":  read["NextShardIterator"],
	}, read)

	at["Timestamp"] = &cbor.Tag{ID: 1, Value: cbor.Uint(now.now().Add(time.Second).UnixMilli())}
	status, refused := k.cborCall("GetShardIterator", at)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, cbor.String("InvalidArgumentException"), refused["__type"])

	_, described := k.cborCall("DescribeStreamSummary", cbor.Map{"StreamName": orders})
	summary := described["StreamDescriptionSummary"].(cbor.Map)
	require.Equal(t, orders, summary["StreamName"])
	require.Equal(t, &cbor.Tag{ID: 1, Value: cbor.Uint(now.now().UnixMilli())}, summary["StreamCreationTimestamp"])
	require.Equal(t, cbor.Uint(1), summary["OpenShardCount"])

	status, broken := k.cborCall("GetShardIterator", cbor.Map{"Timestamp": cbor.String("now")})
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, cbor.Map{
		"__type":  cbor.String("SerializationException"),
		"message": cbor.String("a timestamp must be a number of milliseconds since 1970"),
	}, broken)
}
