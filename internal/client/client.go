// Package client is the Go client of Helios's HTTP API; the command line talks through it. It knows the wire and not the
// server: its types are its own. Errors are *fault.Error with the server's code, message and hint.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/fault"
)

// Options adjust a client. The zero value is ready for use.
type Options struct {
	Transport http.RoundTripper // nil: a transport of the client's own

	Token       string // says who asks; "" for nobody
	Fingerprint string // of the only certificate that the server may show, as Fingerprint writes it; "": one that an authority vouches for
	Plain       bool   // lets the token go over HTTP without TLS to another machine
}

// Client calls one server. It may be used by several goroutines. Queries, replays and tails last as long as their context
// lets them; other calls end with an error of code Timeout when the server is silent for too long.
type Client struct {
	base  *url.URL
	http  *http.Client
	agent string
	token string
}

// New makes a client of the server at baseURL, such as http://127.0.0.1:8080.
func New(baseURL string, opts Options) (*Client, error) {
	base, err := url.Parse(baseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fault.New(fault.Invalid, "%q is not the address of a server", baseURL).
			WithHint("an address looks like http://127.0.0.1:8080")
	}
	if base.User != nil {
		return nil, fault.New(fault.Invalid, "the address of a server holds no name and no password").WithHint("log in with `helios login`, or set HELIOS_TOKEN")
	}
	if opts.Token != "" && !opts.Plain && base.Scheme == "http" && !loopback(base.Hostname()) {
		return nil, fault.New(fault.Refused, "%s has no TLS, so that anybody on the way could read the token", base.Redacted()).
			WithHint("use https, or an SSH tunnel to 127.0.0.1; `helios login --insecure-http %s` sends it nevertheless", base.Redacted())
	}
	transport := opts.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     90 * time.Second,
			TLSClientConfig:     pinned(opts.Fingerprint),
		}
	}
	c := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Client{base: base, http: c, agent: "helios/" + buildinfo.Read().Version, token: opts.Token}, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.Unmap().IsLoopback())
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Ready returns nil when the server can take queries, an error of code Unavailable that says why not, or of code Network.
func (c *Client) Ready(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/readyz", nil, nil, nil)
}

// How long a server may take for an answer.
const (
	patience     = time.Minute
	longPatience = 5 * time.Minute // for what reads a stream, or waits for work that is under way
)

// call sends body (nil for none) as JSON and decodes the answer into result (nil to ignore it).
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, result any) error {
	return c.callFor(ctx, patience, method, path, query, body, result)
}

// callFor is call for an answer that may take that long; 0 is for ever.
func (c *Client) callFor(ctx context.Context, limit time.Duration, method, path string, query url.Values, body, result any) error {
	if limit > 0 {
		silent := fault.New(fault.Timeout, "%s accepts requests but has not answered within %s", c.base, limit).
			WithHint("the server is very busy or hangs: its log may say why")
		bounded, cancel := context.WithTimeoutCause(ctx, limit, silent)
		defer cancel()
		ctx = bounded
	}
	resp, err := c.send(ctx, method, path, query, body, "application/json")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if result == nil {
		return nil
	}
	decoder := json.NewDecoder(resp.Body)
	decoder.UseNumber()
	if err := decoder.Decode(result); err != nil {
		return c.broken(ctx, err)
	}
	return nil
}

// send makes a request and gives the answer, whose body the caller closes. An answer that is no success becomes an error.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body any, accept string) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fault.New(fault.Invalid, "the request cannot be written as JSON: %w", err)
		}
		content = bytes.NewReader(text)
	}
	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), content)
	if err != nil {
		return nil, fault.New(fault.Invalid, "cannot ask for %s: %w", target, err)
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", c.agent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return nil, c.problem(resp)
	}
	return resp, nil
}

