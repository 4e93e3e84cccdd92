package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

func (c *console) sources() *cobra.Command {
	group := family(&cobra.Command{
		Use:   "sources",
		Short: "Connect streams to tables and see how they do",
		Long:  `A source is a stream connected to a table. Its name is the table's unless told otherwise.`,
	})
	c.urlFlag(group)
	group.AddCommand(c.sourcesAdd(), c.sourcesList(), c.sourcesShow(), c.sourcesSet(), c.sourcesPause(), c.sourcesResume(), c.sourcesRemove())
	return group
}

func (c *console) sourcesList() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "List the sources",
		Args:  named(),
		RunE: c.remote(func(ctx context.Context, api *client.Client, _ []string) error {
			sources, err := api.Sources(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"sources": notNil(sources)})
			}
			if len(sources) == 0 {
				c.say("There is no source yet. Connect a stream with `helios sources add STREAM --table TABLE`.")
				return nil
			}
			return c.listSources(sources)
		}),
	})
}

func (c *console) listSources(sources []client.Source) error {
	rows := make([][]string, len(sources))
	for i, s := range sources {
		rows[i] = []string{
			s.Settings.Name, s.Settings.Stream, s.Settings.Table, s.State, rate(s.EventsPerSec), lag(s.LagMS),
			term.Count(s.Counters.Rows), term.Count(s.Counters.Quarantined), c.ago(s.NewestArrived),
		}
	}
	columns := []term.Column{
		{Name: "SOURCE", Whole: true},
		{Name: "STREAM"},
		{Name: "TABLE", Whole: true},
		{Name: "STATE", Whole: true},
		{Name: "EVENTS/S", Right: true, Whole: true},
		{Name: "LAG", Right: true, Whole: true},
		{Name: "ROWS ADDED", Right: true, Whole: true},
		{Name: "QUARANTINED", Right: true, Whole: true},
		{Name: "NEWEST", Whole: true},
	}
	if term.Is(c.out) { // a person knows that a source is named as its table, and looks for what is not 0
		if !slices.ContainsFunc(sources, func(s client.Source) bool { return s.Counters.Quarantined > 0 }) {
			columns, rows = without(columns, rows, "QUARANTINED")
		}
		if !slices.ContainsFunc(sources, func(s client.Source) bool { return s.Settings.Table != s.Settings.Name }) {
			columns, rows = without(columns, rows, "TABLE")
		}
	}
	if err := c.table(columns, rows); err != nil {
		return err
	}
	for _, s := range sources {
		if s.Error != "" {
			c.say("%s: %s", s.Settings.Name, s.Error)
		}
	}
	c.say("Rows added and quarantined events are counted since the server's start; `helios tables list` counts all.")
	return nil
}

// without takes a column away.
func without(columns []term.Column, rows [][]string, name string) ([]term.Column, [][]string) {
	i := slices.IndexFunc(columns, func(c term.Column) bool { return c.Name == name })
	for n := range rows {
		rows[n] = slices.Delete(rows[n], i, i+1)
	}
	return slices.Delete(columns, i, i+1), rows
}

func (c *console) sourcesShow() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "show SOURCE",
		Short: "Show a source: state, rates, and position and lag of each shard",
		Long: `Shows a source, how it is doing, and each of its shards.

READ tells how a shard is read. Of a shard that is polled it tells what polling has taken in the last 10 seconds of what Kinesis
gives to all who poll it, 5 calls and 2 MiB a second: the larger share of the two; --json tells both.`,
		Example: `  helios sources show clicks
  helios sources show clicks --json | jq '.shards[] | {shard_id, lag_ms}'`,
		Args:              named("SOURCE"),
		ValidArgsFunction: c.complete(sourceNames),
		RunE: c.remote(func(ctx context.Context, api *client.Client, args []string) error {
			source, err := api.Source(ctx, args[0])
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(source)
			}
			return c.showSource(source)
		}),
	})
}

func (c *console) showSource(s client.Source) error {
	from := s.Settings.From.Kind
	if from == "timestamp" {
		from = s.Settings.From.At.UTC().Format(time.RFC3339)
	}
	pairs := [][2]string{
		{"source", s.Settings.Name},
		{"stream", s.Settings.Stream},
	}
	for _, p := range [][2]string{
		{"endpoint", s.Settings.Connection.Endpoint},
		{"region", s.Settings.Connection.Region},
		{"profile", s.Settings.Connection.Profile},
		{"role", s.Settings.Connection.RoleARN},
	} {
		if p[1] != "" {
			pairs = append(pairs, p)
		}
	}
	pairs = append(pairs,
		[2]string{"table", s.Settings.Table},
		[2]string{"state", s.State},
	)
	for _, p := range [][2]string{{"error", s.Error}, {"hint", s.Hint}} {
		if p[1] != "" {
			pairs = append(pairs, p)
		}
	}
	pairs = append(pairs,
		[2]string{"from", from},
		[2]string{"read", s.Settings.Read},
		[2]string{"event time", cmp.Or(s.Settings.EventTime, "_arrived_at")},
		[2]string{"new fields", newFields(s.Settings.Evolve)},
		[2]string{"rate", fmt.Sprintf("%s events/s, %s/s", rate(s.EventsPerSec), term.Bytes(s.BytesPerSec))},
		[2]string{"lag", lag(s.LagMS)},
		[2]string{"newest event", c.ago(s.NewestArrived)},
		[2]string{"since start", fmt.Sprintf("%s, %s, %s", term.Counted(s.Counters.Records, "record"), term.Counted(s.Counters.Rows, "row"),
			term.Counted(s.Counters.Quarantined, "event")+" to quarantine")},
	)
	pairs = append(pairs, c.retention(s.Retention)...)
	if err := term.Pairs(c.out, pairs); err != nil {
		return err
	}
	if s.Policy != "" {
		fmt.Fprintln(c.out, "\nThis policy allows what Helios needs, and nothing else:")
		for line := range strings.Lines(s.Policy) {
			fmt.Fprintln(c.out, term.Clean(strings.TrimSuffix(line, "\n")))
		}
	}
	fmt.Fprintln(c.out)
	if err := c.listShards(s.Shards); err != nil {
		return err
	}
	for i, n := range s.Notices {
		if i == 0 {
			fmt.Fprintln(c.out)
		}
		fmt.Fprintf(c.out, "%s %s\n", n.At.UTC().Format(time.RFC3339), term.Clean(n.Kind+": "+n.Message))
	}
	return nil
}

