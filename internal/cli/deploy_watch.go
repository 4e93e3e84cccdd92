package cli

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// stillEvery is how often a log, which shows no moving line, is told that something still goes on.
const stillEvery = time.Minute

// longEnough is how long a resource takes for that to be worth telling.
const longEnough = 10 * time.Second

// watcher tells what CloudFormation does, resource by resource: on a terminal with a line that moves, elsewhere in plain lines.
type watcher struct {
	c     *console
	names whatsOf
	line  *term.Progress

	mu      sync.Mutex
	begun   time.Time
	started map[string]time.Time // what is being worked on, since when by AWS's clock
	last    string               // of it, the newest
	undoing bool
	known   map[string]bool // the events that have been told
	told    bool            // what is being done, by the stack itself
	calmly  bool            // that it is undone was asked for
}

func (c *console) watcher(p ...stack.Parameters) *watcher {
	return &watcher{c: c, names: whats(p...), line: term.NewProgress(c.talk), begun: time.Now(), started: map[string]time.Time{}, known: map[string]bool{}}
}

// run shows how time passes until stop is called, which takes the moving line away.
func (w *watcher) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var clock sync.WaitGroup
	every := time.Second
	if !term.Is(w.c.talk) {
		every = stillEvery
	}
	clock.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				w.mu.Lock()
				w.show()
				if !term.Is(w.c.talk) && w.last != "" {
					w.c.say("  …  %s, %s", w.names.short(w.last), term.Duration(time.Since(w.begun)))
				}
				w.mu.Unlock()
			}
		}
	})
	return func() {
		cancel()
		clock.Wait()
		w.line.Clear()
	}
}

// event tells of one step.
func (w *watcher) event(e cfn.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known[e.ID] { // who watches on hears all from the beginning
		return
	}
	w.known[e.ID] = true
	defer w.show()
	status, ended := e.Status, false
	for _, end := range []string{"_COMPLETE", "_FAILED", "_SKIPPED"} {
		ended = ended || strings.HasSuffix(status, end)
	}
	if e.OfStack {
		if strings.Contains(status, "ROLLBACK_IN_PROGRESS") && !w.undoing {
			w.undoing = true
			if w.told && !w.calmly { // else that is what was asked for
				w.tell("!", "It failed, and is being undone.")
			}
		}
		w.told = true
		return
	}
	if !ended {
		if _, ok := w.started[e.LogicalID]; !ok {
			w.started[e.LogicalID] = e.At
		}
		w.last = e.LogicalID
		return
	}
	began, known := w.started[e.LogicalID]
	delete(w.started, e.LogicalID)
	what := w.names.short(e.LogicalID)
	switch {
	case e.Cancelled():
		w.tell("·", "given up: "+w.names.short(e.LogicalID))
	case strings.HasSuffix(status, "_FAILED"):
		w.tell("✗", what+": "+e.Reason)
	case status == "DELETE_SKIPPED":
		w.tell("·", "kept: "+what)
	default:
		mark := "✓"
		if strings.HasPrefix(status, "DELETE") {
			mark = "-"
		} else if w.undoing {
			mark = "↩"
		}
		if took := e.At.Sub(began); known && took >= longEnough {
			what += " (" + term.Duration(took) + ")"
		}
		w.tell(mark, what)
	}
}

// tell writes a line that stays.
func (w *watcher) tell(mark, text string) {
	w.line.Clear()
	if width := term.Width(w.c.talk); width > 10 && mark != "✗" {
		text = term.Shorten(text, width-5)
	}
	w.c.say("  %s  %s", mark, text)
}

// show writes the line that moves. The caller holds mu.
func (w *watcher) show() {
	if !term.Is(w.c.talk) {
		return
	}
	current := "CloudFormation works"
	if _, ok := w.started[w.last]; !ok {
		w.last = ""
		for id := range w.started {
			w.last = id
		}
	}
	if w.last != "" {
		current = w.names.short(w.last)
	}
	text := "  …  " + current
	if gone := time.Since(w.begun).Truncate(time.Second); gone > 0 {
		text += " · " + term.Duration(gone)
	}
	if width := term.Width(w.c.talk); width > 0 {
		text = term.Shorten(text, width-1)
	}
	w.line.Show("%s", text)
}

// short is a resource in a few words.
func (n whatsOf) short(id string) string {
	text, _, _ := strings.Cut(n.of(id), ";")
	return text
}

// waiting shows that something is waited for, on a terminal, and says so elsewhere.
func (c *console) waiting(what string) (stop func()) {
	if !term.Is(c.talk) {
		c.say("%s …", what)
	}
	return term.NewProgress(c.talk).Elapsed(time.Second)
}

