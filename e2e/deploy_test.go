//go:build e2e

package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/require"
)

// leftByMoto is what stays in the account though Helios had it removed, and why that is moto's doing. None of it has the tag by which
// Helios finds what is left behind: moto gives no tags to what CloudFormation makes of these kinds.
var leftByMoto = map[string]string{
	"address":           "the deletion of a stack does not release its Elastic IP",
	"network interface": "that of an instance stays when the instance is terminated",
	"volume":            "DeletionPolicy Snapshot is taken for Retain: the volume stays, and there is no snapshot",
}

// grown are the kinds of what is in the account now and was not before; nothing of before may be missing.
func (c *cloud) grown(before []string) []string {
	c.t.Helper()
	now := c.list()
	for _, was := range before {
		require.Contains(c.t, now, was)
	}
	var kinds []string
	for _, is := range now {
		if !slices.Contains(before, is) {
			kinds = append(kinds, is[:strings.LastIndexByte(is, ' ')])
		}
	}
	return kinds
}

func TestDeploymentOnMoto(t *testing.T) {
	c := newCloud(t)
	ctx := t.Context()
	streams := kinesis.NewFromConfig(c.cfg)
	must[*kinesis.CreateStreamOutput](t)(streams.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("clicks"), ShardCount: aws.Int32(1)}))
	must[*kinesis.PutRecordOutput](t)(streams.PutRecord(ctx, &kinesis.PutRecordInput{
		StreamName: aws.String("clicks"), PartitionKey: aws.String("a"), Data: []byte(`{"page": "/"}`),
	}))
	subnet := c.network()
	first, digest := release(t, "1.2.3")
	second, newDigest := release(t, "1.2.4")
	before := c.list()

	c.examine()
	require.Equal(t, before, c.list(), "the doctor left something")

	flags := []string{"--stream", "clicks", "--allow-cidr", "203.0.113.0/24", "--subnet", subnet, "--volume-size", "60", "--artifact", first}
	plan := c.works(append([]string{"deploy", "--plan"}, flags...)...)
	for _, said := range []string{account, region, "203.0.113.0/24", "stream/clicks", "t4g.medium", "USD"} {
		require.Contains(t, plan, said)
	}
	require.Equal(t, before, c.list(), "a plan made something")

	require.Contains(t, c.works(append([]string{"deploy", "--template"}, flags...)...), "AWS::EC2::Instance")
	require.Equal(t, before, c.list(), "a template made something")

	c.works(append([]string{"deploy", "--yes"}, flags...)...)
	require.True(t, c.asked["cloudformation:CreateChangeSet"] && c.asked["cloudformation:ExecuteChangeSet"])
	made := c.resources("helios")
	c.wired(made, subnet, digest)

	deployed := c.list()
	again := c.helios(append([]string{"deploy", "--yes"}, flags...)...)
	require.Zero(t, again.code, again.stderr)
	require.Contains(t, again.stderr, "Nothing is to be changed")
	require.Equal(t, deployed, c.list())

	log := c.backedUp(made["BackupBucket"])
	c.ship(made["LogGroup"], log+minute)
	c.looked(made)

	c.works("deploy", "--yes", "--allow-cidr", "203.0.113.0/24,198.51.100.0/24")
	require.Equal(t, []string{"443 198.51.100.0/24", "443 203.0.113.0/24"}, c.allowsIn())

	c.works("upgrade", "--yes", "--artifact", second)
	c.stored(newDigest)
	var status struct {
		Version struct{ Wanted, SHA256 string }
	}
	c.json(&status, "status")
	require.Equal(t, "v1.2.4", status.Version.Wanted)
	require.Equal(t, newDigest, status.Version.SHA256)

	c.works("destroy", "--yes", "--name", "helios")
	kept := c.list()
	require.Contains(t, kept, "bucket "+made["BackupBucket"])
	c.works("destroy", "--yes", "--name", "helios", "--purge")
	require.ElementsMatch(t, slices.Sorted(maps.Keys(leftByMoto)), c.grown(before), "after all is destroyed the account is as it was")

	c.allowed()
	c.documented()
}

