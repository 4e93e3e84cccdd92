package cli

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) users() *cobra.Command {
	var flags accountFlags
	group := family(&cobra.Command{
		Use:   "users",
		Short: "Manage who may sign in",
		Long: `Manages the accounts of a server, on the server's own machine: it works on the data directory, whether the server runs or rests.
Who can write that directory needs no account for it.

A viewer runs saved queries and sees dashboards; an analyst writes SQL too; an editor changes sources and schemas; an admin manages
accounts and settings. Once there is an account, everybody needs one, or a token; one admin is always left.`,
	})
	flags.add(group)
	group.AddCommand(c.usersAdd(&flags), c.usersSetup(&flags), c.usersList(&flags), c.usersRemove(&flags), c.usersDisable(&flags), c.usersEnable(&flags), c.usersRole(&flags), c.usersPassword(&flags))
	return group
}

func (c *console) usersAdd(flags *accountFlags) *cobra.Command {
	var (
		role   string
		tables []string
		stdin  bool
	)
	cmd := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add an account",
		Long:  `Adds an account. Its password is asked for, twice, or read from standard input. The first account must be an admin.`,
		Example: `  helios users add me@example.com --role admin
  helios users add ci@example.com --role viewer --tables orders,clicks --password-stdin < password.txt`,
		Args: named("EMAIL"),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := roleOf(cmd, role)
		if err != nil {
			return settingsError(cmd, err)
		}
		return c.accounts(flags, true, func(ctx context.Context, accounts *auth.Service, args []string) error {
			n := auth.NewUser{Email: args[0], Role: r, Tables: limit(cmd, tables)}
			if err := accounts.CheckNewUser(ctx, n); err != nil {
				return err
			}
			if n.Password, err = c.askPassword(ctx, stdin); err != nil {
				return err
			}
			if n.Password == "" {
				return fault.New(fault.Invalid, "the password is empty")
			}
			user, err := accounts.AddUser(ctx, n)
			if err != nil {
				return err
			}
			c.say("%s has an account now, with the role %s%s.", user.Email, user.Role, limitedTo(user.Tables))
			return nil
		})(cmd, args)
	}
	roleFlag(cmd, &role)
	tablesFlag(cmd, &tables, "all")
	passwordFlag(cmd, &stdin)
	return cmd
}

// userJSON is a user for programs.
type userJSON struct {
	ID         string     `json:"id"`
	Email      string     `json:"email"`
	Role       auth.Role  `json:"role"`
	Tables     []string   `json:"tables"` // null: all
	Disabled   bool       `json:"disabled"`
	Barred     bool       `json:"barred"`   // the provider's rules let them in no more
	Provider   string     `json:"provider"` // with whom they sign in; "": a password
	CreatedAt  time.Time  `json:"created_at"`
	SignedInAt *time.Time `json:"signed_in_at"`
}

func (c *console) usersList(flags *accountFlags) *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  named(),
		RunE: c.accounts(flags, false, func(ctx context.Context, accounts *auth.Service, _ []string) error {
			users, err := accounts.Users(ctx)
			if err != nil {
				return err
			}
			if c.json {
				list := make([]userJSON, len(users))
				for i, u := range users {
					list[i] = userJSON{u.ID, u.Email, u.Role, u.Tables, u.Disabled, u.Barred, accounts.ProviderOf(&u), u.CreatedAt, orNil(u.SignedInAt)}
				}
				return c.printJSON(map[string]any{"users": list})
			}
			if len(users) == 0 {
				c.say("There is no account yet. Add one with `helios users add EMAIL --role admin`.")
				return nil
			}
			rows := make([][]string, len(users))
			for i, u := range users {
				state := "active"
				switch {
				case u.Disabled:
					state = "disabled"
				case u.Barred:
					state = "barred"
				case u.PasswordHash == "" && u.Issuer == "":
					state = "invited"
				}
				rows[i] = []string{u.Email, u.Role.String(), state, waysIn(accounts, &u), limitText(u.Tables), c.ago(&u.SignedInAt), c.ago(&u.CreatedAt)}
			}
			return c.table([]term.Column{
				{Name: "EMAIL", Whole: true},
				{Name: "ROLE", Whole: true},
				{Name: "STATE", Whole: true},
				{Name: "SIGNS IN WITH"},
				{Name: "TABLES"},
				{Name: "SIGNED IN", Whole: true},
				{Name: "ADDED", Whole: true},
			}, rows)
		}),
	})
}