// unreachable is the error of a request that got no answer.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	if inner, ok := errors.AsType[*url.Error](err); ok { // it says the method and the URL again
		err = inner.Err
	}
	if certificate := distrusted(err); certificate != nil {
		return certificate.of(c.base)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) { // there was a connection
		return fault.New(fault.Network, "%s ended the connection without an answer: %w", c.base, err).
			WithHint("if Helios is starting again, ask again in a moment; its log says why")
	}
	return fault.New(fault.Network, "no Helios answers at %s: %w", c.base, err).
		WithHint("start one with `helios serve` or `helios demo`, or name the address of one that runs")
}

// broken is the error of an answer that ended before its end, or is not what Helios writes.
func (c *Client) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &shape) {
		return fault.New(fault.Network, "what answers at %s does not speak as this version of Helios does: %w", c.base, err).
			WithHint("compare `helios version` with the server's, and look at the address")
	}
	return fault.New(fault.Network, "the answer of %s broke off: %w", c.base, err).
		WithHint("the query reached its timeout or was cancelled, its result became larger than it may be, or the server stopped: its log says more")
}

func stopped(ctx context.Context) error {
	if silent, ok := errors.AsType[*fault.Error](context.Cause(ctx)); ok {
		return silent
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault.New(fault.Timeout, "no answer in time: %w", ctx.Err())
	}
	return fault.New(fault.Cancelled, "stopped: %w", ctx.Err())
}

// SQLError says where in a statement an error is. It is found with errors.As in what Query and Export return.
type SQLError struct {
	Message  string
	Position int // byte of the statement, from 0
	Line     int // from 1
	Column   int // in characters of the line, from 1
}

// Error gives the message.
func (e *SQLError) Error() string { return e.Message }

// RequestError says which parts of a request the server refuses. It is found with errors.As.
type RequestError struct {
	Message string
	Parts   []RequestPart
}

// RequestPart is what is wrong with one part of a request.
type RequestPart struct {
	Location string `json:"location"` // as in query.limit or body.columns[0].type
	Message  string `json:"message"`
}

// Error gives the message and the parts.
func (e *RequestError) Error() string {
	details := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		details[i] = strings.TrimPrefix(p.Location+": "+p.Message, ": ")
	}
	return e.Message + ": " + strings.Join(details, "; ")
}

// problem turns an answer that is no success into an error.
func (c *Client) problem(resp *http.Response) error {
	var p struct {
		Title    string        `json:"title"`
		Detail   string        `json:"detail"`
		Code     fault.Code    `json:"code"`
		Hint     string        `json:"hint"`
		Position *int          `json:"position"`
		Line     int           `json:"line"`
		Column   int           `json:"column"`
		Errors   []RequestPart `json:"errors"`
	}
	if to, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 { // what was sent, a token with it, is for this server alone
		return fault.New(fault.Network, "%s sends to %s instead of answering", c.base, to.Redacted()).WithHint("if that is the server, use its address")
	}
	content, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err := json.Unmarshal(content, &p); err != nil || p.Code == "" {
		return fault.New(fault.Network, "%s answered %s, but not as Helios does", c.base, resp.Status).
			WithHint("something else may be listening there: look at the address")
	}
	err := fault.New(p.Code, "%s", p.Detail)
	switch {
	case len(p.Errors) > 0:
		err = fault.New(p.Code, "%w", &RequestError{Message: p.Detail, Parts: p.Errors})
	case p.Position != nil:
		err = fault.New(p.Code, "%w", &SQLError{Message: p.Detail, Position: *p.Position, Line: p.Line, Column: p.Column})
	}
	if p.Hint != "" {
		err = err.WithHint("%s", p.Hint)
	}
	return err
}

// pathOf joins segments of a path, each escaped.
func pathOf(segments ...string) string {
	var b strings.Builder
	b.WriteString("/api/v1")
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

func (c Connection) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"region": c.Region, "endpoint": c.Endpoint, "profile": c.Profile, "role_arn": c.RoleARN} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func limited(q url.Values, limit int) url.Values {
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}
