package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) destroy() *cobra.Command {
	var flags awsFlags
	var purge bool
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Take Helios away from AWS",
		Long: `Removes a deployment: its stack and all that belongs to it, half-made or whole. It lists what goes and what stays, and asks for the deployment's
name. A snapshot of the data volume and the bucket of backups stay, unless --purge takes them too; afterwards it looks whether anything else is left.`,
		Example: `  helios destroy
  helios destroy --name staging --purge
  helios destroy --name staging --yes`,
		Args: named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		if c.yes && !cmd.Flags().Changed("name") {
			return usage(cmd, "--yes needs --name, so that nothing is removed by mistake").withHint("add --name %s if that is the one you mean", flags.name)
		}
		return settingsError(cmd, c.takeAway(ctx, &flags, purge))
	})
	flags.add(cmd)
	cmd.Flags().BoolVar(&purge, "purge", false, "remove the snapshots and the backups too")
	c.jsonFlag(cmd)
	return c.yesFlag(cmd)
}

// goneJSON is what destroy did, for programs.
type goneJSON struct {
	Name string      `json:"name"`
	Kept []thingJSON `json:"kept"`
}

type thingJSON struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	What string `json:"what"`
}

func (c *console) takeAway(ctx context.Context, flags *awsFlags, purge bool) error {
	s, err := flags.session(ctx)
	if err != nil {
		return err
	}
	stop := c.waiting("Looking for what there is of " + flags.name)
	v, err := s.Survey(ctx, flags.name)
	stop()
	if err != nil {
		return err
	}
	if v.OnlyKept() && !purge { // nothing is to be asked any more
		if err := s.MarkSnapshots(ctx, v); err != nil {
			return err
		}
	}
	if len(v.Stays) > 0 && v.OnlyKept() && (!purge || v.Nothing()) {
		return s.Remains(flags.name, v.Stays)
	}
	if v.Nothing() && (!v.Artifacts || !v.Last) {
		c.say("There is nothing of %s in %s of account %s.", flags.name, s.Region, s.Account)
		return c.gone(flags.name, s.Flags(flags.name), nil)
	}
	if kept := slices.Concat(v.Snapshots, v.Buckets); !purge && v.OnlyKept() {
		c.say("%s is gone already. Only what is kept is left.", flags.name)
		return c.gone(flags.name, s.Flags(flags.name), kept)
	}
	c.showRemoval(s, v, purge)
	if err := c.confirmName(ctx, flags.name); err != nil {
		return err
	}
	w := c.watcher(v.Parameters)
	stop = w.run()
	err = s.Destroy(ctx, v, purge, w.event, func(what string) { w.tell("-", what) })
	stop()
	if err != nil {
		if ctx.Err() != nil {
			c.say("`helios destroy%s` goes on with it.", s.Flags(flags.name))
			return errStopped
		}
		return err
	}
	kept, left, err := s.Left(ctx, v, purge)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return s.Remains(flags.name, left)
	}
	c.say("%s is gone: nothing else of it is in the account.", flags.name)
	return c.gone(flags.name, s.Flags(flags.name), kept)
}

// gone says what is kept.
func (c *console) gone(name, flags string, kept []deploy.Thing) error {
	if c.json {
		list := make([]thingJSON, len(kept))
		for i, thing := range kept {
			list[i] = thingJSON(thing)
		}
		return c.printJSON(goneJSON{name, list})
	}
	for _, thing := range kept {
		c.say("  kept  %s: %s", thing.ID, thing.What)
	}
	if len(kept) == 0 {
		return nil
	}
	if i := slices.IndexFunc(kept, func(t deploy.Thing) bool { return t.Type == "snapshot" }); i >= 0 {
		c.say("`helios deploy%s --from-snapshot %s` begins with that data again.", flags, kept[i].ID)
	}
	c.say("`helios destroy%s --purge` removes what is kept.", flags)
	return nil
}

// showRemoval lists what goes and what stays.
func (c *console) showRemoval(s *deploy.Session, v *deploy.Survey, purge bool) {
	sheet := &sheet{width: min(cmp.Or(term.Width(c.talk), planWidth), planWidth)}
	_ = term.Pairs(sheet, [][2]string{{"Deployment", v.Name}, {"Account", s.Account}, {"Region", s.Region}, {"As", s.Caller}, {"Stack", cmp.Or(v.Stack.Status, "gone")}})
	names := whats(v.Parameters)
	var goes, stays []string
	for _, r := range v.Resources {
		text := names.short(r.LogicalID)
		if !strings.HasPrefix(r.PhysicalID, "http") {
			text += " – " + r.PhysicalID
		}
		switch {
		case r.Type == "AWS::S3::Bucket":
			if !purge {
				stays = append(stays, text)
				continue
			}
			text += ", with all backups"
		case r.Type == "AWS::S3::BucketPolicy":
			continue
		case r.LogicalID == "DataVolume" && !purge:
			stays = append(stays, "A snapshot of the data volume "+r.PhysicalID+", which is made now")
		}
		goes = append(goes, text)
	}
	for _, thing := range v.Loose {
		goes = append(goes, "the "+thing.Type+" "+thing.ID+", which is in no stack")
	}
	for _, thing := range v.Consumers {
		goes = append(goes, thing.What)
	}
	for _, thing := range append(v.Snapshots, v.Buckets...) {
		text := thing.What + ", " + thing.ID
		switch {
		case strings.Contains(strings.Join(append(goes, stays...), "\n"), thing.ID): // told of already
		case purge:
			goes = append(goes, text)
		default:
			stays = append(stays, text)
		}
	}
	if v.Last && v.Artifacts {
		goes = append(goes, "the bucket of executables, "+s.ArtifactBucket()+", since no other deployment uses it")
	}
	sheet.head("What goes")
	for _, text := range goes {
		sheet.item("-", text)
	}
	if len(stays) > 0 {
		sheet.head("What stays, and is paid for, unless --purge is given")
		for _, text := range stays {
			sheet.item("·", text)
		}
	}
	sheet.WriteString("\n")
	_, _ = c.talk.Write([]byte(sheet.String()))
}

// confirmName asks for the name of what is to be removed, unless --yes was given.
func (c *console) confirmName(ctx context.Context, name string) error {
	if c.yes {
		return nil
	}
	if !term.Is(c.in) {
		return &usageError{
			err:  fault.New(fault.Invalid, "standard input is not a terminal, so nobody can be asked for the name of what is to be removed"),
			hint: "add --yes --name " + name + " to go on without a question",
		}
	}
	typed, err := term.Ask(ctx, c.in, c.talk, "Type the deployment's name, "+name+", to remove it")
	if err != nil {
		return errDeclined
	}
	if strings.TrimSpace(typed) != name {
		return errDeclined
	}
	return nil
}
