package localkinesis

import (
	"bytes"
	"math"
	"strconv"

	"github.com/fxamacker/cbor/v2"
)

// epochSeconds is a time on the wire, kept in ms: JSON has it as seconds with a fraction, CBOR as milliseconds.
type epochSeconds int64 //nolint:recvcheck // marshalling asks for values, unmarshalling for pointers

// MarshalJSON writes seconds with three decimals.
func (t epochSeconds) MarshalJSON() ([]byte, error) { return appendSeconds(nil, int64(t)), nil }

// UnmarshalJSON reads seconds and drops what is below a millisecond.
func (t *epochSeconds) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.Abs(f) > 1e12 {
		return apiError(errSerialization, "a timestamp must be a number of seconds since 1970, not %.40s", b)
	}
	*t = epochSeconds(math.Floor(f*1000 + 0.002)) // 0.002: twice the error of a float of this size
	return nil
}

// epochTag is CBOR's mark of a time since 1970 (RFC 8949, 3.4.2). AWS counts in ms what the RFC has in seconds.
const epochTag = 1

// MarshalCBOR writes milliseconds.
func (t epochSeconds) MarshalCBOR() ([]byte, error) {
	return cbor.Marshal(cbor.Tag{Number: epochTag, Content: int64(t)})
}

// UnmarshalCBOR reads milliseconds, tagged or not.
func (t *epochSeconds) UnmarshalCBOR(b []byte) error {
	var tag cbor.RawTag
	if cbor.Unmarshal(b, &tag) == nil {
		b = tag.Content
	}
	var ms float64
	if err := cbor.Unmarshal(b, &ms); err != nil || !(math.Abs(ms) < 1e15) {
		return apiError(errSerialization, "a timestamp must be a number of milliseconds since 1970")
	}
	*t = epochSeconds(math.Floor(ms))
	return nil
}

func appendSeconds(dst []byte, ms int64) []byte {
	return strconv.AppendFloat(dst, float64(ms)/1000, 'f', 3, 64)
}

// streamRef names the stream of a request, by name, by ARN, or by both.
type streamRef struct {
	StreamName string
	StreamARN  string
}

type streamModeDetails struct {
	StreamMode string
}

// consumerRef names a consumer, by its ARN or by its name and its stream's ARN.
type consumerRef struct {
	ConsumerARN  string
	ConsumerName string
	StreamARN    string
}

type createStreamRequest struct {
	StreamName                 string
	ShardCount                 *int64
	StreamModeDetails          *streamModeDetails
	MaxRecordSizeInKiB         *int64
	RecordDistributionStrategy string
	WarmThroughputMiBps        *int64
	Tags                       map[string]string
}

type deleteStreamRequest struct {
	streamRef
	EnforceConsumerDeletion bool
}

type describeStreamSummaryRequest struct {
	streamRef
}

type describeStreamRequest struct {
	streamRef
	Limit                 *int64
	ExclusiveStartShardID string `json:"ExclusiveStartShardId"`
}

type listStreamsRequest struct {
	Limit                    *int64
	ExclusiveStartStreamName string
	NextToken                string
}

type listShardsRequest struct {
	streamRef
	NextToken               string
	ExclusiveStartShardID   string `json:"ExclusiveStartShardId"`
	MaxResults              *int64
	StreamCreationTimestamp *epochSeconds
	ShardFilter             *shardFilter
}

type shardFilter struct {
	Type      string
	ShardID   string `json:"ShardId"`
	Timestamp *epochSeconds
}

type putRecordRequest struct {
	streamRef
	putEntry
	SequenceNumberForOrdering string
	DryRun                    bool
}

type putEntry struct {
	Data            *[]byte
	PartitionKey    *string
	ExplicitHashKey *string
}

type putRecordsRequest struct {
	streamRef
	Records []putEntry
	DryRun  bool
}

type getShardIteratorRequest struct {
	streamRef
	ShardID                string `json:"ShardId"`
	ShardIteratorType      string
	StartingSequenceNumber string
	Timestamp              *epochSeconds
	DryRun                 bool
}

type getRecordsRequest struct {
	StreamARN     string
	ShardIterator string
	Limit         *int64
	DryRun        bool
}

type registerStreamConsumerRequest struct {
	StreamARN    string
	ConsumerName string
	Tags         map[string]string
}

// consumerRequest asks for nothing but a consumer: DescribeStreamConsumer, DeregisterStreamConsumer.
type consumerRequest struct {
	consumerRef
}

type listStreamConsumersRequest struct {
	StreamARN  string
	MaxResults *int64
	NextToken  string
}

type subscribeToShardRequest struct {
	ConsumerARN      string
	ShardID          string `json:"ShardId"`
	StartingPosition *startingPosition
	DryRun           bool
}

