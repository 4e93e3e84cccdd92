package cli_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/certs"
	"github.com/helios-sql/helios/internal/cli"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
	"github.com/helios-sql/helios/internal/deploy/stack"
)

func TestDeployWithoutAWSSaysWhyInOneParagraph(t *testing.T) {
	for name, one := range map[string]struct {
		line string
		env  map[string]string
		want []string
	}{
		"no credentials": {
			line: "deploy --plan", env: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			want: []string{"there are no AWS credentials that can be used", "neither the environment, nor the configuration files, nor a role", "`aws sso login`"},
		},
		"a wrong profile": {
			line: "deploy --plan --profile nobody",
			want: []string{`there is no AWS profile "nobody"`, "`aws configure list-profiles`"},
		},
		"a wrong profile in the environment": {
			line: "deploy --plan", env: map[string]string{"AWS_PROFILE": "nobody"},
			want: []string{`there is no AWS profile "nobody"`},
		},
		"an unreachable endpoint": {
			line: "deploy --plan", env: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "2"},
			want: []string{"STS cannot be reached", "connection refused", "AWS_ENDPOINT_URL"},
		},
		"no region": {
			line: "deploy --plan", env: map[string]string{"AWS_REGION": "", "AWS_DEFAULT_REGION": ""},
			want: []string{"no AWS region is set", "--region"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range cfntest.Start(t).Environment() {
				t.Setenv(key, value)
			}
			for key, value := range one.env {
				t.Setenv(key, value)
			}
			got := helios(t, "", strings.Fields(one.line)...)
			require.Equal(t, 3, got.code, got.talk)
			require.Empty(t, got.out)
			require.Equal(t, 1, strings.Count(got.talk, "\n"), got.talk)
			for _, want := range one.want {
				require.Contains(t, got.talk, want)
			}
			require.NotContains(t, got.talk, "operation error", "the SDK's own words are not for people")
		})
	}
}

func TestWhatIsWrongWithAFlagIsSaidBeforeAnybodyIsAsked(t *testing.T) {
	account := cfntest.Start(t)
	for key, value := range account.Environment() {
		t.Setenv(key, value)
	}
	settings := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("sources: [{stream: a, table: b, role_arn: 'arn:aws:iam::210987654321:role/r'}]"), 0o600))
	for line, want := range map[string]string{
		"--allow-cidr 203.0.113.7/24":               "bits set beyond its length",
		"--stream not/a/stream":                     "not/a/stream",
		"--stream clicks=":                          "names no table",
		"--stream arn:aws:sqs:eu-central-1:1:queue": "not the ARN of a stream",
		"--arch riscv":                              "riscv",
		"--arch arm64 --instance-type m7i.large":    "of the architecture amd64",
		"--volume-size 3":                           "3 GiB",
		"--name -x":                                 "cannot name a deployment",
		"--alarm-email nobody":                      "e-mail",
		"--backup-every 1s":                         "every 1s",
		"--backup-keep 0":                           "0 backups",
		"--from-snapshot mine":                      "is not a snapshot",
		"--config nowhere.yaml":                     "there is no file nowhere.yaml",
		"--config " + settings:                      "which the instance may not take on",
		"--artifact nowhere":                        "nowhere",
		"--plan --template":                         "exclude each other",
	} {
		got := helios(t, "", append([]string{"deploy"}, strings.Fields(line)...)...)
		require.Contains(t, got.talk, want, line)
		require.NotContains(t, got.talk, "panic", line)
		if !strings.Contains(line, "--artifact") { // a file that cannot be read is not a wrong command line
			require.Equal(t, 2, got.code, "%s: %s", line, got.talk)
		}
	}
	require.Empty(t, account.Asked())
}

// plan is what a command line would do.
func (c *cloud) plan(line string) (p struct {
	Create  bool     `json:"create"`
	Grants  []string `json:"grants"`
	Reach   []string `json:"reach"`
	Changes []struct {
		ID       string `json:"id"`
		Replaces bool   `json:"replaces"`
	} `json:"changes"`
},
) {
	c.t.Helper()
	got := helios(c.t, "", strings.Fields("deploy --plan --json "+line)...)
	require.Zero(c.t, got.code, got.talk)
	require.NoError(c.t, json.Unmarshal([]byte(got.out), &p), got.out)
	return p
}

