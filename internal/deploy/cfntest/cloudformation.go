package cfntest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cloudFormation are the actions of CloudFormation, by the query protocol:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
func (a *Account) cloudFormation() map[string]Answer {
	return map[string]Answer{
		"CreateChangeSet":        a.prepare,
		"DescribeChangeSet":      a.describeChangeSet,
		"DeleteChangeSet":        a.deleteChangeSet,
		"ListChangeSets":         a.listChangeSets,
		"ExecuteChangeSet":       a.execute,
		"DescribeEvents":         a.describeEvents,
		"DescribeStacks":         a.describeStacks,
		"DescribeStackEvents":    a.describeStackEvents,
		"ListStackResources":     a.listStackResources,
		"ListStacks":             a.listStacks,
		"GetTemplate":            a.getTemplate,
		"DeleteStack":            a.deleteStack,
		"CancelUpdateStack":      a.cancelUpdate,
		"ContinueUpdateRollback": a.continueRollback,
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// page is a part of a list, and the token of the next one.
func page[T any](all []T, token string, size int) ([]T, string) {
	from, _ := strconv.Atoi(token)
	from = min(from, len(all))
	to := min(from+size, len(all))
	if to == len(all) {
		return all[from:], ""
	}
	return all[from:to], strconv.Itoa(to)
}

func (a *Account) describeStacks(q *Request) (any, error) {
	listed := slices.DeleteFunc(slices.Clone(a.stacks), func(s *stack) bool { return s.status == "DELETE_COMPLETE" })
	if name := q.Get("StackName"); name != "" {
		s, err := a.find(name)
		if err != nil {
			return nil, err
		}
		listed = []*stack{s}
	}
	listed, next := page(listed, q.Get("NextToken"), 10)
	var members []Fields
	for _, s := range listed {
		var outputs []Fields
		for _, o := range a.outputs(s) {
			outputs = append(outputs, Fields{{"OutputKey", o[0]}, {"OutputValue", o[1]}})
		}
		members = append(members, Fields{
			{"StackName", s.name},
			{"StackId", s.id},
			{"StackStatus", s.status},
			{"StackStatusReason", s.reason},
			{"CreationTime", stamp(s.created)},
			{"LastUpdatedTime", stamp(s.updated)},
			{"DisableRollback", "false"},
			{"Parameters", pairs(s.parameters, "ParameterKey", "ParameterValue")},
			{"Tags", pairs(s.tags, "Key", "Value")},
			{"Outputs", outputs},
		})
	}
	return Fields{{"Stacks", members}, {"NextToken", next}}, nil
}

// listStacks tells of all stacks of the last 90 days, also of deleted ones, in pages.
func (a *Account) listStacks(q *Request) (any, error) {
	wanted := q.List("StackStatusFilter")
	listed := slices.DeleteFunc(slices.Clone(a.stacks), func(s *stack) bool {
		return len(wanted) > 0 && !slices.Contains(wanted, s.status) || !s.deleted.IsZero() && a.clock.Sub(s.deleted) > remembered
	})
	listed, next := page(listed, q.Get("NextToken"), 10)
	var members []Fields
	for _, s := range listed {
		members = append(members, Fields{
			{"StackId", s.id},
			{"StackName", s.name},
			{"CreationTime", stamp(s.created)},
			{"LastUpdatedTime", stamp(s.updated)},
			{"DeletionTime", stamp(s.deleted)},
			{"StackStatus", s.status},
			{"StackStatusReason", s.reason},
		})
	}
	return Fields{{"StackSummaries", members}, {"NextToken", next}}, nil
}

// remembered is how long CloudFormation tells of a deleted stack.
const remembered = 90 * 24 * time.Hour

func pairs(m map[string]string, key, value string) []Fields {
	var all []Fields
	for _, k := range sortedKeys(m) {
		all = append(all, Fields{{key, k}, {value, m[k]}})
	}
	return all
}

// describeStackEvents tells the newest first, in pages. Its first page takes what goes on in the stack a step further.
func (a *Account) describeStackEvents(q *Request) (any, error) {
	s, err := a.find(q.Get("StackName"))
	if err != nil {
		return nil, err
	}
	token := q.Get("NextToken")
	if token == "" {
		s.step()
		token = strconv.Itoa(len(s.events))
	}
	told, err := strconv.Atoi(token)
	if err != nil || told > len(s.events) {
		return nil, refusal("Invalid NextToken")
	}
	from, next := max(0, told-25), ""
	if from > 0 {
		next = strconv.Itoa(from)
	}
	var members []Fields
	for _, e := range slices.Backward(s.events[from:told]) {
		members = append(members, Fields{
			{"EventId", e.id},
			{"StackId", s.id},
			{"StackName", s.name},
			{"LogicalResourceId", e.logical},
			{"PhysicalResourceId", e.physical},
			{"ResourceType", e.kind},
			{"Timestamp", stamp(e.at)},
			{"ResourceStatus", e.status},
			{"ResourceStatusReason", e.reason},
			{"ClientRequestToken", e.token},
		})
	}
	return Fields{{"StackEvents", members}, {"NextToken", next}}, nil
}

func (a *Account) listStackResources(q *Request) (any, error) {
	s, err := a.find(q.Get("StackName"))
	if err != nil {
		return nil, err
	}
	begun := slices.DeleteFunc(slices.Clone(s.resources), func(r *resource) bool { return r.status == "" })
	listed, next := page(begun, q.Get("NextToken"), 10)
	var members []Fields
	for _, r := range listed {
		members = append(members, Fields{
			{"LogicalResourceId", r.id},
			{"PhysicalResourceId", r.physical},
			{"ResourceType", r.def.kind},
			{"ResourceStatus", r.status},
			{"ResourceStatusReason", r.reason},
			{"LastUpdatedTimestamp", stamp(r.at)},
		})
	}
	return Fields{{"StackResourceSummaries", members}, {"NextToken", next}}, nil
}

func (a *Account) getTemplate(q *Request) (any, error) {
	s, err := a.find(q.Get("StackName"))
	if err != nil {
		return nil, err
	}
	return Fields{{"TemplateBody", s.text}}, nil
}

func (a *Account) deleteStack(q *Request) (any, error) {
	s, _ := a.find(q.Get("StackName"))
	if s == nil || s.status == "DELETE_COMPLETE" || s.status == "DELETE_IN_PROGRESS" {
		return Fields{}, nil // it is no error to delete what is not there
	}
	retain := q.List("RetainResources")
	switch {
	case strings.HasPrefix(s.status, "UPDATE_") && strings.HasSuffix(s.status, "_IN_PROGRESS"):
		return nil, refusal("Stack [%s] cannot be deleted while in status %s", s.name, s.status)
	case len(retain) > 0 && s.status != "DELETE_FAILED":
		return nil, refusal("Invalid operation on stack [%s]. Specify which resources to retain only when the stack is in the DELETE_FAILED state.", s.id)
	}
	for _, id := range retain {
		if s.resource(id) == nil {
			return nil, refusal("The specified resources to retain must be in a valid state. Do not retain resources that are in the DELETE_COMPLETE state: [%s]", id)
		}
	}
	s.token = q.Get("ClientRequestToken")
	if s.t == nil { // nothing has been made of it yet
		s.changeSets = nil
		a.set(s, "DELETE_COMPLETE", "")
		return Fields{}, nil
	}
	a.erase(s, retain)
	s.step()
	return Fields{}, nil
}

func (a *Account) cancelUpdate(q *Request) (any, error) {
	s, err := a.find(q.Get("StackName"))
	if err != nil {
		return nil, err
	}
	if s.status != "UPDATE_IN_PROGRESS" {
		return nil, refusal("CancelUpdateStack cannot be called from current stack status")
	}
	s.cancel = true
	return Fields{}, nil
}

func (a *Account) continueRollback(q *Request) (any, error) {
	s, err := a.find(q.Get("StackName"))
	if err != nil {
		return nil, err
	}
	if s.status != "UPDATE_ROLLBACK_FAILED" {
		return nil, refusal("Stack:%s is in %s state and can not continue update rollback.", s.id, s.status)
	}
	skip := q.List("ResourcesToSkip")
	for _, id := range skip {
		if r := s.resource(id); r == nil || r.status != "UPDATE_FAILED" {
			return nil, refusal("Resources to skip must be in the UPDATE_FAILED state: [%s]", id)
		}
	}
	s.token = q.Get("ClientRequestToken")
	a.resume(s, skip)
	s.step()
	return Fields{}, nil
}

// Put makes a stack that nobody here began, in any state. One that is in the middle of something stays there until Finish.
func (a *Account) Put(name, text, status string, parameters map[string]string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := parse(text)
	if err != nil {
		return fmt.Errorf("the template of %s: %w", name, err)
	}
	s := &stack{name: name, text: text, t: t, created: a.now(), tags: map[string]string{}}
	if s.parameters, err = t.given(parameters); err != nil {
		return err
	}
	s.id = "arn:aws:cloudformation:" + Region + ":" + ID + ":stack/" + name + "/" + a.name()
	a.stacks = append(a.stacks, s)
	a.create(s, true)
	for s.next != nil {
		s.step()
	}
	if s.status != status {
		a.set(s, status, asked)
	}
	return nil
}

// Finish brings what goes on in a stack to an end, whatever began it, and gives it this status.
func (a *Account) Finish(name, status string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := a.find(name)
	if err != nil {
		return err
	}
	for s.next != nil {
		s.step()
	}
	if s.status != status {
		a.set(s, status, "")
	}
	return nil
}

// Status is that of a stack, "" when there is none of that name.
func (a *Account) Status(name string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := a.find(name)
	if err != nil {
		return ""
	}
	return s.status
}
