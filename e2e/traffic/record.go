package traffic

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/helios-sql/helios/internal/demo"
)

// idField is the number of an event, its first member.
const idField = `"soak_id":`

// maker makes records of numbered events in all the wrappings that producers use.
type maker struct {
	rand  *rand.Rand
	shop  *demo.Storefront
	next  int64 // number of the next event
	drift int
}

func newMaker(seed uint64) *maker {
	return &maker{rand: rand.New(rand.NewPCG(seed, 0x736f616b)), shop: demo.New(seed, 2000, time.Now)}
}

// record makes the data of one record and says how many events are in it. Something that is no event counts as one.
func (m *maker) record() (data []byte, events int) {
	switch chance := m.rand.IntN(1000); {
	case chance < 80:
		return m.lines(2 + m.rand.IntN(4))
	case chance < 120:
		data, events = m.lines(2 + m.rand.IntN(18))
		return zipped(data), events
	case chance < 240:
		return m.aggregate(2 + m.rand.IntN(9))
	case chance < 242:
		data, events = m.aggregate(3)
		m.next -= int64(events) - 1 // none of its user records can be trusted: it is one thing, that is no event
		data[len(data)-1]++
		return data, 1
	default:
		data = m.event()
		return data, 1
	}
}

// lines makes n events, one a line.
func (m *maker) lines(n int) (data []byte, events int) {
	for range n {
		data = append(append(data, m.sound()...), '\n')
	}
	return data, n
}

// aggregate makes a record of several user records as the KPL does: magic bytes, an AggregatedRecord, its MD5. Its keys are
// of any shard and its outer key is none of the KPL's own, so all of it is to be kept.
func (m *maker) aggregate(users int) (data []byte, events int) {
	message := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "k-"+strconv.Itoa(m.rand.IntN(1000)))
	for range users {
		var user []byte
		n := 1
		if m.rand.IntN(10) == 0 {
			user, n = m.lines(3)
			user = zipped(user)
		} else {
			user = m.event()
		}
		events += n
		inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 0)
		inner = protowire.AppendBytes(protowire.AppendTag(inner, 3, protowire.BytesType), user)
		message = protowire.AppendBytes(protowire.AppendTag(message, 3, protowire.BytesType), inner)
	}
	sum := md5.Sum(message)
	return append(append([]byte("\xf3\x89\x9a\xc2"), message...), sum[:]...), events
}

// sound makes events until one is JSON: a broken one would blur where its neighbours begin.
func (m *maker) sound() []byte {
	for {
		if e := m.event(); utf8.Valid(e) && json.Valid(e) && e[0] == '{' {
			return e
		}
		m.next-- // its number goes to the next one
	}
}

// event makes the next event: one of the storefront's, broken ones among them, with its number and the fields of the drift.
func (m *maker) event() []byte {
	e := m.shop.Next(nil)
	n := m.next
	m.next++
	if len(e) == 0 || e[0] != '{' {
		return e
	}
	return append(fmt.Appendf(nil, `{%s%d,%s`, idField, n, m.drifted(n)), e[1:]...)
}

// drifted is the newest of the fields that turn up while events flow. It begins as a whole number, becomes a fraction, or
// a number beyond 64 bits, and at last, now and then, a text that its column cannot hold.
func (m *maker) drifted(n int64) string {
	if m.drift == 0 {
		return ""
	}
	field, stage := (m.drift-1)/3, (m.drift-1)%3
	value := strconv.FormatInt(n, 10)
	switch {
	case stage == 1 && field%2 == 0:
		value += ".5"
	case stage == 1:
		value += "00000000000000000000"
	case stage == 2 && m.rand.IntN(50) == 0:
		value = `"n/a"`
	}
	return fmt.Sprintf(`"drift_%d":%s,`, field, value)
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
