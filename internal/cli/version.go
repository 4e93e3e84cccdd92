package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/buildinfo"
)

func (c *console) version() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "version",
		Short: "Print which build this is",
		Args:  named(),
		RunE: func(*cobra.Command, []string) error {
			if c.json {
				return c.printJSON(buildinfo.Read())
			}
			_, err := fmt.Fprintln(c.out, buildinfo.Read())
			return err
		},
	})
}