func TestASecondRunKeepsWhatThereWasAndAFlagChangesOneThing(t *testing.T) {
	c := newCloud(t)
	c.does(0, "deploy --stream clicks --stream orders=sales --allow-cidr 203.0.113.0/24 --alarm-email ops@example.com --artifact BUILD --yes")
	require.Empty(t, c.plan("").Changes, "nothing was asked for")

	p := c.plan("--volume-size 80")
	require.False(t, p.Create)
	require.Contains(t, strings.Join(p.Grants, "\n"), "stream/clicks")
	require.Contains(t, strings.Join(p.Grants, "\n"), "stream/orders")
	require.NotEmpty(t, p.Changes)
	for _, change := range p.Changes {
		require.False(t, change.Replaces, "%+v", change)
		require.NotContains(t, []string{"Role", "Firewall", "AlarmTopic", "Address"}, change.ID, "only the volume was to change")
	}
	require.NotContains(t, strings.Join(c.plan("--stream clicks").Grants, "\n"), "stream/orders", "the list of streams is one thing")
	require.Contains(t, strings.Join(c.plan("--allow-cidr 198.51.100.0/24").Reach, "\n"), "198.51.100.0/24")

	before := len(c.Things())
	c.does(0, "deploy --volume-size 80 --yes")
	require.Len(t, c.Things(), before)
	require.Empty(t, c.plan("").Changes)
	c.does(2, "deploy --volume-size 60 --yes")
	require.Contains(t, c.seen.String(), "cannot shrink to 60")
}

