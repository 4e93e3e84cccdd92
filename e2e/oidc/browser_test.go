//go:build e2e || keycloak

package oidc_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// browser does what a person does with one: it follows links, fills forms, and keeps cookies.
type browser struct {
	t      *testing.T
	client *http.Client
	home   string // Helios's HOST:PORT
	name   string // whose forms it fills
	pages  int    // forms that it has filled
}

func newBrowser(t *testing.T, home, name string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, home: home, name: name, client: &http.Client{
		Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send makes a request; one to Helios that a page of the provider leads to says so, as browsers do.
func (b *browser) send(method, address string, form url.Values, foreign bool) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if foreign {
		req.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	res, err := b.client.Do(req)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// walk goes to an address and on, through all forms, until a page of Helios that arrived accepts, which is not asked for any more.
func (b *browser) walk(address string, arrived func(*url.URL) bool) *url.URL {
	b.t.Helper()
	method, form, foreign := http.MethodGet, url.Values(nil), false
	for range 40 {
		res := b.send(method, address, form, foreign && strings.Contains(address, "//"+b.home+"/"))
		foreign = foreign || !strings.Contains(address, "//"+b.home+"/")
		at := res.Request.URL
		if to, err := res.Location(); err == nil {
			if to.Host == b.home && arrived(to) {
				return to
			}
			method, address, form = http.MethodGet, to.String(), nil
			continue
		}
		said := b.text(res)
		require.Equal(b.t, http.StatusOK, res.StatusCode, "%s %s", at, said)
		page, err := html.Parse(strings.NewReader(said))
		require.NoError(b.t, err)
		to, filled := b.fill(page)
		require.NotNil(b.t, filled, "there is no form at %s: %s", at, said)
		target, err := at.Parse(to)
		require.NoError(b.t, err)
		b.pages++
		method, address, form = http.MethodPost, target.String(), filled
	}
	require.FailNow(b.t, "the way has no end", address)
	return nil
}

func (b *browser) text(res *http.Response) string {
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	require.NoError(b.t, err)
	return string(text)
}

// fill finds the form of a page, and fills it: name and password, what is hidden in it, and its first button.
func (b *browser) fill(page *html.Node) (to string, form url.Values) {
	pressed := false
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		name, value := attribute(n, "name"), attribute(n, "value")
		switch kind := attribute(n, "type"); {
		case n.Data == "form" && form == nil:
			to, form = attribute(n, "action"), url.Values{}
		case form == nil, n.Data != "input" && n.Data != "button":
		case name == "login" || name == "username":
			form.Set(name, b.name)
		case name == "password":
			form.Set(name, password)
		case kind == "hidden":
			form.Set(name, value)
		case kind == "submit" && !pressed:
			pressed = true
			if name != "" {
				form.Set(name, value)
			}
		}
	}
	return to, form
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// anyPage accepts each page of Helios but the one to which the provider sends browsers back.
func anyPage(u *url.URL) bool { return u.Path != callback }

// comeBack accepts that one alone.
func comeBack(u *url.URL) bool { return u.Path == callback }
