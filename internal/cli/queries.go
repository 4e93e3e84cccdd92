package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

func (c *console) queries() *cobra.Command {
	group := family(&cobra.Command{Use: "queries", Short: "See which queries run, and cancel them"})
	c.urlFlag(group)
	group.AddCommand(c.queriesList(), c.queriesCancel())
	return group
}

func (c *console) queriesList() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "List the queries that wait or run, oldest first",
		Args:  named(),
		RunE: c.remote(func(ctx context.Context, api *client.Client, _ []string) error {
			queries, err := api.Queries(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"queries": notNil(queries)})
			}
			if len(queries) == 0 {
				c.say("No query runs.")
				return nil
			}
			rows := make([][]string, len(queries))
			for i, q := range queries {
				state := "runs"
				if q.Waiting {
					state = "waits"
				}
				elapsed := term.Duration(time.Duration(q.ElapsedMS) * time.Millisecond)
				rows[i] = []string{q.ID, state, elapsed, term.Count(q.Rows), strings.Join(strings.Fields(q.SQL), " ")}
			}
			return c.table([]term.Column{
				{Name: "ID", Whole: true},
				{Name: "STATE", Whole: true},
				{Name: "TIME", Right: true, Whole: true},
				{Name: "ROWS", Right: true, Whole: true},
				{Name: "STATEMENT"},
			}, rows)
		}),
	})
}

func (c *console) queriesCancel() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:               "cancel ID",
		Short:             "Cancel a query that waits or runs",
		Args:              named("ID"),
		ValidArgsFunction: c.complete(queryIDs),
		RunE: c.remote(func(ctx context.Context, api *client.Client, args []string) error {
			if err := api.Cancel(ctx, args[0]); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"cancelled": args[0]})
			}
			c.say("The query %s is cancelled.", args[0])
			return nil
		}),
	})
}

func queryIDs(ctx context.Context, api *client.Client) ([]string, error) {
	queries, err := api.Queries(ctx)
	ids := make([]string, len(queries))
	for i, q := range queries {
		ids[i] = q.ID
	}
	return ids, err
}
