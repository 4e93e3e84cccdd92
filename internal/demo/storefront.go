// Package demo is an online shop whose visitors do not exist: they arrive, view, search, fill carts, buy and leave, and
// every step is an event. It feeds `helios demo`, tests and benchmarks. The same seed and clock give the same events. Some
// are broken on purpose, and a new field appears after a minute, so that quarantine and schema evolution are seen at work.
// It knows nothing of Kinesis: it publishes through the Publisher that it declares.
package demo

import (
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	// BrokenOneIn is how many events there are for each broken one.
	BrokenOneIn = 500

	// firstBroken is the step that is broken in any case, so that nobody finds the quarantine empty.
	firstBroken = 100
	// firstBought is the step that buys in any case: what only purchases have is there from the start, and dashboards can ask for it.
	firstBought = 50
	// ExperimentAfter is how long after the start the field "experiment" appears.
	ExperimentAfter = time.Minute

	batchOneIn    = 50 // records for each one that holds several events, one a line
	returnOneIn   = 4  // sessions for each one of a visitor who has been here before
	knownVisitors = 1024
)

// Storefront makes events. It is for one goroutine.
type Storefront struct {
	rand     *rand.Rand
	now      func() time.Time
	opened   time.Time
	sessions []session
	known    []visitor // a bounded memory of visitors who may come back
	steps    int
}

// New opens a shop with that many visitors in it at any time. The clock stamps the events; nothing waits for it.
func New(seed uint64, visitors int, now func() time.Time) *Storefront {
	s := &Storefront{
		rand:     rand.New(rand.NewPCG(seed, 0x48656c696f73)),
		now:      now,
		opened:   now(),
		sessions: make([]session, max(visitors, 1)),
	}
	for i := range s.sessions {
		s.sessions[i] = s.arrive()
	}
	return s
}

// Next appends the next event to dst: a JSON object, or, about once in BrokenOneIn, something that should have been one,
// possibly nothing at all.
func (s *Storefront) Next(dst []byte) []byte {
	return s.appendStep(dst, s.visit())
}

// appendStep lets a session make its next step and appends the event, or what is left of it.
func (s *Storefront) appendStep(dst []byte, visit *session) []byte {
	event := s.advance(visit)
	s.steps++
	if s.steps == firstBought {
		event = purchase
		visit.cart += visit.quantity * products[visit.product].cents
		s.step(visit, event)
	}
	if broken := s.rand.IntN(BrokenOneIn) == 0; broken && s.steps != firstBought || s.steps == firstBroken {
		return s.appendBroken(dst, visit, event)
	}
	return s.appendEvent(dst, visit, event, "")
}

// Record appends the next record to dst and gives its partition key, the visitor, and how many events it holds: mostly
// one, sometimes several steps of one visitor, one a line. A broken event counts.
func (s *Storefront) Record(dst []byte) (data []byte, key string, events int) {
	visit := s.visit()
	key = visit.visitor.id
	if s.rand.IntN(batchOneIn) > 0 {
		return s.appendStep(dst, visit), key, 1
	}
	dst = s.appendEvent(dst, visit, s.advance(visit), "")
	for events = 1; events < 4 && visit.stage != left; events++ {
		dst = append(dst, '\n')
		dst = s.appendEvent(dst, visit, s.advance(visit), "")
	}
	return dst, key, events
}

// visit picks who makes the next step, and lets somebody new in for who has left.
func (s *Storefront) visit() *session {
	visit := &s.sessions[s.rand.IntN(len(s.sessions))]
	if visit.stage == left {
		*visit = s.arrive()
	}
	return visit
}