func TestTheStreamsOfSettingsMayBeRead(t *testing.T) {
	c := newCloud(t)
	settings := filepath.Join(c.dir, "helios.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("sources:\n  - {stream: audit, table: audit}\n"), 0o600))
	c.does(2, "deploy --stream clicks --allow-cidr 203.0.113.0/24 --config "+settings+" --artifact BUILD --yes")
	require.Contains(t, c.seen.String(), "declare sources")
	c.does(0, "deploy --allow-cidr 203.0.113.0/24 --config "+settings+" --artifact BUILD --yes")
	require.Contains(t, strings.Join(c.plan("").Grants, "\n"), "stream/audit")
	require.NotContains(t, strings.Join(c.plan("--config=").Grants, "\n"), "stream/audit")
}

func TestWhatHoldsDataIsReplacedOnlyWhenThatIsAllowedAndInTwoUpdates(t *testing.T) {
	c := newCloud(t)
	c.does(0, deployIt)
	c.does(0, destroyIt)
	snapshot := c.the("AWS::EC2::Snapshot")
	c.does(0, deployIt)
	instance, volume := c.the("AWS::EC2::Instance"), c.the("AWS::EC2::Volume")

	c.seen.Reset()
	c.does(1, "deploy --from-snapshot "+snapshot+" --yes")
	require.Contains(t, c.seen.String(), "REPLACED by a new one")
	require.Contains(t, c.seen.String(), "or add --allow-replacement: a snapshot of the old data volume is kept")
	require.Equal(t, volume, c.the("AWS::EC2::Volume"))

	// The first of the two updates fails: all is as it was, and the instance runs again.
	c.Play(cfntest.Play{ID: "DataVolume", Fails: "The maximum number of volumes has been reached"})
	c.does(1, "deploy --from-snapshot "+snapshot+" --yes --allow-replacement")
	require.Equal(t, volume, c.the("AWS::EC2::Volume"))
	require.Equal(t, instance, c.the("AWS::EC2::Instance"))
	require.Less(t, slices.Index(c.Asked(), "ec2:StopInstances"), slices.Index(c.Asked(), "ec2:StartInstances"))
	require.False(t, slices.ContainsFunc(c.Things(), func(thing cfntest.Thing) bool { return thing.Stopped }))

	c.seen.Reset()
	c.does(0, "deploy --from-snapshot "+snapshot+" --yes --allow-replacement")
	require.Contains(t, c.seen.String(), "The old instance is taken away first.")
	require.NotEqual(t, volume, c.the("AWS::EC2::Volume"))
	require.NotEqual(t, instance, c.the("AWS::EC2::Instance"))
	require.Empty(t, c.plan("").Changes)
}

func TestAStreamThatIsNamedNoMoreIsSaidToBeReadNoLonger(t *testing.T) {
	c := newCloud(t)
	c.does(0, "deploy --stream clicks --stream views --allow-cidr 203.0.113.0/24 --artifact BUILD --yes")
	got := helios(t, "", "deploy", "--plan", "--stream", "orders")
	require.Zero(t, got.code, got.talk)
	require.Contains(t, strings.Join(strings.Fields(got.out), " "),
		"Know before you say yes ! No longer read: clicks, views. Name every stream that is to be read, with --stream or in the settings.")
	got = helios(t, "", "deploy", "--plan", "--json", "--stream", "orders")
	require.Contains(t, got.out, "No longer read: clicks, views.")
	for _, line := range []string{"deploy --plan --stream clicks --stream views --stream orders", "deploy --plan --volume-size 80"} {
		got = helios(t, "", strings.Fields(line)...)
		require.Zero(t, got.code, got.talk)
		require.NotContains(t, got.out, "No longer read", line)
	}
}

func TestARefusalSaysWhatTheNewVolumeWouldBeginWith(t *testing.T) {
	c := newCloud(t)
	c.does(0, deployIt)
	c.does(0, destroyIt)
	snapshot := c.the("AWS::EC2::Snapshot")
	c.does(0, deployIt+" --from-snapshot "+snapshot)
	elsewhere := cfntest.Fields{{Name: "subnetId", Value: "subnet-0123456789abcdef0"}, {Name: "vpcId", Value: "vpc-0123456789abcdef0"}, {Name: "availabilityZone", Value: cfntest.Region + "b"}}
	c.Answer("ec2:DescribeSubnets", func(*cfntest.Request) (any, error) {
		return cfntest.Fields{{Name: "subnetSet", Value: []cfntest.Fields{elsewhere}}}, nil
	})
	c.Answer("ec2:DescribeRouteTables", func(*cfntest.Request) (any, error) {
		route := cfntest.Fields{{Name: "destinationCidrBlock", Value: "0.0.0.0/0"}, {Name: "gatewayId", Value: "igw-1"}}
		return cfntest.Fields{{Name: "routeTableSet", Value: []cfntest.Fields{{{Name: "routeSet", Value: []cfntest.Fields{route}}}}}}, nil
	})
	c.seen.Reset()
	c.does(1, "deploy --subnet subnet-0123456789abcdef0 --yes")
	require.Contains(t, c.seen.String(), "the new one begins with what is in "+snapshot+", as the old one did, unless --from-snapshot names another snapshot")
	c.seen.Reset()
	c.does(1, "deploy --from-snapshot= --yes")
	require.Contains(t, c.seen.String(), "the new one begins empty unless --from-snapshot names a snapshot")
}

// the is the ID of the only thing of a type.
func (c *cloud) the(kind string) (id string) {
	c.t.Helper()
	for _, thing := range c.Things() {
		if thing.Type == kind {
			require.Empty(c.t, id, "there is more than one %s", kind)
			id = thing.ID
		}
	}
	return id
}

func TestDeployAsksOnATerminalForWhatNoFlagNamed(t *testing.T) {
	c := newCloud(t)
	got := heliosOnTerminal(t, "7\n1\n203.0.113.9/24\n203.0.113.9\n\nn\n", "deploy", "--artifact", filepath.Join(c.dir, "helios"))
	require.Equal(t, 1, got.code, got.talk)
	for _, want := range []string{
		"Streams in eu-central-1:", "there is no stream 7", "Networks: ", "bits set beyond its length", "E-mail address for alarms (Enter for none): ",
		"What is made", "from 203.0.113.9/32", "Who will be able to reach it", "USD  in all", "Deploy it? [y/N]", "nothing was changed",
	} {
		require.Contains(t, got.talk, want)
	}
	require.Empty(t, got.out, "the plan is no data here")
	require.Empty(t, c.Things())
	require.NotContains(t, c.Asked(), "cloudformation:CreateChangeSet", "a change set of what is not there would leave an empty stack")
}

func TestTheTemplateNeedsNoCredentialsWhenStreamsAreNamedByTheirARN(t *testing.T) {
	c := newCloud(t)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} {
		t.Setenv(name, "")
	}
	got := helios(t, "", "deploy", "--template", "--stream", "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks", "--allow-cidr", "203.0.113.0/24", "--artifact", filepath.Join(c.dir, "helios"))
	require.Zero(t, got.code, got.talk)
	p, err := stack.Read([]byte(got.out), nil)
	require.NoError(t, err)
	require.Equal(t, "eu-west-1", p.Region)
	require.Equal(t, []stack.Stream{{ARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks", Table: "clicks"}}, p.Streams)
	require.Contains(t, got.talk, "s3://helios-artifacts-123456789012-eu-west-1/helios/sha256/"+p.Artifact.SHA256)
	require.Empty(t, c.Asked())
}

func TestCtrlCAsksWhatItWasMeantFor(t *testing.T) {
	for answer, want := range map[string]struct {
		code int
		says string
	}{
		"s\n": {130, "CloudFormation goes on with helios. `helios deploy --region eu-central-1` watches it again."},
		"c\n": {1, "cancelled: "},
		"\n":  {0, "First account"},
	} {
		c := newCloud(t)
		ctx, interrupt := context.WithCancel(t.Context())
		c.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: 6, Do: interrupt, Lost: true})
		var out, talk screen
		args := append(strings.Fields(deployIt), "--artifact", filepath.Join(c.dir, "helios"))
		code := cli.Main(ctx, args, keyboard{strings.NewReader(answer)}, &out, &talk)
		said := talk.String() + out.String()
		require.Equal(t, want.code, code, said)
		require.Contains(t, said, want.says)
		if want.code == 130 {
			c.does(0, "deploy --yes")
			require.Contains(t, c.seen.String(), "Something is being done to helios already")
		}
	}
}

func TestDestroyAsksForTheName(t *testing.T) {
	c := newCloud(t)
	c.does(0, deployIt)
	before := len(c.Things())
	c.does(2, "destroy")
	c.does(2, "destroy --yes")
	require.Contains(t, c.seen.String(), "--yes needs --name")
	got := heliosOnTerminal(t, "helio\n", "destroy")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "nothing was changed")
	require.Len(t, c.Things(), before)

	// Its data volume is let go of before CloudFormation detaches it.
	stopped := false
	c.Fault(cfntest.Fault{Action: "cloudformation:DeleteStack", Do: func() {
		stopped = slices.ContainsFunc(c.Things(), func(thing cfntest.Thing) bool { return thing.Stopped })
	}})
	got = heliosOnTerminal(t, "helios\n", "destroy", "--json")
	require.Zero(t, got.code, got.talk)
	require.True(t, stopped)
	var done struct {
		Kept []struct{} `json:"kept"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.out), &done))
	require.Len(t, done.Kept, 2, "a snapshot and a bucket")
	c.does(0, "destroy --name helios --yes --purge")
	require.Empty(t, c.Buckets())
	c.does(0, "destroy --name helios --yes --purge")
	require.Contains(t, c.seen.String(), "There is nothing of helios in eu-central-1")
}

func TestWhatDeploymentsShareGoesWithTheLastOfThem(t *testing.T) {
	c := newCloud(t)
	require.NoError(t, c.Put("portal", "{Resources: {Queue: {Type: AWS::SQS::Queue}}, Outputs: {ConsoleURL: {Value: 'https://portal.example'}}}", "CREATE_COMPLETE", nil))
	c.does(0, deployIt)
	c.does(0, deployIt+" --name other")
	removed := []string{}
	c.Answer("kinesis:ListStreamConsumers", func(*cfntest.Request) (any, error) {
		consumer := func(name string) map[string]any {
			return map[string]any{"ConsumerName": name, "ConsumerARN": "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks/consumer/" + name + ":1", "ConsumerStatus": "ACTIVE"}
		}
		return map[string]any{"Consumers": []any{consumer("helios-clicks"), consumer("billing")}}, nil
	})
	c.Answer("kinesis:DeregisterStreamConsumer", func(q *cfntest.Request) (any, error) {
		removed = append(removed, string(q.JSON))
		return map[string]any{}, nil
	})
	c.Fault(cfntest.Fault{Action: "cloudformation:GetTemplate", Call: 3, Code: "AccessDenied", Message: "not yours", Status: 403}) // that of the other one
	c.does(0, destroyIt)
	require.Empty(t, removed, "the other one may read by it")
	require.Contains(t, c.Buckets(), "helios-artifacts-123456789012-eu-central-1", "the other one starts from it")
	c.does(0, "deploy --name other --yes")

	c.seen.Reset()
	c.does(0, "destroy --name other --yes --purge")
	require.Contains(t, c.seen.String(), "the fan-out consumer helios-clicks of arn:aws:kinesis:eu-central-1:123456789012:stream/clicks")
	require.Len(t, removed, 1)
	require.Contains(t, removed[0], "consumer/helios-clicks:1")
	require.NotContains(t, c.Buckets(), "helios-artifacts-123456789012-eu-central-1")
	c.does(0, "destroy --name helios --yes --purge")
	require.Empty(t, c.Buckets())
}

func TestWhatANewerVersionHasMadeIsNotTakenForSomebodyElses(t *testing.T) {
	c := newCloud(t)
	c.does(0, deployIt)
	c.Answer("cloudformation:GetTemplate", func(*cfntest.Request) (any, error) {
		return cfntest.Fields{{Name: "TemplateBody", Value: "{Metadata: {Helios: {name: helios, of_tomorrow: true}}, Resources: {}}"}}, nil
	})
	c.seen.Reset()
	c.does(1, "deploy --plan")
	require.Contains(t, c.seen.String(), "made by a version of Helios that this one does not understand")
	require.Contains(t, c.seen.String(), "Use the newest version of `helios`")
	require.NotContains(t, c.seen.String(), "Take another name")
}

func TestTheSetupLinkIsMadeOnTheServersMachine(t *testing.T) {
	dir := t.TempDir()
	got := helios(t, "", "users", "setup", "--data", dir)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "no server has kept anything")

	kept, err := catalog.Open(t.Context(), dir) // as a server leaves it that nobody has an account of
	require.NoError(t, err)
	require.NoError(t, kept.Close())
	got = helios(t, "", "users", "setup", "--data", dir)
	require.Zero(t, got.code, got.talk)
	require.NotContains(t, got.out, "Certificate")

	_, err = certs.SelfSigned(filepath.Join(dir, "tls"), nil, nil, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	got = helios(t, "", "users", "setup", "--data", dir, "--json")
	require.Zero(t, got.code, got.talk)
	var made deploy.Setup
	require.NoError(t, json.Unmarshal([]byte(got.out), &made), "what `helios deploy` reads")
	require.Regexp(t, `^/setup#\S{20,}$`, made.Link)
	require.False(t, made.ExpiresAt.IsZero())
	require.Regexp(t, `^([0-9A-F]{2}:){31}[0-9A-F]{2}$`, made.Fingerprint)

	require.Zero(t, helios(t, "a good password\n", "users", "add", "me@example.com", "--role", "admin", "--data", dir, "--password-stdin").code)
	got = helios(t, "", "users", "setup", "--data", dir, "--json")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.talk, "there is an account already", "by which `helios deploy` knows")
	require.Empty(t, got.out)
}
