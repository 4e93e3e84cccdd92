package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

const (
	loginAge = 90 * 24 * time.Hour // of the token that a login makes

	maxToken = 4096 // bytes that are read of standard input

	maxNamesakes = 100 // tokens of one name but for its number

	fingerprintHint = "it is 64 hexadecimal digits, as the server prints them"
)

// loginFlags are the flags of login.
type loginFlags struct {
	stdin        bool
	fingerprint  string
	insecureHTTP bool
}

func (c *console) login() *cobra.Command {
	var flags loginFlags
	cmd := &cobra.Command{
		Use:   "login [URL]",
		Short: "Log in to a server, for the commands that follow",
		Long: `Asks for an e-mail address and a password, and keeps an API token that the server makes for this machine. It may do what you may,
and lasts for 90 days. Commands then talk to this server unless --url or HELIOS_URL name another one. Who signs in elsewhere
than with a password makes a token in the console, and gives it with --token-stdin. Programs set HELIOS_TOKEN instead.

A server that made its certificate itself prints the fingerprint when it starts; it is shown here, and must be the same. Programs
set HELIOS_FINGERPRINT to it, beside HELIOS_URL and HELIOS_TOKEN, and need no login.`,
		Example: `  helios login https://helios.example.com
  helios login https://10.0.0.7:8443 --fingerprint SHA256:4F:09:…
  helios login https://helios.example.com --token-stdin < token`,
		Args:              atMost(1),
		ValidArgsFunction: c.completeLogins,
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		kept, err := readLogins()
		if err != nil {
			return err
		}
		v := login{URL: config.URL(strings.Join(args, ""), c.env, kept.last()), InsecureHTTP: flags.insecureHTTP}
		if flags.fingerprint != "" {
			if v.Fingerprint = client.Fingerprint(flags.fingerprint); v.Fingerprint == "" {
				return usage(cmd, "--fingerprint %q is no SHA-256", flags.fingerprint).withHint(fingerprintHint)
			}
			if !strings.HasPrefix(v.URL, "https://") {
				return usage(cmd, "--fingerprint is of a certificate, and %s has none", v.URL).withHint("the address of a server with TLS begins with https://")
			}
		}
		return usageIfInvalid(cmd, c.logIn(ctx, &kept, v, flags.stdin))
	})
	cmd.Flags().BoolVar(&flags.stdin, "token-stdin", false, "read a token from standard input, and ask for nothing")
	cmd.Flags().StringVar(&flags.fingerprint, "fingerprint", "", "trust the certificate with this `SHA256`, and no other")
	cmd.Flags().BoolVar(&flags.insecureHTTP, "insecure-http", false, "let the password and the token go to another machine without TLS")
	return cmd
}

// usageIfInvalid makes wrong usage of an address or token that is wrong by itself.
func usageIfInvalid(cmd *cobra.Command, err error) error {
	if fault.CodeOf(err) == fault.Invalid {
		return usageOf(cmd, err)
	}
	return err
}

// logIn makes a token of the server at v, or takes one, and keeps it.
func (c *console) logIn(ctx context.Context, kept *logins, v login, stdin bool) error {
	state, err := c.greet(ctx, &v)
	switch {
	case err != nil:
		return err
	case !state.Accounts:
		return fault.New(fault.Conflict, "%s has no accounts: whoever reaches it is let in", v.URL).WithHint("use it with --url or HELIOS_URL")
	}
	before := kept.of(v.URL)
	var me *client.Me
	if stdin {
		me, err = c.takeToken(ctx, &v, before)
	} else {
		me, err = c.makeToken(ctx, &v, before)
	}
	if err != nil {
		return err
	}
	kept.put(v)
	if err := kept.write(); err != nil {
		return err
	}
	until := ""
	if v.ExpiresAt != nil {
		until = ", until " + v.ExpiresAt.UTC().Format(time.DateOnly)
	}
	after := "ends that"
	if !v.Made {
		after = "forgets the token, and does not end it"
	}
	c.say("You are %s at %s, with the role %s%s. `helios logout` %s.", nameOf(me), v.URL, me.Role, until, after)
	return nil
}

// nameOf says who somebody is: of a token also whose.
func nameOf(me *client.Me) string {
	switch {
	case me.Kind != "token":
		return cmp.Or(me.Name, "anybody: the server has no accounts")
	case me.Owner == "":
		return "the token " + me.Name
	}
	return me.Owner + ", by the token " + me.Name
}