// documented checks that the commands of docs/DEPLOY.md were run, with the flags that they have there, but for those that say that only
// real AWS can run them.
func (c *cloud) documented() {
	c.t.Helper()
	text := must[[]byte](c.t)(os.ReadFile("../docs/DEPLOY.md"))
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	checked := 0
	for _, found := range block.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(found[1], "real AWS only") {
			continue
		}
		for line := range strings.Lines(found[1]) {
			command, _, _ := strings.Cut(line, "#")
			words := strings.Fields(command)
			require.Equal(c.t, "helios", words[0], line)
			require.True(c.t, c.ran[words[1]], "not run: %s", line)
			for _, word := range words[2:] {
				if strings.HasPrefix(word, "--") {
					require.True(c.t, c.ran[words[1]+" "+word], "not run with %s: %s", word, line)
				}
			}
			checked++
		}
	}
	require.Greater(c.t, checked, 12)
}

// examine runs the doctor.
func (c *cloud) examine() {
	c.t.Helper()
	var found struct {
		Account, Region string
		Missing         int
		Checks          []struct{ Action, Result, How string }
		Policy          json.RawMessage
	}
	c.json(&found, "doctor", "--stream", "clicks")
	require.Equal(c.t, account, found.Account)
	require.Equal(c.t, region, found.Region)
	require.Zero(c.t, found.Missing)
	how := map[string]string{}
	for _, check := range found.Checks {
		how[check.Action] = check.Result + " " + check.How
	}
	for action, want := range map[string]string{
		"kinesis:GetRecords": "ok tried", "cloudformation:DescribeStacks": "ok tried", "ssm:GetParameters": "ok tried", "logs:FilterLogEvents": "ok tried",
		"ec2:RunInstances": "ok dry_run", "ec2:AllocateAddress": "ok dry_run",
		"ec2:CreateVpc":  "not_tested ", // moto knows no dry run of it
		"iam:CreateRole": "not_tested ", // nor the simulator
	} {
		require.Equal(c.t, want, how[action], action)
	}
	require.JSONEq(c.t, string(found.Policy), c.works("doctor", "--stream", "clicks", "--policy"))
	out := c.helios("doctor", "--stream", "none-such")
	require.Equal(c.t, 1, out.code)
	require.Contains(c.t, out.stderr, "there is no stream none-such in eu-central-1")
}

// resources are the physical ids of a stack's resources, by their logical ones.
func (c *cloud) resources(stack string) map[string]string {
	c.t.Helper()
	found := map[string]string{}
	for _, r := range must[*cloudformation.ListStackResourcesOutput](c.t)(cloudformation.NewFromConfig(c.cfg).ListStackResources(c.t.Context(), &cloudformation.ListStackResourcesInput{StackName: &stack})).StackResourceSummaries {
		found[aws.ToString(r.LogicalResourceId)] = aws.ToString(r.PhysicalResourceId)
	}
	return found
}

// wired checks that what was said came to where it belongs.
func (c *cloud) wired(made map[string]string, subnet, digest string) {
	c.t.Helper()
	t, ctx, e := c.t, c.t.Context(), ec2.NewFromConfig(c.cfg)
	stack := must[*cloudformation.DescribeStacksOutput](t)(cloudformation.NewFromConfig(c.cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("helios")})).Stacks[0]
	values := map[string]string{}
	for _, p := range stack.Parameters {
		values[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	require.Equal(t, "t4g.medium", values["InstanceType"])
	require.Equal(t, "60", values["VolumeSize"])

	image := must[*ssm.GetParameterOutput](t)(ssm.NewFromConfig(c.cfg).GetParameter(ctx, &ssm.GetParameterInput{
		Name: aws.String("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"),
	})).Parameter.Value
	instance := must[*ec2.DescribeInstancesOutput](t)(e.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{made["Instance"]}})).Reservations[0].Instances[0]
	require.Equal(t, aws.ToString(image), aws.ToString(instance.ImageId), "the newest image")
	require.Equal(t, "t4g.medium", string(instance.InstanceType))
	require.Equal(t, subnet, aws.ToString(instance.SubnetId))
	require.Nil(t, instance.KeyName)
	volume := must[*ec2.DescribeVolumesOutput](t)(e.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{made["DataVolume"]}})).Volumes[0]
	require.EqualValues(t, 60, aws.ToInt32(volume.Size))
	for _, absent := range []string{"Vpc", "InternetGateway", "AlarmTopic"} { // their conditions do not hold
		require.NotContains(t, made, absent)
	}
	c.stored(digest)
	require.Len(t, c.policies, 1)
	require.Contains(t, c.policies[0], "aws:SecureTransport")
}

