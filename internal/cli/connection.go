package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
)

// connectionFlags adds the flags that say where streams are.
func connectionFlags(cmd *cobra.Command, conn *client.Connection) {
	cmd.Flags().StringVar(&conn.Region, "region", "", "the AWS `REGION` (default: the AWS chain's)")
	cmd.Flags().StringVar(&conn.Endpoint, "endpoint-url", "", "the `URL` of a Kinesis-compatible endpoint (default: AWS's)")
	cmd.Flags().StringVar(&conn.Profile, "profile", "", "the `PROFILE` of the AWS configuration files (default: the AWS chain's)")
}

// fromFlag adds --from to a command.
func fromFlag(cmd *cobra.Command, from *string, otherwise string) {
	cmd.Flags().StringVar(from, "from", otherwise, "where to begin: horizon (the oldest record), latest, or a `TIME` as in 2026-03-01T12:00:00Z")
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"horizon", "latest"}, cobra.ShellCompDirectiveNoFileComp))
}

// checkFrom refuses a --from that is neither a name nor a time.
func checkFrom(cmd *cobra.Command, from string) error {
	if from == "horizon" || from == "latest" {
		return nil
	}
	if _, err := time.Parse(time.RFC3339, from); err != nil {
		return usage(cmd, "--from %q is neither horizon, latest nor a time as in 2026-03-01T12:00:00Z", from)
	}
	return nil
}

// completionTime bounds how long a shell waits for names.
const completionTime = time.Second

// complete offers names from the server for a command's first argument; without a server it offers nothing.
func (c *console) complete(names func(ctx context.Context, api *client.Client) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		api, err := client.New(config.URL(c.url, c.env), client.Options{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer api.Close()
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		found, err := names(ctx, api)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

func sourceNames(ctx context.Context, api *client.Client) ([]string, error) {
	sources, err := api.Sources(ctx)
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.Settings.Name
	}
	return names, err
}

func tableNames(ctx context.Context, api *client.Client) ([]string, error) {
	tables, err := api.Tables(ctx)
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Name
	}
	return names, err
}

// streamNames gives the streams of a connection, as the command's flags say it by the time of asking.
func streamNames(conn *client.Connection) func(ctx context.Context, api *client.Client) ([]string, error) {
	return func(ctx context.Context, api *client.Client) ([]string, error) {
		streams, err := api.Streams(ctx, *conn)
		names := make([]string, len(streams))
		for i, s := range streams {
			names[i] = s.Name
		}
		return names, err
	}
}
