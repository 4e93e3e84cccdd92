package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) sourcesAdd() *cobra.Command {
	var source client.NewSource
	cmd := &cobra.Command{
		Use:   "add STREAM --table TABLE",
		Short: "Connect a stream to a new table, or to one that was kept",
		Long: `Takes a sample of the stream, makes a table that fits it, and starts to read. On a terminal it first shows the schema and asks;
--yes connects at once. A stream without events can be connected too: its table grows from the first ones.

A table that was kept when this stream's source was removed goes on where it stopped, with the settings given now; --from is
not used then. A table that another stream filled is refused.

The server reads the stream with its own AWS credentials, from the standard chain (environment, profile, instance role).`,
		Example: `  helios sources add clicks --table clicks --from horizon
  helios sources add clicks --table clicks_today --from 2026-03-01T00:00:00Z --region eu-central-1 --yes
  helios sources add clicks --table clicks_live --from latest --read fan_out --yes
  helios sources add orders --table orders --endpoint-url http://127.0.0.1:4567 --evolve fixed --yes`,
		Args:              named("STREAM"),
		ValidArgsFunction: c.complete(streamNames(&source.Connection)),
	}
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		source.Stream = args[0]
		from, err := checkNewSource(cmd, source)
		if err != nil {
			return err
		}
		source.From = from
		_, err = api.Table(ctx, strings.ToLower(source.Table))
		kept := err == nil
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			return err
		}
		if err := c.agree(ctx, api, source, kept); err != nil {
			return err
		}
		added, err := api.AddSource(ctx, source)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(added)
		}
		c.say("The stream %s is connected to the table %s.", added.Settings.Stream, added.Settings.Table)
		if kept {
			c.say("The table was kept: it goes on where it stopped; --from is not used.")
		}
		if added.Settings.Table != source.Table {
			c.say("Names of tables are in lower case: %s is %s.", source.Table, added.Settings.Table)
		}
		c.say("Ask it with `helios sql '%s'`, watch it with `helios sources show %s`.",
			"SELECT * FROM "+quoteName(added.Settings.Table)+" LIMIT 10", added.Settings.Name)
		return nil
	})
	flags := cmd.Flags()
	flags.StringVar(&source.Table, "table", "", "the `NAME` of the new table (required)")
	flags.StringVar(&source.Name, "name", "", "the source's `NAME` (default: the table's)")
	fromFlag(cmd, &source.From, "horizon")
	connectionFlags(cmd, &source.Connection)
	flags.StringVar(&source.Evolve, "evolve", "add", "new fields: `add` columns, or fixed: their events go to quarantine")
	flags.StringVar(&source.Aggregates, "aggregates", "auto", "user records of a KPL aggregate outside their shard: `auto`, keep or drop")
	flags.StringVar(&source.Read, "read", "auto", "`auto` or poll: by polling; fan_out: by enhanced fan-out, which AWS charges for")
	flags.StringVar(&source.EventTime, "event-time", "", "the TIMESTAMP `COLUMN` that says when an event happened (default: _arrived_at)")
	flags.IntVar(&source.MaxDepth, "max-depth", 0, "flatten objects down to `N` names in a path, below they stay JSON (default: the server's, 3)")
	flags.IntVar(&source.MaxColumns, "max-columns", 0, "let the table have up to `N` columns (default: the server's, 500)")
	retainFlags(flags, &source.Retain, &source.RetainQuarantine)
	_ = cmd.RegisterFlagCompletionFunc("evolve", cobra.FixedCompletions([]string{"add", "fixed"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("aggregates", cobra.FixedCompletions([]string{"auto", "keep", "drop"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("read", cobra.FixedCompletions([]string{"auto", "poll", "fan_out"}, cobra.ShellCompDirectiveNoFileComp))
	return c.jsonFlag(c.yesFlag(cmd))
}

// checkNewSource finds what is wrong with the flags by themselves, and gives where to begin.
func checkNewSource(cmd *cobra.Command, s client.NewSource) (from string, err error) {
	if s.Table == "" {
		return "", usage(cmd, "%s needs --table, the name of the table to make", path(cmd))
	}
	for flag, name := range map[string]string{"table": s.Table, "name": s.Name} {
		if cmd.Flags().Changed(flag) && !tableName.MatchString(name) {
			return "", usage(cmd, "--%s %q cannot be a name", flag, name).withHint("use a letter, then letters, digits and underscores, at most 63")
		}
	}
	for flag, n := range map[string]int{"max-depth": s.MaxDepth, "max-columns": s.MaxColumns} {
		if n < 1 && cmd.Flags().Changed(flag) {
			return "", usage(cmd, "--%s %d is not a whole number of 1 or more", flag, n)
		}
	}
	if err := among(cmd, "evolve", s.Evolve, "add", "fixed"); err != nil {
		return "", err
	}
	if err := among(cmd, "aggregates", s.Aggregates, "auto", "keep", "drop"); err != nil {
		return "", err
	}
	if err := among(cmd, "read", s.Read, "auto", "poll", "fan_out"); err != nil {
		return "", err
	}
	if err := checkConnection(cmd, s.Connection); err != nil {
		return "", err
	}
	return resolveFrom(cmd, s.From, time.Now())
}

// tableName is what the server takes for a name; which of these names are reserved it says itself.
var tableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)

// agree shows a person what the stream would become and asks whether to go on.
func (c *console) agree(ctx context.Context, api *client.Client, source client.NewSource, kept bool) error {
	question := fmt.Sprintf("Connect the stream %s to the new table %s, from %s?", source.Stream, source.Table, source.From)
	if kept {
		question = fmt.Sprintf("Connect the stream %s to the table %s, which is there already, and go on where it stopped?", source.Stream, source.Table)
	}
	if !c.yes && term.Is(c.in) {
		sample, err := c.sample(ctx, api, source.Connection, source.Stream, client.SampleOptions{MaxDepth: source.MaxDepth, MaxColumns: source.MaxColumns})
		if err != nil {
			return err
		}
		if err := c.showSample(sample); err != nil {
			return err
		}
	}
	return c.confirm(ctx, question)
}
