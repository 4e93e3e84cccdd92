package auth

import (
	"context"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// How long sessions last.
const (
	SessionIdle = 12 * time.Hour      // without a request
	SessionAge  = 14 * 24 * time.Hour // in all

	rotateAfter   = 15 * time.Minute // a secret that leaked is worth no more than that
	rotationGrace = 30 * time.Second // for requests that were on their way with the secret before, once the new one is used
	rotationWait  = rotateAfter      // for the new one to be used: the answer that brings it may be lost, or long in coming
	seenEvery     = time.Minute      // how exact it is kept when a session or token was last used
	maxSessions   = 50               // of one user
	maxAgent      = 300              // bytes
)

// How often a password may be tried, and how often somebody may sign in: so many times at once, then once in a span.
const (
	triesPerAccount    = 10 // from one address
	accountTryEvery    = 30 * time.Second
	triesAtAccount     = 100 // from all addresses
	atAccountTryEvery  = 5 * time.Second
	triesPerAddress    = 20
	addressTryEvery    = 6 * time.Second
	signInsPerAccount  = 30
	accountSignInEvery = 2 * time.Second
)

// SignedIn is a session as its owner gets it.
type SignedIn struct {
	Principal Principal
	Secret    string    // for the cookie: it is given out only here
	EndsAt    time.Time // at the latest
}

// userPrincipal is the user of a session.
func userPrincipal(u *User, session string) Principal {
	return Principal{Kind: KindUser, ID: u.ID, Name: u.Email, Role: u.Role, Tables: u.Tables, User: u.ID, Session: session}
}

// errSignIn is one for all reasons: nobody learns from it which accounts there are.
func errSignIn() error {
	return fault.New(fault.SignIn, "the e-mail address or the password is wrong")
}

// SignIn begins a session. It takes as long, and says the same, whether the account exists, is disabled or has another
// password. fault.TooMany, with when to try again, after too many tries for the account or from the caller's address.
func (s *Service) SignIn(ctx context.Context, email, password string) (SignedIn, error) {
	email, wrong := cleanEmail(email)
	if err := s.allowTry(ctx, email); err != nil {
		return SignedIn{}, err
	}
	var user User
	if wrong == nil {
		var err error
		if user, err = s.store.UserByEmail(ctx, email); err != nil && fault.CodeOf(err) != fault.NotFound {
			return SignedIn{}, err
		}
	}
	hash, err := s.checkPassword(ctx, &user, password)
	var detail map[string]any
	if err == nil && (user.Disabled || user.Barred) {
		err = errSignIn()
		if user.Barred {
			detail = map[string]any{"reason": ReasonNoRole}
		}
	}
	var in SignedIn
	if err == nil {
		in, err = s.begin(ctx, &user, hash, nil)
	}
	if err == nil {
		s.tries.good.take(email, s.now())
	}
	if err == nil || (fault.CodeOf(err) != fault.SignIn && ctx.Err() == nil) { // who goes away early has tried too
		s.tries.giveBack(email, network(CallerOf(ctx).Address)) // only wrong passwords are to be few
	}
	s.noteOf(ctx, in.Principal, ActionSignIn, email, err, detail) // what is no e-mail address may be a password in the wrong field
	return in, err
}

// allowTry takes note of a try of a password, before anything is spent on it.
func (s *Service) allowTry(ctx context.Context, email string) error {
	wait, first := s.tries.take(email, network(CallerOf(ctx).Address), s.now())
	if wait == 0 {
		return nil
	}
	err := errTooMany(wait)
	if first { // the next ones say nothing new, and would let anybody fill the log
		s.note(ctx, ActionSignIn, email, err, nil)
	}
	return err
}

func errTooMany(wait time.Duration) error {
	return fault.New(fault.TooMany, "too many sign-ins were tried").WithHint("wait a moment, then try again").WithRetryAfter(max(wait, time.Second))
}

// checkPassword checks a user's password and gives its hash as it is stored now: one that was made at another cost than today's
// is made anew. It is errSignIn if the password is wrong.
func (s *Service) checkPassword(ctx context.Context, u *User, password string) (hash string, err error) {
	short := password[:min(len(password), MaxPassword)]
	ok, stale, err := s.hasher.check(ctx, u.PasswordHash, short)
	switch {
	case err != nil:
		return "", err
	case !ok || short != password:
		return "", errSignIn()
	case !stale || u.Disabled:
		return u.PasswordHash, nil
	}
	if hash, err = s.hasher.hash(ctx, password); err != nil {
		return "", err
	}
	changed, err := s.store.ChangeUser(ctx, u.ID, func(stored *User) (bool, error) {
		if stored.PasswordHash == u.PasswordHash { // else somebody has changed it meanwhile
			stored.PasswordHash = hash
		}
		return false, nil
	})
	if err != nil {
		return "", err
	}
	if changed.PasswordHash != hash {
		return "", errSignIn()
	}
	return hash, nil
}

// begin makes a session, always a new one, of a user whose password has been checked against a hash, or whom the provider knows.
func (s *Service) begin(ctx context.Context, u *User, checkedHash string, known *Identity) (SignedIn, error) {
	caller, now, secret := CallerOf(ctx), s.now(), newSecret()
	session := Session{
		ID: newID(), UserID: u.ID, Hash: hashSecret(secret), CreatedAt: now, RotatedAt: now, SeenAt: now,
		Address: clip(caller.Address, maxName), Agent: clip(caller.Agent, maxAgent),
	}
	if known != nil {
		g := grantOf(known)
		session.Issuer = u.Issuer
		if g.RefreshToken != "" {
			session.CheckedAt = now
		}
		var err error
		if session.Sealed, err = g.seal(secret, session.ID); err != nil {
			return SignedIn{}, err
		}
	}
	if err := s.store.AddSession(ctx, session, checkedHash, maxSessions); err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Principal: userPrincipal(u, session.ID), Secret: secret, EndsAt: session.endsAt()}, nil
}

