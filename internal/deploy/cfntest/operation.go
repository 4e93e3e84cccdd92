package cfntest

import (
	"fmt"
	"slices"
	"strings"
)

// What goes on in a stack, step by step. yield is the end of a step; it is false when the stack is given up.
type yield = func(struct{}) bool

// The reasons that CloudFormation gives for what it did not do by itself.
const (
	asked     = "User Initiated"
	calledOff = "Resource %s cancelled"
)

// job is a resource on its way.
type job struct {
	r       *resource
	change  string // Add, Modify, Replace
	verb    string // CREATE, UPDATE
	started bool
	left    int
	fails   string
	after   *resource // of a Modify or Replace: what it is to be
}

// create makes all resources of a new stack, and takes them back if one fails.
func (a *Account) create(s *stack, keepRetained bool) {
	s.begin(func(yield func(struct{}) bool) {
		a.set(s, "CREATE_IN_PROGRESS", asked)
		var jobs []*job
		for _, id := range a.valuesOf(s, s.t, s.parameters).wanted() {
			r := &resource{id: id, def: s.t.resources[id]}
			s.resources = append(s.resources, r)
			jobs = append(jobs, &job{r: r, change: "Add", verb: "CREATE"})
		}
		failed, ok := a.build(s, jobs, yield)
		switch {
		case !ok:
			return
		case len(failed) == 0:
			a.set(s, "CREATE_COMPLETE", "")
			return
		}
		a.set(s, "ROLLBACK_IN_PROGRESS", fmt.Sprintf("The following resource(s) failed to create: [%s]. Rollback requested by user.", strings.Join(failed, ", ")))
		if !yield(struct{}{}) {
			return
		}
		failed, ok = a.remove(s, s.live(), Undoing, keepRetained, nil, yield)
		switch {
		case !ok:
		case len(failed) > 0:
			a.set(s, "ROLLBACK_FAILED", fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", strings.Join(failed, ", ")))
		default:
			a.set(s, "ROLLBACK_COMPLETE", "")
		}
	})
}

// build makes and changes resources, each as soon as what it needs is there. It gives those that failed; ok is false when the stack
// is given up.
func (a *Account) build(s *stack, jobs []*job, yield yield) (failed []string, ok bool) {
	waiting := slices.Clone(jobs)
	for len(waiting) > 0 {
		for _, j := range waiting {
			if !j.started && !slices.ContainsFunc(waiting, func(other *job) bool { return slices.Contains(j.r.def.needs, other.r.id) }) {
				a.startJob(s, j)
			}
		}
		if !yield(struct{}{}) {
			return nil, false
		}
		for _, j := range slices.Clone(waiting) {
			if !j.started {
				continue
			}
			if j.left--; j.left > 0 {
				continue
			}
			waiting = slices.DeleteFunc(waiting, func(other *job) bool { return other == j })
			if j.fails == "" {
				j.fails = a.made(s, j)
			}
			if j.fails != "" {
				a.mark(s, j.r, j.verb+"_FAILED", j.fails)
				failed = append(failed, j.r.id)
				continue
			}
			a.mark(s, j.r, j.verb+"_COMPLETE", "")
		}
		if len(failed) > 0 || s.cancel {
			for _, j := range waiting {
				if j.started {
					a.mark(s, j.r, j.verb+"_FAILED", fmt.Sprintf(calledOff, map[string]string{"CREATE": "creation", "UPDATE": "update"}[j.verb]))
					failed = append(failed, j.r.id)
				}
			}
			return failed, true
		}
	}
	return nil, true
}

// startJob begins with a resource. Its properties can be told now: all that it names is there.
func (a *Account) startJob(s *stack, j *job) {
	j.started = true
	j.left, j.fails = a.play(j.r, Making)
	resolved, _ := a.valuesOf(s, s.t, s.parameters).resolve(j.r.def.properties).(map[string]any)
	switch j.change {
	case "Add":
		j.r.properties = resolved
		a.mark(s, j.r, "CREATE_IN_PROGRESS", "")
		if !strings.Contains(j.fails, "(Service:") { // what a service refuses at once has no ID yet
			j.r.physical = a.physicalID(s, j.r.def, resolved)
			a.mark(s, j.r, "CREATE_IN_PROGRESS", "Resource creation Initiated")
		}
	case "Replace":
		j.after = &resource{properties: resolved, physical: a.physicalID(s, j.r.def, resolved)}
		a.mark(s, j.r, "UPDATE_IN_PROGRESS", "Requested update requires the creation of a new physical resource; hence creating one.")
	default:
		j.after = &resource{properties: resolved, physical: j.r.physical}
		a.mark(s, j.r, "UPDATE_IN_PROGRESS", "")
	}
}

// made is when a resource is there; it gives the reason if its service refuses it.
func (a *Account) made(s *stack, j *job) string {
	switch j.change {
	case "Add":
		if reason := a.add(s, j.r); reason != "" {
			j.r.physical = ""
			return reason
		}
	case "Replace":
		j.r.properties, j.r.physical = j.after.properties, j.after.physical
		return a.add(s, j.r)
	default:
		j.r.properties = j.after.properties
		a.alter(j.r)
	}
	return ""
}

// remove deletes resources, each when nothing that needs it is left, but those that are to be kept. What a resource needs that could
// not be deleted stays as well.
func (a *Account) remove(s *stack, resources []*resource, on Phase, keepRetained bool, retain []string, yield yield) (failed []string, ok bool) {
	waiting := slices.Clone(resources)
	blocked := map[string]bool{}
	left := map[*resource]int{}
	reasons := map[*resource]string{}
	for len(waiting) > 0 {
		moved := false
		for _, r := range slices.Clone(waiting) {
			needed := slices.ContainsFunc(waiting, func(other *resource) bool { return slices.Contains(other.def.needs, r.id) })
			switch _, started := left[r]; {
			case started || needed:
				continue
			case blocked[r.id]:
				waiting = slices.DeleteFunc(waiting, func(other *resource) bool { return other == r })
				block(r, blocked)
				moved = true
				continue
			case slices.Contains(retain, r.id), keepRetained && strings.HasPrefix(r.def.deletion, "Retain") && r.def.deletion != "RetainExceptOnCreate":
				a.mark(s, r, "DELETE_SKIPPED", "")
				waiting = slices.DeleteFunc(waiting, func(other *resource) bool { return other == r })
				moved = true
				continue
			}
			left[r], reasons[r] = a.play(r, on)
			a.mark(s, r, "DELETE_IN_PROGRESS", "")
		}
		if moved {
			continue
		}
		if !yield(struct{}{}) {
			return nil, false
		}
		for _, r := range slices.Clone(waiting) {
			if _, started := left[r]; !started {
				continue
			}
			if left[r]--; left[r] > 0 {
				continue
			}
			waiting = slices.DeleteFunc(waiting, func(other *resource) bool { return other == r })
			if reasons[r] == "" {
				reasons[r] = a.take(r, r.def.deletion == "Snapshot")
			}
			if reasons[r] != "" {
				a.mark(s, r, "DELETE_FAILED", reasons[r])
				failed = append(failed, r.id)
				block(r, blocked)
				continue
			}
			a.mark(s, r, "DELETE_COMPLETE", "")
		}
	}
	return failed, true
}

// block keeps what a resource needs, since the resource is still there.
func block(r *resource, blocked map[string]bool) {
	for _, id := range r.def.needs {
		blocked[id] = true
	}
}

// erase deletes a stack.
func (a *Account) erase(s *stack, retain []string) {
	s.begin(func(yield func(struct{}) bool) {
		a.set(s, "DELETE_IN_PROGRESS", asked)
		for _, r := range s.live() {
			if strings.HasSuffix(r.status, "_IN_PROGRESS") {
				a.mark(s, r, "CREATE_FAILED", fmt.Sprintf(calledOff, "creation"))
			}
		}
		failed, ok := a.remove(s, s.live(), Deleting, true, retain, yield)
		switch {
		case !ok:
		case len(failed) > 0:
			a.set(s, "DELETE_FAILED", fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", strings.Join(failed, ", ")))
		default:
			a.set(s, "DELETE_COMPLETE", "")
		}
	})
}
