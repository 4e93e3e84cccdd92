package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
)

// logsShown is how many lines are shown to those who name neither a number nor a time.
const logsShown = 200

func (c *console) logs() *cobra.Command {
	var (
		flags  awsFlags
		follow bool
		since  time.Duration
		lines  int
	)
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Show the logs of a deployment on AWS",
		Long: `Shows what the service of a deployment wrote, and what its instance wrote at each boot, from the log group in CloudWatch: a line
each with time, level, message and what belongs to it. --json prints the lines as they were written; those that are not JSON have it
put around them.

Without --since and --lines it is the last 200 lines of the last hour.`,
		Example: `  helios logs
  helios logs --since 24h --lines 1000
  helios logs --follow --json | jq 'select(.level == "ERROR")'`,
		Args: named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		switch {
		case since <= 0:
			return usage(cmd, "--since %s is no time ago", since)
		case lines < 0:
			return usage(cmd, "--lines %d is not a number of lines", lines)
		case lines == 0 && !cmd.Flags().Changed("since"):
			lines = logsShown
		}
		session, err := flags.session(ctx)
		if err != nil {
			return err
		}
		group, err := session.LogGroup(ctx, flags.name)
		if err != nil {
			return err
		}
		told := false
		err = session.ReadLogs(ctx, group, deploy.LogOptions{Since: time.Now().Add(-since), Lines: lines, Follow: follow}, func(line deploy.LogLine) error {
			told = true
			_, err := fmt.Fprintln(c.out, c.logLine(line))
			return err
		})
		if err == nil && !told {
			c.say("The log group %s has no line of the last %s; --since looks further back, as in --since 24h.", group, term.Duration(since))
		}
		return err
	})
	flags.add(cmd)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with the lines that come, until Ctrl-C")
	cmd.Flags().DurationVar(&since, "since", time.Hour, "begin so long ago, as in 90s, 5m or 24h")
	cmd.Flags().IntVar(&lines, "lines", 0, "begin with the newest `N` lines at most")
	return c.jsonFlag(cmd)
}

// logLine is a line of a log as it is shown.
func (c *console) logLine(line deploy.LogLine) string {
	text := strings.TrimRight(line.Text, "\r\n")
	if c.json {
		if json.Valid([]byte(text)) && strings.HasPrefix(text, "{") {
			return text
		}
		wrapped, _ := json.Marshal(map[string]any{"time": line.At.UTC(), "msg": text}) // a time and a text: it cannot fail
		return string(wrapped)
	}
	if readable, ok := readableLog(text); ok {
		return readable
	}
	return line.At.UTC().Format(milliseconds) + " " + term.Clean(text)
}

// readableLog writes a line of slog's JSON for people: time, level and message, then the rest as key=value, in their order. What only
// CloudWatch reads is left out.
func readableLog(text string) (string, bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return "", false
	}
	head := map[string]string{}
	var rest []string
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return "", false
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return "", false
		}
		switch key := key.(string); key {
		case "time", "level", "msg":
			head[key] = logValue(value, false)
		case "_aws":
		default:
			rest = append(rest, term.Clean(key)+"="+logValue(value, true))
		}
	}
	if head["msg"] == "" {
		return "", false
	}
	at := head["time"]
	if parsed, err := time.Parse(time.RFC3339Nano, at); err == nil {
		at = parsed.UTC().Format(milliseconds)
	}
	return strings.TrimRight(fmt.Sprintf("%s %-5s %s %s", at, head["level"], head["msg"], strings.Join(rest, " ")), " "), true
}

// logValue is a value without the quotation marks that it does not need.
func logValue(raw json.RawMessage, quote bool) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		var compact bytes.Buffer
		if json.Compact(&compact, raw) != nil {
			return term.Clean(string(raw))
		}
		return term.Clean(compact.String())
	}
	if clean := term.Clean(text); !quote || clean != "" && !strings.ContainsAny(clean, " =\"") {
		return clean
	}
	return term.Clean(string(raw))
}
