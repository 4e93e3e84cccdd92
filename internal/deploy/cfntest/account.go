// Package cfntest is an AWS account for tests, as far as a deployment of Helios sees one: an HTTP server that speaks the wire of
// CloudFormation and gives the few answers of other services that are asked for. CloudFormation is scripted: a test says which
// resource takes long and which fails and why, and the stack goes through the states and tells the events that AWS documents. What
// it makes is remembered, so that one account can see a deployment fail, be continued and be destroyed. There is no real time in it:
// every question for a stack's events takes what goes on one step further.
package cfntest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The account that all is in.
const (
	ID     = "123456789012"
	Region = "eu-central-1"
	Caller = "arn:aws:iam::" + ID + ":user/ann"
	Image  = "ami-0a1b2c3d4e5f60718" // the newest Amazon Linux 2023, of either architecture
)

// Account is an AWS account with one region.
type Account struct {
	URL string // to set AWS_ENDPOINT_URL to

	mu      sync.Mutex
	clock   time.Time
	serial  int
	stacks  []*stack // also deleted ones
	things  []*Thing // all that stacks have made of AWS
	plays   []*Play
	faults  []*Fault
	answers map[string]Answer
	asked   []string
	s3      *buckets

	problems []Problem // of the next change set
}

// Play is what happens to a resource.
type Play struct {
	ID    string // its logical ID
	Type  string // or its type, when it has no ID that is known before
	On    Phase  // "": Making
	Takes int    // steps: 1
	Fails string // the reason, as AWS gives it; "": it does not fail
	Times int    // that it fails: 1. Always when negative
}

// Phase is what is being done to a resource.
type Phase string

// The phases.
const (
	Making   Phase = "making"   // it is created, or changed by an update
	Undoing  Phase = "undoing"  // a creation or an update is rolled back
	Deleting Phase = "deleting" // its stack is deleted, or an update does not need it any more
)

// Fault is an answer in place of what a service would say.
type Fault struct {
	Action  string // "cloudformation:DescribeStackEvents"
	Call    int    // from which call on, counted from 1 when the fault is set: 1
	Times   int    // how many calls: 1. All when negative
	Code    string // "Throttling"
	Message string
	Status  int // of HTTP: 400
	// Do is called when the fault happens, in place of an answer of its own when Code is empty.
	Do func()
	// Lost gives no answer at all, and nothing is done: who asks waits until they have enough.
	Lost bool
}

// Thing is something that a stack has made.
type Thing struct {
	ID, Type, LogicalID, Stack string
	Properties                 map[string]any
	Tags                       map[string]string
	Stopped                    bool // an instance that somebody has switched off
}

// Start opens an account. It is closed with the test.
func Start(tb testing.TB) *Account {
	tb.Helper()
	a := &Account{clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), s3: newBuckets()}
	a.answers = a.services()
	server := httptest.NewServer(a)
	a.URL = server.URL
	tb.Cleanup(func() {
		server.Close()
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, s := range a.stacks {
			s.halt()
		}
	})
	return a
}

// Environment are the variables that lead a program here, with credentials that are good for nothing else.
func (a *Account) Environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": a.URL, "AWS_REGION": Region, "AWS_CA_BUNDLE": "", "AWS_ACCESS_KEY_ID": "NOBODY", "AWS_SECRET_ACCESS_KEY": "not-a-secret",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_PROFILE": "", "AWS_SESSION_TOKEN": "",
	}
}

// Play says what is to happen to resources from now on.
func (a *Account) Play(plays ...Play) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range plays {
		if p.On == "" {
			p.On = Making
		}
		if p.Times == 0 {
			p.Times = 1
		}
		a.plays = append(a.plays, &p)
	}
}

// Fault lets a service answer with an error.
func (a *Account) Fault(faults ...Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range faults {
		f.Call, f.Times = max(f.Call, 1), max(f.Times, -1)
		if f.Times == 0 {
			f.Times = 1
		}
		if f.Status == 0 {
			f.Status = http.StatusBadRequest
		}
		a.faults = append(a.faults, &f)
	}
}

