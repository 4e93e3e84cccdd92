package cli

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/client"
)

// connectionFlags adds the flags that say where streams are.
func connectionFlags(cmd *cobra.Command, conn *client.Connection) {
	cmd.Flags().StringVar(&conn.Region, "region", "", "the AWS `REGION` (default: the AWS chain's)")
	cmd.Flags().StringVar(&conn.Endpoint, "endpoint-url", "", "the `URL` of a Kinesis-compatible endpoint (default: AWS's)")
	cmd.Flags().StringVar(&conn.Profile, "profile", "", "the `PROFILE` of the AWS configuration files (default: the AWS chain's)")
	cmd.Flags().StringVar(&conn.RoleARN, "role-arn", "", "the `ARN` of a role to assume, with those credentials")
}

// checkConnection refuses an endpoint that is no URL.
func checkConnection(cmd *cobra.Command, conn client.Connection) error {
	if conn.Endpoint == "" {
		return nil
	}
	endpoint, err := url.Parse(conn.Endpoint)
	if err == nil && endpoint.Host != "" && (endpoint.Scheme == "http" || endpoint.Scheme == "https") {
		return nil
	}
	wrong := usage(cmd, "--endpoint-url %q is not a URL", conn.Endpoint)
	if !strings.Contains(conn.Endpoint, "://") {
		return wrong.withHint("write the protocol too: http://%s", conn.Endpoint)
	}
	return wrong.withHint("it looks like http://127.0.0.1:4567")
}

// fromFlag adds --from to a command.
func fromFlag(cmd *cobra.Command, from *string, otherwise string) {
	cmd.Flags().StringVar(from, "from", otherwise, "where to `BEGIN`: horizon (the oldest record), latest, a time as in 2026-03-01T12:00:00Z, a date (UTC), or how long ago as in 15m")
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"horizon", "latest"}, cobra.ShellCompDirectiveNoFileComp))
}

// resolveFrom gives a --from as the server takes it: horizon, latest or a time, RFC 3339.
func resolveFrom(cmd *cobra.Command, from string, now time.Time) (string, error) {
	if from == "horizon" || from == "latest" {
		return from, nil
	}
	if _, err := time.Parse(time.RFC3339, from); err == nil {
		return from, nil
	}
	if day, err := time.Parse(time.DateOnly, from); err == nil {
		return day.Format(time.RFC3339), nil
	}
	if ago, err := time.ParseDuration(from); err == nil && ago > 0 {
		return now.Add(-ago).UTC().Format(time.RFC3339), nil
	}
	return "", usage(cmd, "--from %q is neither horizon, latest, a time as in 2026-03-01T12:00:00Z, a date, nor how long ago as in 15m or 24h", from)
}

// checkLimit refuses a --limit that asks for nothing.
func checkLimit(cmd *cobra.Command, limit int) error {
	if limit < 1 && cmd.Flags().Changed("limit") {
		return usage(cmd, "--limit %d is not a whole number of 1 or more", limit)
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
		api, err := c.api(cmd)
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

// completeReasons offers the reasons for which events of the table that is named are in quarantine.
func (c *console) completeReasons(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.complete(func(ctx context.Context, api *client.Client) ([]string, error) {
		reasons, err := api.QuarantineReasons(ctx, strings.Join(args, ""))
		names := make([]string, len(reasons))
		for i, r := range reasons {
			names[i] = r.Reason
		}
		slices.Sort(names)
		return slices.Compact(names), err
	})(cmd, nil, "")
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
