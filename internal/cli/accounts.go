package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/app"
	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/telemetry"
)

// accountFlags are the flags of all commands that work on the accounts of a data directory.
type accountFlags struct{ data, file string }

func (f *accountFlags) add(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&f.data, "data", config.Default().Data, "the server's `DIR`")
	cmd.PersistentFlags().StringVar(&f.file, "config", "", "the settings `FILE` (default "+config.DefaultFile+", if there is one)")
}

// accounts makes a command's action that works on accounts. anew says that it may be the first that is done in the directory.
func (c *console) accounts(f *accountFlags, anew bool, action func(ctx context.Context, accounts *auth.Service, args []string) error) func(*cobra.Command, []string) error {
	return run(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		given := map[string]string{}
		if cmd.Flags().Changed("data") {
			given["data"] = f.data
		}
		settings, err := config.Load(f.file, c.env, given)
		if err != nil {
			return settingsError(cmd, err)
		}
		f.data = settings.Data
		logger, err := telemetry.NewLogger(c.talk, settings.Log.Level, settings.Log.Format)
		if err != nil {
			return settingsError(cmd, err)
		}
		return settingsError(cmd, app.Accounts(ctx, settings.Data, anew, logger, func(ctx context.Context, accounts *auth.Service) error {
			return action(ctx, accounts, args)
		}))
	})
}

// setup is what makes the first account.
type setup struct {
	Link        string    `json:"link"` // the path, after the server's address
	ExpiresAt   time.Time `json:"expires_at"`
	Fingerprint string    `json:"fingerprint,omitempty"` // of a certificate that the server made itself
}

// usersSetup gives the link by itself, for `helios deploy`, which asks the machine for it, and for people who work there.
func (c *console) usersSetup(flags *accountFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Make the link that makes the first account",
		Long: `Makes a link that makes the first account, an admin, once and for half an hour; one that was made before is not valid any more. It is
the path after the server's address. If the server made its certificate itself, its fingerprint is told too.`,
		Args: named(),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.accounts(flags, false, func(ctx context.Context, accounts *auth.Service, _ []string) error {
			link, err := accounts.SetupLink(ctx)
			if fault.CodeOf(err) == fault.Conflict {
				return fault.New(fault.Conflict, "%w", err).WithHint("sign in with it, or add one with `helios users add EMAIL --role admin`")
			}
			if err != nil {
				return err
			}
			made := setup{Link: "/setup#" + link.Secret, ExpiresAt: link.ExpiresAt.UTC()}
			if made.Fingerprint, err = app.OwnFingerprint(flags.data); err != nil {
				return err
			}
			if c.json {
				return c.printJSON(made)
			}
			pairs := [][2]string{{"Link", made.Link}, {"Until", c.until(made.ExpiresAt)}}
			if made.Fingerprint != "" {
				pairs = append(pairs, [2]string{"Certificate", made.Fingerprint})
			}
			return term.Pairs(c.out, pairs)
		})(cmd, args)
	}
	return c.jsonFlag(cmd)
}

// until is a moment to come: the clock on the wall for people, exact elsewhere.
func (c *console) until(t time.Time) string {
	if term.Is(c.out) {
		return t.Local().Format("15:04")
	}
	return t.Format(time.RFC3339)
}

// askPassword is a new password: all of standard input, but for the end of its line, or what a person types twice.
func (c *console) askPassword(ctx context.Context, stdin bool) (string, error) {
	if stdin {
		text, err := io.ReadAll(io.LimitReader(c.in, auth.MaxPassword+3)) // one byte too many is too many
		if err != nil {
			return "", fault.New(fault.Environment, "cannot read the password: %w", err)
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
	}
	if !term.Is(c.in) {
		return "", fault.New(fault.Invalid, "standard input is not a terminal, so nobody can be asked for a password").
			WithHint("add --password-stdin to read it from there")
	}
	var typed [2]string
	for i, question := range []string{"Password", "Again"} {
		var err error
		if typed[i], err = term.Secret(ctx, c.in, c.talk, question); err != nil {
			return "", fault.New(fault.Cancelled, "no password was given: %w", err)
		}
	}
	if typed[0] != typed[1] {
		return "", fault.New(fault.Invalid, "the two passwords differ").WithHint("try again")
	}
	return typed[0], nil
}

// passwordFlag adds --password-stdin.
func passwordFlag(cmd *cobra.Command, stdin *bool) {
	cmd.Flags().BoolVar(stdin, "password-stdin", false, "read the password from standard input")
}

// roleFlag adds --role, which must be given.
func roleFlag(cmd *cobra.Command, role *string) {
	cmd.Flags().StringVar(role, "role", "", "`ROLE`: "+strings.Join(auth.RoleNames(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions(auth.RoleNames(), cobra.ShellCompDirectiveNoFileComp))
}

// roleOf is the role that --role names.
func roleOf(cmd *cobra.Command, name string) (auth.Role, error) {
	if name == "" {
		return auth.NoRole, usage(cmd, "%s needs --role", path(cmd)).withHint("the roles are %s", strings.Join(auth.RoleNames(), ", "))
	}
	return auth.ParseRole(name)
}

// tablesFlag adds --tables, and says what holds without it.
func tablesFlag(cmd *cobra.Command, tables *[]string, otherwise string) {
	cmd.Flags().StringSliceVar(tables, "tables", nil, "may read only these `TABLES`, with commas between them (default "+otherwise+")")
}

// limit is what --tables says: nil for all.
func limit(cmd *cobra.Command, tables []string) []string {
	if !cmd.Flags().Changed("tables") {
		return nil
	}
	return notNil(tables)
}

// limitedTo ends what is said of a role with the limit, which nothing here can compare with the tables there are: a name that was
// mistyped would otherwise go unseen.
func limitedTo(tables []string) string {
	switch len(tables) {
	case 0:
		if tables == nil {
			return ""
		}
		return ", and may read no table"
	case 1:
		return ", limited to the table " + tables[0]
	}
	return ", limited to the tables " + strings.Join(tables, ", ")
}

// limitText is a limit for people.
func limitText(tables []string) string {
	switch {
	case tables == nil:
		return "all"
	case len(tables) == 0:
		return "none"
	}
	return strings.Join(tables, ", ")
}
