package api

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/helios-sql/helios/internal/fault"
)

// How many requests there may be at once whose senders nobody knows (yet), and how many tails. Over HTTP/2 they cost no connection.
const (
	mostStrangers  = 256
	strangersOfOne = mostStrangers / 2 // from one address

	mostTails  = 256
	tailsOfOne = 20 // of one user or token
)

// crowd counts those who are there at once, and how many of them belong to one.
type crowd struct {
	most, ofOne int

	mu  sync.Mutex
	all int
	of  map[string]int
}

func newCrowd(most, ofOne int) *crowd {
	return &crowd{most: most, ofOne: ofOne, of: map[string]int{}}
}

// place is one that somebody has in a crowd.
type place struct {
	crowd *crowd
	whose string
	left  bool
}

// join gives a place, or nil if that were too many, of all or of whom it is. "" is nobody in particular. Who has it leaves it.
func (c *crowd) join(whose string) *place {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.most || whose != "" && c.of[whose] >= c.ofOne {
		return nil
	}
	c.all++
	c.of[whose]++
	return &place{crowd: c, whose: whose}
}

// leave gives the place back; once is enough.
func (p *place) leave() {
	if p.left {
		return
	}
	p.left = true
	c := p.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.of[p.whose]--; c.of[p.whose] == 0 {
		delete(c.of, p.whose)
	}
}

type placeKey struct{}

// becomeKnown takes a request out of the strangers': who sends it is known.
func becomeKnown(ctx context.Context) {
	if p, ok := ctx.Value(placeKey{}).(*place); ok {
		p.leave()
	}
}

// stands reports whether a request is a stranger's for whom there is no place.
func (s *server) stands(ctx context.Context) bool {
	p, ok := ctx.Value(placeKey{}).(*place)
	return ok && p.crowd == s.standing && !p.left
}

// bound holds strangers to what they may take of memory: a request and its answer do until its client has taken all of it, which over
// HTTP/2 thousands may delay on a few connections. Those for whom there is no place are told so, unless it turns out who they are; and
// if even these are too many they are cut off.
func (s *server) bound(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _ := s.Reach.from(r)
		if address, err := netip.ParseAddr(from); err == nil {
			from = networkOf(address).String()
		}
		mine := s.strangers.join(from)
		if mine == nil {
			if mine = s.standing.join(from); mine == nil {
				panic(http.ErrAbortHandler)
			}
		}
		defer mine.leave()
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), placeKey{}, mine)))
		if r.ProtoMajor == 2 && !mine.left {
			_ = http.NewResponseController(w).Flush() // what is left would be waited for without a place; a client that is gone needs none
		}
	})
}

// errCrowded sends a stranger away.
var errCrowded = fault.New(fault.Unavailable, "too many requests of people who are not signed in are under way").WithHint("try again in a moment").WithRetryAfter(time.Second)

// admitTail bounds how many tails there are: each reads along with a source, for as long as it likes.
func (s *server) admitTail(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	mine := s.tails.join(ownerOf(r.Context()))
	if mine == nil {
		err := fault.New(fault.TooMany, "too many live tails are open: there may be %d, and %d of each user and token", mostTails, tailsOfOne).
			WithHint("close some, and try again").WithRetryAfter(time.Second)
		writeProblem(w, s.problemOf(r.Context(), err))
		return
	}
	defer mine.leave()
	next(ctx)
}
