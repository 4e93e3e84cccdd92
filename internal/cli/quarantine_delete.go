package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

func (c *console) quarantineDelete() *cobra.Command {
	var (
		filter client.QuarantineFilter
		field  string
		all    bool
	)
	cmd := &cobra.Command{
		Use:   "delete TABLE (--all | --reason REASON | --field FIELD)",
		Short: "Delete quarantined events for good",
		Long: `Deletes quarantined events: those of a reason, of a field, or of both; or all of the table. They are gone for good: export them
before, or replay them, if anybody may want them.`,
		Example: `  helios quarantine delete clicks --reason malformed_json
  helios quarantine delete clicks --reason type_mismatch --field product.price --yes`,
		Args:              named("TABLE"),
		ValidArgsFunction: c.complete(tableNames),
	}
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		if cmd.Flags().Changed("field") {
			filter.Field = &field
		}
		some := filter.Reason != "" || filter.Field != nil
		if all == some {
			return usage(cmd, "%s needs either --all, or --reason, --field or both", path(cmd))
		}
		if err := c.confirm(ctx, fmt.Sprintf("Delete %s in the quarantine of %s for good?", described(filter), args[0])); err != nil {
			return err
		}
		n, err := api.DeleteQuarantined(ctx, args[0], filter)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(map[string]any{"deleted": n})
		}
		c.say("%s deleted from the quarantine of %s.", term.Counted(n, "event"), args[0])
		return nil
	})
	cmd.Flags().BoolVar(&all, "all", false, "all of the table's")
	cmd.Flags().StringVar(&filter.Reason, "reason", "", "those of a `REASON`, as `helios quarantine list` shows it")
	_ = cmd.RegisterFlagCompletionFunc("reason", c.completeReasons)
	cmd.Flags().StringVar(&field, "field", "", "those of a `FIELD`, as in product.price; '' for those of no field")
	return c.jsonFlag(c.yesFlag(cmd))
}

// described says which events a filter names.
func described(f client.QuarantineFilter) string {
	what := "all events"
	if f.Reason != "" {
		what += " of reason " + f.Reason
	}
	switch {
	case f.Field == nil:
		return what
	case *f.Field == "":
		return what + " of no field"
	default:
		return what + " of field " + *f.Field
	}
}
