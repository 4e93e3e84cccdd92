package cfntest

import (
	"fmt"
	"slices"
	"strings"
)

// update is a change of a stack, and what it takes to undo it.
type update struct {
	before      *stack               // as it was
	old         map[string]*resource // by logical ID: changed resources as they were
	new         []*resource          // that the update has added
	keepRetains bool
}

// change carries an update out: what is new and what changes first, then what is not needed any more.
func (a *Account) change(s *stack, to *changeSet, keepRetained bool) {
	u := &update{old: map[string]*resource{}, keepRetains: keepRetained}
	before := *s
	u.before, s.undo = &before, u
	s.text, s.t, s.parameters, s.tags = to.text, to.t, to.parameters, to.tags
	s.begin(func(yield func(struct{}) bool) {
		s.updated = a.now()
		a.set(s, "UPDATE_IN_PROGRESS", asked)
		failed, ok := a.build(s, a.jobs(s, to, u), yield)
		switch {
		case !ok:
			return
		case s.cancel:
			s.cancel = false
			a.rollBack(s, asked, yield)
			return
		case len(failed) > 0:
			verb := "update"
			if slices.ContainsFunc(u.new, func(r *resource) bool { return r.status == "CREATE_FAILED" }) {
				verb = "create"
			}
			a.rollBack(s, fmt.Sprintf("The following resource(s) failed to %s: [%s]. ", verb, strings.Join(failed, ", ")), yield)
			return
		}
		a.set(s, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")
		if !yield(struct{}{}) {
			return
		}
		var superfluous []*resource
		for _, c := range to.changes {
			if c.action == "Remove" {
				superfluous = append(superfluous, s.resource(c.id))
			} else if old := u.old[c.id]; old != nil && old.physical != s.resource(c.id).physical {
				superfluous = append(superfluous, spare(old))
			}
		}
		if _, ok := a.remove(s, superfluous, Deleting, true, nil, yield); ok { // what cannot be removed is forgotten, as CloudFormation does
			s.undo = nil
			a.set(s, "UPDATE_COMPLETE", "")
		}
	})
}

// jobs are what an update does to resources.
func (a *Account) jobs(s *stack, to *changeSet, u *update) []*job {
	var jobs []*job
	for _, c := range to.changes {
		switch c.action {
		case "Add":
			r := &resource{id: c.id, def: s.t.resources[c.id]}
			s.resources = append(s.resources, r)
			u.new = append(u.new, r)
			jobs = append(jobs, &job{r: r, change: "Add", verb: "CREATE"})
		case "Modify":
			r := s.resource(c.id)
			u.old[c.id] = r.clone()
			r.def = s.t.resources[c.id]
			change := "Modify"
			if c.replacement == "True" {
				change = "Replace"
			}
			jobs = append(jobs, &job{r: r, change: change, verb: "UPDATE"})
		}
	}
	return jobs
}

// spare is a replaced resource's old self, which is listed no more but whose end is told under the same name.
func spare(old *resource) *resource {
	r := old.clone()
	def := *r.def
	def.deletion = def.replacing
	r.def = &def
	return r
}

// rollBack puts a stack back to what it was before an update.
func (a *Account) rollBack(s *stack, reason string, yield yield) {
	u := s.undo
	a.set(s, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
	if !yield(struct{}{}) {
		return
	}
	s.text, s.t, s.parameters, s.tags = u.before.text, u.before.t, u.before.parameters, u.before.tags
	if !a.putBack(s, u, nil, yield) {
		return
	}
	a.finishRollBack(s, u, yield)
}

// putBack changes resources back. It is false when one failed or the stack was given up.
func (a *Account) putBack(s *stack, u *update, skip []string, yield yield) bool {
	var failed []string
	for _, id := range sortedKeys(u.old) {
		r, old := s.resource(id), u.old[id]
		if r == nil || strings.HasSuffix(old.status, "_BACK") {
			continue
		}
		if slices.Contains(skip, id) {
			old.status = "UPDATE_BACK"
			a.mark(s, r, "UPDATE_COMPLETE", "Resource skipped during rollback")
			continue
		}
		a.mark(s, r, "UPDATE_IN_PROGRESS", "")
		if !yield(struct{}{}) {
			return false
		}
		if _, reason := a.play(r, Undoing); reason != "" {
			a.mark(s, r, "UPDATE_FAILED", reason)
			failed = append(failed, id)
			continue
		}
		if r.physical != old.physical {
			a.take(r, false)
		}
		r.physical, r.properties, r.def = old.physical, old.properties, old.def
		a.alter(r)
		old.status = "UPDATE_BACK"
		a.mark(s, r, "UPDATE_COMPLETE", "")
	}
	if len(failed) > 0 {
		a.set(s, "UPDATE_ROLLBACK_FAILED", fmt.Sprintf("The following resource(s) failed to update: [%s]. ", strings.Join(failed, ", ")))
		return false
	}
	return true
}

func (a *Account) finishRollBack(s *stack, u *update, yield yield) {
	a.set(s, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "")
	if !yield(struct{}{}) {
		return
	}
	added := slices.DeleteFunc(slices.Clone(u.new), (*resource).gone)
	if _, ok := a.remove(s, added, Undoing, u.keepRetains, nil, yield); !ok {
		return
	}
	s.undo = nil
	a.set(s, "UPDATE_ROLLBACK_COMPLETE", "")
}

// resume takes a rollback up that had failed.
func (a *Account) resume(s *stack, skip []string) {
	u := s.undo
	s.begin(func(yield func(struct{}) bool) {
		a.set(s, "UPDATE_ROLLBACK_IN_PROGRESS", asked)
		if !yield(struct{}{}) {
			return
		}
		if a.putBack(s, u, skip, yield) {
			a.finishRollBack(s, u, yield)
		}
	})
}
