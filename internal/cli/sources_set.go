package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
)

func (c *console) sourcesSet() *cobra.Command {
	var retain, quarantine, read, eventTime string
	cmd := &cobra.Command{
		Use:   "set SOURCE",
		Short: "Change settings of a source while it runs",
		Long: `Changes how a source is read, and how much of its table and of its quarantine is kept. What is older or more is deleted for
good, oldest first, from now on. A source that helios.yaml declares with another retention gets that one back at the next start.

A source that is read in another way goes on where it stopped. One that is not read by fan-out any more loses its consumer.`,
		Example: `  helios sources set clicks --retain 30d
  helios sources set clicks --retain "30d, 200GB" --retain-quarantine 90d --yes
  helios sources set clicks --retain forever
  helios sources set clicks --read fan_out --event-time clicked_at`,
		Args:              named("SOURCE"),
		ValidArgsFunction: c.complete(sourceNames),
	}
	retainFlags(cmd.Flags(), &retain, &quarantine)
	cmd.Flags().StringVar(&read, "read", "", "`auto` or poll: by polling; fan_out: by enhanced fan-out, which AWS charges for")
	cmd.Flags().StringVar(&eventTime, "event-time", "", "the TIMESTAMP `COLUMN` that says when an event happened; empty: _arrived_at")
	_ = cmd.RegisterFlagCompletionFunc("read", cobra.FixedCompletions([]string{"auto", "poll", "fan_out"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		var changes client.SourceChanges
		var less []string
		for _, f := range []struct {
			flag, value, of string
			to              **string
		}{
			{"retain", retain, "rows", &changes.Retain},
			{"retain-quarantine", quarantine, "quarantined events", &changes.RetainQuarantine},
		} {
			if !cmd.Flags().Changed(f.flag) {
				continue
			}
			if f.value == "" {
				return usage(cmd, "--%s needs a value", f.flag).withHint("forever keeps all")
			}
			if *f.to = &f.value; f.value != "forever" {
				less = append(less, fmt.Sprintf("%s %s", f.of, beyond(f.value)))
			}
		}
		if cmd.Flags().Changed("read") {
			if err := among(cmd, "read", read, "auto", "poll", "fan_out"); err != nil {
				return err
			}
			changes.Read = &read
		}
		if cmd.Flags().Changed("event-time") {
			changes.EventTime = &eventTime
		}
		if changes == (client.SourceChanges{}) {
			return usage(cmd, "%s needs something to set", path(cmd)).withHint("for example --retain 30d")
		}
		if len(less) > 0 {
			if err := c.confirm(ctx, fmt.Sprintf("Of the source %s, delete for good, now and from now on: %s?", args[0], strings.Join(less, "; "))); err != nil {
				return err
			}
		}
		source, err := api.ChangeSource(ctx, args[0], changes)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(source)
		}
		c.say("The source %s is changed; `helios sources show %[1]s` shows its settings.", source.Settings.Name)
		return nil
	})
	return c.jsonFlag(c.yesFlag(cmd))
}

// beyond says what a retention does not keep: 30d, 200GB → older than 30d or beyond the newest 200GB.
func beyond(retain string) string {
	var limits []string
	for part := range strings.SplitSeq(retain, ",") {
		part = strings.TrimSpace(part)
		word := "older than "
		if strings.HasSuffix(strings.ToUpper(part), "B") {
			word = "beyond the newest "
		}
		limits = append(limits, word+part)
	}
	return strings.Join(limits, " or ")
}

// retainFlags adds the flags that say how much is kept.
func retainFlags(flags *pflag.FlagSet, retain, quarantine *string) {
	flags.StringVar(retain, "retain", "", "keep rows this `LONG`, this much or both, as 30d, 200GB or \"30d, 200GB\" (default: forever)")
	flags.StringVar(quarantine, "retain-quarantine", "", "the same for quarantined events, as `LONG` (default: 30d)")
}

// retention says how much is kept of a source, and how long the disk will last.
func (c *console) retention(r client.Retention) [][2]string {
	pairs := [][2]string{
		{"table keeps", c.kept(r.Table, r.MeasuredAt != nil, "row")},
		{"quarantine keeps", c.kept(r.Quarantine, r.MeasuredAt != nil, "event")},
	}
	if r.Error != "" {
		pairs = append(pairs, [2]string{"retention", r.Error})
	}
	if r.MeasuredAt == nil {
		return pairs
	}
	d := r.Disk
	pairs = append(pairs, [2]string{"measured", c.ago(r.MeasuredAt) + ", and every minute"})
	text := term.Bytes(float64(d.Free)) + " free"
	from := " (from the last " + term.Counted(d.Observed/3600, "hour") + ")"
	switch {
	case d.BytesPerDay == nil:
		text += "; an hour of history is needed to tell when it will be full"
	case *d.BytesPerDay <= 0:
		text += "; the data does not grow" + from
	default:
		text += "; the data grows by " + term.Bytes(float64(*d.BytesPerDay)) + " a day, "
		if d.FullAt == nil {
			text += "for more than ten years" + from
		} else {
			text += "full on " + d.FullAt.UTC().Format(time.DateOnly) + from
		}
	}
	return append(pairs, [2]string{"disk", text})
}

// kept says how much is kept, and what there is.
func (c *console) kept(k client.Kept, measured bool, thing string) string {
	text := k.Retain
	if !measured {
		return text + "; not measured yet"
	}
	text += ": " + term.Counted(k.Rows, thing)
	if k.Bytes > 0 { // else they are not in the file yet
		text += ", about " + term.Bytes(float64(k.Bytes))
	}
	if k.Oldest != nil {
		text += ", oldest " + c.ago(k.Oldest)
	}
	if k.Dropped > 0 {
		text += "; " + term.Counted(k.Dropped, thing) + " dropped since start"
	}
	return text
}
