package cli

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) backup() *cobra.Command {
	var flags restFlags
	cmd := &cobra.Command{
		Use:   "backup [TO]",
		Short: "Make a backup now, while the server runs",
		Long: `Makes a backup of everything: tables, quarantine, positions, and what the server remembers beside them. The server goes on
meanwhile, and what is at TO already is not written again. TO is a directory on the server's machine, or s3://BUCKET/PREFIX, to which
the server's AWS credentials must reach; without it, the backup goes where the setting backup.to says. With --data the backup is made
of a directory whose server rests.

A backup holds the events and the hashes of passwords and tokens: keep its place as private as the data directory.`,
		Example: `  helios backup /srv/backups
  helios backup s3://my-backups/helios
  helios backup /srv/backups --data /var/lib/helios`,
		Args: atMost(1),
	}
	online := c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		to, err := placeOf(cmd, args)
		if err != nil {
			return err
		}
		made, err := c.watchBackup(ctx, api, to)
		if err != nil {
			return err
		}
		return c.backedUp(made)
	})
	offline := c.backupAtRest(&flags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("data") {
			if cmd.Flags().Changed("url") {
				return usage(cmd, "--data and --url cannot be given together").withHint("--data is of a directory whose server rests, so none is asked")
			}
			return offline(cmd, args)
		}
		return online(cmd, args)
	}
	flags.add(cmd, "make it of this `DIR`, whose server rests")
	c.urlFlag(cmd)
	return c.jsonFlag(cmd)
}

// placeOf is the place that the first argument names, "" for none. A path is taken from where the person is.
func placeOf(cmd *cobra.Command, args []string) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	place := args[0]
	if place != "" && !strings.Contains(place, "://") {
		absolute, err := filepath.Abs(place)
		if err != nil {
			return "", fault.New(fault.Environment, "cannot tell where %s is: %w", place, err)
		}
		place = absolute
	}
	place, err := config.BackupPlace(place)
	return place, settingsError(cmd, err)
}

const (
	// askEvery is how often a server is asked how its backup is doing.
	askEvery = 300 * time.Millisecond
	// awayAtMost is how long a server may not answer meanwhile: it may be starting again.
	awayAtMost = 30 * time.Second
)

// watchBackup starts a backup and shows how it is doing until it is done.
func (c *console) watchBackup(ctx context.Context, api *client.Client, to string) (client.Backup, error) {
	before, err := api.BackupStatus(ctx)
	if err != nil {
		return client.Backup{}, err
	}
	status, err := api.StartBackup(ctx, to)
	if err != nil {
		return client.Backup{}, err
	}
	report := c.report("Backing up " + where(status.Running))
	defer report.end()
	seen := time.Now() // when it was last seen at work
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		switch {
		case err != nil && time.Since(seen) > awayAtMost:
			return client.Backup{}, err
		case err != nil: // the server may be starting again
		case status.Running != nil:
			seen = time.Now()
			report.show(status.Running.RowsDone, status.Running.Rows, status.Running.UploadedBytes)
		case status.Failed != nil && (before.Failed == nil || !before.Failed.At.Equal(status.Failed.At)):
			return client.Backup{}, fault.New(fault.Unavailable, "the backup to %s failed: %s", status.Failed.To, status.Failed.Message)
		case status.Last != nil && (before.Last == nil || before.Last.ID != status.Last.ID):
			return *status.Last, nil
		case time.Since(seen) > awayAtMost:
			return client.Backup{}, fault.New(fault.Unavailable, "the server was started again before the backup was done").WithHint("start it again with `helios backup`")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			report.end()
			c.say("The backup goes on in the server: `helios backups` shows it when it is done.")
			return client.Backup{}, ctx.Err()
		}
		status, err = api.BackupStatus(ctx)
	}
}

// where is where a backup goes that is being made.
func where(r *client.BackupRunning) string {
	if r == nil {
		return ""
	}
	return "to " + r.To
}

// backedUp says what a backup holds, and what it cost.
func (c *console) backedUp(b client.Backup) error {
	if c.json {
		return c.printJSON(b)
	}
	c.say("Backed up %s of %s to %s in %s: %s, of which %s had to be written. It is called %s.",
		term.Counted(b.Rows, "row"), term.Counted(int64(b.Tables), "table"), b.To, term.Duration(time.Duration(b.DurationMS)*time.Millisecond),
		term.Bytes(float64(b.Bytes)), term.Bytes(float64(b.UploadedBytes)), b.ID)
	return nil
}