// greet asks a server what signing in takes, and a person whether it is the right one where nobody vouches for it.
func (c *console) greet(ctx context.Context, v *login) (client.State, error) {
	// What a token may not cross a password may not either.
	if _, err := client.New(v.URL, client.Options{Token: "any", Plain: v.InsecureHTTP}); err != nil {
		return client.State{}, err
	}
	for {
		api, err := client.New(v.URL, client.Options{Fingerprint: v.Fingerprint})
		if err != nil {
			return client.State{}, err
		}
		state, err := api.State(ctx)
		api.Close()
		unknown, ok := errors.AsType[*client.UntrustedError](err)
		if !ok || v.Fingerprint != "" {
			return state, err
		}
		if !term.Is(c.in) {
			return state, fault.New(fault.Network, "nobody vouches for the certificate of %s, SHA-256 %s: %w", v.URL, unknown.Fingerprint, unknown).
				WithHint("if the server printed the same when it started, add --fingerprint %s", unknown.Fingerprint)
		}
		c.say("Nobody vouches for the certificate of %s. Its SHA-256 is", v.URL)
		c.say("  %s", unknown.Fingerprint)
		same, err := term.Confirm(ctx, c.in, c.talk, "Did the server print the same when it started?")
		if err != nil {
			return state, err
		}
		if !same {
			return state, errDeclined
		}
		v.Fingerprint = unknown.Fingerprint
	}
}

// takeToken reads a token from standard input, and asks the server whose it is. The one that a login made before ends.
func (c *console) takeToken(ctx context.Context, v *login, before *login) (*client.Me, error) {
	text, err := io.ReadAll(io.LimitReader(c.in, maxToken))
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot read the token: %w", err)
	}
	if v.Token = strings.TrimSpace(string(text)); v.Token == "" || strings.ContainsFunc(v.Token, unicode.IsSpace) {
		return nil, fault.New(fault.Invalid, "standard input holds no token").WithHint("it is one word, which the console shows when it makes a token")
	}
	api, err := client.New(v.URL, client.Options{Token: v.Token, Fingerprint: v.Fingerprint, Plain: v.InsecureHTTP})
	if err != nil {
		return nil, err
	}
	defer api.Close()
	state, err := api.State(ctx)
	if err != nil {
		return nil, err
	}
	if state.Me == nil || state.Me.Kind != "token" {
		return nil, fault.New(fault.Credentials, "%s does not know the token", v.URL).WithHint("it may have expired or been revoked: make another one in the console")
	}
	token, err := api.Token(ctx, state.Me.ID)
	if err != nil {
		return nil, err
	}
	v.TokenID = state.Me.ID
	if token != nil {
		v.ExpiresAt = token.ExpiresAt
	}
	if before != nil && before.TokenID == v.TokenID {
		v.Made = before.Made
	} else {
		c.endFormer(ctx, v, before)
	}
	return state.Me, nil
}

// endFormer ends the token that a login before has made, if one has.
func (c *console) endFormer(ctx context.Context, v, before *login) {
	if before == nil || !before.Made {
		return
	}
	old := *before
	old.Fingerprint, old.InsecureHTTP = v.Fingerprint, v.InsecureHTTP
	if err := revoke(ctx, &old); err != nil {
		c.say("The token of the login before goes on to be good: %v.", err)
	}
}

// makeToken signs a person in for as long as it takes to make a token, and ends the one that they had before.
func (c *console) makeToken(ctx context.Context, v *login, before *login) (me *client.Me, err error) {
	if !term.Is(c.in) {
		return nil, fault.New(fault.Invalid, "standard input is not a terminal, so nobody can be asked for a password").
			WithHint("make a token in the console and add --token-stdin, or set HELIOS_TOKEN")
	}
	api, err := client.New(v.URL, client.Options{Fingerprint: v.Fingerprint})
	if err != nil {
		return nil, err
	}
	defer api.Close()
	email, err := term.Ask(ctx, c.in, c.talk, "E-mail")
	if err != nil {
		return nil, fault.New(fault.Cancelled, "no e-mail address was given: %w", err)
	}
	password, err := term.Secret(ctx, c.in, c.talk, "Password")
	if err != nil {
		return nil, fault.New(fault.Cancelled, "no password was given: %w", err)
	}
	state, err := api.SignIn(ctx, strings.TrimSpace(email), password)
	switch {
	case fault.CodeOf(err) == fault.SignIn:
		return nil, fault.New(fault.Credentials, "%w", err).WithHint("who signs in elsewhere than with a password makes a token in the console, and gives it with --token-stdin")
	case err != nil:
		return nil, err
	case state.Me == nil:
		return nil, fault.New(fault.Network, "%s does not say who has signed in", v.URL).WithHint("compare `helios version` with the server's")
	}
	defer func() { err = errors.Join(err, api.SignOut(context.WithoutCancel(ctx))) }()
	c.endFormer(ctx, v, before)
	token, secret, err := nameToken(ctx, api, client.NewToken{
		Role: state.Me.Role, Limited: state.Me.Limited, Tables: state.Me.Tables, ExpiresAt: time.Now().Add(loginAge).UTC().Truncate(time.Second),
	})
	if err != nil {
		return nil, err
	}
	v.Token, v.TokenID, v.ExpiresAt, v.Made = secret, token.ID, token.ExpiresAt, true
	return state.Me, nil
}

