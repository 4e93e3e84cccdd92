package cfntest

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"
)

// stack is one of the account's.
type stack struct {
	name, id       string
	status, reason string
	text           string // the template
	t              *template
	parameters     map[string]string
	tags           map[string]string
	created        time.Time
	updated        time.Time
	deleted        time.Time
	resources      []*resource
	events         []event // the oldest first
	changeSets     []*changeSet
	token          string // of the client's last request

	// What goes on: next takes it a step further. undo is what an update has changed so far.
	next   func() (struct{}, bool)
	stop   func()
	cancel bool
	undo   *update
}

// resource is one of a stack's. It stays in the list when it is deleted.
type resource struct {
	id, physical   string
	def            *definition
	properties     map[string]any
	status, reason string
	at             time.Time
}

type event struct {
	id                      string
	at                      time.Time
	logical, physical, kind string
	status, reason, token   string
}

func (r *resource) gone() bool {
	return r.status == "DELETE_COMPLETE" || r.status == "DELETE_SKIPPED" || r.status == ""
}

// clone is a resource as it is now, to go back to.
func (r *resource) clone() *resource {
	c := *r
	return &c
}

// live are the resources that a stack has.
func (s *stack) live() []*resource {
	return slices.DeleteFunc(slices.Clone(s.resources), (*resource).gone)
}

func (s *stack) resource(id string) *resource {
	for _, r := range s.resources {
		if r.id == id && !r.gone() {
			return r
		}
	}
	return nil
}

// find looks a stack up by its name or ID; a deleted one has only its ID.
func (a *Account) find(name string) (*stack, error) {
	for _, s := range slices.Backward(a.stacks) {
		if s.id == name || s.name == name && s.status != "DELETE_COMPLETE" {
			return s, nil
		}
	}
	return nil, refusal("Stack with id %s does not exist", name)
}

// set gives the stack itself a status, and tells it.
func (a *Account) set(s *stack, status, reason string) {
	s.status, s.reason = status, reason
	if status == "DELETE_COMPLETE" {
		s.deleted = a.clock
	}
	a.tell(s, event{logical: s.name, physical: s.id, kind: "AWS::CloudFormation::Stack", status: status, reason: reason})
}

// mark gives a resource a status, and tells it.
func (a *Account) mark(s *stack, r *resource, status, reason string) {
	r.status, r.reason, r.at = status, reason, a.now()
	a.tell(s, event{logical: r.id, physical: r.physical, kind: r.def.kind, status: status, reason: reason})
}

func (a *Account) tell(s *stack, e event) {
	e.at, e.token = a.now(), s.token
	e.id = e.logical + "-" + strings.ToUpper(e.status) + "-" + a.name()
	s.events = append(s.events, e)
}

// begin lets something go on in a stack. Each question for its events takes it a step further.
func (s *stack) begin(work func(yield func(struct{}) bool)) {
	s.halt()
	s.next, s.stop = iter.Pull(iter.Seq[struct{}](work))
}

// halt gives up what goes on.
func (s *stack) halt() {
	if s.stop != nil {
		s.stop()
	}
	s.next, s.stop, s.cancel = nil, nil, false
}

func (s *stack) step() {
	if s.next == nil {
		return
	}
	if _, more := s.next(); !more {
		s.next = nil
	}
}

// valuesOf resolves a template for a stack with the resources that it has.
func (a *Account) valuesOf(s *stack, t *template, parameters map[string]string) *values {
	return &values{
		t: t, stack: s, parameters: parameters,
		physical: func(id string) string {
			if r := s.resource(id); r != nil {
				return r.physical
			}
			return ""
		},
		attribute: func(id, name string) string {
			if r := s.resource(id); r != nil {
				return attribute(r, name)
			}
			return ""
		},
	}
}

// outputs are a stack's, when it has come to rest well.
func (a *Account) outputs(s *stack) [][2]string {
	if s.t == nil || !strings.HasSuffix(s.status, "_COMPLETE") || s.status == "ROLLBACK_COMPLETE" || s.status == "DELETE_COMPLETE" {
		return nil
	}
	v := a.valuesOf(s, s.t, s.parameters)
	var all [][2]string
	for _, name := range sortedKeys(s.t.outputs) {
		output, _ := s.t.outputs[name].(map[string]any)
		if condition, ok := output["Condition"].(string); ok && !v.condition(condition) {
			continue
		}
		all = append(all, [2]string{name, text(v.resolve(output["Value"]))})
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// text is a value in one piece.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, _ := json.Marshal(value) // of text, lists and maps, which JSON has
	return string(b)
}
