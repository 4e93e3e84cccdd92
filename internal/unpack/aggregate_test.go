package unpack_test

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/unpack"
)

// userRecord is the message of one user record; a hash below 0 is left out.
func userRecord(key, hash int, data string) string {
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(key))
	if hash >= 0 {
		b = protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), uint64(hash))
	}
	return string(protowire.AppendString(protowire.AppendTag(b, 3, protowire.BytesType), data))
}

func sealed(message []byte) string {
	sum := md5.Sum(message)
	return "\xf3\x89\x9a\xc2" + string(message) + string(sum[:])
}

func kpl(keys, hashes []string, records ...string) string {
	var b []byte
	for number, list := range [][]string{1: keys, 2: hashes, 3: records} {
		for _, s := range list {
			b = protowire.AppendString(protowire.AppendTag(b, protowire.Number(number), protowire.BytesType), s)
		}
	}
	return sealed(b)
}

func TestAggregatesOfOtherProducersAreOpened(t *testing.T) {
	dir := os.Getenv("HELIOS_TEST_DATA")
	if dir == "" {
		t.Skip("foreign data was left out: HELIOS_TEST_DATA names no directory")
	}
	file, err := os.Open(filepath.Join(dir, "kpl_aggregates.ndjson"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	cases := 0
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for ; scanner.Scan(); cases++ {
		var c struct {
			Producer string `json:"producer"`
			Case     int    `json:"case"`
			Data     []byte `json:"data"`
			Users    []struct {
				Key  string  `json:"pk"`
				Hash *string `json:"ehk"`
				Data []byte  `json:"data"`
			} `json:"user_records"`
		}
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &c))
		users, ok := unpack.Aggregate(c.Data)
		require.True(t, ok, "%s %d", c.Producer, c.Case)
		require.Len(t, users, len(c.Users), "%s %d", c.Producer, c.Case)
		for i, want := range c.Users {
			require.Equal(t, want.Key, users[i].PartitionKey)
			require.True(t, bytes.Equal(want.Data, users[i].Data), "%s %d: user record %d", c.Producer, c.Case, i)
			if want.Hash == nil {
				require.Empty(t, users[i].ExplicitHashKey)
			} else {
				require.Equal(t, *want.Hash, users[i].ExplicitHashKey)
			}
		}
	}
	require.NoError(t, scanner.Err())
	require.Positive(t, cases)
}

func TestAnAggregateMadeByAwsKinesisAggIsOpened(t *testing.T) {
	data, err := base64.StdEncoding.DecodeString("84mawgoEcGstYQoEcGstYhoHCAAaA29uZRoHCAEaA3R3bxoJCAAaBXRocmVldYeNHBtaPTCKNQrENi0FmQ==")
	require.NoError(t, err)
	users, ok := unpack.Aggregate(data)
	require.True(t, ok)
	require.Equal(t, []unpack.UserRecord{
		{PartitionKey: "pk-a", Data: []byte("one")},
		{PartitionKey: "pk-b", Data: []byte("two")},
		{PartitionKey: "pk-a", Data: []byte("three")},
	}, users)
}

func TestUserRecordsAreUnpackedInTurn(t *testing.T) {
	var r unpack.Result
	unpack.New(unpack.Options{}).Unpack(record(kpl([]string{"x", "y", "\xff"}, nil,
		userRecord(0, -1, `{"a":1}`),
		userRecord(1, -1, gzipped(t, "{\"a\":2}\n{\"a\":3}")),
		userRecord(0, -1, ``),
		userRecord(1, -1, `[`),
		userRecord(0, -1, kpl([]string{"z"}, nil, userRecord(0, -1, "{}"))),
		userRecord(2, -1, `{"a":4}`),
	)), unpack.Range{}, &r)
	require.Equal(t, []string{
		`{"a":1}`, `{"a":2}`, `{"a":3}`, `empty `, `malformed_json [`,
		`malformed_json ` + kpl([]string{"z"}, nil, userRecord(0, -1, "{}")), `{"a":4}`,
	}, lines(t, r, 0))
	require.Equal(t, "x", r.Events[0].PartitionKey)
	require.Equal(t, "y", r.Events[1].PartitionKey)
	require.Equal(t, "y", r.Rejected[1].PartitionKey)
	require.Equal(t, "\ufffd", r.Events[3].PartitionKey, "a key that is no text could not be stored")
}

