// Command bench measures what Helios promises, each figure beside its baseline in the same run: loading, freshness,
// catching up, and the way of a query. `make bench` runs it. It needs no network, takes a few minutes, prints one Markdown
// table and writes bench/out/bench.json. What is measured, and how, is told in docs/PERFORMANCE.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are the sizes of a run. Those by default are the ones that the goals speak of.
type settings struct {
	helios  string // the binary to measure
	out     string // directory of bench.json and of profiles
	doc     string // Markdown file whose table is replaced, "" for none
	only    string
	events  int           // that are loaded
	rounds  int           // of loading, of which the median counts
	span    time.Duration // of each measurement of freshness
	history int           // rows under the dashboard
	backlog int           // records to catch up with
	export  int           // rows of an export
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, out, talk io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(args) == 3 && args[0] == childArgument {
		err = beChild(ctx, args[1], []byte(args[2]), out)
	} else {
		err = parent(ctx, args, out, talk)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 2
	case err != nil:
		fmt.Fprintln(talk, "bench:", err)
		return 1
	}
	return 0
}

// parts of a run, in their order.
var parts = []struct {
	name    string
	measure func(context.Context, *bench) error
}{
	{"load", measureLoad},
	{"freshness", measureFreshness},
	{"catchup", measureCatchUp},
	{"query", measureQueries},
}

func parent(ctx context.Context, args []string, out, talk io.Writer) (err error) {
	s := settings{}
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(talk)
	flags.StringVar(&s.helios, "helios", "bin/helios", "the binary to measure")
	flags.StringVar(&s.out, "out", "bench/out", "the directory of bench.json")
	flags.StringVar(&s.doc, "doc", "", "a Markdown file whose table is replaced, between its markers")
	flags.StringVar(&s.only, "only", strings.Join(names, ","), "the parts to run")
	flags.IntVar(&s.events, "events", 2_000_000, "events to load")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds of loading, of which the median counts")
	flags.DurationVar(&s.span, "span", 30*time.Second, "length of each measurement of freshness")
	flags.IntVar(&s.history, "history", 5_000_000, "rows under the dashboard and the queries")
	flags.IntVar(&s.backlog, "backlog", 1_000_000, "records to catch up with")
	flags.IntVar(&s.export, "export", 1_000_000, "rows of an export")
	if err := flags.Parse(args); err != nil {
		return err
	}
	only := strings.Split(s.only, ",")
	for _, name := range only {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no part %q: the parts are %s", name, strings.Join(names, ", "))
		}
	}

	dir, err := os.MkdirTemp("", "helios-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{settings: s, dir: dir, talk: talk, began: time.Now()}
	before := readProcessors()
	for _, p := range parts {
		if !slices.Contains(only, p.name) {
			continue
		}
		if err := p.measure(ctx, b); err != nil {
			if ctx.Err() != nil {
				return errors.New("stopped")
			}
			b.failed(p.name, err)
		}
	}
	b.say("done")
	return b.report.publish(out, machine()+before.others(), s.out, s.doc)
}

// bench is a run.
type bench struct {
	settings
	dir    string // for what is only needed while it runs
	talk   io.Writer
	began  time.Time
	report report
	file   storefrontFile // made when it is first needed

	historyDir string // a data directory with the rows under the dashboard, made when it is first needed
}

// say tells who waits what is going on.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.talk, "%5.0fs  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// failed puts what could not be measured into the report, with the reason.
func (b *bench) failed(name string, err error) {
	b.say("%s could not be measured: %v", name, err)
	b.report.add(line{Name: name, Note: err.Error()})
}

// scratch is a path inside the run's own directory.
func (b *bench) scratch(name string) string { return filepath.Join(b.dir, name) }

// output is a path in the directory of what a run leaves behind, as it is seen from anywhere.
func (b *bench) output(name string) (string, error) {
	dir, err := filepath.Abs(b.out)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), os.MkdirAll(dir, 0o755)
}