// ended reports whether a session has lasted, or rested, too long.
func (v *Session) ended(now time.Time) bool {
	return !now.Before(v.endsAt()) || !now.Before(v.SeenAt.Add(SessionIdle))
}

func errSessionEnded() error {
	return fault.New(fault.SignIn, "the session has ended").WithHint("sign in again")
}

// Session is who has the secret of a session; fault.SignIn if there is none, or it has ended. When the secret is old the session
// gets another one: fresh, if not nil, is to be handed out in place of it. Who has the old one gets the same new one until it is
// used, for a quarter of an hour at most; half a minute later the old one is good no more. Whoever the provider knows is let in as it
// says then.
func (s *Service) Session(ctx context.Context, secret string) (p Principal, fresh *SignedIn, err error) {
	session, user, err := s.sessionOf(ctx, secret)
	if err != nil {
		return Principal{}, nil, err
	}
	now := s.now()
	if session.silent(now) { // nobody is let in before one request has asked the provider
		unlock, err := s.checking.lock(ctx, session.ID)
		if err != nil {
			return Principal{}, nil, err
		}
		defer unlock()
		if session, user, err = s.sessionOf(ctx, secret); err != nil {
			return Principal{}, nil, err
		}
	}
	p = userPrincipal(&user, session.ID)
	caller := CallerOf(ctx)
	caller.Address, caller.Agent = clip(caller.Address, maxName), clip(caller.Agent, maxAgent)
	if now.Sub(session.SeenAt) >= seenEvery || session.Address != caller.Address {
		if err := s.store.SeeSession(ctx, session.ID, now, caller); err != nil {
			return Principal{}, nil, err
		}
	}
	hash := hashSecret(secret)
	former := session.Hash != hash
	switch {
	case former && session.silent(now):
		return Principal{}, nil, errSessionEnded() // the provider was asked with the other secret, in vain
	case former:
		return p, s.nextOf(&session, p, secret), nil
	case session.Next != "":
		if err := s.store.ConfirmSession(ctx, session.ID, hash, now.Add(rotationGrace)); err != nil {
			return Principal{}, nil, err
		}
	}
	if now.Sub(session.RotatedAt) < rotateAfter && !session.silent(now) {
		return p, nil, nil
	}
	return s.rotate(ctx, &session, &user, secret)
}

// nextOf is a session as who has its former secret gets it once more; nil if the present one has been used: they know it by now.
func (*Service) nextOf(session *Session, p Principal, former string) *SignedIn {
	var next string
	if session.Next == "" || unseal(former, sealsNext, session.ID, session.Next, &next) != nil {
		return nil
	}
	return &SignedIn{Principal: p, Secret: next, EndsAt: session.endsAt()}
}

