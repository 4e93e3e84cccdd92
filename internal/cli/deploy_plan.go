package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
)

// planWidth is how many columns a plan takes where there is no terminal to say it.
const planWidth = 100

// planJSON is a plan for programs.
type planJSON struct {
	Name     string         `json:"name"`
	Account  string         `json:"account"`
	Region   string         `json:"region"`
	Caller   string         `json:"caller"`
	Create   bool           `json:"create"`
	Version  string         `json:"version"`
	Made     []itemJSON     `json:"resources"`
	Changes  []changeJSON   `json:"changes"` // of what is there already
	Reach    []string       `json:"reach"`
	Grants   []string       `json:"grants"`
	Cost     stack.Estimate `json:"cost"`
	Warnings []string       `json:"warnings"`
}

type itemJSON struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	What  string `json:"what"`
	Keeps bool   `json:"keeps"` // it, or a snapshot of it, outlives the stack
}

type changeJSON struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Action   string   `json:"action"`
	Replaces bool     `json:"replaces"`
	Details  []string `json:"details"`
}

// showPlan says what would be done: to standard output if that is all that is wanted.
func (d *deploying) showPlan(s *deploy.Session, p *deploy.Plan) error {
	to := d.talk
	if d.flags.planOnly {
		to = d.out
		if d.json {
			return d.printJSON(programPlan(s, p))
		}
	}
	return writePlan(to, s, p)
}

func programPlan(s *deploy.Session, p *deploy.Plan) planJSON {
	plan := planJSON{
		Name: p.After.Name, Account: s.Account, Region: s.Region, Caller: s.Caller, Create: p.Create, Version: p.After.Artifact.Version,
		Made: []itemJSON{}, Changes: []changeJSON{}, Reach: notNil(stack.Reach(p.After)), Grants: notNil(stack.Grants(p.After)),
		Cost: stack.Monthly(p.After), Warnings: notNil(p.Warnings()),
	}
	for _, item := range stack.Items(p.After) {
		plan.Made = append(plan.Made, itemJSON(item))
	}
	if p.Changes != nil {
		for _, c := range p.Changes.Changes {
			plan.Changes = append(plan.Changes, changeJSON{c.LogicalID, c.Type, c.Action, deploy.Replaces(c), notNil(c.Details)})
		}
	}
	return plan
}

// sheet writes a plan's sections.
type sheet struct {
	strings.Builder
	width int
}

func (s *sheet) head(title string) { s.WriteString("\n" + title + "\n") }

// item writes a line with a mark before it, wrapped below itself.
func (s *sheet) item(mark, text string) {
	lines := strings.Split(term.Wrap(term.Clean(text), s.width-5), "\n")
	fmt.Fprintf(s, "  %s %s\n", mark, lines[0])
	for _, line := range lines[1:] {
		fmt.Fprintf(s, "    %s\n", line)
	}
}

// writePlan writes a plan for people.
func writePlan(w io.Writer, s *deploy.Session, p *deploy.Plan) error {
	sheet := &sheet{width: min(cmp.Or(term.Width(w), planWidth), planWidth)}
	pairs := [][2]string{{"Deployment", p.After.Name}, {"Account", s.Account}, {"Region", s.Region}, {"As", s.Caller}, {"Version", version(p)}}
	for i, stream := range p.After.Streams {
		label := ""
		if i == 0 {
			label = "Streams"
		}
		pairs = append(pairs, [2]string{label, connection(stream)})
	}
	if err := term.Pairs(sheet, pairs); err != nil {
		return err
	}
	if p.Create {
		if p.Before.Found {
			sheet.head("An earlier attempt failed (" + p.Before.Stack.Status + "). What it left is removed first.")
		}
		writeItems(sheet, p.After)
	} else {
		writeChanges(sheet, p)
	}
	switch {
	case p.Create:
		writeTerms(sheet, nil, p)
	case p.Changes != nil:
		writeTerms(sheet, &p.Before.Parameters, p)
	}
	sheet.WriteString("\n")
	_, err := io.WriteString(w, sheet.String())
	return err
}

