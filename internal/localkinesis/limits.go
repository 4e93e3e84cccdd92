package localkinesis

import "time"

// AWS's quotas. Those of size and count always hold; the rates of a shard only with Options.KeepLimits.
const (
	maxPutRecords    = 500
	maxPutBytes      = 10 << 20 // of one PutRecords, keys included
	maxGetRecords    = 10_000
	maxGetBytes      = 10 << 20 // of the data and keys in one answer
	minRecordKiB     = 1024     // bounds of a stream's MaxRecordSizeInKiB; the lower is the default
	maxRecordKiB     = 10_240
	maxShards        = 1000 // open, in all streams together
	maxStreams       = 500
	maxListShards    = 1000
	maxEventBytes    = 1 << 20 // of the data and keys in one event of a subscription, unless a record alone has more
	maxConsumers     = 20      // of a stream
	maxListConsumers = 100

	maxCreatingConsumers = 5 // of a stream, at the same time

	idleEvent        = 5 * time.Second // between events of a subscription when no records come
	maxTags          = 50
	nextTokenTTL     = 300 * time.Second
	onDemandShards   = 4
	maxRequestBytes  = 16 << 20 // 10 MiB of data in base64, and room for the rest
	maxWireBytes     = 8 * maxRequestBytes
	wirePatience     = 30 * time.Second // with a peer that does not send or take its bytes
	minRetentionHour = 24
	maxRetentionHour = 8760

	shardReadsPerSecond      = 5
	shardReadBytesPerSecond  = 2 << 20
	shardWritesPerSecond     = 1000
	shardWriteBytesPerSecond = 1 << 20
)

// bucket limits a rate: what is taken becomes debt, and debt drains away at the rate. It counts in thousandths.
type bucket struct {
	debt int64
	at   int64 // ms
}

// level is the debt after draining until now.
func (b *bucket) level(now, perSecond int64) int64 {
	b.debt = max(0, b.debt-perSecond*max(0, now-b.at))
	b.at = now
	return b.debt
}

// take adds n to the debt.
func (b *bucket) take(n int64) { b.debt += n * 1000 }

// admitRead tells whether a shard may be read now, and counts the call. An answer of 10 MiB is worth five seconds at
// 2 MiB/s, which is the pause that AWS documents after it.
func (sh *shard) admitRead(now int64) bool {
	if sh.reads.level(now, shardReadsPerSecond) > (shardReadsPerSecond-1)*1000 ||
		sh.readBytes.level(now, shardReadBytesPerSecond) > 0 {
		return false
	}
	sh.reads.take(1)
	return true
}

// admitWrite tells whether a shard takes a record of n bytes now, and counts it. A record of more than a second's
// worth is taken by a rested shard.
func (sh *shard) admitWrite(now int64, n int) bool {
	size, debt := int64(n), sh.writeBytes.level(now, shardWriteBytesPerSecond)
	if sh.writes.level(now, shardWritesPerSecond) > (shardWritesPerSecond-1)*1000 ||
		debt > 0 && debt+size*1000 > shardWriteBytesPerSecond*1000 {
		return false
	}
	sh.writes.take(1)
	sh.writeBytes.take(size)
	return true
}
