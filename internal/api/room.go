package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/helios-sql/helios/internal/fault"
)

// Bounds of what large requests take of memory at once. A request takes its bytes several times over: as text, as JSON that
// is checked, and as events.
const (
	roomBytes = 64 << 20
	roomWait  = 2 * time.Second
)

// admit waits a little until there is room for a request that holds so many bytes. The caller gives the room back.
func (s *server) admit(ctx context.Context, bytes int64) (release func(), err error) {
	wait, cancel := context.WithTimeout(ctx, roomWait)
	defer cancel()
	if err := s.room.Acquire(wait, bytes); err != nil {
		if ctx.Err() != nil {
			return nil, fault.New(fault.Cancelled, "the client went away: %w", ctx.Err())
		}
		return nil, fault.New(fault.Unavailable, "too many large requests are under way").
			WithHint("try again in a moment").WithRetryAfter(time.Second)
	}
	return func() { s.room.Release(bytes) }, nil
}

// admitBody admits requests by the size of their body before it is read: that is how large it says to be, or most.
func (s *server) admitBody(most int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		size := r.ContentLength
		if size < 0 || size > most {
			size = most
		}
		release, err := s.admit(r.Context(), size)
		if err != nil {
			writeProblem(w, s.problemOf(r.Context(), err))
			return
		}
		defer release()
		next(ctx)
	}
}