func (c *console) listShards(shards []client.SourceShard) error {
	rows := make([][]string, len(shards))
	for i, s := range shards {
		rows[i] = []string{s.ShardID, s.Condition, way(s), c.position(s), lag(s.LagMS), rate(s.EventsPerSec), c.ago(s.LastArrivedAt)}
	}
	if err := c.table([]term.Column{
		{Name: "SHARD", Whole: true},
		{Name: "STATE", Whole: true},
		{Name: "READ", Whole: true},
		{Name: "POSITION", Whole: true},
		{Name: "LAG", Right: true, Whole: true},
		{Name: "EVENTS/S", Right: true, Whole: true},
		{Name: "NEWEST", Whole: true},
	}, rows); err != nil {
		return err
	}
	for _, s := range shards {
		if s.Error != "" {
			fmt.Fprintf(c.out, "%s: %s\n", term.Clean(s.ShardID), term.Clean(s.Error))
		}
	}
	var said []string
	for _, s := range shards { // most often one reason is that of all
		if s.Fallback != "" && !slices.Contains(said, s.Fallback) {
			said = append(said, s.Fallback)
			fmt.Fprintf(c.out, "%s is polled for now: %s\n", term.Clean(s.ShardID), term.Clean(s.Fallback))
		}
	}
	return nil
}

// way is how a shard is read, and what polling takes of its limits.
func way(s client.SourceShard) string {
	switch {
	case s.Read == "":
		return "–"
	case s.Limits == nil:
		return s.Read
	}
	return fmt.Sprintf("%s %.0f%%", s.Read, 100*max(s.Limits.Calls, s.Limits.Bytes))
}

func (c *console) sourcesPause() *cobra.Command {
	return c.change("pause", "Stop reading a source until it is resumed; its position stays",
		(*client.Client).PauseSource, "The source %s is paused. Go on with `helios sources resume %[1]s`.")
}

func (c *console) sourcesResume() *cobra.Command {
	return c.change("resume", "Go on reading a paused source where it stopped",
		(*client.Client).ResumeSource, "The source %s reads on.")
}

// change makes a command that calls one method for a source, and says so.
func (c *console) change(verb, short string, call func(*client.Client, context.Context, string) (client.Source, error), done string) *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:               verb + " SOURCE",
		Short:             short,
		Args:              named("SOURCE"),
		ValidArgsFunction: c.complete(sourceNames),
		RunE: c.remote(func(ctx context.Context, api *client.Client, args []string) error {
			source, err := call(api, ctx, args[0])
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(source)
			}
			c.say(done, source.Settings.Name)
			return nil
		}),
	})
}

func (c *console) sourcesRemove() *cobra.Command {
	var drop bool
	cmd := &cobra.Command{
		Use:   "remove SOURCE",
		Short: "Disconnect a source; its table stays unless --drop-table is given",
		Long: `Disconnects a source. Its table and quarantine stay and can be queried on. So do its positions: the same stream added again
with this table goes on where it stopped, and no event is lost or doubled. With --drop-table all of that is gone. The stream
itself is not touched, but for the source's consumer for fan-out, which is removed.`,
		Example: `  helios sources remove clicks
  helios sources remove clicks --drop-table --yes`,
		Args:              named("SOURCE"),
		ValidArgsFunction: c.complete(sourceNames),
		RunE: c.remote(func(ctx context.Context, api *client.Client, args []string) error {
			source, err := api.Source(ctx, args[0])
			if err != nil {
				return err
			}
			name, table := source.Settings.Name, source.Settings.Table
			question, done := "keep", "stays"
			if drop {
				question, done = "drop", "is dropped"
			}
			if err := c.confirm(ctx, fmt.Sprintf("Remove the source %s and %s its table %s?", name, question, table)); err != nil {
				return err
			}
			if err := api.RemoveSource(ctx, name, drop); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"removed": name, "table": table, "table_dropped": drop})
			}
			c.say("The source %s is removed; the table %s %s.", name, table, done)
			if source.Settings.Read == "fan_out" {
				c.say("Its consumer for fan-out is removed from the stream %s.", source.Settings.Stream)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&drop, "drop-table", false, "remove the table and its quarantine too, with all rows")
	return c.jsonFlag(c.yesFlag(cmd))
}

// position is how far a shard has been read: shortened on a terminal, for the numbers of a stream differ in their last digits.
func (c *console) position(s client.SourceShard) string {
	text := s.Sequence
	if term.Is(c.out) {
		text = term.Middle(text, 4, 5)
	}
	switch {
	case text == "":
		return "–"
	case s.Taken < 0:
		return text
	}
	return text + "+" + term.Count(s.Taken)
}

func lag(ms *int64) string {
	if ms == nil {
		return "–"
	}
	return term.Duration(time.Duration(*ms) * time.Millisecond)
}

func rate(perSecond float64) string {
	if perSecond > 0 && perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return term.Count(int64(perSecond + 0.5))
}
