package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
)

func (c *console) status() *cobra.Command {
	var flags awsFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how a deployment on AWS does",
		Long: `Shows a deployment: its stack and why the last operation failed if it did, the instance, the version, the address, how fresh each
source is, the disk, the last backup. What the server says of itself comes from its log, where it writes it once a minute; what is not
known is said, with the reason.`,
		Args: named(),
		RunE: run(func(ctx context.Context, _ *cobra.Command, _ []string) error {
			session, err := flags.session(ctx)
			if err != nil {
				return err
			}
			status, err := session.Status(ctx, flags.name)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(status)
			}
			return c.showStatus(&status)
		}),
	}
	flags.add(cmd)
	return c.jsonFlag(cmd)
}

func (c *console) showStatus(s *deploy.Status) error {
	pairs := [][2]string{
		{"deployment", fmt.Sprintf("%s in %s of account %s", s.Name, s.Region, s.Account)},
		{"stack", s.Stack.Status + ", " + c.since(s.Stack.Since)},
		{"console", cmp.Or(s.Address, "–")},
		{"version", runningVersion(s.Version)},
	}
	if m := s.Machine; m != nil {
		pairs = append(pairs,
			[2]string{"instance", fmt.Sprintf("%s, %s, %s, checks %s", m.ID, m.Type, m.State, cmp.Or(m.Checks, "not told"))},
			[2]string{"", fmt.Sprintf("image %s, started %s", m.ImageID, c.since(m.StartedAt))})
	}
	if v := s.Server; v != nil {
		pairs = append(pairs,
			[2]string{"server", fmt.Sprintf("told of itself %s", c.since(v.At))},
			[2]string{"events", fmt.Sprintf("%s in that minute, %s to quarantine", count(v.Events), count(v.Quarantined))},
			[2]string{"disk", disk(s)})
	}
	if s.Backup.To != "" {
		pairs = append(pairs, [2]string{"backups", c.newestBackup(s)})
	}
	if err := term.Pairs(c.out, pairs); err != nil {
		return err
	}
	if v := s.Server; v != nil && len(v.Sources) > 0 {
		rows := make([][]string, len(v.Sources))
		for i, source := range v.Sources {
			rows[i] = []string{source.Name, seconds(source.Freshness, time.Second), seconds(source.Lag, time.Millisecond), count(source.Events)}
		}
		fmt.Fprintln(c.out)
		if err := c.table([]term.Column{
			{Name: "SOURCE", Whole: true},
			{Name: "FRESHNESS", Right: true, Whole: true},
			{Name: "LAG", Right: true, Whole: true},
			{Name: "EVENTS/MIN", Right: true, Whole: true},
		}, rows); err != nil {
			return err
		}
	}
	if s.Stack.Failure != "" {
		fmt.Fprintln(c.out, "\n"+term.Clean(strings.TrimSpace(sentence("The last operation failed: "+s.Stack.Failure)+" "+hintSentence(s.Stack.Hint))))
	}
	for i, unknown := range s.Unknown {
		if i == 0 {
			fmt.Fprintln(c.out, "\nNot known:")
		}
		fmt.Fprintln(c.out, term.Clean(unknown))
	}
	return nil
}

// since is a moment in the past, for people.
func (c *console) since(at time.Time) string { return c.ago(&at) }

func hintSentence(hint string) string {
	if hint == "" {
		return ""
	}
	return sentence(upper(quoteCommands(hint)))
}

// runningVersion is the one that the stack has put there, and the one that runs if it is another.
func runningVersion(v deploy.VersionStatus) string {
	wanted := cmp.Or(v.Wanted, "–")
	switch v.Running {
	case "":
		return wanted + " by the stack"
	case v.Wanted:
		return wanted
	}
	return fmt.Sprintf("%s by the stack, %s by what the server says", wanted, v.Running)
}

func disk(s *deploy.Status) string {
	if s.Server.DiskUsedPercent == nil {
		return "–"
	}
	used := fmt.Sprintf("%.0f %% used", *s.Server.DiskUsedPercent)
	if s.Machine == nil {
		return used
	}
	return fmt.Sprintf("%s of %d GiB", used, s.Machine.VolumeGiB)
}

func (c *console) newestBackup(s *deploy.Status) string {
	text := s.Backup.To + ": none yet"
	if s.Backup.At != nil {
		text = fmt.Sprintf("%s: %s, the newest %s, %s", s.Backup.To, term.Counted(int64(s.Backup.Count), "backup"), s.Backup.Newest, c.since(*s.Backup.At))
	}
	if s.Server != nil && s.Server.BackupAge != nil {
		text += "; by what the server says " + seconds(s.Server.BackupAge, time.Second) + " old"
	}
	return text
}

// count is a number that may not be known.
func count(n *float64) string {
	if n == nil {
		return "–"
	}
	return term.Count(int64(*n))
}

// seconds is a length of time that may not be known, given in a unit.
func seconds(n *float64, unit time.Duration) string {
	if n == nil {
		return "–"
	}
	return term.Duration(time.Duration(*n * float64(unit)))
}