// sessionOf is the session with a secret, and its user; fault.SignIn if it has ended.
func (s *Service) sessionOf(ctx context.Context, secret string) (Session, User, error) {
	hash := hashSecret(secret)
	session, user, err := s.store.SessionByHash(ctx, hash)
	if err != nil && fault.CodeOf(err) != fault.NotFound {
		return Session{}, User{}, err
	}
	now := s.now()
	former := session.Hash != hash
	if err != nil || user.Disabled || user.Barred || session.ended(now) || s.foreign(&session) || (former && !now.Before(session.PreviousUntil)) {
		return Session{}, User{}, errSessionEnded()
	}
	return session, user, nil
}

// rotate gives a session another secret, unless somebody else was first, and then asks its provider about it.
func (s *Service) rotate(ctx context.Context, session *Session, user *User, secret string) (p Principal, fresh *SignedIn, err error) {
	p = userPrincipal(user, session.ID)
	now, next := s.now(), newSecret()
	g := grantFrom(secret, session)
	sealed, err := g.seal(next, session.ID)
	if err != nil {
		return Principal{}, nil, err
	}
	kept, err := seal(secret, sealsNext, session.ID, next)
	if err != nil {
		return Principal{}, nil, err
	}
	won, err := s.store.RotateSession(ctx, Rotation{
		ID: session.ID, OldHash: hashSecret(secret), NewHash: hashSecret(next), Sealed: sealed, Next: kept, At: now, OldUntil: now.Add(rotationWait),
	})
	switch {
	case err != nil:
		return p, nil, err
	case !won && session.silent(now):
		return Principal{}, nil, errSessionEnded() // the provider was asked with the other secret, in vain
	case !won:
		return p, nil, nil
	case !session.CheckedAt.IsZero():
		followed, err := s.check(ctx, session, user, next, g)
		if err != nil {
			return Principal{}, nil, err
		}
		p = userPrincipal(&followed, session.ID)
	}
	return p, &SignedIn{Principal: p, Secret: next, EndsAt: session.endsAt()}, nil
}

// SignOut ends the session of who asks, whose secret is given. Who has none is signed out already. Who came from a provider goes on
// to continueAt, if it is not "", to end their session there too, and comes back to an address of this server.
func (s *Service) SignOut(ctx context.Context, secret, backTo string) (continueAt string, err error) {
	p, _ := From(ctx)
	if p.Session == "" {
		return "", nil
	}
	session, _, err := s.store.SessionByHash(ctx, hashSecret(secret))
	known := err == nil && session.ID == p.Session
	err = s.store.EndSession(ctx, p.User, p.Session)
	if fault.CodeOf(err) == fault.NotFound {
		return "", nil
	}
	s.note(ctx, ActionSignOut, p.Name, err, nil)
	if err == nil && known && session.Issuer != "" && !s.foreign(&session) {
		continueAt = s.leave(ctx, &session, secret, backTo)
	}
	return continueAt, err
}

// Sessions are those of a user, the last seen first. Users see their own, admins everybody's.
func (s *Service) Sessions(ctx context.Context, userID string) ([]Session, error) {
	if _, err := s.ownOr(ctx, userID); err != nil {
		return nil, err
	}
	return s.store.Sessions(ctx, userID)
}

// EndSession ends one session of a user: one's own, or as an admin anybody's.
func (s *Service) EndSession(ctx context.Context, userID, id string) error {
	_, err := s.ownOr(ctx, userID)
	if err == nil {
		err = s.store.EndSession(ctx, userID, id)
	}
	s.note(ctx, ActionSessionsEnd, s.nameOf(ctx, userID), err, map[string]any{"session": clip(id, maxName)})
	return err
}

// EndSessions ends all sessions of a user: one's own, or as an admin anybody's.
func (s *Service) EndSessions(ctx context.Context, userID string) error {
	_, err := s.ownOr(ctx, userID)
	ended := 0
	if err == nil {
		ended, err = s.store.EndSessions(ctx, userID)
	}
	s.note(ctx, ActionSessionsEnd, s.nameOf(ctx, userID), err, map[string]any{"ended": ended})
	return err
}

// ownOr allows what concerns a user to that user, signed in, and to admins.
func (s *Service) ownOr(ctx context.Context, userID string) (Principal, error) {
	if p, ok := From(ctx); ok && p.Kind == KindUser && p.User == userID {
		return p, nil
	}
	return require(ctx, Admin)
}
