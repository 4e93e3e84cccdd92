package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/app"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/telemetry"
)

// restFlags are the flags of what is done with a data directory whose server rests.
type restFlags struct{ data, file string }

func (f *restFlags) add(cmd *cobra.Command, data string) {
	cmd.Flags().StringVar(&f.data, "data", "", data)
	configFlag(cmd, &f.file)
}

// settings are those in force, of the directory that --data names.
func (f *restFlags) settings(cmd *cobra.Command, env config.Environment) (config.Config, error) {
	given := map[string]string{}
	if cmd.Flags().Changed("data") {
		given["data"] = f.data
	}
	settings, err := config.Load(f.file, env, given)
	if err != nil {
		return settings, settingsError(cmd, err)
	}
	return settings, nil
}

// backupAtRest makes the action of `helios backup --data DIR`.
func (c *console) backupAtRest(flags *restFlags) func(*cobra.Command, []string) error {
	return run(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		settings, err := flags.settings(cmd, c.env)
		if err != nil {
			return err
		}
		to, err := placeOf(cmd, args)
		if err != nil {
			return err
		}
		logger, err := telemetry.NewLogger(c.talk, "warn", settings.Log.Format) // the rest is told by what the command says itself
		if err != nil {
			return settingsError(cmd, err)
		}
		report := c.report("Backing up " + settings.Data)
		made, err := app.BackUp(ctx, app.BackUpOptions{Config: settings, To: to, Logger: logger, Progress: report.show})
		report.end()
		if err != nil {
			return usageIfInvalid(cmd, err)
		}
		return c.backedUp(wireBackup(made))
	})
}

// backupsAt lists the backups at a place, from here.
func (c *console) backupsAt(ctx context.Context, cmd *cobra.Command, args []string) ([]client.Backup, error) {
	from, err := placeOf(cmd, args)
	if err != nil {
		return nil, err
	}
	found, err := app.BackupsAt(ctx, from)
	if err != nil {
		return nil, err
	}
	list := make([]client.Backup, len(found))
	for i, b := range found {
		list[i] = wireBackup(b)
	}
	return list, nil
}

// wireBackup is a backup as a server tells of it.
func wireBackup(b backup.Backup) client.Backup {
	return client.Backup{
		ID: b.ID, At: b.At, To: b.To, Tables: b.Tables, Rows: b.Rows, Bytes: b.Bytes, UploadedBytes: b.Uploaded, DurationMS: b.DurationMS, Version: b.Version, Damaged: b.Damaged,
	}
}

func (c *console) restore() *cobra.Command {
	var (
		flags restFlags
		id    string
	)
	cmd := &cobra.Command{
		Use:   "restore FROM --data DIR",
		Short: "Make a data directory from a backup",
		Long: `Makes a data directory from the newest backup at FROM, or from the one that --at names. FROM is a directory, or s3://BUCKET/PREFIX;
no server is needed. DIR must be empty or not there yet. Every file is checked before it is used: what is truncated or altered is
refused by its name, and nothing is left behind then. A restore that was interrupted is run again, and begins anew.

A server on DIR goes on reading its streams exactly where the backup stood. Run it as the user that the server is to run as.`,
		Example: `  helios restore /srv/backups --data /var/lib/helios
  helios restore s3://my-backups/helios --data ./helios-data --at 20260301T120000Z-0123456789abcdef`,
		Args: named("FROM"),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		settings, err := flags.settings(cmd, c.env)
		if err != nil {
			return err
		}
		from, err := placeOf(cmd, args)
		if err != nil {
			return err
		}
		logger, err := telemetry.NewLogger(c.talk, "warn", settings.Log.Format) // the rest is told by what the command says itself
		if err != nil {
			return settingsError(cmd, err)
		}
		report := c.report("Restoring from " + from)
		restored, err := app.Restore(ctx, app.RestoreOptions{From: from, Data: settings.Data, ID: id, Logger: logger, Progress: func(done, total int64) { report.show(done, total, 0) }})
		report.end()
		if err != nil {
			return usageIfInvalid(cmd, err)
		}
		return c.restored(wireBackup(restored), settings.Data)
	})
	flags.add(cmd, "the `DIR` to make (default "+config.Default().Data+")")
	cmd.Flags().StringVar(&id, "at", "", "the `ID` of the backup, as `helios backups FROM` shows it (default: the newest)")
	return c.jsonFlag(cmd)
}

// restored says what is there now, and what to do with it.
func (c *console) restored(b client.Backup, data string) error {
	if c.json {
		return c.printJSON(b)
	}
	if absolute, err := filepath.Abs(data); err == nil {
		data = absolute
	}
	c.say("Restored %s of %s to %s, as they were at %s (%s).",
		term.Counted(b.Rows, "row"), term.Counted(int64(b.Tables), "table"), data, b.At.UTC().Format(milliseconds), b.ID)
	c.say("Go on with `helios serve --data %s`: it reads the streams from where the backup stood.", data)
	return nil
}
