package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) deploy() *cobra.Command {
	var flags deployFlags
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Put Helios on AWS, or change what is there",
		Long: `Puts Helios onto an instance in your AWS account, with one CloudFormation stack that holds all of it. What is not said by flags is asked
for on a terminal. It shows first what is made, who will reach it, what it may read and what it costs, and asks.

Run again, it changes what there is: what no flag names stays as it was. Nothing that holds data is replaced without --allow-replacement.
With --plan nothing is made; --template prints the template, for a pipeline of your own.`,
		Example: `  helios deploy --stream clicks --stream orders=sales --allow-cidr 203.0.113.0/24
  helios deploy --plan --region eu-central-1 --stream clicks --allow-cidr 203.0.113.0/24
  helios deploy --volume-size 200
  helios deploy --template --stream clicks --allow-cidr 203.0.113.0/24 > helios.template.yaml`,
		Args: named(),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, _ []string) error {
		if flags.planOnly && flags.template {
			return usage(cmd, "--plan and --template exclude each other")
		}
		wishes, err := flags.wishes(cmd)
		if err != nil {
			return settingsError(cmd, err)
		}
		d := deploying{console: c, flags: &flags, wishes: wishes}
		defer func() { d.binary.Close() }()
		return settingsError(cmd, d.run(ctx))
	})
	flags.add(cmd)
	c.jsonFlag(cmd)
	return c.yesFlag(cmd)
}

// deploying is one run of `helios deploy`.
type deploying struct {
	*console
	flags   *deployFlags
	wishes  *deploy.Wishes
	session *deploy.Session
	before  deploy.Deployment
	binary  *deploy.Binary // nil: the instance keeps the one it has
}

func (d *deploying) run(ctx context.Context) (err error) {
	if d.flags.artifact != "" { // what is wrong with it is known without asking anybody
		if err := d.find(ctx, d.flags.arch); err != nil {
			return err
		}
	}
	if p, ok := d.wishes.Alone(d.flags.region); d.flags.template && ok {
		return d.printAlone(ctx, p)
	}
	if d.session, err = d.flags.session(ctx); err != nil {
		return err
	}
	if d.before, err = d.settled(ctx, d.session, d.flags.name); err != nil {
		return err
	}
	if !d.before.Found && !d.flags.template {
		if err := d.ask(ctx); err != nil {
			return err
		}
	}
	if err := d.choose(ctx); err != nil {
		return err
	}
	after, err := d.session.Resolve(ctx, d.wishes, d.before, d.binary)
	if err != nil {
		return err
	}
	if d.flags.template {
		return d.print(after)
	}
	return d.apply(ctx, after)
}

// find finds the executable for the instance.
func (d *deploying) find(ctx context.Context, arch string) error {
	finder, err := d.finder(d.flags.artifact, arch)
	if err != nil {
		return err
	}
	finder.Look = d.flags.planOnly
	d.binary, err = finder.Find(ctx)
	return err
}

// choose finds the executable if the instance is to have another one than it has, and with it the architecture of a new deployment.
func (d *deploying) choose(ctx context.Context) error {
	made := d.before.Found && d.before.Stack.State() != cfn.Unborn
	arch := d.flags.arch
	if arch == "" && d.before.Found {
		arch = d.before.Parameters.Arch
	}
	if d.binary == nil && (!made || arch != d.before.Parameters.Arch) {
		err := d.find(ctx, arch)
		if err != nil && d.before.Found && arch == d.before.Parameters.Arch && d.session.Has(ctx, d.before.Parameters.Artifact) {
			return nil // an attempt that failed had one
		}
		if err != nil {
			return err
		}
	}
	if d.binary == nil {
		return nil
	}
	if d.wishes.Arch == nil && !d.before.Found {
		d.wishes.Arch = &d.binary.Arch
	} else if arch != "" && d.binary.Arch != arch {
		return fault.New(fault.Invalid, "%s is a build for %s, and the instance is of the architecture %s", d.flags.artifact, d.binary.Arch, arch).
			WithHint("name a build for %s with --artifact; another architecture, by --arch %s, replaces the instance", arch, d.binary.Arch)
	}
	return nil
}

