package cfntest

import (
	"reflect"
	"slices"
	"time"
)

// changeSet is what would be done to a stack.
type changeSet struct {
	name, id       string
	create         bool
	status, reason string
	execution      string
	made           time.Time
	text           string
	t              *template
	parameters     map[string]string
	tags           map[string]string
	changes        []change
	looks          int // questions until it is worked out
	problems       []Problem
}

// change is what would be done to a resource.
type change struct {
	id, physical, kind  string
	action, replacement string
	details             []detail
}

type detail struct{ property, recreation, evaluation, before, after string }

// later stands for what is known only when a change is carried out, as CloudFormation shows it.
const later = "{{changeSet:KNOWN_AFTER_APPLY}}"

// compare finds out what an update would do, a resource after those that it needs: a replaced one changes what names it.
func (a *Account) compare(s *stack, to *changeSet) []change {
	var changes []change
	replaced := map[string]bool{}
	v := a.valuesOf(s, to.t, to.parameters)
	physical, attributes := v.physical, v.attribute
	v.physical = func(id string) string {
		if replaced[id] || s.resource(id) == nil {
			return later
		}
		return physical(id)
	}
	v.attribute = func(id, name string) string {
		if replaced[id] || s.resource(id) == nil {
			return later
		}
		return attributes(id, name)
	}
	wanted := v.wanted()
	for _, id := range wanted {
		def, r := to.t.resources[id], s.resource(id)
		if r == nil {
			changes = append(changes, change{id: id, kind: def.kind, action: "Add"})
			continue
		}
		properties, _ := v.resolve(def.properties).(map[string]any)
		c := change{id: id, physical: r.physical, kind: def.kind, action: "Modify", replacement: "False"}
		for _, property := range sortedKeys(merged(r.properties, properties)) {
			before, after := r.properties[property], properties[property]
			if reflect.DeepEqual(before, after) {
				continue
			}
			d := detail{property: property, recreation: anew(def.kind, property), evaluation: "Static", before: text(before), after: text(after)}
			c.details = append(c.details, d)
			switch {
			case d.recreation == "Always":
				c.replacement = "True"
			case d.recreation == "Conditionally" && c.replacement == "False":
				c.replacement = "Conditional"
			}
		}
		if r.def.kind != def.kind {
			c.replacement, c.details = "True", append(c.details, detail{property: "Type", recreation: "Always", evaluation: "Static"})
		}
		replaced[id] = c.replacement == "True"
		if len(c.details) > 0 {
			changes = append(changes, c)
		}
	}
	for _, r := range s.live() {
		if !slices.Contains(wanted, r.id) {
			changes = append(changes, change{id: r.id, physical: r.physical, kind: r.def.kind, action: "Remove"})
		}
	}
	return changes
}

func merged(a, b map[string]any) map[string]any {
	all := map[string]any{}
	for key := range a {
		all[key] = nil
	}
	for key := range b {
		all[key] = nil
	}
	return all
}

// prepare makes a change set.
func (a *Account) prepare(q *Request) (any, error) {
	set := &changeSet{
		name: q.Get("ChangeSetName"), text: q.Get("TemplateBody"), create: q.Get("ChangeSetType") == "CREATE",
		tags: q.Pairs("Tags", "Key", "Value"), status: "CREATE_COMPLETE", execution: "AVAILABLE", looks: 1,
	}
	if url := q.Get("TemplateURL"); url != "" {
		var err error
		if set.text, err = a.s3.read(url); err != nil {
			return nil, refusal("S3 error: %v", err)
		}
	} else if len(set.text) > 51200 {
		return nil, refusal("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200")
	}
	s, err := a.find(q.Get("StackName"))
	switch {
	case err != nil && !set.create:
		return nil, refusal("Stack [%s] does not exist", q.Get("StackName"))
	case err == nil && set.create && s.status != "REVIEW_IN_PROGRESS":
		return nil, refusal("Stack [%s] already exists and cannot be created again with the changeSet [%s].", s.name, set.name)
	case err == nil && !set.create && !updatable(s.status):
		return nil, refusal("Stack:%s is in %s state and can not be updated.", s.id, s.status)
	}
	if set.t, err = parse(set.text); err != nil {
		return nil, err
	}
	if set.parameters, err = set.t.given(q.Pairs("Parameters", "ParameterKey", "ParameterValue")); err != nil {
		return nil, err
	}
	if plain, named := needsCapability(set.t); plain {
		given := q.List("Capabilities")
		if needed := "CAPABILITY_NAMED_IAM"; !slices.Contains(given, needed) && (named || !slices.Contains(given, "CAPABILITY_IAM")) {
			if !named {
				needed = "CAPABILITY_IAM"
			}
			return nil, &Error{Code: "InsufficientCapabilitiesException", Message: "Requires capabilities : [" + needed + "]"}
		}
	}
	if s == nil {
		s = &stack{name: q.Get("StackName"), created: a.now()}
		s.id = "arn:aws:cloudformation:" + Region + ":" + ID + ":stack/" + s.name + "/" + a.name()
		a.stacks = append(a.stacks, s)
		a.set(s, "REVIEW_IN_PROGRESS", asked)
	}
	set.id = "arn:aws:cloudformation:" + Region + ":" + ID + ":changeSet/" + set.name + "/" + a.name()
	set.made = a.now()
	set.changes = a.compare(s, set)
	switch {
	case len(set.changes) == 0 && (set.create || reflect.DeepEqual(set.tags, s.tags)):
		set.fail("The submitted information didn't contain changes. Submit different information to create a change set.")
	case len(a.problems) > 0:
		set.problems, a.problems = a.problems, nil
		set.fail("The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.")
	}
	s.changeSets = append(s.changeSets, set)
	return Fields{{"Id", set.id}, {"StackId", s.id}}, nil
}