type startingPosition struct {
	Type           string
	SequenceNumber string
	Timestamp      *epochSeconds
}

type splitShardRequest struct {
	streamRef
	ShardToSplit       string
	NewStartingHashKey string
}

type mergeShardsRequest struct {
	streamRef
	ShardToMerge         string
	AdjacentShardToMerge string
}

type updateShardCountRequest struct {
	streamRef
	TargetShardCount *int64
	ScalingType      string
}

type retentionRequest struct {
	streamRef
	RetentionPeriodHours *int64
}

type updateMaxRecordSizeRequest struct {
	streamRef
	MaxRecordSizeInKiB *int64
}

type updateStreamModeRequest struct {
	StreamARN         string
	StreamModeDetails *streamModeDetails
}

type tagsRequest struct {
	streamRef
	Tags                 map[string]string
	TagKeys              []string
	ExclusiveStartTagKey string
	Limit                *int64
}

// The answers. An operation that answers nothing has empty, which AWS sends as no body at all.
type empty struct{}

type hashKeyRangeShape struct {
	StartingHashKey string `json:"StartingHashKey"`
	EndingHashKey   string `json:"EndingHashKey"`
}

type sequenceRangeShape struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string `json:",omitempty"`
}

type shardShape struct {
	ShardID               string `json:"ShardId"`
	ParentShardID         string `json:"ParentShardId,omitempty"`
	AdjacentParentShardID string `json:"AdjacentParentShardId,omitempty"`
	HashKeyRange          hashKeyRangeShape
	SequenceNumberRange   sequenceRangeShape
}

type childShardShape struct {
	ShardID      string            `json:"ShardId"`
	ParentShards []string          `json:"ParentShards"`
	HashKeyRange hashKeyRangeShape `json:"HashKeyRange"`
}

// streamShape is common to the descriptions of a stream.
type streamShape struct {
	StreamName              string
	StreamARN               string
	StreamStatus            string
	StreamModeDetails       streamModeDetails
	StreamCreationTimestamp epochSeconds
}

type streamDescription struct {
	streamShape
	RetentionPeriodHours int64
	EnhancedMonitoring   []enhancedMetrics
	EncryptionType       string
	MaxRecordSizeInKiB   int64
}

type enhancedMetrics struct {
	ShardLevelMetrics []string
}

type describeStreamSummaryAnswer struct {
	StreamDescriptionSummary struct {
		streamDescription
		OpenShardCount int
		ConsumerCount  int
	}
}

type describeStreamAnswer struct {
	StreamDescription struct {
		streamDescription
		Shards        []shardShape
		HasMoreShards bool
	}
}

type listStreamsAnswer struct {
	StreamNames     []string
	HasMoreStreams  bool
	NextToken       string `json:",omitempty"`
	StreamSummaries []streamShape
}

type listShardsAnswer struct {
	Shards    []shardShape
	NextToken string `json:",omitempty"`
}

type putRecordAnswer struct {
	ShardID        string `json:"ShardId"`
	SequenceNumber string
	EncryptionType string
}

type putRecordsAnswer struct {
	FailedRecordCount int
	Records           []PutResult
	EncryptionType    string
}

type getShardIteratorAnswer struct {
	ShardIterator string
}

type recordShape struct {
	SequenceNumber              string
	ApproximateArrivalTimestamp epochSeconds
	EncryptionType              string
	PartitionKey                string
	Data                        []byte
}

type batchShape struct {
	Records                    []recordShape
	MillisBehindLatest         int64
	NextShardIterator          string            `json:",omitempty"`
	ContinuationSequenceNumber string            `json:",omitempty"`
	ChildShards                []childShardShape `json:",omitempty"`
}

type consumerShape struct {
	ConsumerName              string
	ConsumerARN               string
	ConsumerStatus            string
	ConsumerCreationTimestamp epochSeconds
}

type consumerDescription struct {
	consumerShape
	StreamARN string
}

type registerStreamConsumerAnswer struct {
	Consumer consumerShape
}

type describeStreamConsumerAnswer struct {
	ConsumerDescription consumerDescription
}

type listStreamConsumersAnswer struct {
	Consumers []consumerShape
	NextToken string `json:",omitempty"`
}

type updateShardCountAnswer struct {
	StreamName        string
	CurrentShardCount int
	TargetShardCount  int
	StreamARN         string
}

type describeLimitsAnswer struct {
	ShardLimit               int
	OpenShardCount           int
	OnDemandStreamCount      int
	OnDemandStreamCountLimit int
}

type tagShape struct {
	Key   string
	Value string
}

type listTagsAnswer struct {
	Tags        []tagShape
	HasMoreTags bool
}