// apply shows the plan, asks, and carries it out.
func (d *deploying) apply(ctx context.Context, after stack.Parameters) error {
	s := d.session
	stop := term.NewProgress(d.talk).Elapsed(2 * time.Second)
	plan, err := s.Plan(ctx, d.before, after, d.binary)
	stop()
	if err != nil {
		return err
	}
	begun := false
	defer func() {
		if !begun {
			if err := s.Discard(ctx, plan); err != nil {
				d.explain(err)
			}
		}
	}()
	if err := d.showPlan(s, plan); err != nil {
		return err
	}
	if err := s.Refuse(plan); err != nil && !d.flags.mayBeReplaced {
		return notUsageError{err}
	}
	if d.flags.planOnly {
		return nil
	}
	if !plan.Create && plan.Changes == nil {
		d.say("Nothing is to be changed.")
		return d.finish(ctx, s, d.before.Stack, after)
	}
	if err := d.confirm(ctx, question(plan)); err != nil {
		return err
	}
	if err := d.upload(ctx, s, d.binary); err != nil {
		return err
	}
	begun = true
	made, err := d.follow(ctx, s, plan)
	if err != nil {
		return err
	}
	if ctx.Err() != nil { // Ctrl-C was answered by watching on
		ctx = context.WithoutCancel(ctx)
	}
	return d.finish(ctx, s, made, after)
}

// notUsageError keeps a refusal from being taken for a wrong command line.
type notUsageError struct{ error }

func (n notUsageError) Unwrap() error { return n.error }

func question(p *deploy.Plan) string {
	switch {
	case p.Create:
		return "Deploy it?"
	case len(p.Replaced()) > 0:
		return "Change it? Helios rests meanwhile."
	}
	return "Change it?"
}

// upload puts the executable where the instance takes it from.
func (c *console) upload(ctx context.Context, s *deploy.Session, b *deploy.Binary) error {
	if b == nil {
		return nil
	}
	what := "Uploading Helios " + b.Version
	uploaded, err := s.Upload(ctx, b, c.bytes(what))
	if err != nil {
		return err
	}
	if uploaded {
		c.say("Uploaded Helios %s for %s, %s, to %s.", b.Version, b.Arch, term.Bytes(float64(b.Size)), s.ArtifactBucket())
	} else {
		c.say("Helios %s for %s is in %s already.", b.Version, b.Arch, s.ArtifactBucket())
	}
	return nil
}

// settled is a deployment at rest: what is under way is followed to its end first, and an undoing that got stuck is taken up.
func (c *console) settled(ctx context.Context, s *deploy.Session, name string) (deploy.Deployment, error) {
	found, err := s.Deployment(ctx, name)
	if err != nil {
		return found, err
	}
	switch found.Stack.State() {
	case cfn.Busy:
		c.say("Something is being done to %s already (%s). It is followed first.", name, found.Stack.Status)
		_, err = c.watching(ctx, s, found.Parameters, func(ctx context.Context, watch func(cfn.Event)) (cfn.Stack, error) {
			return s.Stacks.Watch(ctx, found.Stack.ID, watch)
		})
	case cfn.Stuck:
		c.say("An update of %s failed, and so did its undoing. That is taken up first.", name)
		_, err = c.watching(ctx, s, found.Parameters, func(ctx context.Context, watch func(cfn.Event)) (cfn.Stack, error) {
			return s.Stacks.ContinueRollback(ctx, name, nil, watch)
		})
	case cfn.DeleteFailed:
		return found, s.Stacks.Refusal(found.Stack)
	default:
		return found, nil
	}
	if err != nil {
		return found, err
	}
	return s.Deployment(ctx, name)
}

// doneJSON is a deployment for programs.
type doneJSON struct {
	Name       string        `json:"name"`
	Account    string        `json:"account"`
	Region     string        `json:"region"`
	Version    string        `json:"version"`
	ConsoleURL string        `json:"console_url"`
	InstanceID string        `json:"instance_id"`
	Setup      *deploy.Setup `json:"setup"` // null: there is an account, or it could not be had
}

// finish says where the console is, and how the first admin gets in.
func (c *console) finish(ctx context.Context, s *deploy.Session, made cfn.Stack, p stack.Parameters) error {
	done := doneJSON{p.Name, s.Account, s.Region, p.Artifact.Version, made.Outputs["ConsoleURL"], made.Outputs["InstanceId"], nil}
	if done.ConsoleURL == "" { // not everything that speaks as CloudFormation does tells a stack's outputs at once
		url, err := s.ConsoleURL(ctx, p.Name)
		if err != nil {
			return err
		}
		done.ConsoleURL = url
	}
	var setup deploy.Setup
	var missing error
	if done.InstanceID != "" {
		stop := c.waiting("Asking the instance for the link of the first account")
		setup, missing = s.Setup(ctx, done.InstanceID)
		stop()
		if p.Domain != "" {
			setup.Fingerprint = "" // of a certificate that was shown before there was a domain
		}
		if missing == nil && !setup.Taken {
			setup.Link = done.ConsoleURL + setup.Link
			done.Setup = &setup
		}
	}
	if ctx.Err() != nil {
		return errStopped
	}
	if missing != nil {
		c.explain(missing) // all else is done
	}
	if c.json {
		return c.printJSON(done)
	}
	var pairs [][2]string
	if done.ConsoleURL != "" {
		pairs = append(pairs, [2]string{"Console", done.ConsoleURL})
	}
	pairs = append(pairs, [2]string{"Version", p.Artifact.Name()})
	if done.Setup != nil {
		pairs = append(pairs, [2]string{"First account", setup.Link}, [2]string{"", "made with this link, once, until " + setup.ExpiresAt.Local().Format("15:04")})
		if setup.Fingerprint != "" {
			pairs = append(pairs, [2]string{"Certificate", setup.Fingerprint})
		}
	}
	if err := term.Pairs(c.out, pairs); err != nil {
		return err
	}
	switch {
	case setup.Taken:
		c.say("There is an account already: sign in at the console.")
	case setup.Fingerprint != "":
		c.say("The certificate is one of Helios's own: the browser warns of it once. Compare the SHA-256 that it shows.")
	}
	flags := s.Flags(p.Name)
	c.say("Next: `helios status%s` shows how it does,", flags)
	c.say("`helios logs%s --follow` its log, and", flags)
	c.say("`helios destroy%s` takes it away.", flags)
	return nil
}