// stageWords says what begins.
var stageWords = map[deploy.Stage]string{
	deploy.Removing:  "What an earlier attempt left is removed.",
	deploy.Making:    "CloudFormation makes it. That takes some minutes; Ctrl-C stops watching and breaks nothing.",
	deploy.Updating:  "CloudFormation changes it. Ctrl-C stops watching and breaks nothing.",
	deploy.Replacing: "The old instance is taken away first.",
}

// follow carries a plan out and tells of it.
func (c *console) follow(ctx context.Context, s *deploy.Session, p *deploy.Plan) (cfn.Stack, error) {
	begin := func(stage deploy.Stage) { c.say("%s", stageWords[stage]) }
	made, err := c.watching(ctx, s, p.After, func(ctx context.Context, watch func(cfn.Event)) (cfn.Stack, error) {
		return s.Apply(ctx, p, begin, watch)
	}, p.Before.Parameters)
	if err == nil && ctx.Err() != nil { // Ctrl-C was answered by watching on
		ctx = context.WithoutCancel(ctx)
		made, err = c.watching(ctx, s, p.After, func(ctx context.Context, watch func(cfn.Event)) (cfn.Stack, error) {
			return s.Resume(ctx, p, begin, watch)
		})
	}
	if err != nil {
		return made, err
	}
	if err := s.MarkReplaced(ctx, p); err != nil {
		c.explain(err) // all else is done
	}
	return made, nil
}

// watching tells of an operation of CloudFormation until its end, or until a person has enough: then they choose between leaving it
// alone and cancelling it.
func (c *console) watching(ctx context.Context, s *deploy.Session, p stack.Parameters, do func(context.Context, func(cfn.Event)) (cfn.Stack, error), also ...stack.Parameters) (cfn.Stack, error) {
	w := c.watcher(append(also, p)...)
	stop := w.run()
	made, err := do(ctx, w.event)
	stop()
	if err == nil || ctx.Err() == nil {
		return made, err
	}
	return c.interrupted(context.WithoutCancel(ctx), s, p, w)
}

// interrupted asks what Ctrl-C was meant for. Another one ends the process.
func (c *console) interrupted(ctx context.Context, s *deploy.Session, p stack.Parameters, w *watcher) (cfn.Stack, error) {
	now, found, err := s.Stacks.Describe(ctx, p.Name)
	if err != nil {
		return now, err
	}
	if !found || now.State() != cfn.Busy {
		return now, errStopped // nothing has begun, or all is done
	}
	goesOn := func() (cfn.Stack, error) {
		c.say("CloudFormation goes on with %s. `helios deploy%s` watches it again.", p.Name, s.Flags(p.Name))
		return now, errStopped
	}
	if !term.Is(c.in) {
		return goesOn()
	}
	c.say("")
	answer, err := term.Ask(ctx, c.in, c.talk, "Stop watching while it goes on in AWS (s), cancel it (c), or watch on (Enter)")
	if err != nil {
		return goesOn()
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "s", "stop":
		return goesOn()
	case "c", "cancel":
		c.say("It is being cancelled, and what it has done is undone.")
		if err := s.Cancel(ctx, now); err != nil {
			return now, err
		}
		w.calmly = true
		stop := w.run()
		now, err = s.Stacks.Watch(ctx, now.ID, w.event)
		stop()
		s.Wake(ctx, p.Name)
		if _, failed := errors.AsType[*cfn.StackError](err); failed || err == nil {
			return now, cancelled(s, now)
		}
		return now, err
	}
	stop := w.run()
	defer stop()
	return s.Stacks.Watch(ctx, now.ID, w.event)
}

// cancelled says what is left of what was cancelled.
func cancelled(s *deploy.Session, now cfn.Stack) error {
	flags := s.Flags(now.Name)
	state := now.State()
	if state == cfn.Ready {
		return fault.New(fault.Conflict, "cancelled: all is as it was before")
	}
	if state == cfn.Deleted {
		return fault.New(fault.Conflict, "cancelled: what had been made of %s is removed, but for the bucket of backups if there was one already", now.Name).
			WithHint("`helios destroy%[1]s --purge` removes that too, `helios deploy%[1]s` begins anew", flags)
	}
	return fault.New(fault.Conflict, "cancelled: the stack %s is %s", now.Name, now.Status).
		WithHint("`helios destroy%[1]s` removes what is left of it, `helios deploy%[1]s` begins anew", flags)
}
