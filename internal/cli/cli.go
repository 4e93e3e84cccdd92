// Package cli is the command line: one file a command. Data goes to standard output, talk to standard error. Exit codes: 0
// done, 1 it failed, 2 wrong usage, 3 the environment (credentials, network, this machine). Commands talk to a server through
// the client; only serve, demo, tail and what manages accounts on the server's machine reach into the server's own code.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

// Main runs one command line, without the program's name, and gives the exit code. A first SIGINT or SIGTERM, or the end of
// ctx, stops what runs in good order; a second signal ends the process at once.
func Main(ctx context.Context, args []string, in io.Reader, out, talk io.Writer) int {
	c := &console{in: in, out: out, talk: talk, env: config.OS(), variables: config.Variables()}
	root := c.root()
	root.SetArgs(commentsFirst(args))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(talk)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errStopped):
		c.stopped()
		return exitStopped
	}
	c.explain(err)
	return exitCode(err)
}

// exitStopped is the exit code of what Ctrl-C stopped, as shells have it: 128 and the signal's number.
const exitStopped = 130

// stopped says that Ctrl-C was obeyed, in place of what the terminal shows of it.
func (c *console) stopped() {
	term.NewProgress(c.talk).Clear()
	c.say("Stopped.")
}

// errStopped says that a person or the system stopped a command before its end.
var errStopped = errors.New("stopped")

// commentsFirst keeps a statement that begins with a comment from being taken for a flag: no flag's name has white space.
func commentsFirst(args []string) []string {
	kept := slices.Clone(args)
	for i, arg := range kept {
		if arg == "--" {
			break
		}
		if name, _, _ := strings.Cut(arg, "="); strings.HasPrefix(name, "--") && strings.ContainsAny(name, " \t\r\n") {
			kept[i] = " " + arg
		}
	}
	return kept
}

// console is what all commands share: where they read and write, and the flags that many have.
type console struct {
	in        io.Reader
	out       io.Writer // data
	talk      io.Writer // everything else
	env       config.Environment
	variables []string // all of the environment, as NAME=VALUE
	url       string   // --url
	json      bool     // --json
	yes       bool     // --yes
}

func (c *console) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "helios",
		Short: "Kinesis streams as SQL tables",
		Long: `Helios turns Kinesis streams into SQL tables: within a moment of being published, every event is a row.

Start with ` + "`helios demo`" + `, which needs nothing else; connect a stream of your own with ` + "`helios serve`" + ` and
` + "`helios sources add`" + `. Settings come from flags, then HELIOS_… variables, then helios.yaml. Data goes to standard
output and everything else to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 credentials, network or machine.`,
		Example: `  helios demo
  helios sql "SELECT event_type, count(*) FROM storefront GROUP BY 1 ORDER BY 2 DESC"
  helios sources add clicks --table clicks --from horizon`,
		Version:       strings.TrimPrefix(buildinfo.Read().String(), "helios "), // which cobra says itself
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(wrongFlag)
	root.SetUsageFunc(usageText)
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run a server:"},
		&cobra.Group{ID: "aws", Title: "Deploy on AWS:"},
		&cobra.Group{ID: "streams", Title: "Connect streams:"},
		&cobra.Group{ID: "query", Title: "Ask:"},
		&cobra.Group{ID: "accounts", Title: "Let people in:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, cmd := range commands {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add("run", c.demo(), c.serve(), c.configGroup(), c.backup(), c.backups(), c.restore())
	add("aws", c.deploy(), c.upgrade(), c.destroy(), c.doctor(), c.status(), c.logs(), c.openConsole())
	add("streams", c.streams(), c.sources(), c.tail())
	add("query", c.sql(), c.tables(), c.quarantine(), c.queries())
	add("accounts", c.login(), c.logout(), c.whoami(), c.users(), c.tokens())
	root.AddCommand(c.version(), c.worker())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			family(cmd)
			for _, shell := range cmd.Commands() {
				shell.Args = named()
			}
		}
	}
	wrapHelp(root)
	return family(root)
}

