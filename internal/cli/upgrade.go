package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) upgrade() *cobra.Command {
	var flags awsFlags
	var artifact string
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Bring this program's version to a deployment on AWS",
		Long: `Lets a deployment run this program's version of Helios, or that of --artifact. The instance is stopped and started; the data volume stays,
and nothing else changes. When the new version does not become ready, the old one runs again with the data as it was.`,
		Example: `  helios upgrade
  helios upgrade --artifact dist/helios_1.3.0_linux_arm64.tar.gz`,
		Args: named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		return settingsError(cmd, c.upgradeTo(ctx, &flags, artifact))
	})
	flags.add(cmd)
	cmd.Flags().StringVar(&artifact, "artifact", "", "the build of Helios to put on the instance, a `FILE` (default this program, or its release)")
	c.jsonFlag(cmd)
	return c.yesFlag(cmd)
}

func (c *console) upgradeTo(ctx context.Context, flags *awsFlags, artifact string) error {
	s, err := flags.session(ctx)
	if err != nil {
		return err
	}
	before, err := c.settled(ctx, s, flags.name)
	if err != nil {
		return err
	}
	switch {
	case !before.Found:
		return fault.New(fault.NotFound, "there is no deployment %s in %s of account %s", flags.name, s.Region, s.Account).
			WithHint("name another with --name, --region or --profile, or make it with `helios deploy%s`", s.Flags(flags.name))
	case before.Stack.State() == cfn.Unborn:
		return s.Stacks.Refusal(before.Stack)
	}
	finder, err := c.finder(artifact, before.Parameters.Arch)
	if err != nil {
		return err
	}
	binary, err := finder.Find(ctx)
	if err != nil {
		return err
	}
	defer binary.Close()
	stop := term.NewProgress(c.talk).Elapsed(2 * time.Second)
	plan, err := s.Upgrade(ctx, before, binary)
	stop()
	if err != nil {
		return err
	}
	return c.carryOut(ctx, s, plan)
}

// carryOut shows what an upgrade changes, asks, and does it.
func (c *console) carryOut(ctx context.Context, s *deploy.Session, plan *deploy.Plan) error {
	begun := false
	defer func() {
		if !begun {
			if err := s.Discard(ctx, plan); err != nil {
				c.explain(err)
			}
		}
	}()
	if plan.Changes == nil {
		c.say("%s runs %s already.", plan.After.Name, plan.After.Artifact.Name())
		return c.finish(ctx, s, plan.Before.Stack, plan.After)
	}
	if err := writePlan(c.talk, s, plan); err != nil {
		return err
	}
	if err := s.Refuse(plan); err != nil {
		return notUsageError{err}
	}
	if err := c.confirm(ctx, "Upgrade it? Helios rests for some minutes, and reads then what has come in meanwhile."); err != nil {
		return err
	}
	if err := c.upload(ctx, s, plan.Binary); err != nil {
		return err
	}
	begun = true
	made, err := c.follow(ctx, s, plan)
	if err != nil {
		return s.Upgraded(plan, err)
	}
	if ctx.Err() != nil { // Ctrl-C was answered by watching on
		ctx = context.WithoutCancel(ctx)
	}
	return c.finish(ctx, s, made, plan.After)
}
