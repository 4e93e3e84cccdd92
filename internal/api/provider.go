package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/auth"
)

const (
	startPath    = "/api/v1/auth/oidc/start"
	callbackPath = "/api/v1/auth/oidc/callback" // the provider sends browsers here, and knows this path
	signInPage   = "/sign-in"

	pendingCookie = "_sign_in" // after the name of the session's: a sign-in with the provider that is under way

	maxReturnTo = 1500 // bytes; a cookie has room for so much
)

// redirect sends a browser elsewhere.
type redirect struct {
	Location string `header:"Location"`
}

// oidcProvider is what a sign-in page shows of the provider.
type oidcProvider struct {
	Name string `json:"name" doc:"For people"`
}

func (s *server) providerRoutes() {
	tags := []string{"accounts"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: startPath, OperationID: "start-provider-sign-in", Tags: tags, DefaultStatus: http.StatusFound,
		Summary:     "Send the browser to the OpenID Connect provider to sign in there",
		Description: "The browser comes back signed in, or to /sign-in?error=CODE.",
	}, []int{http.StatusNotFound, http.StatusTooManyRequests}, func(ctx context.Context, in *struct {
		ReturnTo string `query:"return_to" maxLength:"2000" doc:"The path of this server to come back to; anything else is /"`
	},
	) (*redirect, error) {
		v := visitOf(ctx)
		to, pending, err := s.Accounts.BeginProvider(ctx, s.address(v)+callbackPath, ownPath(in.ReturnTo))
		if err != nil {
			return refused(err)
		}
		v.setCookie(v.cookieName()+pendingCookie, pending, time.Now().Add(auth.SignInFor))
		return &redirect{to}, nil
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: callbackPath, OperationID: "finish-provider-sign-in", Tags: tags, DefaultStatus: http.StatusFound,
		Summary:     "Take the browser back from the OpenID Connect provider",
		Description: "Only the browser that began a sign-in can end it, once and within ten minutes.",

		SkipValidateParams: true, // providers add what they like
	}, []int{http.StatusTooManyRequests}, func(ctx context.Context, in *struct {
		State  string `query:"state"`
		Code   string `query:"code"`
		Issuer string `query:"iss"`
		Error  string `query:"error" doc:"Instead of a code"`
	},
	) (*redirect, error) {
		v := visitOf(ctx)
		name := v.cookieName() + pendingCookie
		v.setCookie(name, "", time.Unix(0, 0))
		signedIn, to, err := s.Accounts.FinishProvider(ctx, v.cookie(name), auth.CameBack{State: in.State, Code: in.Code, Issuer: in.Issuer, Error: in.Error})
		if err != nil {
			return refused(err)
		}
		if err := s.leaveFormer(ctx); err != nil {
			return nil, err
		}
		v.keep(signedIn)
		return &redirect{to}, nil
	})
}

// refused tells a page why nobody was let in, where there is a reason for people.
func refused(err error) (*redirect, error) {
	if refusal, ok := errors.AsType[*auth.ProviderError](err); ok {
		return &redirect{signInPage + "?error=" + url.QueryEscape(string(refusal.Reason))}, nil
	}
	return nil, err
}

// leaveFormer ends the session that a browser had before it signed in anew: nobody holds its secret any more. What the provider gave
// for it stays, as the new session may stand on the same.
func (s *server) leaveFormer(ctx context.Context) error {
	_, err := s.Accounts.SignOut(ctx, "", "")
	return err
}

// address is how the browser of a request reaches this server: without a path.
func (s *server) address(v *visit) string {
	if s.Reach.PublicURL != "" || v.request == nil {
		return s.Reach.PublicURL
	}
	scheme := "http"
	if v.secure {
		scheme = "https"
	}
	return scheme + "://" + v.request.Host // which was compared with this server's names
}

// ownPath is a path of this server that a browser may be sent to, or / for anything else: a name of another server must not hide
// behind this one's. Browsers read \ as /, and leave out control characters.
func ownPath(to string) string {
	u, err := url.Parse(to)
	foreign := err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")
	odd := strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' })
	if foreign || odd || len(to) > maxReturnTo || strings.HasPrefix(u.Path, "/api/") {
		return "/"
	}
	return to
}
