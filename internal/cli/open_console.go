package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
)

func (c *console) openConsole() *cobra.Command {
	var flags awsFlags
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Open the console of a deployment on AWS in the browser",
		Long:  `Prints the address of the console, and opens it in the browser if standard output is a terminal.`,
		Args:  named(),
		RunE: run(func(ctx context.Context, _ *cobra.Command, _ []string) error {
			session, err := flags.session(ctx)
			if err != nil {
				return err
			}
			url, err := session.ConsoleURL(ctx, flags.name)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]string{"url": url})
			}
			fmt.Fprintln(c.out, term.Clean(url))
			c.open(ctx, term.Is(c.out), url)
			return nil
		}),
	}
	flags.add(cmd)
	return c.jsonFlag(cmd)
}
