package unpack

import (
	"bytes"
	"crypto/md5"
	"math/big"

	"google.golang.org/protobuf/encoding/protowire"
)

// An aggregate, as Amazon's "KPL aggregated record format" describes it: four magic bytes, a protobuf message, and the MD5 of
// that message. The fields of AggregatedRecord are 1 partition_key_table, 2 explicit_hash_key_table, 3 records; those of a
// record 1 partition_key_index, 2 explicit_hash_key_index, 3 data, 4 tags.
var aggregateMagic = []byte{0xf3, 0x89, 0x9a, 0xc2}

// kplPartitionKey is the partition key that the KPL gives to a record that holds an aggregate.
const kplPartitionKey = "a"

// UserRecord is one record inside an aggregate, as its producer was given it.
type UserRecord struct {
	PartitionKey    string // as written: not always UTF-8
	ExplicitHashKey string // a decimal integer below 2^128, or "" for none
	Data            []byte
}

// Aggregate gives the user records of a KPL aggregate. It is false for anything else: without the magic bytes, with a wrong
// checksum, with a broken message, or with an index outside its table. Indices and data that are missing count as 0 and as
// empty, as some producers leave zero values out.
func Aggregate(data []byte) ([]UserRecord, bool) {
	if len(data) < len(aggregateMagic)+md5.Size || !bytes.HasPrefix(data, aggregateMagic) {
		return nil, false
	}
	message := data[len(aggregateMagic) : len(data)-md5.Size]
	if md5.Sum(message) != [md5.Size]byte(data[len(data)-md5.Size:]) {
		return nil, false
	}
	var keys, hashes []string
	var records [][]byte
	ok := fields(message, func(field int, value []byte, _ uint64) {
		switch field {
		case 1:
			keys = append(keys, string(value))
		case 2:
			hashes = append(hashes, string(value))
		case 3:
			records = append(records, value)
		}
	}, protowire.BytesType, protowire.BytesType, protowire.BytesType)
	if !ok {
		return nil, false
	}
	users := make([]UserRecord, len(records))
	for i, r := range records {
		var key, hash uint64
		var hashed bool
		ok := fields(r, func(field int, value []byte, index uint64) {
			switch field {
			case 1:
				key = index
			case 2:
				hash, hashed = index, true
			case 3:
				users[i].Data = value
			}
		}, protowire.VarintType, protowire.VarintType, protowire.BytesType)
		if !ok || key >= uint64(len(keys)) || hashed && hash >= uint64(len(hashes)) {
			return nil, false
		}
		users[i].PartitionKey = keys[key]
		if hashed {
			users[i].ExplicitHashKey = hashes[hash]
		}
	}
	return users, true
}

// fields calls yield for the fields 1, 2, … of a message, whose types must be the given ones, and passes over all others.
func fields(message []byte, yield func(field int, value []byte, index uint64), types ...protowire.Type) bool {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return false
		}
		field := int(number)
		message = message[n:]
		var value []byte
		var index uint64
		switch {
		case field > len(types):
			n = protowire.ConsumeFieldValue(number, kind, message)
		case kind != types[field-1]:
			return false
		case kind == protowire.BytesType:
			value, n = protowire.ConsumeBytes(message)
		default:
			index, n = protowire.ConsumeVarint(message)
		}
		if n < 0 {
			return false
		}
		if field <= len(types) {
			yield(field, value, index)
		}
		message = message[n:]
	}
	return true
}

// within reports whether the user record belongs into the shard: by its explicit hash key, else by the MD5 of its partition
// key. A hash key that is no hash key says nothing, and the record is taken to belong.
func (r *UserRecord) within(shard Range) bool {
	hash := md5.Sum([]byte(r.PartitionKey))
	if r.ExplicitHashKey != "" {
		n, ok := new(big.Int), len(r.ExplicitHashKey) <= len("340282366920938463463374607431768211455")
		if ok {
			n, ok = n.SetString(r.ExplicitHashKey, 10)
		}
		if !ok || n.Sign() < 0 || n.BitLen() > 128 {
			return true
		}
		n.FillBytes(hash[:])
	}
	return bytes.Compare(shard.First[:], hash[:]) <= 0 && bytes.Compare(hash[:], shard.Last[:]) <= 0
}
