package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

// sampleShown is how many events a sample shows to people.
const sampleShown = 3

func (c *console) streams() *cobra.Command {
	group := family(&cobra.Command{
		Use:   "streams",
		Short: "See which streams there are and what is in them",
		Long: `Lists streams and looks into them. The server does the looking, with its own AWS credentials; nothing is connected, and no
position is touched.`,
	})
	c.urlFlag(group)
	group.AddCommand(c.streamsList(), c.streamsSample())
	return group
}

func (c *console) streamsList() *cobra.Command {
	var conn client.Connection
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the streams of an account and region",
		Example: `  helios streams list
  helios streams list --region eu-central-1 --profile production
  helios streams list --endpoint-url http://127.0.0.1:4567 --json`,
		Args: named(),
		RunE: c.remote(func(ctx context.Context, api *client.Client, _ []string) error {
			streams, err := api.Streams(ctx, conn)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"streams": notNil(streams)})
			}
			if len(streams) == 0 {
				c.say("There is no stream here. Look at --region, --profile and --endpoint-url.")
				return nil
			}
			rows := make([][]string, len(streams))
			for i, s := range streams {
				rows[i] = []string{s.Name, s.Status, s.Mode, c.ago(&s.CreatedAt), s.ARN}
			}
			return c.table([]term.Column{{Name: "STREAM"}, {Name: "STATUS"}, {Name: "MODE"}, {Name: "CREATED"}, {Name: "ARN"}}, rows)
		}),
	}
	connectionFlags(cmd, &conn)
	return c.jsonFlag(cmd)
}

func (c *console) streamsSample() *cobra.Command {
	var (
		conn  client.Connection
		limit int
	)
	cmd := &cobra.Command{
		Use:   "sample STREAM",
		Short: "Show what is in a stream, and the table it would become",
		Long: `Takes records from every shard of a stream, oldest and newest, and shows for each field the column it would become, its type,
the share of events that have it, the share that would go to quarantine because of it, and examples; then some events.`,
		Example: `  helios streams sample clicks
  helios streams sample clicks --limit 100 --json`,
		Args:              named("STREAM"),
		ValidArgsFunction: c.complete(streamNames(&conn)),
		RunE: c.remote(func(ctx context.Context, api *client.Client, args []string) error {
			sample, err := api.SampleStream(ctx, conn, args[0], limit)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(sample)
			}
			if err := c.showSample(sample); err != nil {
				return err
			}
			for _, e := range sample.Events[max(0, len(sample.Events)-sampleShown):] {
				fmt.Fprintf(c.out, "\n%s\n", eventLine(e))
			}
			return nil
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 0, "look at up to `N` records (default: the server's, 1,000)")
	connectionFlags(cmd, &conn)
	return c.jsonFlag(cmd)
}

// showSample writes what a sample says about the table.
func (c *console) showSample(sample client.Sample) error {
	inference := sample.Inference
	c.say("Stream %s: %s, %s looked at.", sample.Stream.Name, term.Counted(int64(sample.Stream.OpenShards), "open shard"),
		term.Counted(int64(inference.Events), "event"))
	if inference.Events == 0 {
		c.say("It holds no event yet: its table would start with the system columns and grow from the first events.")
		return nil
	}
	rows := make([][]string, len(inference.Fields))
	for i, f := range inference.Fields {
		quarantine := ""
		if f.QuarantineShare > 0 {
			quarantine = term.Percent(f.QuarantineShare)
		}
		seen := make([]string, len(f.Seen))
		for n, s := range f.Seen {
			seen[n] = s.Type
		}
		example := ""
		if len(f.Examples) > 0 {
			example = f.Examples[0]
		}
		rows[i] = []string{f.Column, f.Type, strings.Join(f.Path, "."), term.Percent(f.Share), quarantine, strings.Join(seen, ", "), example}
	}
	if err := term.Table(c.out, []term.Column{
		{Name: "COLUMN"}, {Name: "TYPE"}, {Name: "FIELD"}, {Name: "IN", Right: true}, {Name: "QUARANTINE", Right: true}, {Name: "SEEN"}, {Name: "EXAMPLE"},
	}, rows, term.Width(c.out)); err != nil {
		return err
	}
	if inference.QuarantineShare > 0 {
		c.say("About %s of events would go to quarantine, whole, with the reason.", term.Percent(inference.QuarantineShare))
	}
	return nil
}

// eventLine is one event of a sample for people.
func eventLine(e client.SampleEvent) string {
	line := term.Clean(fmt.Sprintf("%s %s %s", e.ArrivedAt.UTC().Format(time.RFC3339Nano), e.ShardID, e.Event))
	if e.Reason != "" {
		line += "\n  " + term.Clean(e.Reason+": "+e.Message)
	}
	return line
}

// notNil makes an empty list of none, which JSON writes as [] and not as null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
