package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

func (c *console) sourcesAdd() *cobra.Command {
	var source client.NewSource
	cmd := &cobra.Command{
		Use:   "add STREAM --table TABLE",
		Short: "Connect a stream to a new table",
		Long: `Takes a sample of the stream, makes a table that fits it, and starts to read. On a terminal it first shows the schema and asks;
--yes connects at once. A stream without events can be connected too: its table grows from the first ones.

The server reads the stream with its own AWS credentials, from the standard chain (environment, profile, instance role).`,
		Example: `  helios sources add clicks --table clicks --from horizon
  helios sources add clicks --table clicks_today --from 2026-03-01T00:00:00Z --region eu-central-1 --yes
  helios sources add orders --table orders --endpoint-url http://127.0.0.1:4567 --evolve fixed --yes`,
		Args:              named("STREAM"),
		ValidArgsFunction: c.complete(streamNames(&source.Connection)),
	}
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		source.Stream = args[0]
		if err := checkNewSource(cmd, source); err != nil {
			return err
		}
		if err := c.agree(ctx, api, source); err != nil {
			return err
		}
		added, err := api.AddSource(ctx, source)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(added)
		}
		c.say("The stream %s is connected to the table %s. Ask it with `helios sql \"SELECT * FROM %[2]s LIMIT 10\"`, watch it with `helios sources show %s`.",
			added.Settings.Stream, added.Settings.Table, added.Settings.Name)
		return nil
	})
	flags := cmd.Flags()
	flags.StringVar(&source.Table, "table", "", "the `NAME` of the new table (required)")
	flags.StringVar(&source.Name, "name", "", "the source's `NAME` (default: the table's)")
	fromFlag(cmd, &source.From, "horizon")
	connectionFlags(cmd, &source.Connection)
	flags.StringVar(&source.Evolve, "evolve", "add", "new fields: `add` columns, or fixed: their events go to quarantine")
	flags.StringVar(&source.Aggregates, "aggregates", "auto", "user records of a KPL aggregate outside their shard: `auto`, keep or drop")
	flags.IntVar(&source.MaxDepth, "max-depth", 0, "flatten objects down to `N` names in a path, below they stay JSON (default: the server's, 3)")
	flags.IntVar(&source.MaxColumns, "max-columns", 0, "let the table have up to `N` columns (default: the server's, 500)")
	_ = cmd.RegisterFlagCompletionFunc("evolve", cobra.FixedCompletions([]string{"add", "fixed"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("aggregates", cobra.FixedCompletions([]string{"auto", "keep", "drop"}, cobra.ShellCompDirectiveNoFileComp))
	return c.jsonFlag(c.yesFlag(cmd))
}

// checkNewSource finds what is wrong with the flags by themselves.
func checkNewSource(cmd *cobra.Command, s client.NewSource) error {
	if s.Table == "" {
		return usage(cmd, "%s needs --table, the name of the table to make", path(cmd))
	}
	if s.MaxDepth < 0 || s.MaxColumns < 0 {
		return usage(cmd, "--max-depth and --max-columns must be above 0")
	}
	if err := checkFrom(cmd, s.From); err != nil {
		return err
	}
	if err := among(cmd, "evolve", s.Evolve, "add", "fixed"); err != nil {
		return err
	}
	return among(cmd, "aggregates", s.Aggregates, "auto", "keep", "drop")
}

// agree shows a person what the stream would become and asks whether to go on.
func (c *console) agree(ctx context.Context, api *client.Client, source client.NewSource) error {
	question := fmt.Sprintf("Connect the stream %s to the new table %s, from %s?", source.Stream, source.Table, source.From)
	if !c.yes && term.Is(c.in) {
		progress := term.NewProgress(c.talk)
		progress.Show("Sampling %s …", term.Clean(source.Stream))
		sample, err := api.SampleStream(ctx, source.Connection, source.Stream, 0)
		progress.Clear()
		if err != nil {
			return err
		}
		if err := c.showSample(sample); err != nil {
			return err
		}
	}
	return c.confirm(ctx, question)
}
