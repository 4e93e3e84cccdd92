package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) tokens() *cobra.Command {
	var flags accountFlags
	group := family(&cobra.Command{
		Use:   "tokens",
		Short: "Manage API tokens, for programs",
		Long: `Manages the API tokens of a server, on the server's own machine: it works on the data directory, whether the server runs or
rests. A token made here belongs to nobody, and lasts until it expires or is revoked; people make their own in the console.`,
	})
	flags.add(group)
	group.AddCommand(c.tokensCreate(&flags), c.tokensList(&flags), c.tokensRevoke(&flags))
	return group
}

// never is the value of --expires for a token without an end.
const never = "never"

// expiry is when a token expires that lasts for a length of time such as 90d; zero for never.
func expiry(cmd *cobra.Command, text string, now time.Time) (time.Time, error) {
	if text == never {
		return time.Time{}, nil
	}
	last, err := config.Age(text)
	if err != nil {
		return time.Time{}, usage(cmd, "--expires %q is not a length of time", text).withHint("it is as in 90d, 12w or 36h, or %s", never)
	}
	return now.Add(last), nil
}

func (c *console) tokensCreate(flags *accountFlags) *cobra.Command {
	var (
		role, expires string
		tables        []string
	)
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token, and show it this once",
		Long: `Makes an API token and writes it to standard output. It cannot be shown again: only its hash is kept. Programs send it as
"Authorization: Bearer TOKEN".`,
		Example: `  helios tokens create nightly --role analyst --tables orders,clicks --expires 90d
  helios tokens create backup --role viewer --expires never > token`,
		Args: named("NAME"),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := roleOf(cmd, role)
		if err != nil {
			return settingsError(cmd, err)
		}
		ends, err := expiry(cmd, expires, time.Now())
		if err != nil {
			return err
		}
		return c.accounts(flags, true, func(ctx context.Context, accounts *auth.Service, args []string) error {
			token, secret, err := accounts.CreateToken(ctx, auth.NewToken{Name: args[0], Role: r, Tables: limit(cmd, tables), ExpiresAt: ends})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(struct {
					tokenJSON
					Token string `json:"token"`
				}{asJSON(&token), secret})
			}
			fmt.Fprintln(c.out, secret)
			c.say("The token %s has the role %s%s. It is not shown again.", token.Name, token.Role, limitedTo(token.Tables))
			return nil
		})(cmd, args)
	}
	roleFlag(cmd, &role)
	tablesFlag(cmd, &tables, "all")
	cmd.Flags().StringVar(&expires, "expires", "90d", "how `LONG` it lasts, as in 90d, 12w or 36h, or never")
	return c.jsonFlag(cmd)
}

// tokenJSON is a token for programs.
type tokenJSON struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Owner      string     `json:"owner"` // e-mail, "" if it belongs to nobody
	Role       auth.Role  `json:"role"`
	Tables     []string   `json:"tables"` // null: all
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

func asJSON(t *auth.Token) tokenJSON {
	return tokenJSON{t.ID, t.Name, t.Owner, t.Role, t.Tables, t.CreatedAt, orNil(t.ExpiresAt), orNil(t.LastUsedAt)}
}

func (c *console) tokensList(flags *accountFlags) *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:   "list",
		Short: "List the tokens of everybody",
		Args:  named(),
		RunE: c.accounts(flags, false, func(ctx context.Context, accounts *auth.Service, _ []string) error {
			tokens, err := accounts.Tokens(ctx)
			if err != nil {
				return err
			}
			if c.json {
				list := make([]tokenJSON, len(tokens))
				for i := range tokens {
					list[i] = asJSON(&tokens[i])
				}
				return c.printJSON(map[string]any{"tokens": list})
			}
			if len(tokens) == 0 {
				c.say("There is no token. Make one with `helios tokens create NAME --role ROLE`.")
				return nil
			}
			rows := make([][]string, len(tokens))
			for i, t := range tokens {
				expires := never
				if !t.ExpiresAt.IsZero() {
					expires = t.ExpiresAt.UTC().Format(time.DateTime)
				}
				rows[i] = []string{t.Name, t.Owner, t.Role.String(), limitText(t.Tables), expires, c.ago(&t.LastUsedAt), t.ID}
			}
			return c.table([]term.Column{
				{Name: "TOKEN", Whole: true},
				{Name: "OWNER"},
				{Name: "ROLE", Whole: true},
				{Name: "TABLES"},
				{Name: "EXPIRES (UTC)", Whole: true},
				{Name: "USED", Whole: true},
				{Name: "ID", Whole: true},
			}, rows)
		}),
	})
}

func (c *console) tokensRevoke(flags *accountFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke TOKEN",
		Short: "End a token at once",
		Long:  `Ends a token, by its name or its id. From then on it is refused.`,
		Args:  named("TOKEN"),
		RunE: c.accounts(flags, false, func(ctx context.Context, accounts *auth.Service, args []string) error {
			tokens, err := accounts.Tokens(ctx)
			if err != nil {
				return err
			}
			var found []auth.Token
			for _, t := range tokens {
				if t.ID == args[0] || t.Name == args[0] {
					found = append(found, t)
				}
			}
			switch len(found) {
			case 0:
				return fault.New(fault.NotFound, "there is no token %q", args[0]).WithHint("see those there are with `helios tokens list`")
			case 1:
			default:
				return fault.New(fault.Conflict, "%d tokens have the name %q", len(found), args[0]).WithHint("name it by its id, from `helios tokens list`")
			}
			if err := accounts.RevokeToken(ctx, found[0].ID); err != nil {
				return err
			}
			c.say("The token %s does not work any more.", found[0].Name)
			return nil
		}),
	}
}
