package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
	for _, key := range append([]string{"listen", "data"}, networkKeys...) {
		if flag := cmd.Flags().Lookup(config.Flag(key)); flag != nil && flag.Changed {
			given[key] = flag.Value.String()
			if list, ok := flag.Value.(pflag.SliceValue); ok {
				given[key] = strings.Join(list.GetSlice(), ",")
			}
		}
	}
	settings, err := config.Load(f.file, env, given)
	if err != nil {
		return settings, settingsError(cmd, err)
	}
	return settings, nil
}

// networkKeys are the settings with flags that say who reaches a server.
var networkKeys = []string{"tls.cert_file", "tls.key_file", "tls.domain", "tls.self_signed", "insecure_http", "public_url", "proxies"}

// networkFlags adds their flags to a command. What they hold is read by their names.
func networkFlags(cmd *cobra.Command) {
	cmd.Flags().String(config.Flag("tls.cert_file"), "", "the `FILE` of the certificate, PEM; read again when it changes")
	cmd.Flags().String(config.Flag("tls.key_file"), "", "the `FILE` of its key")
	cmd.Flags().StringSlice(config.Flag("tls.domain"), nil, "fetch a certificate for the `DOMAIN`; may be given more than once")
	cmd.Flags().Bool(config.Flag("tls.self_signed"), false, "make a certificate that nobody vouches for, and print its fingerprint")
	cmd.Flags().Bool(config.Flag("insecure_http"), false, "speak plain HTTP to others than this machine, for a proxy in front that speaks TLS; --trusted-proxies names it")
	cmd.Flags().String(config.Flag("public_url"), "", "the `URL` by which people reach the server, as in https://helios.example.com")
	cmd.Flags().StringSlice(config.Flag("proxies"), nil, "the `NETWORKS` of proxies, as in 10.0.0.0/8: X-Forwarded-For and X-Forwarded-Proto are believed from them alone")
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
On loopback everybody who reaches it is let in until there is an account; the log has a link that makes the first one. Beyond
loopback it listens with TLS, or behind a proxy that speaks it, and everybody needs an account.`,
		Example: `  helios serve
  helios serve --listen 127.0.0.1:9090 --data /var/lib/helios --config /etc/helios.yaml
  helios serve --listen 0.0.0.0:8443 --self-signed
  helios serve --listen 0.0.0.0:443 --domain helios.example.com`,
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
			c.banner("Helios is running.", whereabouts(at))
			c.open(ctx, flags.open, at.API)
		}})
		return c.served(cmd, err)
	})
	defaults := config.Default()
	cmd.Flags().StringVar(&flags.listen, "listen", defaults.Listen, "`HOST:PORT` of the API; beyond loopback with a certificate or behind a proxy")
	cmd.Flags().StringVar(&flags.data, "data", defaults.Data, "the `DIR` that holds everything")
	networkFlags(cmd)
	openFlag(cmd, &flags.open)
	configFlag(cmd, &flags.file)
	return cmd
}

// whereabouts are what the banner of a server says.
func whereabouts(at app.Addresses) [][2]string {
	pairs := [][2]string{{"Console", at.API + "/"}, {"API", at.API}}
	if !strings.HasSuffix(at.API, "//"+at.Listens) {
		pairs = append(pairs, [2]string{"Listens on", at.Listens})
	}
	if at.Fingerprint != "" {
		pairs = append(pairs, [2]string{"Certificate", "self-signed, SHA-256 " + at.Fingerprint})
	}
	return append(pairs, access(at), [2]string{"Data", at.Data}, [2]string{"Stop", "Ctrl-C"})
}

// access says who is let in.
func access(at app.Addresses) [2]string {
	if at.Open {
		return [2]string{"Access", "open to whoever reaches this address: there is no account yet"}
	}
	return [2]string{"Access", "with an account or a token"}
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