// allowsIn are the ports and networks of the firewall. moto makes a new one where AWS changes the one there is, and forgets the logical
// id of what it changes: it is looked for by its name.
func (c *cloud) allowsIn() []string {
	c.t.Helper()
	var allowed []string
	for _, group := range must[*ec2.DescribeSecurityGroupsOutput](c.t)(ec2.NewFromConfig(c.cfg).DescribeSecurityGroups(c.t.Context(), nil)).SecurityGroups {
		if !strings.HasPrefix(aws.ToString(group.GroupName), "helios-Firewall-") {
			continue
		}
		for _, permission := range group.IpPermissions {
			for _, network := range permission.IpRanges {
				allowed = append(allowed, fmt.Sprint(aws.ToInt32(permission.FromPort), " ", aws.ToString(network.CidrIp)))
			}
		}
	}
	slices.Sort(allowed)
	return allowed
}

// stored checks that the executable of a digest is where the instance takes it from.
func (c *cloud) stored(digest string) {
	c.t.Helper()
	object := must[*s3.GetObjectOutput](c.t)(c.s3().GetObject(c.t.Context(), &s3.GetObjectInput{
		Bucket: aws.String("helios-artifacts-" + account + "-" + region), Key: aws.String("helios/sha256/" + digest),
	}))
	content := must[[]byte](c.t)(io.ReadAll(object.Body))
	require.NoError(c.t, object.Body.Close())
	sum := sha256.Sum256(content)
	require.Equal(c.t, digest, hex.EncodeToString(sum[:]))
}

// backedUp runs a server as the instance would, with the stream connected, and makes a backup into the stack's bucket. It gives what
// the server wrote.
func (c *cloud) backedUp(bucket string) string {
	c.t.Helper()
	env := append(slices.Clone(c.env), "AWS_ENDPOINT_URL="+*c.cfg.BaseEndpoint, "HELIOS_CLOUDWATCH_DEPLOYMENT=helios", "HELIOS_LOG_FORMAT=json")
	dir := c.t.TempDir()
	server := startWith(c.t, env, "serve", "--data", dir)
	added := helios(c.t, env, "sources", "add", "clicks", "--table", "clicks", "--from", "horizon", "--url", server.url, "--yes")
	require.Zero(c.t, added.code, added.stderr)
	require.Eventually(c.t, func() bool { return server.number("SELECT count(*) FROM clicks") == 1 }, time.Minute, 100*time.Millisecond)
	backup := helios(c.t, env, "backup", "s3://"+bucket+"/helios", "--url", server.url)
	require.Zero(c.t, backup.code, backup.stderr)
	require.Zero(c.t, server.interrupt())
	restored := filepath.Join(c.t.TempDir(), "restored")
	c.works("restore", "s3://"+bucket+"/helios", "--data", restored)
	server = startWith(c.t, env, "serve", "--data", restored) // which says of itself at once that there is a source
	c.note([]string{"serve", "--data"})
	require.Equal(c.t, 1, server.number("SELECT count(*) FROM clicks"))
	require.Zero(c.t, server.interrupt())
	return server.log.String()
}

// minute is what the server writes when it has run for a minute, and has measured more than at its start.
const minute = `
{"time":"2026-11-23T19:00:00Z","level":"INFO","msg":"metrics","_aws":{"Timestamp":1795460400000,"CloudWatchMetrics":[]},"version":"v1.2.3","Deployment":"helios","LagMax":12,"FreshnessMax":3,"Events":7,"Quarantined":0,"DiskUsedPercent":12.5,"BackupAge":60}
{"time":"2026-11-23T19:00:00Z","level":"INFO","msg":"metrics","_aws":{"Timestamp":1795460400000,"CloudWatchMetrics":[]},"version":"v1.2.3","Deployment":"helios","Source":"clicks","Lag":12,"Freshness":3,"Events":7}
`

