"""Uses the Kinesis endpoint given as first argument as an application on boto3 would, and fails where it differs from AWS.

The stream "orders" with two shards and the records that it puts are left for the test to read.
"""

import datetime
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HALF = 2**127
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/orders"

kinesis = boto3.client("kinesis", endpoint_url=sys.argv[1], config=Config(retries={"total_max_attempts": 1}))


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        assert isinstance(e, getattr(kinesis.exceptions, code, ClientError)), type(e)
        return
    raise AssertionError(f"{arguments} was not refused with {code}")


def read(shard, **start):
    """Every record of a shard, and its last answer."""
    start = start or {"ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamARN=ARN, ShardId=shard, **start)["ShardIterator"]
    records = []
    while True:
        answer = kinesis.get_records(StreamARN=ARN, ShardIterator=iterator)
        records += answer["Records"]
        iterator = answer.get("NextShardIterator")
        if iterator is None or answer["MillisBehindLatest"] == 0:
            return records, answer


refused("ResourceNotFoundException", kinesis.describe_stream_summary, StreamName="orders")
kinesis.create_stream(StreamName="orders", ShardCount=2)
kinesis.get_waiter("stream_exists").wait(StreamName="orders")
refused("ResourceInUseException", kinesis.create_stream, StreamName="orders", ShardCount=2)
assert [s["StreamName"] for s in kinesis.list_streams()["StreamSummaries"]] == ["orders"]
summary = kinesis.describe_stream_summary(StreamARN=ARN)["StreamDescriptionSummary"]
assert (summary["StreamStatus"], summary["OpenShardCount"]) == ("ACTIVE", 2), summary
age = datetime.datetime.now(datetime.timezone.utc) - summary["StreamCreationTimestamp"]
assert abs(age) < datetime.timedelta(minutes=5), age

first = kinesis.put_record(StreamName="orders", PartitionKey="bär", Data="ünïcode and \x00".encode(), ExplicitHashKey="0")
assert first["ShardId"] == "shardId-000000000000", first
many = kinesis.put_records(
    StreamARN=ARN,
    Records=[{"PartitionKey": f"k{i}", "Data": bytes([i % 256]) * i, "ExplicitHashKey": str(HALF - 1 + i % 2)} for i in range(500)],
)
assert many["FailedRecordCount"] == 0 and len(many["Records"]) == 500, many
refused("ValidationException", kinesis.put_records, StreamARN=ARN, Records=[{"PartitionKey": "k", "Data": b""}] * 501)
refused("InvalidArgumentException", kinesis.put_record, StreamARN=ARN, PartitionKey="k", Data=b"", ExplicitHashKey=str(2**128))
refused("InvalidArgumentException", kinesis.get_records, ShardIterator="garbage")
refused("InvalidArgumentException", kinesis.put_record, StreamARN=ARN, StreamName="other", PartitionKey="k", Data=b"")

left, _ = read("shardId-000000000000")
assert (left[0]["PartitionKey"], left[0]["Data"]) == ("bär", "ünïcode and \x00".encode()), left[0]
assert left[0]["SequenceNumber"] == first["SequenceNumber"]
assert [len(r["Data"]) for r in left[1:]] == list(range(0, 500, 2))
numbers = [int(r["SequenceNumber"]) for r in left]
assert numbers == sorted(set(numbers)), "numbers do not grow"
right, answer = read("shardId-000000000001")
assert [len(r["Data"]) for r in right] == list(range(1, 500, 2)) and "NextShardIterator" in answer
again, _ = read("shardId-000000000001", ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=right[-2]["SequenceNumber"])
assert again == right[-1:], again
again, _ = read("shardId-000000000001", ShardIteratorType="AT_TIMESTAMP", Timestamp=right[0]["ApproximateArrivalTimestamp"])
assert again[-1] == right[-1] and len(again) <= len(right)

kinesis.split_shard(StreamARN=ARN, ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")
kinesis.merge_shards(StreamARN=ARN, ShardToMerge="shardId-000000000003", AdjacentShardToMerge="shardId-000000000001")
refused("ResourceInUseException", kinesis.split_shard, StreamARN=ARN, ShardToSplit="shardId-000000000000", NewStartingHashKey="500")
again, answer = read("shardId-000000000000")
assert again == left and "NextShardIterator" not in answer
assert [c["ShardId"] for c in answer["ChildShards"]] == ["shardId-000000000002", "shardId-000000000003"], answer
listed = kinesis.list_shards(StreamARN=ARN, ShardFilter={"Type": "AT_LATEST"})["Shards"]
assert [s["ShardId"] for s in listed] == ["shardId-000000000002", "shardId-000000000004"], listed
# boto3's own paginator sends the name along with the token, which AWS refuses too (botocore issue 2009).
page = kinesis.list_shards(StreamName="orders", MaxResults=2)
refused("InvalidArgumentException", kinesis.list_shards, StreamName="orders", NextToken=page["NextToken"])
shards = page["Shards"]
while "NextToken" in page:
    page = kinesis.list_shards(NextToken=page["NextToken"], MaxResults=2)
    shards += page["Shards"]
assert [s["ShardId"] for s in shards] == [f"shardId-{i:012}" for i in range(5)], shards
assert shards[4]["AdjacentParentShardId"] == "shardId-000000000001", shards[4]
refused("UnknownOperationException", kinesis.start_stream_encryption, StreamName="orders", EncryptionType="KMS", KeyId="k")
print("boto3 is content")
