package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

func (c *console) tables() *cobra.Command {
	group := family(&cobra.Command{Use: "tables", Short: "See the tables, their columns, and how these came to be"})
	c.urlFlag(group)
	group.AddCommand(c.tablesList(), c.tablesShow())
	return group
}

func (c *console) tablesList() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "List the tables with their sizes",
		Args:  named(),
		RunE: c.remote(func(ctx context.Context, api *client.Client, _ []string) error {
			tables, err := api.Tables(ctx)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"tables": notNil(tables)})
			}
			return c.listTables(tables)
		}),
	})
}

func (c *console) listTables(tables []client.Table) error {
	if len(tables) == 0 {
		c.say("There is no table yet. Connect a stream with `helios sources add STREAM --table TABLE`.")
		return nil
	}
	rows := make([][]string, len(tables))
	for i, t := range tables {
		rows[i] = []string{t.Name, term.Count(int64(len(t.Columns))), term.Count(t.Rows), term.Count(t.Quarantined)}
	}
	return c.table([]term.Column{
		{Name: "TABLE", Whole: true},
		{Name: "COLUMNS", Right: true, Whole: true},
		{Name: "ROWS", Right: true, Whole: true},
		{Name: "QUARANTINED", Right: true, Whole: true},
	}, rows)
}

func (c *console) tablesShow() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:               "show TABLE",
		Short:             "Show a table: its columns and fields, and what changed them",
		Args:              named("TABLE"),
		ValidArgsFunction: c.complete(tableNames),
		RunE: c.remote(func(ctx context.Context, api *client.Client, args []string) error {
			table, err := api.Table(ctx, args[0])
			if err != nil {
				return err
			}
			changes, err := api.History(ctx, args[0])
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(struct {
					client.Table
					Changes []client.Change `json:"changes"`
				}{table, notNil(changes)})
			}
			return c.showTable(table, changes)
		}),
	})
}

func (c *console) showTable(table client.Table, changes []client.Change) error {
	if err := term.Pairs(c.out, [][2]string{
		{"table", table.Name},
		{"rows", term.Count(table.Rows)},
		{"quarantined", term.Count(table.Quarantined)},
		{"new fields", newFields(table.Evolve)},
	}); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	if err := c.listColumns(table); err != nil {
		return err
	}
	for i, change := range changes {
		if i == 0 {
			fmt.Fprintln(c.out)
		}
		fmt.Fprintln(c.out, term.Clean(changeText(change)))
	}
	return nil
}

func (c *console) listColumns(table client.Table) error {
	rows := make([][]string, len(table.Columns))
	for i, column := range table.Columns {
		kind := column.Type
		if column.Format != "" {
			kind += " of " + column.Format
		}
		rows[i] = []string{column.Name, kind, strings.Join(column.Path, ".")}
	}
	return c.table([]term.Column{{Name: "COLUMN", Whole: true}, {Name: "TYPE", Whole: true}, {Name: "FIELD"}}, rows)
}

// newFields says what becomes of fields that have no column.
func newFields(evolve string) string {
	return map[string]string{"add": "become columns", "fixed": "go to quarantine"}[evolve]
}

// changeText is one change of a schema in a line.
func changeText(change client.Change) string {
	what := change.Kind + " " + change.Column.Name
	switch change.Kind {
	case "add":
		what += " " + change.Column.Type
	case "widen":
		what += " from " + change.From + " to " + change.Column.Type
	}
	text := change.At.UTC().Format("2006-01-02T15:04:05Z07:00") + " " + strings.TrimSpace(what)
	if change.Reason != "" {
		text += ": " + change.Reason
	}
	return text
}