func (c *console) backups() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backups [FROM]",
		Short: "List the backups at a place, the newest first",
		Long: `Lists the backups at a place: a directory, or s3://BUCKET/PREFIX. It is read from this machine, and no server is needed. Without
FROM the server is asked for those of its settings, and how its backups are doing.`,
		Example: `  helios backups
  helios backups s3://my-backups/helios --json`,
		Args: atMost(1),
	}
	online := c.remote(func(ctx context.Context, api *client.Client, _ []string) error {
		status, err := api.BackupStatus(ctx)
		if err != nil {
			return err
		}
		var list []client.Backup
		if status.Schedule != nil {
			if list, err = api.Backups(ctx, ""); err != nil {
				return err
			}
		}
		return c.listBackups(&status, list)
	})
	direct := run(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		list, err := c.backupsAt(ctx, cmd, args)
		if err != nil {
			return err
		}
		return c.listBackups(nil, list)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return direct(cmd, args)
		}
		return online(cmd, args)
	}
	c.urlFlag(cmd)
	return c.jsonFlag(cmd)
}

// listBackups shows backups, and how those of a server are doing if one was asked.
func (c *console) listBackups(status *client.BackupStatus, list []client.Backup) error {
	if c.json {
		all := map[string]any{"backups": notNil(list)}
		if status != nil {
			all["status"] = status
		}
		return c.printJSON(all)
	}
	if len(list) > 0 {
		rows := make([][]string, len(list))
		for i, b := range list {
			if b.Damaged != "" {
				rows[i] = []string{b.ID, "–", "–", "–", "damaged: " + b.Damaged}
				continue
			}
			rows[i] = []string{b.ID, c.ago(&b.At), term.Count(b.Rows), term.Bytes(float64(b.Bytes)), b.Version}
		}
		if err := c.table([]term.Column{
			{Name: "BACKUP", Whole: true},
			{Name: "AS OF", Whole: true},
			{Name: "ROWS", Right: true, Whole: true},
			{Name: "SIZE", Right: true, Whole: true},
			{Name: "VERSION"},
		}, rows); err != nil {
			return err
		}
	}
	switch {
	case status == nil && len(list) == 0:
		c.say("There is no backup there. `helios backup TO` makes one.")
	case status != nil:
		c.sayStatus(status, len(list))
	}
	return nil
}

// sayStatus tells how the backups of a server are doing.
func (c *console) sayStatus(s *client.BackupStatus, listed int) {
	if s.Failed != nil {
		c.say("The backup to %s failed at %s: %s", s.Failed.To, s.Failed.At.UTC().Format(time.RFC3339), sentence(s.Failed.Message))
	}
	if s.Running != nil {
		c.say("A backup to %s is being made: %s of %s so far.", s.Running.To, term.Count(s.Running.RowsDone), term.Counted(s.Running.Rows, "row"))
	}
	switch {
	case s.Schedule == nil:
		c.say("This server makes no backups by itself: name a place in its settings (backup.to), or make one with `helios backup TO`.")
	case listed == 0:
		c.say("There is no backup at %s yet. The first is made at %s.", s.Schedule.To, s.Schedule.NextAt.UTC().Format(time.RFC3339))
	default:
		c.say("They are at %s. The next is made at %s; the newest %s are kept.", s.Schedule.To, s.Schedule.NextAt.UTC().Format(time.RFC3339), term.Count(int64(s.Schedule.Keep)))
	}
}

// lineEvery is how often a line tells of work that takes long, where no line can change.
const lineEvery = 5 * time.Second

// report tells how far long work is: on a terminal in a line that changes, elsewhere in a line now and then.
type report struct {
	c        *console
	what     string
	progress *term.Progress
	next     time.Time
}

// report begins to tell.
func (c *console) report(what string) *report {
	r := &report{c: c, what: what, progress: term.NewProgress(c.talk)}
	if !term.Is(c.talk) {
		c.say("%s …", what)
		r.next = time.Now().Add(lineEvery)
	}
	return r
}

// show tells that so much of all is done; all is 0 while it is not known. Bytes are told if there are any.
func (r *report) show(done, all, bytes int64) {
	text := "counting"
	if all > 0 {
		text = term.Percent(float64(min(done, all)) / float64(all))
	}
	if bytes > 0 {
		text += ", " + term.Bytes(float64(bytes)) + " written"
	}
	if term.Is(r.c.talk) {
		r.progress.Show("%s: %s", term.Clean(r.what), text)
		return
	}
	if now := time.Now(); now.After(r.next) {
		r.next = now.Add(lineEvery)
		r.c.say("%s: %s", r.what, text)
	}
}

// end takes the line away.
func (r *report) end() { r.progress.Clear() }