func TestWhatIsNoAggregateIsAPlainRecord(t *testing.T) {
	good := kpl([]string{"k"}, []string{"0"}, userRecord(0, 0, "{}\n{}"))
	wrongSum := good[:len(good)-1] + string(good[len(good)-1]^1)
	field := func(number protowire.Number, kind protowire.Type) []byte {
		return protowire.AppendTag(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "k"), number, kind)
	}
	for name, data := range map[string]string{
		"only the magic bytes":           good[:4],
		"too short for a checksum":       good[:19],
		"a wrong checksum":               wrongSum,
		"a key outside its table":        kpl([]string{"k"}, nil, userRecord(1, -1, "{}")),
		"no table of keys":               kpl(nil, nil, userRecord(0, -1, "{}")),
		"a hash key outside its table":   kpl([]string{"k"}, []string{"0"}, userRecord(0, 1, "{}")),
		"a field of the wrong type":      sealed(protowire.AppendVarint(field(3, protowire.VarintType), 1)),
		"a field that is cut":            sealed(append(field(3, protowire.BytesType), 9)),
		"a tag that is cut":              sealed(append(field(3, protowire.BytesType), 0, 0x80)),
		"a broken user record":           kpl([]string{"k"}, nil, "\x1a\x09"),
		"a user record of another shape": kpl([]string{"k"}, nil, "\x0a\x00"),
	} {
		require.Equal(t, []string{"malformed_json " + data}, unpacked(t, unpack.Options{}, data), name)
	}
	unknown := protowire.AppendVarint(field(9, protowire.VarintType), 1)
	unknown = protowire.AppendString(protowire.AppendTag(unknown, 3, protowire.BytesType), userRecord(0, -1, "{}")+"\x22\x00")
	require.Equal(t, []string{"{}"}, unpacked(t, unpack.Options{}, sealed(unknown)), "tags and unknown fields are passed over")
	require.Equal(t, []string{"empty " + kpl([]string{"k"}, nil)}, unpacked(t, unpack.Options{}, kpl([]string{"k"}, nil)))
	require.Equal(t, []string{"empty "}, unpacked(t, unpack.Options{}, kpl([]string{"k"}, nil, "")), "zero values may be left out")
}

func TestUserRecordsOutsideTheShard(t *testing.T) {
	// md5("in") is 13b5…, md5("out") is c68271…; the shard is the lower half.
	half := unpack.Range{Last: [16]byte{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	upper := unpack.Range{First: [16]byte{0x80}, Last: [16]byte(bytes.Repeat([]byte{0xff}, 16))}
	hashes := []string{"0", "170141183460469231731687303715884105727", "170141183460469231731687303715884105728", "340282366920938463463374607431768211455", "340282366920938463463374607431768211456", "-1", "x"}
	data := kpl([]string{"in", "out"}, hashes,
		userRecord(0, -1, `{"n":0}`),
		userRecord(1, -1, `{"n":1} {"n":2} x`),
		userRecord(1, 0, `{"n":4}`),
		userRecord(1, 1, `{"n":5}`),
		userRecord(0, 2, `{"n":6}`),
		userRecord(0, 3, ``),
		userRecord(0, 4, `{"n":8}`),
		userRecord(0, 5, `{"n":9}`),
		userRecord(1, 6, `{"n":10}`),
	)
	lower := []int64{0, 4, 5, 8, 9, 10}
	all := []int64{0, 1, 2, 4, 5, 6, 8, 9, 10}
	for name, c := range map[string]struct {
		mode     unpack.Mode
		key      string
		shard    unpack.Range
		events   []int64
		rejected []int64
		left     int64
	}{
		"the KPL sends again":            {unpack.Auto, "a", half, lower, nil, 3},
		"auto is the default":            {"", "a", half, lower, nil, 3},
		"the other half":                 {unpack.Auto, "a", upper, []int64{1, 2, 6, 8, 9, 10}, []int64{3, 7}, 3},
		"other producers do not":         {unpack.Auto, "pk", half, all, []int64{3, 7}, 0},
		"an unknown range keeps all":     {unpack.Auto, "a", unpack.Range{}, all, []int64{3, 7}, 0},
		"keep overrules":                 {unpack.Keep, "a", half, all, []int64{3, 7}, 0},
		"drop overrules":                 {unpack.Drop, "pk", half, lower, nil, 3},
		"drop drops what the KPL resent": {unpack.Drop, "a", half, lower, nil, 3},
	} {
		rec := record(data)
		rec.PartitionKey = c.key
		var r unpack.Result
		unpack.New(unpack.Options{Aggregates: c.mode}).Unpack(rec, c.shard, &r)
		var events, rejected []int64
		for _, e := range r.Events {
			events = append(events, e.Index)
		}
		for _, e := range r.Rejected {
			rejected = append(rejected, e.Index)
		}
		require.Equal(t, c.events, events, name)
		require.Equal(t, c.rejected, rejected, name)
		require.Equal(t, unpack.Counts{LeftToResend: c.left}, r.Counts, name)
	}

	var r unpack.Result
	rec := record(kpl([]string{"out"}, nil, userRecord(0, -1, ``), userRecord(0, -1, `{}`)))
	rec.PartitionKey = "a"
	unpack.New(unpack.Options{}).Unpack(rec, half, &r)
	require.Equal(t, unpack.Result{Events: []event.Event{}, Rejected: []event.Rejected{}, Counts: unpack.Counts{LeftToResend: 2}}, r)

	r.Reset()
	unpack.New(unpack.Options{Aggregates: unpack.Drop}).Again(event.Event{Record: rec, Data: rec.Data, PartitionKey: "a"}, &r)
	require.Equal(t, []string{"empty ", "{}"}, lines(t, r, 0), "again keeps all")
}