// ship puts a server's log into the log group, as the agent on the instance does.
func (c *cloud) ship(group, log string) {
	c.t.Helper()
	logs, ctx := cloudwatchlogs.NewFromConfig(c.cfg), c.t.Context()
	name := aws.String("i-0/helios")
	must[*cloudwatchlogs.CreateLogStreamOutput](c.t)(logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: name}))
	var events []logtypes.InputLogEvent
	for line := range strings.Lines(log) {
		if line = strings.TrimSpace(line); line != "" {
			events = append(events, logtypes.InputLogEvent{Message: &line, Timestamp: aws.Int64(time.Now().UnixMilli())})
		}
	}
	must[*cloudwatchlogs.PutLogEventsOutput](c.t)(logs.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: name, LogEvents: events}))
}

// looked asks how the deployment does.
func (c *cloud) looked(made map[string]string) {
	c.t.Helper()
	t := c.t
	var status struct {
		Address  string
		Stack    struct{ Status string }
		Instance struct{ ID, State, Checks string }
		Version  struct{ Wanted, Running string }
		Server   struct {
			Disk    *float64 `json:"disk_used_percent"`
			Sources []struct {
				Name      string
				Freshness *float64 `json:"freshness_s"`
			}
		}
		Backup struct {
			To    string
			Count int
			At    *time.Time
		}
		Unknown []string
	}
	c.json(&status, "status")
	require.Equal(t, "https://"+made["Address"], status.Address)
	require.Equal(t, made["Instance"], status.Instance.ID)
	require.Equal(t, "running", status.Instance.State)
	require.Equal(t, "v1.2.3", status.Version.Wanted)
	require.Equal(t, "v1.2.3", status.Version.Running)
	require.NotNil(t, status.Server.Disk)
	require.Len(t, status.Server.Sources, 1)
	require.Equal(t, "clicks", status.Server.Sources[0].Name)
	require.NotNil(t, status.Server.Sources[0].Freshness)
	require.Equal(t, "s3://"+made["BackupBucket"]+"/helios", status.Backup.To)
	require.Equal(t, 1, status.Backup.Count)
	require.WithinDuration(t, time.Now(), *status.Backup.At, 5*time.Minute)
	require.Empty(t, status.Unknown)
	require.Contains(t, c.works("status"), "clicks")
	require.Equal(t, "https://"+made["Address"]+"\n", c.works("open"))

	all := c.works("logs")
	require.Regexp(t, `(?m)^\d{4}-\d\d-\d\dT\S+ INFO  metrics .*Source=clicks`, all)
	require.NotContains(t, all, "_aws")
	require.Equal(t, 1, strings.Count(c.works("logs", "--lines", "1"), "\n"))
	require.Contains(t, c.works("logs", "--json", "--since", "24h"), `"_aws":{`)
	c.followed(made["LogGroup"])
}

// followed follows the log until a line comes that was not there, and stops it as Ctrl-C does.
func (c *cloud) followed(group string) {
	c.t.Helper()
	args := []string{"logs", "--follow", "--lines", "1"}
	c.note(args)
	follow := exec.Command(binary, args...)
	follow.Env = environment(c.env...)
	out := must[io.ReadCloser](c.t)(follow.StdoutPipe())
	require.NoError(c.t, follow.Start())
	lines := bufio.NewScanner(out)
	require.True(c.t, lines.Scan(), "the line that was there")
	must[*cloudwatchlogs.PutLogEventsOutput](c.t)(cloudwatchlogs.NewFromConfig(c.cfg).PutLogEvents(c.t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: &group, LogStreamName: aws.String("i-0/helios"),
		LogEvents: []logtypes.InputLogEvent{{Message: aws.String("it goes on"), Timestamp: aws.Int64(time.Now().UnixMilli())}},
	}))
	require.True(c.t, lines.Scan())
	require.Contains(c.t, lines.Text(), "it goes on")
	require.NoError(c.t, follow.Process.Signal(os.Interrupt))
	require.False(c.t, lines.Scan(), "nothing is told twice")
	_ = follow.Wait()
	require.Equal(c.t, 130, follow.ProcessState.ExitCode())
}

// allowed checks that the policy that the doctor prints has all that the binary asked for.
func (c *cloud) allowed() {
	c.t.Helper()
	policy := c.works("doctor", "--stream", "clicks", "--policy")
	unneeded := []string{"sts:GetCallerIdentity"} // nobody can be kept from it
	for _, action := range slices.Sorted(maps.Keys(c.asked)) {
		if !slices.Contains(unneeded, action) {
			require.Contains(c.t, policy, `"`+action+`"`)
		}
	}
}