func (set *changeSet) fail(reason string) {
	set.status, set.reason, set.execution = "FAILED", reason, "UNAVAILABLE"
}

// updatable are the states of a stack in which it can be updated.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
func updatable(status string) bool {
	return slices.Contains([]string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}, status)
}

func (a *Account) changeSet(q *Request) (*stack, *changeSet, error) {
	for _, s := range a.stacks {
		for _, set := range s.changeSets {
			if set.id == q.Get("ChangeSetName") || set.name == q.Get("ChangeSetName") && (q.Get("StackName") == s.name || q.Get("StackName") == s.id) {
				return s, set, nil
			}
		}
	}
	return nil, nil, &Error{Code: "ChangeSetNotFound", Message: "ChangeSet [" + q.Get("ChangeSetName") + "] does not exist", Status: 404}
}

func (a *Account) describeChangeSet(q *Request) (any, error) {
	s, set, err := a.changeSet(q)
	if err != nil {
		return nil, err
	}
	status, execution, reason := set.status, set.execution, set.reason
	if set.looks > 0 {
		set.looks--
		status, execution, reason = "CREATE_IN_PROGRESS", "UNAVAILABLE", ""
	}
	changes, next := page(set.changes, q.Get("NextToken"), 10)
	var members []Fields
	for _, c := range changes {
		var details []Fields
		for _, d := range c.details {
			target := Fields{{"Attribute", "Properties"}, {"Name", d.property}, {"RequiresRecreation", d.recreation}}
			if q.Get("IncludePropertyValues") == "true" {
				target = append(target, Field{"BeforeValue", d.before}, Field{"AfterValue", d.after})
			}
			details = append(details, Fields{{"Target", target}, {"Evaluation", d.evaluation}, {"ChangeSource", "DirectModification"}})
		}
		members = append(members, Fields{{"Type", "Resource"}, {"ResourceChange", Fields{
			{"Action", c.action},
			{"LogicalResourceId", c.id},
			{"PhysicalResourceId", c.physical},
			{"ResourceType", c.kind},
			{"Replacement", c.replacement},
			{"Details", details},
		}}})
	}
	return Fields{
		{"ChangeSetName", set.name},
		{"ChangeSetId", set.id},
		{"StackName", s.name},
		{"StackId", s.id},
		{"Status", status},
		{"StatusReason", reason},
		{"ExecutionStatus", execution},
		{"CreationTime", stamp(set.made)},
		{"Changes", members},
		{"NextToken", next},
	}, nil
}

func (a *Account) deleteChangeSet(q *Request) (any, error) {
	s, set, err := a.changeSet(q)
	if err != nil {
		return nil, err
	}
	s.changeSets = slices.DeleteFunc(s.changeSets, func(other *changeSet) bool { return other == set })
	return Fields{}, nil
}

func (a *Account) listChangeSets(q *Request) (any, error) {
	s, err := a.find(q.Get("StackName"))
	if err != nil {
		return nil, err
	}
	var members []Fields
	for _, set := range s.changeSets {
		members = append(members, Fields{{"ChangeSetName", set.name}, {"ChangeSetId", set.id}, {"StackName", s.name}, {"StackId", s.id}, {"Status", set.status}})
	}
	return Fields{{"Summaries", members}}, nil
}

func (a *Account) execute(q *Request) (any, error) {
	s, set, err := a.changeSet(q)
	if err != nil {
		return nil, err
	}
	if set.execution != "AVAILABLE" {
		return nil, &Error{Code: "InvalidChangeSetStatus", Message: "ChangeSet [" + set.id + "] cannot be executed in its current execution status of [" + set.execution + "]"}
	}
	s.changeSets, s.token = nil, q.Get("ClientRequestToken") // the others fit no more
	keep := q.Get("RetainExceptOnCreate") != "true"
	if !set.create {
		a.change(s, set, keep)
		s.step()
		return Fields{}, nil
	}
	s.text, s.t, s.parameters, s.tags = set.text, set.t, set.parameters, set.tags
	a.create(s, keep)
	s.step()
	return Fields{}, nil
}

// Problem is something that CloudFormation finds wrong before it changes anything: a name that is taken.
type Problem struct{ ID, Type, Reason string }

// Problems are found in the next change set.
func (a *Account) Problems(problems ...Problem) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.problems = problems
}

func (a *Account) describeEvents(q *Request) (any, error) {
	_, set, err := a.changeSet(q)
	if err != nil {
		return nil, err
	}
	var events []Fields
	for _, p := range set.problems {
		events = append(events, Fields{
			{"EventId", a.name()},
			{"EventType", "VALIDATION_ERROR"},
			{"LogicalResourceId", p.ID},
			{"ResourceType", p.Type},
			{"Timestamp", stamp(set.made)},
			{"ValidationFailureMode", "FAIL"},
			{"ValidationName", "NAME_CONFLICT_VALIDATION"},
			{"ValidationStatus", "FAILED"},
			{"ValidationStatusReason", p.Reason},
		})
	}
	return Fields{{"OperationEvents", events}}, nil
}
