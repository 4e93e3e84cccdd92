package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
)

// Reach is how clients come to the server.
type Reach struct {
	PublicURL string // by which browsers reach it, without a path; "": by the address that they use

	Hosts []string // names that it answers to, beside those of loopback and the address that a connection was made to

	// Proxies are those in front of the server: from them alone it believes X-Forwarded-For and X-Forwarded-Proto.
	Proxies []netip.Prefix

	// TLSOnly reports whether browsers that came over TLS are to come over nothing else from then on, for a year: not those that
	// were shown a certificate that nobody vouches for. nil: no.
	TLSOnly func() bool
}

// The cookie of a session. A browser takes one with this prefix only over TLS, from this very host and for all of it, so that
// neither a neighbour's page nor somebody on the wire can plant one.
const (
	cookieName       = "helios"
	cookieNameSecure = "__Host-helios"
)

// visit is what the server knows of a request beyond its input.
type visit struct {
	w       http.ResponseWriter
	request *http.Request // nil outside of one
	secret  string        // of the session that it belongs to, as it is now
	secure  bool          // the client came over TLS
	access  access

	target  string         // what the request is about, for the audit log
	detail  map[string]any // more, for the audit log
	failed  fault.Code     // "" while nothing did
	refused bool           // who asks is known, and may not use the route
}

type visitKey struct{}

// visitOf is the visit that a request's context belongs to.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{w: &verdict{header: http.Header{}}} // outside of a request there is nobody to give a cookie to
}

func (v *visit) cookieName() string {
	if v.secure {
		return cookieNameSecure
	}
	return cookieName
}

// keep gives the client the secret of its session.
func (v *visit) keep(in auth.SignedIn) {
	v.secret = in.Secret
	v.setCookie(v.cookieName(), in.Secret, in.EndsAt)
}

// forget takes the secret of its session from the client.
func (v *visit) forget() { v.setCookie(v.cookieName(), "", time.Unix(0, 0)) }

// cookie is a cookie of the request, "" if it has none.
func (v *visit) cookie(name string) string {
	if v.request == nil {
		return ""
	}
	c, err := v.request.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (v *visit) setCookie(name, value string, until time.Time) {
	h := v.w.Header()
	if set := slices.DeleteFunc(slices.Clone(h.Values("Set-Cookie")), func(c string) bool { return strings.HasPrefix(c, name+"=") }); len(set) > 0 {
		h["Set-Cookie"] = set
	} else {
		h.Del("Set-Cookie") // what was set before under this name is old
	}
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: value, Path: "/", Expires: until, HttpOnly: true, Secure: v.secure, SameSite: http.SameSiteLaxMode,
	})
}

// tell adds to what the audit log says of a request.
func tell(ctx context.Context, target string, detail map[string]any) {
	v := visitOf(ctx)
	v.target, v.detail = target, detail
}

// trusts reports whether an address is that of a proxy whose headers are believed.
func (r *Reach) trusts(address netip.Addr) bool {
	for _, p := range r.Proxies {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// from is where a request comes from, and whether its client came over TLS. Proxies append to X-Forwarded-For the address that
// they were called from: what stands left of the last that is no proxy was written by the client, and may be anything.
func (r *Reach) from(req *http.Request) (address string, secure bool) {
	secure = req.TLS != nil
	peer, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil {
		return req.RemoteAddr, secure
	}
	at := peer.Addr().Unmap().WithZone("")
	if !r.trusts(at) {
		return at.String(), secure
	}
	secure = secure || overTLS(req.Header.Values("X-Forwarded-Proto"))
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && r.trusts(at); i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = hop.Unmap().WithZone("")
	}
	return at.String(), secure
}

// parseHop reads an address as proxies write it: some with the port, and IPv6 in brackets then.
func parseHop(text string) (netip.Addr, error) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr(), nil
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	return netip.ParseAddr(text)
}

// overTLS reports whether proxies say that each hop was over TLS, and at least one does.
func overTLS(said []string) bool {
	for proto := range strings.SplitSeq(strings.Join(said, ","), ",") {
		if !strings.EqualFold(strings.TrimSpace(proto), "https") {
			return false
		}
	}
	return true
}

// entryOf begins an entry of the audit log about who asks.
func entryOf(ctx context.Context, action string) auth.Entry {
	p, _ := auth.From(ctx)
	return auth.Entry{ActorKind: p.Kind, ActorID: p.ID, Actor: p.Actor(), Address: auth.CallerOf(ctx).Address, Action: action}
}

// visited makes a request one whose context knows where it comes from.
func (s *server) visited(w http.ResponseWriter, r *http.Request, a access) (*http.Request, *visit) {
	v := &visit{w: w, request: r, access: a}
	caller := auth.Caller{Agent: r.UserAgent()}
	caller.Address, v.secure = s.Reach.from(r)
	return r.WithContext(auth.WithCaller(context.WithValue(r.Context(), visitKey{}, v), caller)), v
}

// identify finds out who asks; fault.SignIn if nobody who is known does.
func (s *server) identify(r *http.Request, v *visit) (auth.Principal, error) {
	ctx := r.Context()
	open, err := s.Accounts.Open(ctx)
	switch {
	case err != nil:
		return auth.Principal{}, err
	case open:
		return auth.OpenHouse(), nil
	}
	if scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return s.Accounts.Token(ctx, strings.TrimSpace(secret))
	}
	v.secret = v.cookie(v.cookieName())
	if v.secret == "" {
		return auth.Principal{}, fault.New(fault.SignIn, "this needs an account").WithHint("sign in, or send a token: Authorization: Bearer %s…", auth.TokenPrefix)
	}
	p, fresh, err := s.Accounts.Session(ctx, v.secret)
	if fresh != nil {
		v.keep(*fresh)
	}
	return p, err
}

// enter lets a request in whose route is known: its context then knows who asks.
func (s *server) enter(r *http.Request, v *visit) (*http.Request, error) {
	p, err := s.identify(r, v)
	switch {
	case err != nil && v.access.role == auth.NoRole:
		return r, nil // who cannot be known is a stranger there, whatever the reason
	case err != nil:
		return r, err
	}
	becomeKnown(r.Context())
	err = mayUse(p, v.access)
	v.refused = err != nil
	return r.WithContext(auth.With(r.Context(), p)), err
}
