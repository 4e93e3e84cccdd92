package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
)

func (c *console) doctor() *cobra.Command {
	var (
		flags  awsFlags
		ask    deploy.Examination
		what   string
		policy bool
	)
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the AWS credentials and each permission that Helios needs",
		Long: `Says whose credentials are in use, and looks at each permission that reading the streams and deploying need. What can be
tried without changing anything is tried; EC2 is asked for dry runs; of the rest IAM is asked what your policies say, if you may ask it
that. What cannot be tested is said to be untested. At the end stands the least policy that allows all of it, for this account, region,
name and these streams; --policy prints nothing else.

The streams are those of --stream, else those of the deployment. The exit code is 1 if a permission is missing, 3 without credentials.`,
		Example: `  helios doctor --stream clicks --stream orders
  helios doctor --for read --stream clicks --profile production
  helios doctor --stream clicks --policy > policy.json`,
		Args: named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		if err := among(cmd, "for", what, "all", "read", "deploy"); err != nil {
			return err
		}
		if what == "read" && len(ask.Streams) == 0 && !cmd.Flags().Changed("name") {
			return usage(cmd, "--for read needs a stream, or the name of a deployment").withHint("add --stream STREAM")
		}
		for _, stream := range ask.Streams {
			if _, err := deploy.ParseStream(stream); err != nil {
				return settingsError(cmd, err)
			}
		}
		ask.Name, ask.Read, ask.Deploy = flags.name, what != "deploy", what != "read"
		session, err := flags.session(ctx)
		if err != nil {
			return err
		}
		if policy {
			document, err := session.Prescribe(ctx, ask)
			if err != nil {
				return err
			}
			return c.printPolicy(document)
		}
		progress := term.NewProgress(c.talk)
		progress.Show("Looking at each permission …")
		found, err := session.Examine(ctx, ask)
		progress.Clear()
		if err != nil {
			return err
		}
		if c.json {
			err = c.printJSON(found)
		} else {
			err = c.showDiagnosis(found)
		}
		if err == nil && found.Missing > 0 {
			return errors.New(term.Counted(int64(found.Missing), "permission") + " missing")
		}
		return err
	})
	flags.add(cmd)
	cmd.Flags().StringArrayVar(&ask.Streams, "stream", nil, "a `STREAM` by name or ARN; may be given again")
	cmd.Flags().StringVar(&what, "for", "all", "what is to be possible: `all`, read or deploy")
	cmd.Flags().BoolVar(&policy, "policy", false, "print the policy and nothing else")
	return c.jsonFlag(cmd)
}

func (c *console) printPolicy(document json.RawMessage) error {
	var laidOut bytes.Buffer
	if err := json.Indent(&laidOut, document, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.out, laidOut.String())
	if size := len(document); err == nil && size > deploy.ManagedPolicySize {
		c.say("The policy has %s characters, and a managed policy may have %s: share its statements out among two, or put it into a role as an inline policy.",
			term.Count(int64(size)), term.Count(deploy.ManagedPolicySize))
	}
	return err
}

// showDiagnosis is for people: what is in order is summed up by what it is for, what is not is named action by action.
func (c *console) showDiagnosis(d deploy.Diagnosis) error {
	streams := "none: name some with --stream"
	if len(d.Streams) > 0 {
		streams = strings.Join(d.Streams, ", ")
	}
	if err := term.Pairs(c.out, [][2]string{
		{"account", d.Account},
		{"region", d.Region},
		{"you are", d.Caller},
		{"credentials", d.Credentials},
		{"deployment", d.Name},
		{"streams", streams},
	}); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	if err := c.table([]term.Column{
		{Name: "FOR"}, {Name: "RESULT", Whole: true}, {Name: "ACTIONS", Right: true, Whole: true}, {Name: "HOW", Whole: true},
	}, diagnosisRows(d.Checks)); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	for _, check := range d.Checks {
		if check.Result == deploy.Missing {
			fmt.Fprintln(c.out, term.Clean("missing: "+check.Action+" on "+strings.Join(check.Resources, ", ")+": "+check.Why))
		}
	}
	for _, reason := range untestedReasons(d.Checks) {
		fmt.Fprintln(c.out, term.Wrap(term.Clean(reason), helpWidth))
	}
	if d.Missing == 0 {
		c.say("%s could be seen to be there. %s", upper(term.Counted(int64(len(d.Checks)-d.Untested), "permission")), untested(d.Untested))
		c.say("`helios doctor --policy`, with the same flags, prints the least policy that allows all of it.")
		return nil
	}
	fmt.Fprintln(c.out, "\nThis policy allows what Helios needs, and nothing else:")
	return c.printPolicy(d.Policy)
}

func untested(n int) string {
	if n == 0 {
		return "Nothing is missing."
	}
	return "Nothing is known to be missing; " + term.Counted(int64(n), "permission") + " could not be tested."
}

// untestedReasons name what was not tested, reason by reason.
func untestedReasons(checks []deploy.Check) []string {
	var order []string
	actions := map[string][]string{}
	for _, check := range checks {
		if check.Result != deploy.Untested {
			continue
		}
		if actions[check.Why] == nil {
			order = append(order, check.Why)
		}
		actions[check.Why] = append(actions[check.Why], check.Action)
	}
	for i, why := range order {
		slices.Sort(actions[why])
		order[i] = "Not tested, since " + why + ": " + strings.Join(slices.Compact(actions[why]), ", ") + "."
	}
	return order
}

// diagnosisRows has a line for each purpose and what came out of it; what is missing is named.
func diagnosisRows(checks []deploy.Check) [][]string {
	type key struct {
		purpose, how, missing string
		result                deploy.Result
	}
	var order []key
	actions := map[key]int64{}
	for _, check := range checks {
		k := key{purpose: check.For, how: check.How, result: check.Result}
		if check.Result == deploy.Missing {
			k.missing = check.Action
		}
		if actions[k] == 0 {
			order = append(order, k)
		}
		actions[k]++
	}
	rows := make([][]string, len(order))
	for i, k := range order {
		rows[i] = []string{
			k.purpose, strings.ReplaceAll(string(k.result), "_", " "), cmp.Or(k.missing, term.Count(actions[k])), strings.ReplaceAll(k.how, "_", " "),
		}
	}
	return rows
}
