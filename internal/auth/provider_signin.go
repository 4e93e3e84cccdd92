package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Reason is why nobody was let in who came from the provider, for the page that they come back to.
type Reason string

// The reasons.
const (
	ReasonDenied     Reason = "denied"     // the provider said no, or the person did
	ReasonNoRole     Reason = "no_role"    // no rule lets them in
	ReasonExpired    Reason = "expired"    // the sign-in was not begun here and by this browser, took too long, or is over
	ReasonProvider   Reason = "provider"   // it cannot be reached, or its answer is not to be trusted
	ReasonDisabled   Reason = "disabled"   // the account is
	ReasonUnverified Reason = "unverified" // the provider has not made sure that the e-mail address is theirs, and they have no account yet
	ReasonConflict   Reason = "conflict"   // the account with their e-mail address is somebody else's, as far as is known
)

// ProviderError is why a sign-in with the provider failed.
type ProviderError struct {
	Reason Reason
	cause  error
}

func (e *ProviderError) Error() string { return e.cause.Error() }

// Unwrap gives the cause, which has a code.
func (e *ProviderError) Unwrap() error { return e.cause }

func refuse(reason Reason, code fault.Code, format string, args ...any) *ProviderError {
	return &ProviderError{Reason: reason, cause: fault.New(code, format, args...)}
}

// reasonOf is the reason of an error; all that is none of a sign-in's own concerns the provider.
func reasonOf(err error) Reason {
	if refused, ok := errors.AsType[*ProviderError](err); ok {
		return refused.Reason
	}
	return ReasonProvider
}

const (
	// SignInFor is how long a sign-in with the provider may take.
	SignInFor = 10 * time.Minute

	exchangeTime = 15 * time.Second // for the provider to answer, in all
	maxSignIns   = 10_000           // that are remembered as over
)

// How often an address may begin to sign in with the provider: so many times at once, then once in a span.
const (
	startsPerAddress  = 30
	addressStartEvery = 2 * time.Second
)

// underWay is a sign-in that a browser has begun. The browser keeps it, sealed with a key of this process: strangers who begin many
// fill nothing here.
type underWay struct {
	SignInRequest
	ReturnTo string    `json:"return_to"`
	Until    time.Time `json:"until"`
}

// errExpired is one for all reasons.
func errExpired() error {
	return refuse(ReasonExpired, fault.SignIn, "the sign-in was not begun in this browser, took too long, or is over")
}