// Answer gives a service's answer to an action, "ec2:DescribeVpcs", in place of the one that is here.
func (a *Account) Answer(action string, answer Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[action] = answer
}

// Asked are the actions that were asked for, in order.
func (a *Account) Asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// Things are what stacks have made and nobody has removed, in the order in which it was made.
func (a *Account) Things() []Thing {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]Thing, len(a.things))
	for i, t := range a.things {
		all[i] = *t
	}
	return all
}

// Tag gives a thing a tag; a value of "" takes it away.
func (a *Account) Tag(id, key, value string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.things {
		if t.id() != id {
			continue
		}
		if t.Tags[key] = value; value == "" {
			delete(t.Tags, key)
		}
		return nil
	}
	return fmt.Errorf("there is no %s", id)
}

// of are the things of some types.
func (a *Account) of(types ...string) []*Thing {
	var found []*Thing
	for _, t := range a.things {
		if slices.Contains(types, t.Type) {
			found = append(found, t)
		}
	}
	return found
}

// now is the account's time, which goes on by a second each time that somebody looks. It is never that of the machine.
func (a *Account) now() time.Time {
	a.clock = a.clock.Add(time.Second)
	return a.clock
}

// Later lets time pass.
func (a *Account) Later(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clock = a.clock.Add(d)
}

// name makes an ID as AWS has them; those of one account are always the same ones in the same order.
func (a *Account) name() string {
	a.serial++
	return fmt.Sprintf("%08x%09x", a.serial, uint64(a.serial)*0x9e3779b1)[:17]
}

// scope is the part of a signature that names region and service.
var scope = regexp.MustCompile(`Credential=[^/]+/\d{8}/[^/]*/([a-z0-9-]+)/aws4_request`)

func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service := "s3" // whose presigned addresses are the only requests without a signature in the header
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		service = m[1]
	}
	if service == "s3" {
		if action := a.s3.action(r); !a.failed(w, r, service, action) {
			a.s3.ServeHTTP(w, r)
		}
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q := read(service, r, body)
	if a.failed(w, r, service, q.Action) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	answer, ok := a.answers[service+":"+q.Action]
	if !ok {
		q.refuse(w, http.StatusBadRequest, "InvalidAction", "cfntest has no answer to "+service+":"+q.Action)
		return
	}
	result, err := answer(q)
	q.reply(w, result, err)
}

// failed notes a call and answers it if it is to fail.
func (a *Account) failed(w http.ResponseWriter, r *http.Request, service, action string) bool {
	a.mu.Lock()
	name := service + ":" + action
	a.asked = append(a.asked, name)
	var hit *Fault
	for _, f := range a.faults {
		if f.Action != name || f.Times == 0 {
			continue
		}
		if f.Call--; f.Call > 0 {
			continue
		}
		f.Call = 1
		if f.Times > 0 {
			f.Times--
		}
		hit = f
		break
	}
	a.mu.Unlock()
	if hit == nil {
		return false
	}
	if hit.Do != nil {
		hit.Do()
	}
	if hit.Lost {
		<-r.Context().Done()
		return true
	}
	if hit.Code == "" {
		return false
	}
	(&Request{Service: service, Action: action}).refuse(w, hit.Status, hit.Code, hit.Message)
	return true
}

// play is what is to happen to a resource now, and uses it up.
func (a *Account) play(r *resource, on Phase) (takes int, fails string) {
	takes = 1
	for _, p := range a.plays {
		if p.On != on || p.Times == 0 || (p.ID != "" && p.ID != r.id) || (p.Type != "" && p.Type != r.def.kind) {
			continue
		}
		takes = max(takes, p.Takes)
		if p.Fails != "" && fails == "" {
			fails = p.Fails
			if p.Times > 0 {
				p.Times--
			}
		}
	}
	return takes, fails
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