// connection is a stream, and the table that it becomes.
func connection(s stack.Stream) string {
	name := s.ARN[strings.LastIndexByte(s.ARN, '/')+1:]
	if s.Table == "" {
		return name + ", which may be read; no table is made of it"
	}
	return name + " → table " + s.Table
}

// version is that which the instance has and will have.
func version(p *deploy.Plan) string {
	before, after := p.Before.Parameters.Artifact, p.After.Artifact
	text := after.Name()
	if !p.Create && before.SHA256 != after.SHA256 {
		text = before.Name() + " → " + text
	}
	if p.Binary != nil {
		text += ", " + p.Binary.From
	}
	return text
}

func writeItems(sheet *sheet, p stack.Parameters) {
	sheet.head("What is made")
	for _, item := range stack.Items(p) {
		sheet.item("+", item.What)
	}
}

// writeChanges writes what CloudFormation would do, as a diff.
func writeChanges(sheet *sheet, p *deploy.Plan) {
	if p.Changes == nil {
		sheet.head("All is as it should be.")
		return
	}
	sheet.head("What changes")
	if len(p.Changes.Changes) == 0 {
		sheet.item("~", "What the stack's template says of itself, and no resource")
	}
	names := whats(p.Before.Parameters, p.After)
	for _, c := range p.Changes.Changes {
		text := names.short(c.LogicalID)
		mark := "~"
		switch c.Action {
		case "Add":
			mark = "+"
		case "Remove":
			mark = "-"
		}
		if deploy.Replaces(c) {
			mark = "±"
			text = names.of(c.LogicalID) + " – REPLACED by a new one"
		}
		sheet.item(mark, text)
		for _, detail := range c.Details {
			if !quietDetail(c, detail) {
				sheet.item("    ", detail)
			}
		}
	}
}

// quietDetail reports whether a detail says nothing to a person: user data is a program in base64.
func quietDetail(c cfn.Change, detail string) bool {
	return strings.HasPrefix(detail, "UserData:") || c.Action != "Modify"
}

// writeTerms writes who reaches a deployment, what it may do and what it costs; of one that there is already what becomes different.
func writeTerms(sheet *sheet, before *stack.Parameters, plan *deploy.Plan) {
	p := plan.After
	write := func(title, mark string, of func(stack.Parameters) []string, lines []string) {
		if len(lines) == 0 || before != nil && slices.Equal(of(*before), lines) {
			return
		}
		sheet.head(title)
		for _, line := range lines {
			sheet.item(mark, line)
		}
	}
	section := func(title, mark string, of func(stack.Parameters) []string) { write(title, mark, of, of(p)) }
	section("Who will be able to reach it", "·", stack.Reach)
	section("What the instance may do, and nothing else", "·", stack.Grants)
	cost := stack.Monthly(p)
	section("What it costs a month, about, in "+cost.Region, " ", costs)
	write("Know before you say yes", "!", stack.Warnings, plan.Warnings())
}

// costs are the lines of an estimate, its sum, and what it rests on.
func costs(p stack.Parameters) []string {
	cost := stack.Monthly(p)
	lines := make([]string, 0, len(cost.Lines)+1)
	for _, line := range cost.Lines {
		lines = append(lines, fmt.Sprintf("%8.2f USD  %s", line.USD, line.What))
	}
	lines = append(lines, fmt.Sprintf("%8.2f USD  in all", cost.Total))
	return append(lines, cost.Notes...)
}

// whatsOf are the words for resources, by their logical ids.
type whatsOf map[string]string

func whats(all ...stack.Parameters) whatsOf {
	names := whatsOf{}
	for _, p := range all {
		for _, item := range stack.Items(p) {
			names[item.ID] = item.What
		}
	}
	return names
}

// of is a resource in plain words, its id if there are none. Each boot of the instance is waited for by ids of its own.
func (n whatsOf) of(id string) string {
	if what := n[id]; what != "" || !strings.HasPrefix(id, "Ready") {
		return cmp.Or(what, id)
	}
	for known, what := range n {
		if strings.HasPrefix(known, "Ready") && strings.HasSuffix(known, "Handle") == strings.HasSuffix(id, "Handle") {
			return what
		}
	}
	return id
}