// appendEvent appends the event of the step that a session has just made. A price that is not empty replaces the
// product's, quotes and all.
func (s *Storefront) appendEvent(dst []byte, visit *session, event, price string) []byte {
	now := s.now().UTC()
	dst = append(dst, `{"event_id":"`...)
	dst = s.appendUUID(dst)
	dst = appendText(dst, `","event_type":"`, event)
	dst = append(dst, `","occurred_at":"`...)
	dst = now.AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	dst = appendText(dst, `","session_id":"`, visit.id)
	dst = appendText(dst, `","visitor_id":"`, visit.visitor.id)
	dst = appendText(dst, `","device":"`, visit.visitor.device)
	dst = appendText(dst, `","country":"`, visit.visitor.country)
	if visit.referrer == "" {
		dst = append(dst, `","referrer":null`...)
	} else {
		dst = appendText(dst, `","referrer":"`, visit.referrer)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"logged_in":`...)
	dst = strconv.AppendBool(dst, visit.visitor.member)
	dst = append(dst, `,"load_ms":`...)
	dst = strconv.AppendInt(dst, int64(40+s.rand.ExpFloat64()*120), 10)

	item := &products[visit.product]
	switch event {
	case pageView:
		dst = appendText(dst, `,"url":"https://shop.example/`, visit.page)
		dst = append(dst, '"')
	case search:
		dst = appendText(dst, `,"url":"https://shop.example/search","query":"`, item.query)
		dst = append(dst, `","results":`...)
		dst = strconv.AppendInt(dst, int64(1+s.rand.IntN(12)), 10)
	default:
		dst = appendText(dst, `,"url":"https://shop.example/`, item.path)
		dst = appendText(dst, `","product":`, item.prefix)
		if price == "" {
			dst = appendCents(dst, item.cents)
		} else {
			dst = append(dst, price...)
		}
		dst = append(dst, `},"quantity":`...)
		dst = strconv.AppendInt(dst, int64(visit.quantity), 10)
	}
	if event == checkout || event == purchase {
		dst = append(dst, `,"total":`...)
		dst = appendCents(dst, visit.cart)
	}
	if event == purchase {
		dst = append(dst, `,"order_id":`...)
		dst = strconv.AppendInt(dst, s.rand.Int64(), 10)
	}
	if now.Sub(s.opened) >= ExperimentAfter {
		dst = appendText(dst, `,"experiment":"`, visit.experiment)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// appendBroken appends an event as appendEvent does, and spoils it.
func (s *Storefront) appendBroken(dst []byte, visit *session, event string) []byte {
	start := len(dst)
	switch s.rand.IntN(6) {
	case 0: // a writer that died: the end is missing
		dst = s.appendEvent(dst, visit, event, "")
		whole := len(dst) - start
		return dst[:start+whole/2+s.rand.IntN(whole/2)]
	case 1: // a text where a number should be
		return s.appendEvent(dst, visit, productView, `"free"`)
	case 2: // a truth where a number should be
		return s.appendEvent(dst, visit, productView, "true")
	case 3: // a log line that lost its way
		return append(dst, `"GET /healthz 200"`...)
	case 4: // Latin-1 where UTF-8 should be
		dst = s.appendEvent(dst, visit, event, "")
		return append(dst[:len(dst)-1], ",\"note\":\"caf\xe9\"}"...)
	default: // nothing at all
		return dst
	}
}

// appendUUID appends a random UUID (RFC 9562, version 4).
func (s *Storefront) appendUUID(dst []byte) []byte {
	const hex = "0123456789abcdef"
	high := s.rand.Uint64()&^0xf000 | 0x4000
	low := s.rand.Uint64()&^(0b11<<62) | 0b10<<62
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 28 || shift == 12 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[high>>shift&0xf])
	}
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 60 || shift == 44 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[low>>shift&0xf])
	}
	return dst
}

func appendText(dst []byte, lead, text string) []byte {
	dst = append(dst, lead...)
	return append(dst, text...)
}

// appendCents appends an amount of cents as a number with two decimals.
func appendCents(dst []byte, cents int) []byte {
	dst = strconv.AppendInt(dst, int64(cents/100), 10)
	return append(dst, '.', byte('0'+cents/10%10), byte('0'+cents%10))
}
