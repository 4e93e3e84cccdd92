package cli

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

// usageError is a command line that is wrong by itself.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func (e *usageError) withHint(format string, args ...any) *usageError {
	return &usageError{err: e.err, hint: fmt.Sprintf(format, args...)}
}

// usage makes an error of wrong usage that points at the command's help.
func usage(cmd *cobra.Command, format string, args ...any) *usageError {
	return &usageError{err: fmt.Errorf(format, args...), hint: fmt.Sprintf("see `%s --help`", cmd.CommandPath())}
}

// usageOf makes an error of wrong usage of another one, whose hint stays.
func usageOf(cmd *cobra.Command, err error) error {
	if hint := fault.HintOf(err); hint != "" {
		return usage(cmd, "%w", err).withHint("%s", hint)
	}
	return usage(cmd, "%w", err)
}

// settingsError is wrong usage when it comes of what a person set, and any other error otherwise.
func settingsError(cmd *cobra.Command, err error) error {
	if _, right := errors.AsType[notUsageError](err); right {
		return err
	}
	if code := fault.CodeOf(err); code == fault.Invalid || code == fault.Refused {
		return usageOf(cmd, err)
	}
	return err
}

// path is a command's name as people type it after the program's.
func path(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// named demands exactly the arguments of the given names.
func named(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usage(cmd, "%s needs %s", path(cmd), strings.Join(names[len(args):], " and "))
		}
		return atMost(len(names))(cmd, args)
	}
}

// atMost allows up to n arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usage(cmd, "%q is one argument too many for %s", args[n], path(cmd))
		}
		return nil
	}
}

// wrongFlag says in words what the flag parser found.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if len(name) == 1 {
			return usage(cmd, "%s has no flag -%s", path(cmd), name)
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		wrong := usage(cmd, "%s has no flag --%s", path(cmd), name)
		if near := nearest(name, known); near != "" {
			return wrong.withHint("did you mean --%s?", near)
		}
		return wrong
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		wanted, ok := map[string]string{
			"int": "a whole number", "float64": "a number", "duration": "a length of time such as 90s or 5m", "bool": "true or false",
		}[flag.Value.Type()]
		if ok {
			return usage(cmd, "--%s %q is not %s", flag.Name, invalid.GetValue(), wanted)
		}
	}
	return usage(cmd, "%w", err)
}

// nearest is the candidate that differs from a word by the fewest edits, up to two, or that it begins; "" if there is none.
func nearest(word string, candidates []string) string {
	best, fewest := "", 3
	for _, candidate := range candidates {
		edits := distance(word, candidate)
		if len(word) > 1 && strings.HasPrefix(candidate, word) {
			edits = min(edits, 2)
		}
		if edits < fewest {
			best, fewest = candidate, edits
		}
	}
	return best
}

// distance is how many letters must be changed, added or taken away (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			edits := diagonal
			if a[i] != b[j] {
				edits = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], edits
		}
	}
	return row[len(b)]
}

// among refuses a flag's value that is none of the allowed ones.
func among(cmd *cobra.Command, flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return usage(cmd, "--%s %q is none of %s", flag, value, strings.Join(allowed, ", "))
}

// exitCode maps an error to what the process says at its end.
func exitCode(err error) int {
	if _, wrong := errors.AsType[*usageError](err); wrong {
		return 2
	}
	switch fault.CodeOf(err) {
	case fault.Credentials, fault.SignIn, fault.Network, fault.Environment:
		return 3
	default:
		return 1
	}
}

// refusedFlag says what the server refuses of a request by the name of the flag it came from.
func refusedFlag(cmd *cobra.Command, err error) error {
	refused, ok := errors.AsType[*client.RequestError](err)
	if !ok {
		return err
	}
	for _, part := range refused.Parts {
		name := strings.ReplaceAll(part.Location[strings.LastIndexByte(part.Location, '.')+1:], "_", "-")
		flag := cmd.Flags().Lookup(name)
		if name == "endpoint" || flag == nil {
			flag = cmd.Flags().Lookup(name + "-url")
		}
		if flag != nil {
			bound := strings.NewReplacer("expected number <= ", "must be at most ", "expected number >= ", "must be at least ").Replace(part.Message)
			return usage(cmd, "--%s %s: %s", flag.Name, flag.Value, bound)
		}
	}
	return err
}

// explain tells a person what failed, why, and what to try next, in one paragraph; of several mistakes each in its own.
func (c *console) explain(err error) {
	if mistakes, ok := errors.AsType[config.SettingErrors](err); ok {
		for _, one := range mistakes {
			c.explain(one)
		}
		return
	}
	hint := fault.HintOf(err)
	if fault.CodeOf(err) == fault.SignIn {
		hint = c.signInHint()
	}
	var wrong *usageError
	if errors.As(err, &wrong) && wrong.hint != "" {
		hint = wrong.hint
	}
	text := "helios: " + sentence(err.Error())
	if hint != "" {
		text += " " + sentence(upper(quoteCommands(hint)))
	}
	fmt.Fprintln(c.talk, term.Clean(strings.Join(strings.Fields(text), " ")))
	if excerpt := place(err); excerpt != "" {
		fmt.Fprintln(c.talk, excerpt)
	}
}

// signInHint says how to become somebody whom the server knows.
func (c *console) signInHint() string {
	if config.Token(c.env) != "" {
		return "the token comes from HELIOS_TOKEN: set that to another one, or unset it and use `helios login`"
	}
	address, _, err := c.server()
	if err != nil {
		address = "URL"
	}
	return "use `helios login " + address + "`, or set HELIOS_TOKEN"
}

// sentence ends a text with a mark.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// command is one in backticks, which stays, or one that a hint names without them.
var command = regexp.MustCompile("`[^`]*`|\\bhelios (?:sources (?:pause|remove|resume) [a-zA-Z0-9_]+|(?:config|streams|sources|tables|quarantine|queries|users|tokens) [a-z]+|demo|serve|sql|tail|login|logout|whoami)\\b")

// quoteCommands puts the commands of a text into backticks, so that they are told from its words and keep their case.
func quoteCommands(text string) string {
	return command.ReplaceAllStringFunc(text, func(found string) string {
		if found[0] == '`' {
			return found
		}
		return "`" + found + "`"
	})
}

func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