// waysIn says for people how a user signs in.
func waysIn(accounts *auth.Service, u *auth.User) string {
	provider := accounts.ProviderOf(u)
	switch {
	case provider == "":
		return "password"
	case u.PasswordHash == "":
		return provider
	}
	return provider + ", password"
}

// orNil is a time for JSON, null for none.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// withUser makes a command's action that works on one account, the first argument.
func (c *console) withUser(flags *accountFlags, action func(ctx context.Context, accounts *auth.Service, u auth.User, args []string) error) func(*cobra.Command, []string) error {
	return c.accounts(flags, false, func(ctx context.Context, accounts *auth.Service, args []string) error {
		user, err := accounts.UserByEmail(ctx, args[0])
		if err != nil {
			return err
		}
		return action(ctx, accounts, user, args)
	})
}

func (c *console) usersRemove(flags *accountFlags) *cobra.Command {
	return c.yesFlag(&cobra.Command{
		Use:   "remove EMAIL",
		Short: "Remove an account, its sessions and its tokens",
		Args:  named("EMAIL"),
		RunE: c.withUser(flags, func(ctx context.Context, accounts *auth.Service, u auth.User, _ []string) error {
			if err := c.confirm(ctx, "Remove "+term.Clean(u.Email)+" and their tokens?"); err != nil {
				return err
			}
			if err := accounts.RemoveUser(ctx, u.ID); err != nil {
				return err
			}
			c.say("%s has no account any more.", u.Email)
			return nil
		}),
	})
}

func (c *console) usersDisable(flags *accountFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "disable EMAIL",
		Short: "Keep an account, and let nobody in with it",
		Long:  `Ends all sessions of an account, and keeps it and its tokens from being used until it is enabled again.`,
		Args:  named("EMAIL"),
		RunE:  c.able(flags, true, "%s cannot sign in any more. Their tokens do not work either."),
	}
}

func (c *console) usersEnable(flags *accountFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "enable EMAIL",
		Short: "Let a disabled account in again",
		Args:  named("EMAIL"),
		RunE:  c.able(flags, false, "%s can sign in again."),
	}
}

func (c *console) able(flags *accountFlags, disabled bool, done string) func(*cobra.Command, []string) error {
	return c.withUser(flags, func(ctx context.Context, accounts *auth.Service, u auth.User, _ []string) error {
		if _, err := accounts.ChangeUser(ctx, u.ID, auth.UserChange{Disabled: &disabled}); err != nil {
			return err
		}
		c.say(done, u.Email)
		return nil
	})
}

func (c *console) usersRole(flags *accountFlags) *cobra.Command {
	var (
		tables []string
		all    bool
	)
	cmd := &cobra.Command{
		Use:   "role EMAIL ROLE",
		Short: "Change what an account may do",
		Long:  `Changes the role of an account, and with --tables or --all-tables what it may read. Another role ends its sessions.`,
		Example: `  helios users role me@example.com editor
  helios users role me@example.com analyst --tables orders,clicks`,
		Args: named("EMAIL", "ROLE"),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		role, err := auth.ParseRole(args[1])
		if err != nil {
			return settingsError(cmd, err)
		}
		if all && cmd.Flags().Changed("tables") {
			return usage(cmd, "--tables and --all-tables exclude each other")
		}
		change := auth.UserChange{Role: &role}
		if limited := limit(cmd, tables); limited != nil || all {
			change.Tables = &limited
		}
		return c.withUser(flags, func(ctx context.Context, accounts *auth.Service, u auth.User, _ []string) error {
			changed, err := accounts.ChangeUser(ctx, u.ID, change)
			if err != nil {
				return err
			}
			c.say("%s has the role %s%s.", changed.Email, changed.Role, cmp.Or(limitedTo(changed.Tables), ", and may read all tables"))
			return nil
		})(cmd, args)
	}
	tablesFlag(cmd, &tables, "as before")
	cmd.Flags().BoolVar(&all, "all-tables", false, "may read all tables")
	return cmd
}

func (c *console) usersPassword(flags *accountFlags) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use:   "password EMAIL",
		Short: "Set the password of an account",
		Long:  `Sets the password of an account and ends its sessions. The password is asked for, twice, or read from standard input.`,
		Args:  named("EMAIL"),
		RunE: c.withUser(flags, func(ctx context.Context, accounts *auth.Service, u auth.User, _ []string) error {
			password, err := c.askPassword(ctx, stdin)
			if err != nil {
				return err
			}
			if err := accounts.SetPassword(ctx, u.ID, password); err != nil {
				return err
			}
			c.say("%s has a new password, and no session any more.", u.Email)
			return nil
		}),
	}
	passwordFlag(cmd, &stdin)
	return cmd
}
