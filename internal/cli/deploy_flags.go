package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/fault"
)

// awsFlags are the flags of all commands that work on a deployment on AWS.
type awsFlags struct{ name, profile, region string }

func (f *awsFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "name", deploy.DefaultName, "the deployment's `NAME`")
	f.addSession(cmd)
}

// addSession adds the flags that say as whom and where, for commands that work on no deployment.
func (f *awsFlags) addSession(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.profile, "profile", "", "the AWS `PROFILE` (default as the AWS command line)")
	cmd.Flags().StringVar(&f.region, "region", "", "the AWS `REGION` (default as the AWS command line)")
}

// session finds out who works, and where.
func (f *awsFlags) session(ctx context.Context) (*deploy.Session, error) {
	return deploy.Open(ctx, deploy.Options{Profile: f.profile, Region: f.region})
}

// deployFlags are what a person may say of a deployment. What is not said stays as it is.
type deployFlags struct {
	awsFlags
	streams, allow                    []string
	arch, instanceType                string
	volume                            int
	vpc, subnet                       string
	domain, zone, email               string
	config, artifact, snapshot        string
	every                             time.Duration
	keep                              int
	planOnly, template, mayBeReplaced bool
}

func (f *deployFlags) add(cmd *cobra.Command) {
	f.awsFlags.add(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.streams, "stream", nil, "a `STREAM` that may be read, by name or ARN, and becomes a table: named after it, or NAME=TABLE (again for more: all that are to be read, since they replace those of before)")
	flags.StringSliceVar(&f.allow, "allow-cidr", nil, "a `NETWORK` that may reach the console, as in 203.0.113.0/24 (again for more)")
	flags.StringVar(&f.arch, "arch", "", "`ARCH` of the instance: arm64 or amd64 (default arm64)")
	flags.StringVar(&f.instanceType, "instance-type", "", "EC2 `TYPE` (default t4g.medium, or t3.medium for amd64)")
	flags.IntVar(&f.volume, "volume-size", 0, "`GIB` of the data volume, which only grows (default 50)")
	flags.StringVar(&f.vpc, "vpc", "", "an existing `VPC` (default one of its own)")
	flags.StringVar(&f.subnet, "subnet", "", "a public `SUBNET` of it (default its only one)")
	flags.StringVar(&f.domain, "domain", "", "the `NAME` of the console, with a certificate for it (default its address)")
	flags.StringVar(&f.zone, "hosted-zone", "", "the Route 53 `ZONE` of the domain (default the one that fits)")
	flags.StringVar(&f.email, "alarm-email", "", "an `ADDRESS` that alarms go to")
	flags.StringVar(&f.config, "config", "", "a settings `FILE` for the server; the streams of its sources may be read")
	flags.StringVar(&f.artifact, "artifact", "", "the build of Helios to put on the instance, a `FILE` (default this program, or its release)")
	flags.StringVar(&f.snapshot, "from-snapshot", "", "a `SNAPSHOT` that the data volume begins with")
	flags.DurationVar(&f.every, "backup-every", 0, "`TIME` between backups (default 1h)")
	flags.IntVar(&f.keep, "backup-keep", 0, "how `MANY` backups are kept (default 48)")
	flags.BoolVar(&f.planOnly, "plan", false, "show what would be done, and stop")
	flags.BoolVar(&f.template, "template", false, "print the CloudFormation template, and stop")
	flags.BoolVar(&f.mayBeReplaced, "allow-replacement", false, "the instance or the data volume may be replaced")
	_ = cmd.RegisterFlagCompletionFunc("arch", cobra.FixedCompletions([]string{"arm64", "amd64"}, cobra.ShellCompDirectiveNoFileComp))
}

// wishes are what the flags ask for, checked as far as they can be without asking anybody.
func (f *deployFlags) wishes(cmd *cobra.Command) (*deploy.Wishes, error) {
	w := &deploy.Wishes{Name: f.name}
	for name, to := range map[string]struct {
		wish  **string
		value *string
	}{
		"arch": {&w.Arch, &f.arch}, "instance-type": {&w.InstanceType, &f.instanceType}, "vpc": {&w.VPC, &f.vpc}, "subnet": {&w.Subnet, &f.subnet},
		"domain": {&w.Domain, &f.domain}, "hosted-zone": {&w.HostedZone, &f.zone}, "alarm-email": {&w.AlarmEmail, &f.email}, "from-snapshot": {&w.Snapshot, &f.snapshot},
	} {
		if cmd.Flags().Changed(name) {
			*to.wish = to.value
		}
	}
	if cmd.Flags().Changed("volume-size") {
		w.VolumeGiB = &f.volume
	}
	if cmd.Flags().Changed("backup-every") {
		w.BackupEvery = &f.every
	}
	if cmd.Flags().Changed("backup-keep") {
		w.BackupKeep = &f.keep
	}
	if cmd.Flags().Changed("allow-cidr") {
		w.AllowCIDRs = notNil(f.allow)
	}
	for _, text := range f.streams {
		stream, err := deploy.ParseStream(text)
		if err != nil {
			return nil, err
		}
		w.Streams = append(w.Streams, stream)
	}
	if cmd.Flags().Changed("config") {
		var err error
		if w.Settings, err = readSettings(f.config); err != nil {
			return nil, err
		}
	}
	return w, w.Check()
}

// readSettings reads a settings file for the server on the instance. "" takes away the one there was.
func readSettings(file string) (*deploy.Settings, error) {
	if file == "" {
		return &deploy.Settings{}, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Invalid, "there is no file %s", file).WithHint("see --config")
	}
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot read the settings: %w", err)
	}
	settings, err := config.Parse(file, string(text))
	if err == nil {
		err = checkDeclared(settings)
	}
	if err != nil {
		return nil, err
	}
	wanted := &deploy.Settings{Text: string(text)}
	for _, source := range settings.Sources {
		switch {
		case source.RoleARN != "":
			return nil, fault.New(fault.Invalid, "the source %s in %s reads with the role %s, which the instance may not take on", source.Name, file, source.RoleARN).
				WithHint("let the stream's own policy allow the instance's role, and leave role_arn out")
		case source.Profile != "":
			return nil, fault.New(fault.Invalid, "the source %s in %s reads with the profile %s, which the instance does not have", source.Name, file, source.Profile).
				WithHint("leave profile out: the instance has a role of its own")
		case source.Endpoint != "":
			continue // somewhere else than on AWS
		}
		stream, err := deploy.ParseStream(source.Stream)
		if err != nil {
			return nil, err
		}
		stream.Region, stream.Table = source.Region, ""
		wanted.Streams = append(wanted.Streams, stream)
	}
	return wanted, nil
}

// finder looks for the executable that an instance is to run.
func (c *console) finder(file, arch string) (deploy.Finder, error) {
	self, err := os.Executable()
	if err != nil {
		return deploy.Finder{}, fault.New(fault.Environment, "cannot find this program's own file: %w", err)
	}
	return deploy.Finder{File: file, Arch: arch, Self: self, Build: buildinfo.Read(), Progress: c.bytes("Fetching Helios")}, nil
}

// bytes shows how much of something has been carried, on a terminal.
func (c *console) bytes(what string) func(done, whole int64) {
	line := term.NewProgress(c.talk)
	return func(done, whole int64) {
		if done >= whole {
			line.Clear()
			return
		}
		line.Show("%s: %s of %s", what, term.Bytes(float64(done)), term.Bytes(float64(whole)))
	}
}
