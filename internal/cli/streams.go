package cli

import (
	"context"
	"fmt"
	"strings"

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
	}
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, _ []string) error {
		if err := checkConnection(cmd, conn); err != nil {
			return err
		}
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
		columns := []term.Column{
			{Name: "STREAM", Whole: true}, {Name: "STATUS", Whole: true}, {Name: "MODE", Whole: true}, {Name: "CREATED", Whole: true}, {Name: "ARN"},
		}
		if term.Is(c.out) { // a person knows the account, and the name is there
			columns, rows = without(columns, rows, "ARN")
		}
		return c.table(columns, rows)
	})
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
	}
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		if err := checkLimit(cmd, limit); err != nil {
			return err
		}
		if err := checkConnection(cmd, conn); err != nil {
			return err
		}
		sample, err := c.sample(ctx, api, conn, args[0], client.SampleOptions{Limit: limit})
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
	})
	cmd.Flags().IntVar(&limit, "limit", 0, "look at up to `N` records (default: the server's, 1,000)")
	connectionFlags(cmd, &conn)
	return c.jsonFlag(cmd)
}

// sample takes a sample, and shows on a terminal that it does.
func (c *console) sample(ctx context.Context, api *client.Client, conn client.Connection, stream string, o client.SampleOptions) (client.Sample, error) {
	progress := term.NewProgress(c.talk)
	progress.Show("Sampling %s …", term.Clean(stream))
	defer progress.Clear()
	return api.SampleStream(ctx, conn, stream, o)
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
	if err := c.table(fieldTable(inference, !term.Is(c.out))); err != nil {
		return err
	}
	if inference.QuarantineShare > 0 {
		c.say("About %s of events would go to quarantine, whole, with the reason.", term.Percent(inference.QuarantineShare))
	}
	return nil
}

// fieldTable is what a sample says about each field. Unless it is to be whole, what it need not say is left out: a field that
// is named as its column, quarantine where there is none, and types when all values have the column's.
func fieldTable(inference client.Inference, whole bool) (columns []term.Column, rows [][]string) {
	columns = []term.Column{
		{Name: "COLUMN"},
		{Name: "TYPE", Whole: true},
		{Name: "FIELD"},
		{Name: "IN", Right: true, Whole: true},
		{Name: "QUARANTINE", Right: true, Whole: true},
		{Name: "SEEN"},
		{Name: "EXAMPLE"},
	}
	used := map[string]bool{}
	for _, f := range inference.Fields {
		field, quarantine, seen, example := "", "", "", ""
		if name := strings.Join(f.Path, "."); whole || name != f.Column {
			field, used["FIELD"] = name, true
		}
		if f.QuarantineShare > 0 {
			quarantine, used["QUARANTINE"] = term.Percent(f.QuarantineShare), true
		}
		if whole || len(f.Seen) != 1 || f.Seen[0].Type != f.Type {
			types := make([]string, len(f.Seen))
			for n, s := range f.Seen {
				types[n] = s.Type
			}
			seen, used["SEEN"] = strings.Join(types, ", "), true
		}
		if len(f.Examples) > 0 {
			example = f.Examples[0]
		}
		rows = append(rows, []string{f.Column, f.Type, field, term.Percent(f.Share), quarantine, seen, example})
	}
	for _, name := range []string{"FIELD", "QUARANTINE", "SEEN"} {
		if !whole && !used[name] {
			columns, rows = without(columns, rows, name)
		}
	}
	return columns, rows
}

// eventLine is one event of a sample for people.
func eventLine(e client.SampleEvent) string {
	line := term.Clean(fmt.Sprintf("%s %s %s", e.ArrivedAt.UTC().Format(milliseconds), e.ShardID, e.Event))
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
