package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/demo"
	"github.com/helios-sql/helios/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock advances by a step with every look.
func clock(step time.Duration) func() time.Time {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(step)
		return now
	}
}

type shopEvent struct {
	EventID    string    `json:"event_id"`
	EventType  string    `json:"event_type"`
	OccurredAt time.Time `json:"occurred_at"`
	SessionID  string    `json:"session_id"`
	VisitorID  string    `json:"visitor_id"`
	Device     string    `json:"device"`
	Country    string    `json:"country"`
	Referrer   *string   `json:"referrer"`
	LoggedIn   *bool     `json:"logged_in"`
	LoadMS     *int64    `json:"load_ms"`
	URL        string    `json:"url"`
	Query      string    `json:"query"`
	Results    *int64    `json:"results"`
	Product    *struct {
		ID       int64   `json:"id"`
		Name     string  `json:"name"`
		Category string  `json:"category"`
		Price    float64 `json:"price"`
	} `json:"product"`
	Quantity   int64   `json:"quantity"`
	Total      float64 `json:"total"`
	OrderID    int64   `json:"order_id"`
	Experiment string  `json:"experiment"`
}

// parse judges an event as a strict reader does.
func parse(data []byte) (shopEvent, error) {
	var e shopEvent
	if !utf8.Valid(data) {
		return e, errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return e, decoder.Decode(&e)
}

func TestTheSameSeedAndClockGiveTheSameEventsAndAnotherSeedGivesOthers(t *testing.T) {
	make100 := func(seed uint64) string {
		shop := demo.New(seed, 20, clock(20*time.Millisecond))
		var all []byte
		for range 100 {
			all = append(shop.Next(all), '\n')
		}
		return string(all)
	}
	first := make100(7)
	require.Equal(t, first, make100(7))
	require.NotEqual(t, first, make100(8))
}

func TestTheShopLooksLikeAShop(t *testing.T) {
	const events = 100_000
	shop := demo.New(1, 400, clock(20*time.Millisecond))
	var (
		broken, size, experiments int
		ids, sessions, visitors   = map[string]bool{}, map[string]bool{}, map[string]bool{}
		types                     = map[string]int{}
		views, categories         = map[int64]int{}, map[string]bool{}
		buyers                    = map[string]bool{}
		previous                  time.Time
		buf                       []byte
	)
	for range events {
		buf = shop.Next(buf[:0])
		e, err := parse(buf)
		if err != nil {
			broken++
			continue
		}
		require.False(t, ids[e.EventID], "the id %s came twice", e.EventID)
		require.Len(t, e.EventID, 36)
		require.Len(t, e.SessionID, 36)
		require.False(t, e.OccurredAt.Before(previous))
		require.NotEmpty(t, e.Device)
		require.NotEmpty(t, e.Country)
		require.NotEmpty(t, e.URL)
		require.NotNil(t, e.LoadMS)
		require.NotNil(t, e.LoggedIn)
		ids[e.EventID], sessions[e.SessionID], visitors[e.VisitorID], previous = true, true, true, e.OccurredAt
		types[e.EventType]++
		size += len(buf)
		if e.Experiment != "" {
			experiments++
		}
		switch e.EventType {
		case "page_view":
		case "search":
			require.NotEmpty(t, e.Query)
			require.NotNil(t, e.Results)
		case "product_view", "add_to_cart":
			require.Positive(t, e.Product.Price)
			require.Positive(t, e.Quantity)
			views[e.Product.ID]++
			categories[e.Product.Category] = true
		case "checkout", "purchase":
			require.GreaterOrEqual(t, e.Total, e.Product.Price)
			if e.EventType == "purchase" {
				require.Positive(t, e.OrderID)
				require.False(t, buyers[e.SessionID], "a session buys once")
				buyers[e.SessionID] = true
			}
		default:
			t.Fatalf("unexpected event type %q", e.EventType)
		}
	}
	require.InEpsilon(t, float64(events)/demo.BrokenOneIn, broken, 0.2)
	require.InDelta(t, 400, size/(events-broken), 25, "mean size in bytes")
	require.InDelta(t, 0.03, float64(len(buyers))/float64(len(sessions)), 0.007, "conversion")
	require.Less(t, len(visitors), len(sessions), "some come back")
	require.Len(t, views, 40)
	require.Len(t, categories, 6)
	require.InDelta(t, 1.87, float64(views[1001])/float64(views[1002]), 0.2, "popularity by Zipf's law, 2^0.9")
	require.InEpsilon(t, events-int(demo.ExperimentAfter/(20*time.Millisecond)), experiments, 0.02)
	for _, kind := range []string{"page_view", "search", "product_view", "add_to_cart", "checkout", "purchase"} {
		require.NotZero(t, types[kind], kind)
	}
	t.Logf("%d bytes/event, %.2f %% conversion, types %v", size/(events-broken),
		100*float64(len(buyers))/float64(len(sessions)), types)
}

func TestBrokenEventsAreBrokenInEveryWay(t *testing.T) {
	shop := demo.New(3, 50, clock(time.Millisecond))
	found := map[string]int{}
	for range 30_000 {
		data := shop.Next(nil)
		_, err := parse(data)
		var syntax *json.SyntaxError
		var mismatch *json.UnmarshalTypeError
		switch {
		case err == nil:
		case len(data) == 0:
			found["empty"]++
		case !utf8.Valid(data):
			found["not UTF-8"]++
		case errors.As(err, &mismatch):
			found[mismatch.Value+" for "+mismatch.Field]++
		case errors.As(err, &syntax) || err.Error() == "unexpected EOF":
			found["truncated"]++
		default:
			t.Fatalf("unexpected: %v in %s", err, data)
		}
	}
	require.Len(t, found, 6, "%v", found)
}

func TestSomebodyBuysAtOnce(t *testing.T) {
	for seed := range uint64(20) {
		shop := demo.New(seed, 50, clock(time.Millisecond))
		bought := false
		for range 50 {
			e, err := parse(shop.Next(nil))
			bought = bought || err == nil && e.EventType == "purchase" && e.Total > 0
		}
		require.True(t, bought, "seed %d", seed)
	}
}

func TestTheExperimentAppearsAfterAMinute(t *testing.T) {
	shop := demo.New(5, 10, clock(time.Second))
	for i := range 120 {
		data := shop.Next(nil)
		if e, err := parse(data); err == nil {
			require.Equal(t, e.OccurredAt.After(time.Date(2026, 3, 1, 12, 1, 0, 0, time.UTC)), e.Experiment != "", "event %d", i)
		}
	}
}

type counter struct {
	records, events, batches, largest int
	err                               error
}

func (c *counter) PutRecords(_ context.Context, stream string, entries []demo.Entry) error {
	if c.err != nil || stream != "storefront" {
		return errors.Join(c.err, errors.New("not taken"))
	}
	c.records += len(entries)
	c.largest = max(c.largest, len(entries))
	for _, e := range entries {
		lines := bytes.Count(e.Data, []byte("\n"))
		c.events += 1 + lines
		c.batches += min(lines, 1)
		if e.PartitionKey == "" || e.Data == nil {
			return errors.New("an entry without key or data")
		}
	}
	return nil
}

func TestRunHoldsTheRate(t *testing.T) {
	for _, rate := range []float64{0.5, 50, 20_000} {
		synctest.Test(t, func(t *testing.T) {
			const seconds = 10
			ctx, stop := context.WithTimeout(t.Context(), seconds*time.Second)
			defer stop()
			published := &counter{}
			require.NoError(t, demo.Run(ctx, published, demo.Options{Stream: "storefront", Rate: rate}))
			require.InDelta(t, rate*seconds, published.events, max(rate*0.02, 5))
			require.LessOrEqual(t, published.largest, 500)
			if rate > 10 {
				require.Positive(t, published.batches)
			}
		})
	}
}

func TestRunEndsWithThePublishersErrorAndRefusesARateOfNothing(t *testing.T) {
	full := errors.New("the stream is full")
	require.ErrorIs(t, demo.Run(t.Context(), &counter{err: full}, demo.Options{Stream: "storefront", Rate: 1000}), full)
	err := demo.Run(t.Context(), &counter{}, demo.Options{Stream: "storefront"})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
}

func BenchmarkNext(b *testing.B) {
	shop := demo.New(1, 400, time.Now)
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = shop.Next(buf[:0])
		b.SetBytes(int64(len(buf)))
	}
}
