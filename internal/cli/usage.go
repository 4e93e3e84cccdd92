package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageText writes how a command is used: cobra's own text, but wrapped, and without a line for commands that nobody should type
// alone, which are run only for their help and their errors. It is a function and not a template, because with text/template in a
// program the linker keeps every method of the AWS SDK: with that, and without the traces of gRPC (tag grpcnotrace), the
// executable has 154 MB instead of 220.
func usageText(cmd *cobra.Command) error {
	w := cmd.OutOrStderr()
	parent := cmd.HasAvailableSubCommands()
	fmt.Fprint(w, "Usage:")
	if cmd.Runnable() && !parent {
		fmt.Fprintf(w, "\n  %s", cmd.UseLine())
	}
	if parent {
		fmt.Fprintf(w, "\n  %s [command]", cmd.CommandPath())
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\n\nExamples:\n%s", cmd.Example)
	}
	if parent {
		for _, group := range cmd.Groups() {
			subcommands(w, cmd, group.Title, group.ID)
		}
		switch {
		case len(cmd.Groups()) == 0:
			subcommands(w, cmd, "Available Commands:", "")
		case !cmd.AllChildCommandsHaveGroup():
			subcommands(w, cmd, "Additional Commands:", "")
		}
	}
	flags(w, "Flags:", cmd.LocalFlags())
	flags(w, "Global Flags:", cmd.InheritedFlags())
	if parent {
		fmt.Fprintf(w, "\n\nUse \"%s [command] --help\" for more information about a command.", cmd.CommandPath())
	}
	fmt.Fprintln(w)
	return nil
}

// subcommands lists those of one group.
func subcommands(w io.Writer, cmd *cobra.Command, title, group string) {
	fmt.Fprintf(w, "\n\n%s", title)
	for _, sub := range cmd.Commands() {
		if sub.GroupID == group && (sub.IsAvailableCommand() || sub.Name() == "help") {
			fmt.Fprintf(w, "\n  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short)
		}
	}
}

// flags lists a command's flags, if it has any to show.
func flags(w io.Writer, title string, set *pflag.FlagSet) {
	if set.HasAvailableFlags() {
		fmt.Fprintf(w, "\n\n%s\n%s", title, strings.TrimRight(set.FlagUsagesWrapped(helpWidth), " \n"))
	}
}
