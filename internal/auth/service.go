package auth

import (
	"context"
	"log/slog"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	maxEmail = 254 // bytes, as RFC 5321 has it
	maxName  = 100 // bytes

	openChecked = time.Second // how old the knowledge may be that there is no account: another process may add the first
	housework   = time.Hour   // how often what has ended is deleted

	// DefaultRetention is how long audit entries are kept.
	DefaultRetention = 90 * 24 * time.Hour
)

// Options of a service.
type Options struct {
	Now       func() time.Time // nil: the system's clock
	Cost      Cost             // of passwords; zero: DefaultCost
	Retention time.Duration    // of audit entries; 0: DefaultRetention
	Closed    bool             // everybody needs an account, even while there is none
	Logger    *slog.Logger

	Provider Provider // with whom people may sign in too; nil: none
	Rules    []Rule   // which of its people are let in, and as what: the first that is for somebody decides
}

// Service is what the rest of Helios asks. It is safe for use by several goroutines. Its methods take who asks (With) and from
// where (WithCaller) from the context, and write what happens into the audit log.
type Service struct {
	store     Store
	now       func() time.Time
	hasher    *hasher
	retention time.Duration
	log       *slog.Logger

	tries *tries

	provider  Provider // nil: none
	rules     []Rule
	perStart  *limiter // sign-ins that an address begins there
	perFinish *limiter // those that fail
	perStray  *limiter // browsers that come back from nowhere
	signInKey string   // seals sign-ins that are under way
	over      spent
	checking  keyed // sessions of which the provider is asked, by their ids

	open  openness
	audit auditor
}

// openness is what is known of there being no account.
type openness struct {
	never bool // whether there is an account or not

	mu     sync.Mutex
	closed bool      // there is one, and so there will be: the last admin cannot be removed
	at     time.Time // when it was last found open
}

// New makes a service. Somebody must Run it.
func New(store Store, o Options) *Service {
	s := &Service{store: store, now: o.Now, retention: o.Retention, log: o.Logger}
	s.audit.wake = make(chan struct{}, 1)
	s.open.never = o.Closed
	if s.now == nil {
		s.now = time.Now
	}
	if o.Cost == (Cost{}) {
		o.Cost = DefaultCost
	}
	if s.retention == 0 {
		s.retention = DefaultRetention
	}
	s.hasher = newHasher(o.Cost)
	s.tries = newTries()
	s.provider, s.rules, s.signInKey = o.Provider, o.Rules, newSecret()
	s.perStart = newLimiter(startsPerAddress, addressStartEvery)
	s.perFinish = newLimiter(triesPerAddress, addressTryEvery)
	s.perStray = newLimiter(triesPerAddress, addressTryEvery)
	return s
}

// Run writes what RecordSoon took, and deletes now and then what has ended by itself, until ctx ends and nothing waits any more.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(housework)
	defer tick.Stop()
	s.prune(ctx)
	for {
		select {
		case <-tick.C:
			s.prune(ctx)
		case <-s.audit.wake:
			s.flushOrLog(ctx)
		case <-ctx.Done():
			s.flushOrLog(ctx)
			return
		}
	}
}

func (s *Service) prune(ctx context.Context) {
	if err := s.Prune(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "sessions, links and audit entries that have ended could not be deleted", "error", err)
	}
}

func (s *Service) flushOrLog(ctx context.Context) {
	if err := s.flush(ctx); err != nil {
		s.log.ErrorContext(ctx, "entries of the audit log could not be written", "error", err)
	}
}

// Prune deletes sessions and links that have ended and audit entries that are old enough.
func (s *Service) Prune(ctx context.Context) error {
	now := s.now()
	return s.store.Prune(ctx, Ended{
		SessionBegun: now.Add(-SessionAge), SessionSeen: now.Add(-SessionIdle), Link: now, Entry: now.Add(-s.retention),
	})
}

// Empty reports whether there is no account yet.
func (s *Service) Empty(ctx context.Context) (bool, error) {
	some, err := s.store.HasUsers(ctx)
	return err == nil && !some, err
}

// Open reports whether everybody is let in: there is no account yet, and nobody said that there must be one. It is cheap: once
// there is an account nothing is read any more, and before at most once a second.
func (s *Service) Open(ctx context.Context) (bool, error) {
	if s.open.never {
		return false, nil
	}
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	now := s.now()
	if age := now.Sub(s.open.at); s.open.closed || (age >= 0 && age < openChecked) {
		return !s.open.closed, nil
	}
	some, err := s.store.HasUsers(ctx)
	if err != nil {
		return false, err
	}
	s.open.closed, s.open.at = some, now
	return !some, nil
}

// close notes that there is an account.
func (s *Service) close() {
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	s.open.closed = true
}

// cleanEmail is an e-mail address as accounts have it; fault.Invalid if it is none, or has signs that nobody sees.
func cleanEmail(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmail || strings.ContainsFunc(email, unprintable) {
		return "", fault.New(fault.Invalid, "%.80q is not an e-mail address", email)
	}
	return email, nil
}
