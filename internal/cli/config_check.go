package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/app"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/config"
)

func (c *console) configGroup() *cobra.Command {
	group := family(&cobra.Command{Use: "config", Short: "Look at the settings"})
	group.AddCommand(c.configCheck())
	return group
}

func (c *console) configCheck() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find mistakes in the settings without starting anything",
		Long: `Reads the settings as ` + "`helios serve`" + ` would, from the file and from HELIOS_… variables, and says what is wrong with them.
What can only be known by asking AWS, such as whether a declared source's stream exists, is not checked.`,
		Example: `  helios config check
  helios config check --config /etc/helios.yaml`,
		Args: named(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.warnOfUnknown()
			settings, err := config.Load(file, c.env, nil)
			if err == nil {
				err = app.Check(settings)
			}
			if err != nil {
				return settingsError(cmd, err)
			}
			declared := term.Counted(int64(len(settings.Sources)), "declared source")
			if n := len(settings.Queries); n == 1 {
				declared += ", 1 query"
			} else if n > 1 {
				declared += ", " + term.Count(int64(n)) + " queries"
			}
			if n := len(settings.Dashboards); n > 0 {
				declared += ", " + term.Counted(int64(n), "dashboard")
			}
			c.say("The settings are in order: listen on %s%s, data in %s, %s.", settings.Listen, entrance(&settings), settings.Data, declared)
			return nil
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// checkDeclared finds what is wrong with what settings declare for another machine: files that they name are there, not here.
func checkDeclared(settings config.Config) error {
	settings.Admin, settings.TLS = config.Admin{}, config.TLS{}
	settings.OIDC.ClientSecretFile = ""
	return app.Check(settings)
}

// entrance is how others than the people of this machine reach a server, "" if they do not.
func entrance(settings *config.Config) string {
	how := ""
	switch tls := &settings.TLS; {
	case tls.CertFile != "":
		how = " with the certificate " + tls.CertFile
	case len(tls.Domains) > 0:
		how = " with certificates for " + strings.Join(tls.Domains, ", ")
	case tls.SelfSigned:
		how = " with a self-signed certificate"
	case settings.InsecureHTTP:
		how = " with plain HTTP"
	}
	if settings.Closed() {
		how += ", for those with an account"
	}
	return how
}

// warnOfUnknown tells of variables that look like settings and are none.
func (c *console) warnOfUnknown() {
	for _, name := range config.Unknown(c.variables) {
		c.say("helios: there is no setting %s; the variable is not used.", name)
	}
}

// configFlag adds --config to a command.
func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "the settings `FILE` (default "+config.DefaultFile+", if there is one)")
}