// nameToken makes a token named after this machine, with a number if there is one of that name.
func nameToken(ctx context.Context, api *client.Client, n client.NewToken) (token client.Token, secret string, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	host = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, host)
	base := "helios on " + cmp.Or(host[:min(len(host), 64)], "a machine")
	for i := 1; i <= maxNamesakes; i++ {
		n.Name = base
		if i > 1 {
			n.Name = fmt.Sprintf("%s %d", base, i)
		}
		if token, secret, err = api.CreateToken(ctx, n); fault.CodeOf(err) != fault.Conflict {
			return token, secret, err
		}
	}
	return token, secret, err
}

func (c *console) logout() *cobra.Command {
	return &cobra.Command{
		Use:   "logout [URL]",
		Short: "Forget the token of a login, and end it",
		Long: `Forgets the token that a login keeps, and revokes it on the server if the login made it: a server that cannot be reached keeps
it until it expires. One that was given with --token-stdin is only forgotten, as others may use it too.`,
		Args: atMost(1), ValidArgsFunction: c.completeLogins,
		RunE: run(func(ctx context.Context, _ *cobra.Command, args []string) error {
			kept, err := readLogins()
			if err != nil {
				return err
			}
			address := config.URL(strings.Join(args, ""), c.env, kept.last())
			found := kept.of(address)
			if found == nil {
				return fault.New(fault.NotFound, "you are not logged in to %s", address)
			}
			v := *found
			kept.remove(address)
			if !v.Made {
				if err := kept.write(); err != nil {
					return err
				}
				c.say("The token for %s is forgotten here, and goes on to be good: no login made it. To end it, revoke it in the console, or on the server's machine with `helios tokens revoke %s`.", v.URL, v.TokenID)
				return nil
			}
			revoked := revoke(ctx, &v)
			if err := kept.write(); err != nil {
				return err
			}
			if revoked != nil {
				return fault.New(fault.CodeOf(revoked), "the token is forgotten here, but %s has not revoked it: %w", v.URL, revoked).
					WithHint("revoke it in the console, if it should end before it expires")
			}
			c.say("You are logged out of %s.", v.URL)
			return nil
		}),
	}
}

// revoke ends the token of a login: each may end itself. One that the server does not know has ended.
func revoke(ctx context.Context, v *login) error {
	api, err := client.New(v.URL, client.Options{Token: v.Token, Fingerprint: v.Fingerprint, Plain: v.InsecureHTTP})
	if err != nil {
		return err
	}
	defer api.Close()
	err = api.RevokeToken(ctx, v.TokenID)
	if fault.CodeOf(err) == fault.SignIn {
		return nil
	}
	return err
}

func (c *console) whoami() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "whoami",
		Short: "Tell who you are to the server",
		Args:  named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		api, err := c.api(cmd)
		if err != nil {
			return err
		}
		defer api.Close()
		state, err := api.State(ctx)
		if err != nil {
			return err
		}
		if state.Me == nil {
			return fault.New(fault.SignIn, "the server does not know you")
		}
		if c.json {
			return c.printJSON(state.Me)
		}
		tables := "all"
		if state.Me.Limited {
			tables = limitText(notNil(state.Me.Tables))
		}
		return c.table([]term.Column{{Name: "WHO", Whole: true}, {Name: "KIND", Whole: true}, {Name: "ROLE", Whole: true}, {Name: "TABLES"}},
			[][]string{{nameOf(state.Me), state.Me.Kind, state.Me.Role, tables}})
	})
	c.urlFlag(cmd)
	return c.jsonFlag(cmd)
}

// completeLogins offers the servers that a person has logged in to.
func (c *console) completeLogins(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	kept, err := readLogins()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []cobra.Completion
	for _, v := range kept.Servers {
		all = append(all, v.URL)
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}
