package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/app"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/telemetry"
)

// serverFlags are the flags of what runs a server.
type serverFlags struct {
	listen, data, file string
	open               bool
}

// settings are those in force: flags win over the environment, and that over the file.
func (f *serverFlags) settings(cmd *cobra.Command, env config.Environment) (config.Config, error) {
	given := map[string]string{}
	for key, value := range map[string]string{"listen": f.listen, "data": f.data} {
		if cmd.Flags().Changed(key) {
			given[key] = value
		}
	}
	settings, err := config.Load(f.file, env, given)
	if err != nil {
		return settings, settingsError(cmd, err)
	}
	return settings, nil
}

func (c *console) serve() *cobra.Command {
	var flags serverFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run Helios: read the streams, keep the tables, serve the console",
		Long: `Runs the server until it is told to stop by Ctrl-C or SIGTERM; a second one ends it at once. What was committed is kept in the
data directory, and reading goes on from there at the next start. The work is done by a second process, which is started again
if a query or anything else takes it down.

Settings come from flags, then variables (HELIOS_LISTEN, HELIOS_DATA, …), then the file; ` + "`helios config check`" + ` finds mistakes.
The file may declare sources: those that are missing are added at the start. AWS credentials come from the SDK's standard chain.
It listens on loopback only. Without an account everybody who reaches it is let in; the log has a link that makes the first one.`,
		Example: `  helios serve
  helios serve --listen 127.0.0.1:9090 --data /var/lib/helios --config /etc/helios.yaml`,
		Args: named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		settings, err := flags.settings(cmd, c.env)
		if err != nil {
			return err
		}
		c.warnOfUnknown()
		logger, err := telemetry.NewLogger(c.talk, settings.Log.Level, settings.Log.Format)
		if err != nil {
			return settingsError(cmd, err)
		}
		err = app.Serve(ctx, app.Options{Config: settings, Worker: []string{workerCommand}, Talk: c.talk, Logger: logger, Ready: func(at app.Addresses) {
			c.banner("Helios is running.", [][2]string{{"Console", at.API + "/"}, {"API", at.API}, {"Data", at.Data}, {"Stop", "Ctrl-C"}})
			c.open(ctx, flags.open, at.API)
		}})
		return c.served(cmd, err)
	})
	defaults := config.Default()
	cmd.Flags().StringVar(&flags.listen, "listen", defaults.Listen, "`HOST:PORT` of the API, on loopback")
	cmd.Flags().StringVar(&flags.data, "data", defaults.Data, "the `DIR` that holds everything")
	openFlag(cmd, &flags.open)
	configFlag(cmd, &flags.file)
	return cmd
}

// served ends a command that ran a server: nobody should have to guess whether it is gone.
func (c *console) served(cmd *cobra.Command, err error) error {
	if err != nil {
		return settingsError(cmd, err)
	}
	c.stopped()
	return nil
}

// workerCommand is what this program starts itself with, to do the work.
const workerCommand = "worker"

func (c *console) worker() *cobra.Command {
	return &cobra.Command{
		Use: workerCommand, Short: "Do the work of a server; the server starts it", Hidden: true, Args: named(),
		RunE: run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return settingsError(cmd, app.Work(ctx, c.talk))
		}),
	}
}

// banner says what runs where. It is talk: standard output stays free for data.
func (c *console) banner(title string, pairs [][2]string) {
	var b strings.Builder
	for i := range pairs {
		pairs[i][0] = "  " + pairs[i][0]
	}
	fmt.Fprintf(&b, "%s\n\n", title)
	_ = term.Pairs(&b, pairs) // a strings.Builder takes everything
	_, _ = io.WriteString(c.talk, b.String()+"\n")
}
