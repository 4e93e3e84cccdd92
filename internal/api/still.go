package api

import (
	"context"
	"net/http"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// stillEvery is how long a request may go on, at most, after who asks is not let in any more.
const stillEvery = 15 * time.Second

// whileLetIn makes a request one whose context ends soon after the session or token of who asks has, or what it allows has changed:
// a query, an export or a tail may last for long. The caller calls stop when the request is answered.
func (s *server) whileLetIn(r *http.Request) (_ *http.Request, stop func()) {
	ctx, cancel := context.WithCancelCause(r.Context())
	done := make(chan struct{})
	looking := time.AfterFunc(stillEvery, func() { // most requests are over before, and cost no goroutine
		defer close(done)
		again := time.NewTicker(stillEvery)
		defer again.Stop()
		for {
			if err := s.Accounts.Still(ctx); fault.CodeOf(err) == fault.SignIn {
				cancel(err)
				return
			}
			select {
			case <-again.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return r.WithContext(ctx), func() {
		cancel(nil)
		if !looking.Stop() {
			<-done
		}
	}
}
