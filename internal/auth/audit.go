package auth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// What this package writes into the audit log. Others add their own.
const (
	ActionSignIn         = "sign_in"
	ActionSignOut        = "sign_out"
	ActionSessionsEnd    = "sessions.end"
	ActionSetup          = "setup"
	ActionUserAdd        = "user.add"
	ActionUserChange     = "user.change"
	ActionUserRemove     = "user.remove"
	ActionPasswordChange = "password.change"
	ActionPasswordReset  = "password.reset"
	ActionLinkCreate     = "link.create"
	ActionTokenCreate    = "token.create"
	ActionTokenRevoke    = "token.revoke"
)

// OutcomeOK is the outcome of what went well.
const OutcomeOK = "ok"

// Bounds of an entry, in bytes.
const (
	maxField  = 1 << 10
	maxDetail = 64 << 10

	maxPage     = 1000
	defaultPage = 100

	// What may wait to be written. Beyond it who adds an entry waits too: nothing is left out.
	maxPending      = 1000
	maxPendingBytes = 4 << 20
)

// auditor writes entries. Those that come while others are being written go together into the next transaction.
type auditor struct {
	writing sync.Mutex // held by who writes
	mu      sync.Mutex
	pending *entries
	wake    chan struct{} // tells Run that something waits
	last    int64         // the moment that the last id was made of, so that ids rise
}

type entries struct {
	list []Entry
	size int   // in bytes, about
	err  error // of having written them; behind auditor.writing
}

// Record writes an entry into the audit log, and returns when it is there. Its id, and its moment if it has none, are made here.
// Nothing secret may be in it.
func (s *Service) Record(ctx context.Context, e Entry) error {
	mine, _ := s.enqueue(e)
	return s.write(ctx, mine)
}

// RecordSoon is Record without waiting, as long as not too much waits already. What cannot be written is logged. The last moment's
// entries are lost if the process ends without stopping Run.
func (s *Service) RecordSoon(ctx context.Context, e Entry) {
	mine, full := s.enqueue(e)
	if !full {
		select {
		case s.audit.wake <- struct{}{}:
		default:
		}
		return
	}
	if err := s.write(ctx, mine); err != nil {
		s.log.ErrorContext(ctx, "an entry of the audit log could not be written", "action", e.Action, "error", err)
	}
}

// flush returns when all that waits is written.
func (s *Service) flush(ctx context.Context) error {
	s.audit.mu.Lock()
	waiting := s.audit.pending
	s.audit.mu.Unlock()
	if waiting == nil {
		waiting = &entries{} // somebody may be writing what waited
	}
	return s.write(ctx, waiting)
}

// enqueue puts an entry with those that are written next, and says whether they are many.
func (s *Service) enqueue(e Entry) (mine *entries, full bool) {
	if e.At.IsZero() {
		e.At = s.now()
	}
	e.Actor, e.Address, e.Target = clip(e.Actor, maxField), clip(e.Address, maxField), clip(e.Target, maxField)
	if len(e.Detail) > maxDetail {
		e.Detail = json.RawMessage(fmt.Sprintf(`{"omitted_bytes":%d}`, len(e.Detail)))
	}
	a := &s.audit
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = max(a.last+1, e.At.UnixMicro())
	e.ID = fmt.Sprintf("%015x-%s", a.last, strings.ToLower(rand.Text()[:8]))
	if a.pending == nil {
		a.pending = &entries{}
	}
	mine = a.pending
	mine.list = append(mine.list, e)
	mine.size += len(e.Actor) + len(e.Target) + len(e.Detail) + 256
	return mine, len(mine.list) >= maxPending || mine.size >= maxPendingBytes
}

// write returns when entries are written, by whom ever.
func (s *Service) write(ctx context.Context, mine *entries) error {
	a := &s.audit
	a.writing.Lock()
	defer a.writing.Unlock()
	a.mu.Lock()
	waiting := a.pending == mine
	if waiting {
		a.pending = nil
	}
	a.mu.Unlock()
	if waiting { // else another has written mine with its own
		mine.err = s.store.AppendAudit(context.WithoutCancel(ctx), mine.list)
	}
	return mine.err
}

// note records what who asks did, or tried. An entry that cannot be written does not undo what was done: the log says so.
func (s *Service) note(ctx context.Context, action, target string, err error, detail map[string]any) {
	p, _ := From(ctx)
	s.noteOf(ctx, p, action, target, err, detail)
}

// noteOf records what somebody did, or tried. As long as the house is open nobody is somebody, and the log has not begun.
func (s *Service) noteOf(ctx context.Context, p Principal, action, target string, failed error, detail map[string]any) {
	if p.Kind == KindOpen {
		return
	}
	e := Entry{
		ActorKind: p.Kind, ActorID: p.ID, Actor: p.Actor(), Address: CallerOf(ctx).Address, Action: action, Target: target, Outcome: Outcome(failed),
	}
	var err error
	if len(detail) > 0 {
		e.Detail, err = json.Marshal(detail)
	}
	if err == nil {
		err = s.Record(ctx, e)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "an entry of the audit log could not be written", "action", action, "error", err)
	}
}

// Outcome is how an error, or none, stands in the audit log.
func Outcome(err error) string {
	if err == nil {
		return OutcomeOK
	}
	return string(fault.CodeOf(err))
}

// SearchAudit gives entries of the audit log, newest first, and whether there are more. It is for admins.
func (s *Service) SearchAudit(ctx context.Context, search AuditSearch) (page []Entry, more bool, err error) {
	if _, err := require(ctx, Admin); err != nil {
		return nil, false, err
	}
	if search.Limit <= 0 {
		search.Limit = defaultPage
	}
	search.Limit = min(search.Limit, maxPage)
	if err := s.flush(ctx); err != nil {
		return nil, false, err
	}
	return s.store.SearchAudit(ctx, search)
}

// clip cuts a text to at most n bytes of whole characters.
func clip(text string, n int) string {
	return strings.ToValidUTF8(text[:min(len(text), n)], "")
}

// moment is a time for the detail of an entry; "" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
