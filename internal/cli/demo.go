package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/app"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/telemetry"
)

const (
	demoData    = "./helios-demo"
	demoKinesis = "127.0.0.1:4567"
	demoRate    = 50
)

// demoQueries are worth pasting.
var demoQueries = []string{
	"SELECT event_type, count(*) AS events FROM storefront GROUP BY 1 ORDER BY 2 DESC",
	"SELECT product_name, count(*) AS views FROM storefront WHERE event_type = 'product_view' AND _arrived_at > now() - INTERVAL 5 MINUTE GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
	"SELECT reason, field, count(*) AS events, any_value(message) AS says FROM quarantine.storefront GROUP BY ALL ORDER BY 3 DESC",
}

func (c *console) demo() *cobra.Command {
	var (
		flags   serverFlags
		kinesis string
		rate    float64
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run all of it on this machine: a shop, a Kinesis stream and Helios",
		Long: `Runs an online shop whose visitors do not exist, a Kinesis-compatible server in this process that takes its events, and Helios,
which makes them the table storefront. About one event in 500 is broken in some way and goes to quarantine; a minute after the
start a new field appears and becomes a column. Nothing leaves this machine, and nothing else needs to be installed.

Any AWS SDK or tool can use the Kinesis endpoint. With --rate 0 it is empty and there is no shop. The stream lives in memory;
tables are kept in the data directory, and a demo started again goes on with them.`,
		Example: `  helios demo
  helios demo --rate 1000
  helios demo --rate 0 --kinesis-listen 127.0.0.1:4600`,
		Args: named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		if rate < 0 {
			return usage(cmd, "--rate must not be below 0")
		}
		settings, err := flags.settings(cmd, demoEnvironment(c.env))
		if err != nil {
			return err
		}
		logger, err := telemetry.NewLogger(c.talk, settings.Log.Level, settings.Log.Format)
		if err != nil {
			return settingsError(cmd, err)
		}
		err = app.Demo(ctx, app.DemoOptions{
			Options: app.Options{Config: settings, Worker: []string{workerCommand}, Talk: c.talk, Logger: logger, Ready: func(at app.Addresses) {
				pairs := [][2]string{{"Console", at.API + "/"}, {"API", at.API}, {"Kinesis", at.Kinesis}, {"Data", at.Data}, {"Stop", "Ctrl-C"}}
				if !at.Open { // somebody has made an account in its directory
					pairs = slices.Insert(pairs, 3, access(at))
				}
				c.banner("The Helios demo is running.", pairs)
				fmt.Fprint(c.talk, demoHints(at, rate))
				c.open(ctx, flags.open, at.API)
			}},
			KinesisListen: kinesis,
			Rate:          rate,
		})
		return c.served(cmd, err)
	})
	cmd.Flags().StringVar(&flags.listen, "listen", config.Default().Listen, "`HOST:PORT` of the API, on loopback")
	cmd.Flags().StringVar(&kinesis, "kinesis-listen", demoKinesis, "`HOST:PORT` of the Kinesis endpoint")
	cmd.Flags().StringVar(&flags.data, "data", demoData, "the `DIR` that holds everything")
	cmd.Flags().Float64Var(&rate, "rate", demoRate, "`EVENTS_PER_S` of the shop, 0 for none")
	openFlag(cmd, &flags.open)
	return cmd
}

// demoEnvironment gives the demo defaults of its own: a directory apart from a real server's, and quiet logs.
func demoEnvironment(env config.Environment) config.Environment {
	defaults := map[string]string{"HELIOS_DATA": demoData, "HELIOS_LOG_LEVEL": "warn"}
	return func(name string) (string, bool) {
		if value, ok := env(name); ok && value != "" {
			return value, true
		}
		value, ok := defaults[name]
		return value, ok
	}
}

// demoHints are commands to paste.
func demoHints(at app.Addresses, rate float64) string {
	helios, url := invocation(), ""
	if at.API != config.DefaultURL {
		url = " --url " + at.API
	}
	var b strings.Builder
	if !at.Open {
		fmt.Fprintf(&b, "There are accounts in %s: sign in with `%s login %s` first.\n\n", at.Data, helios, at.API)
	}
	if rate > 0 {
		b.WriteString("Ask it, from another terminal:\n\n")
		for _, query := range demoQueries {
			fmt.Fprintf(&b, "  %s sql%s \"%s\"\n\n", helios, url, query)
		}
		b.WriteString("Send it an event of your own:\n\n")
	} else {
		fmt.Fprintf(&b, `Make a stream, and connect it:

  aws kinesis create-stream --no-sign-request --region us-east-1 --endpoint-url %s --stream-name %s --shard-count 2
  %s sources add%s %[2]s --table %[2]s --endpoint-url %[1]s --region us-east-1

Send it an event:

`, at.Kinesis, app.DemoStream, helios, url)
	}
	fmt.Fprintf(&b, `  echo '{"event_type":"hello","visitor_id":"me"}' | aws kinesis put-record --no-sign-request --region us-east-1 --endpoint-url %s --stream-name %s --partition-key me --data fileb:///dev/stdin

`, at.Kinesis, app.DemoStream)
	return b.String()
}

// invocation is how a person can call this program from here: by its name if the shell finds it, else by its path.
func invocation() string {
	self, err := os.Executable()
	if err != nil {
		return "helios"
	}
	if found, err := exec.LookPath("helios"); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil && found == self {
			return "helios"
		}
	}
	if here, err := os.Getwd(); err == nil {
		if path, err := filepath.Rel(here, self); err == nil && !strings.HasPrefix(path, "..") {
			return "." + string(filepath.Separator) + path // a bare name would be looked for in PATH
		}
	}
	return self
}