// BeginProvider begins a sign-in with the provider: the browser goes to url, keeps pending meanwhile, and comes back to redirectURI.
// fault.NotFound if there is no provider, fault.TooMany if the caller's address begins too many, else a ProviderError.
func (s *Service) BeginProvider(ctx context.Context, redirectURI, returnTo string) (url, pending string, err error) {
	if s.provider == nil {
		return "", "", fault.New(fault.NotFound, "this server knows no OpenID Connect provider").WithHint("sign in with a password")
	}
	if wait, _ := s.perStart.take(network(CallerOf(ctx).Address), s.now()); wait > 0 {
		return "", "", fault.New(fault.TooMany, "too many sign-ins were begun").WithHint("wait a moment, then try again").WithRetryAfter(max(wait, time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	u := underWay{
		SignInRequest: SignInRequest{State: newSecret(), Nonce: newSecret(), Verifier: newSecret(), RedirectURI: redirectURI},
		ReturnTo:      returnTo, Until: s.now().Add(SignInFor),
	}
	if url, err = s.provider.Authorize(ctx, u.SignInRequest); err != nil {
		s.log.WarnContext(ctx, "nobody can sign in with the provider", "provider", s.provider.Name(), "error", err)
		return "", "", &ProviderError{Reason: ReasonProvider, cause: err}
	}
	pending, err = seal(s.signInKey, sealsSignIns, "", u)
	return url, pending, err
}

// FinishProvider ends a sign-in with the provider: it begins a session of whoever came back, and says where they wanted to go. Errors
// other than fault.TooMany are ProviderErrors.
func (s *Service) FinishProvider(ctx context.Context, pending string, back CameBack) (in SignedIn, returnTo string, err error) {
	if s.provider == nil {
		return SignedIn{}, "", errExpired()
	}
	address := network(CallerOf(ctx).Address)
	u, ok := s.begun(pending, back)
	if !ok {
		// Any page can send its visitors here: that must neither keep them from signing in nor fill the log.
		if wait, _ := s.perStray.take(address, s.now()); wait > 0 {
			return SignedIn{}, "", errExpired()
		}
	} else if wait, first := s.perFinish.take(address, s.now()); wait > 0 {
		err = errTooMany(wait)
		if first {
			s.noteOf(ctx, Principal{}, ActionSignIn, "", err, map[string]any{"provider": s.provider.Name()})
		}
		return SignedIn{}, "", err
	}
	var email string
	err = errExpired()
	if ok && s.over.first(u.State, u.Until, s.now()) {
		in, email, err = s.finish(ctx, &u, back)
		returnTo = u.ReturnTo
	}
	detail := map[string]any{"provider": s.provider.Name()}
	if fault.CodeOf(err) == fault.TooMany {
		return SignedIn{}, "", err
	}
	if err != nil {
		detail["reason"] = reasonOf(err)
		s.log.WarnContext(ctx, "a sign-in with the provider failed", "provider", s.provider.Name(), "reason", reasonOf(err), "email", email, "error", err)
		err = &ProviderError{Reason: reasonOf(err), cause: err}
	} else {
		s.perFinish.giveBack(address) // only failures are to be few
		s.perStart.giveBack(address)
	}
	s.noteOf(ctx, in.Principal, ActionSignIn, email, err, detail)
	return in, returnTo, err
}

// begun is the sign-in that a browser comes back from, if it began one itself and not too long ago.
func (s *Service) begun(pending string, back CameBack) (u underWay, ok bool) {
	ok = unseal(s.signInKey, sealsSignIns, "", pending, &u) == nil && s.now().Before(u.Until) &&
		subtle.ConstantTimeCompare([]byte(u.State), []byte(back.State)) == 1
	return u, ok
}

func (s *Service) finish(ctx context.Context, u *underWay, back CameBack) (in SignedIn, email string, err error) {
	switch back.Error {
	case "":
	case "access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required":
		return in, "", refuse(ReasonDenied, fault.Refused, "the provider let nobody in: %.80q", back.Error)
	default:
		return in, "", refuse(ReasonProvider, fault.Network, "the provider failed: %.80q", back.Error)
	}
	asking, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	id, err := s.provider.Exchange(asking, u.SignInRequest, back)
	if err != nil {
		return in, "", err
	}
	user, err := s.admit(ctx, &id)
	if err != nil {
		return in, clip(id.Email, maxEmail), err
	}
	if wait, first := s.tries.good.take(user.Email, s.now()); wait > 0 {
		err = errTooMany(wait)
		if first {
			s.noteOf(ctx, userPrincipal(&user, ""), ActionSignIn, user.Email, err, map[string]any{"provider": s.provider.Name()})
		}
		return in, user.Email, err
	}
	in, err = s.begin(ctx, &user, user.PasswordHash, &id)
	return in, user.Email, err
}

// spent remembers which sign-ins are over until they would have ended anyway. It keeps a bounded number: of more the oldest are
// forgotten, and then the provider alone sees to it that a code is good only once.
type spent struct {
	mu    sync.Mutex
	until map[string]time.Time
	order []string // the oldest first
}

// first reports whether a sign-in was not over yet, and notes that it is now.
func (s *spent) first(state string, until, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, over := s.until[state]; over {
		return false
	}
	for len(s.order) > 0 && (len(s.order) >= maxSignIns || now.After(s.until[s.order[0]])) {
		delete(s.until, s.order[0])
		s.order = s.order[1:]
	}
	if s.until == nil {
		s.until = map[string]time.Time{}
	}
	s.until[state] = until
	s.order = append(s.order, state)
	return true
}