// print prints the template, and says where it wants the executable.
func (d *deploying) print(p stack.Parameters) error {
	text, err := stack.Template(p)
	if err != nil {
		return err
	}
	if d.binary != nil {
		d.say("The template takes Helios %s from s3://%s/%s: put %s there before it is used.", p.Artifact.Version, p.Artifact.Bucket, p.Artifact.Key, d.binary.From)
	}
	_, err = d.out.Write(text)
	return err
}

// printAlone prints the template of what can be said without asking AWS.
func (d *deploying) printAlone(ctx context.Context, p stack.Parameters) error {
	if d.binary == nil {
		if err := d.find(ctx, d.flags.arch); err != nil {
			return err
		}
	}
	p, err := d.wishes.Over(p, d.binary)
	if err != nil {
		return err
	}
	d.say("AWS was not asked: account %s and region %s are those of the streams. A stream that is encrypted with a key of your own needs leave for that key: name it without its ARN, so that it is looked up.", p.Account, p.Region)
	return d.print(p)
}

// ask asks on a terminal for what a new deployment needs and no flag has named.
func (d *deploying) ask(ctx context.Context) error {
	if !term.Is(d.in) || d.yes {
		if d.wishes.AllowCIDRs == nil {
			d.wishes.AllowCIDRs = []string{}
		}
		return d.wishes.Check()
	}
	asked := false
	if d.wishes.Streams == nil && (d.wishes.Settings == nil || len(d.wishes.Settings.Streams) == 0) {
		asked = true
		if err := d.askStreams(ctx); err != nil {
			return err
		}
	}
	if d.wishes.AllowCIDRs == nil {
		asked = true
		d.say("Who may reach the console? Name the networks, as in 203.0.113.0/24, with commas between them; a single address with /32 behind it. Everybody must sign in as well.")
		if err := d.askUntil(ctx, "Networks", func(text string) error {
			d.wishes.AllowCIDRs = networks(text)
			if len(d.wishes.AllowCIDRs) == 0 {
				return fault.New(fault.Invalid, "there is no default: without a network nobody would reach it")
			}
			return d.wishes.Check()
		}); err != nil {
			return err
		}
	}
	if asked && d.wishes.AlarmEmail == nil { // the plan says what comes of having none
		return d.askUntil(ctx, "E-mail address for alarms (Enter for none)", func(text string) error {
			text = strings.TrimSpace(text)
			d.wishes.AlarmEmail = &text
			return d.wishes.Check()
		})
	}
	return nil
}

// askStreams lets a person choose of the account's streams.
func (d *deploying) askStreams(ctx context.Context) error {
	names, err := d.session.Streams(ctx)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		d.say("There is no stream in %s. Helios can be deployed without one: run this again with --stream when there is one.", d.session.Region)
		d.wishes.Streams = []deploy.StreamWish{}
		return nil
	}
	d.say("Streams in %s:", d.session.Region)
	for i, name := range names {
		if i == mostShown {
			d.say("  … and %s", term.Counted(int64(len(names)-i), "more stream"))
			break
		}
		d.say("  %2d  %s", i+1, name)
	}
	return d.askUntil(ctx, "Which are to become tables? Numbers or names, with commas between them, or all", func(text string) (err error) {
		d.wishes.Streams, err = pick(names, text)
		if err == nil {
			err = d.wishes.Check()
		}
		return err
	})
}

// mostShown is how many streams are listed to choose from.
const mostShown = 50

// askUntil asks until the answer will do.
func (d *deploying) askUntil(ctx context.Context, question string, take func(text string) error) error {
	for {
		text, err := term.Ask(ctx, d.in, d.talk, question)
		if err != nil {
			if ctx.Err() != nil {
				return errStopped
			}
			return errDeclined
		}
		err = take(text)
		if err == nil {
			return nil
		}
		d.explain(err)
	}
}
