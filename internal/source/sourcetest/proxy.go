package sourcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// pushedEvent is the operation of a call that stands for one event of a subscription.
const pushedEvent = "event"

// call is one request of the source, as the proxy sees it.
type call struct {
	operation string
	shard     string         // of an iterator too: the proxy remembers whose it is
	body      map[string]any // may be changed
	iterator  string
}

// verdict is what happens to a call instead of being answered as it should. The zero verdict lets it through.
type verdict struct {
	delay  time.Duration
	code   string // answered as an error of this type
	status int    // of the error; 0: 400
	drop   bool   // the connection is closed without an answer
	cut    bool   // the answer, or the event, is cut off in its middle
	hush   bool   // this event and all after it do not come, but the connection stays
	change func(event map[string]any)
	raw    string // answered as it is, with status 200
}

// proxy stands between a source and a backend and breaks the wire as a case asks for.
type proxy struct {
	url     string
	backend string
	client  *http.Client

	mu      sync.Mutex
	rule    func(call) verdict
	owners  map[string]string // iterator -> shard
	fanOut  bool              // the source may have a consumer
	pushing bool              // polling is not permitted
	reads   map[string]int    // GetRecords answered in full, by shard
	calls   map[string]int    // by operation
	expired map[string]bool   // iterators that are so on the wire
	odd     []string
}

func newProxy(t *testing.T, backend string) *proxy {
	t.Helper()
	p := &proxy{
		backend: backend, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: patience},
		owners: map[string]string{}, reads: map[string]int{}, calls: map[string]int{}, expired: map[string]bool{},
	}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// obey makes the wire obey a rule from now on; nil mends it.
func (p *proxy) obey(rule func(call) verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = rule
}

// expireIterators makes all iterators handed out so far answer ExpiredIteratorException.
func (p *proxy) expireIterators() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for it := range p.owners {
		p.expired[it] = true
	}
}

// answered counts the reads of each shard that were answered in full.
func (p *proxy) answered() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.reads)
}

func (p *proxy) called(operation string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[operation]
}

// surprises are calls that a reader has no business to make, or has made without naming the stream by its ARN.
func (p *proxy) surprises() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.odd)
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the source has gone away
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c := call{operation: operation}
	if err := json.Unmarshal(body, &c.body); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	v := p.judge(&c)
	if v.delay > 0 {
		select {
		case <-time.After(v.delay):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case v.drop:
		panic(http.ErrAbortHandler)
	case v.raw != "":
		_, _ = io.WriteString(w, v.raw)
		return
	case v.code != "":
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(max(v.status, http.StatusBadRequest))
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"injected on the wire"}`, v.code)
		return
	}
	p.forward(w, r, c, v.cut)
}

// judge books a call and says what shall happen to it.
func (p *proxy) judge(c *call) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[c.operation]++
	c.iterator, _ = c.body["ShardIterator"].(string)
	if c.shard, _ = c.body["ShardId"].(string); c.iterator != "" {
		c.shard = p.owners[c.iterator]
	}
	_, byARN := c.body["StreamARN"]
	_, byToken := c.body["NextToken"] // which stands for the stream too
	switch c.operation {
	case "DescribeStreamSummary": // which finds the ARN of a name
	case "ListShards", "GetShardIterator", "GetRecords":
		if !byARN && !byToken {
			p.odd = append(p.odd, c.operation+" without StreamARN")
		}
	case "ListStreams", pushedEvent: // the one to name those that may have been meant
	case "DescribeStreamConsumer", "RegisterStreamConsumer", "DeregisterStreamConsumer":
		if !p.fanOut || !byARN {
			p.odd = append(p.odd, c.operation+" without need or StreamARN")
		}
	case "SubscribeToShard":
		if !p.fanOut {
			p.odd = append(p.odd, c.operation)
		}
	default:
		p.odd = append(p.odd, c.operation)
	}
	if p.pushing && (c.operation == "GetRecords" || c.operation == "GetShardIterator") {
		return verdict{code: "AccessDeniedException"}
	}
	if p.expired[c.iterator] {
		return verdict{code: "ExpiredIteratorException"}
	}
	if p.rule == nil {
		return verdict{}
	}
	return p.rule(*c)
}

func (p *proxy) forward(w http.ResponseWriter, r *http.Request, c call, cut bool) {
	body, err := json.Marshal(c.body)
	if err != nil {
		panic(err) // it came out of JSON
	}
	req, err := http.NewRequestWithContext(r.Context(), r.Method, p.backend+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		panic(err) // made of parts of a valid request
	}
	for _, name := range []string{"Content-Type", "X-Amz-Target", "X-Amz-Date", "Authorization"} {
		req.Header.Set(name, r.Header.Get(name))
	}
	resp, err := p.client.Do(req)
	if err != nil {
		panic(http.ErrAbortHandler) // as the backend did
	}
	defer func() { _ = resp.Body.Close() }()
	if c.operation == "SubscribeToShard" && resp.StatusCode == http.StatusOK {
		p.push(w, r, c.shard, resp.Body)
		return
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if resp.StatusCode == http.StatusOK && !cut {
		p.learn(c, answer)
	}
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
	w.WriteHeader(resp.StatusCode)
	if cut {
		_, _ = w.Write(answer[:len(answer)/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(answer)
}

// learn remembers whose iterators an answer holds.
func (p *proxy) learn(c call, answer []byte) {
	var a struct {
		ShardIterator     string `json:"ShardIterator"`
		NextShardIterator string `json:"NextShardIterator"`
	}
	if c.operation == "GetRecords" || c.operation == "GetShardIterator" {
		if err := json.Unmarshal(answer, &a); err != nil {
			return // the source will see what is wrong with it
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, it := range []string{a.ShardIterator, a.NextShardIterator} {
		if it != "" {
			p.owners[it] = c.shard
		}
	}
	if c.operation == "GetRecords" {
		p.reads[c.shard]++
	}
}