// helpWidth is how many columns help takes: those of the narrowest terminals in use.
const helpWidth = 80

// wrapHelp breaks the long texts of a command and of all below it into lines.
func wrapHelp(cmd *cobra.Command) {
	cmd.Long = term.Wrap(cmd.Long, helpWidth)
	for _, sub := range cmd.Commands() {
		if sub.Name() != "completion" { // whose texts are cobra's
			wrapHelp(sub)
		}
	}
}

// family makes a command that only has subcommands answer with its help, and an unknown subcommand with what was meant.
func family(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		wrong := usage(cmd, "%s has no command %q", path(cmd), args[0])
		var known []string
		for _, sub := range cmd.Commands() {
			known = append(known, sub.Name())
		}
		if near := nearest(args[0], known); near != "" {
			return wrong.withHint("did you mean `%s %s`?", cmd.CommandPath(), near)
		}
		return wrong
	}
	return cmd
}

// interruptible gives a context that a signal ends. After the first signal the next one has its default effect: it ends the
// process at once.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// run makes a command's action, with a context that a signal ends. What fails because of that has been stopped.
func run(action func(ctx context.Context, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx, stop := interruptible(cmd.Context())
		defer stop()
		err := action(ctx, cmd, args)
		if err != nil && ctx.Err() != nil && (errors.Is(err, context.Canceled) || fault.CodeOf(err) == fault.Cancelled) {
			return errStopped
		}
		return err
	}
}

// api makes a client of the server that the command line names.
func (c *console) api(cmd *cobra.Command) (*client.Client, error) {
	address, opts, err := c.server()
	if err != nil {
		return nil, err
	}
	api, err := client.New(address, opts)
	return api, usageIfInvalid(cmd, err)
}

// remote makes a command's action that needs a server.
func (c *console) remote(action func(ctx context.Context, api *client.Client, args []string) error) func(*cobra.Command, []string) error {
	return run(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		api, err := c.api(cmd)
		if err != nil {
			return err
		}
		defer api.Close()
		return refusedFlag(cmd, action(ctx, api, args))
	})
}

// urlFlag adds --url to a command and those below it.
func (c *console) urlFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&c.url, "url", "", "the server's `URL` (default $HELIOS_URL, else that of the last login, else "+config.DefaultURL+")")
}

// jsonFlag adds --json to a command.
func (c *console) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON, with exact numbers and times")
	return cmd
}

// yesFlag adds --yes to a command that asks.
func (c *console) yesFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask")
	return cmd
}

// printJSON writes a value for programs.
func (c *console) printJSON(v any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// table writes rows for people, as wide as the terminal; elsewhere all is whole.
func (c *console) table(columns []term.Column, rows [][]string) error {
	return term.Table(c.out, columns, rows, term.Width(c.out))
}

// milliseconds is how a time is written, as exact as Kinesis has it; --json gives all digits.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// ago is a moment for people on a terminal, the time elsewhere, as wide as all others, and – for none.
func (c *console) ago(t *time.Time) string {
	switch {
	case t == nil || t.IsZero():
		return "–"
	case term.Is(c.out):
		return term.Duration(time.Since(*t)) + " ago"
	}
	return t.UTC().Format(milliseconds)
}

// confirm asks unless --yes was given. On no terminal it refuses instead of asking.
func (c *console) confirm(ctx context.Context, question string) error {
	if c.yes {
		return nil
	}
	if !term.Is(c.in) {
		return &usageError{err: fault.New(fault.Invalid, "standard input is not a terminal, so nobody can be asked: %s", question).
			WithHint("add --yes to go on without a question")}
	}
	yes, err := term.Confirm(ctx, c.in, c.talk, question)
	if err != nil {
		return fault.New(fault.Cancelled, "stopped: %w", err)
	}
	if !yes {
		return errDeclined
	}
	return nil
}

// errDeclined says that a person answered no.
var errDeclined = errors.New("nothing was changed")

// say writes a line of talk.
func (c *console) say(format string, args ...any) {
	fmt.Fprintln(c.talk, term.Clean(fmt.Sprintf(format, args...)))
}
