package cli_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/cli"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
)

// cloud is an account of AWS and the whole of what a person at a terminal sees of it.
type cloud struct {
	*cfntest.Account
	t     *testing.T
	dir   string
	in    *os.File // a terminal to answer at; nil: there is none
	brief bool     // plans and lists of resources are left out
	seen  strings.Builder
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{Account: cfntest.Start(t), t: t, dir: t.TempDir(), brief: true}
	for name, value := range c.Environment() {
		t.Setenv(name, value)
	}
	t.Setenv("HOME", c.dir)
	c.build("helios", 1)
	return c
}

// build makes an executable that an instance could run, as far as its headers tell; another size is another version.
func (c *cloud) build(name string, size int) string {
	c.t.Helper()
	head := make([]byte, 64+size)
	copy(head, "\x7fELF\x02\x01\x01")
	for at, value := range map[int]uint16{16: 2 /* executable */, 18: 0xb7 /* arm64 */, 20: 1, 52: 64, 54: 56, 58: 64} {
		binary.LittleEndian.PutUint16(head[at:], value)
	}
	binary.LittleEndian.PutUint64(head[24:], 0x400000)
	file := filepath.Join(c.dir, name)
	require.NoError(c.t, os.WriteFile(file, head, 0o700))
	return file
}

// shown is what is shown before anything is done; TestDeployTellsWhatCloudFormationDoes shows it.
var shown = regexp.MustCompile(`(?s)Deployment  helios\nAccount [^\n]*\nRegion [^\n]*\nAs [^\n]*\nVersion .*?What it costs a month.*?\n\n`)

// run runs a command line and notes it with all that it said and its exit code.
func (c *cloud) run(ctx context.Context, line string) int {
	c.t.Helper()
	var said bytes.Buffer
	in := io.Reader(strings.NewReader(""))
	if c.in != nil {
		in = c.in
	}
	code := cli.Main(ctx, strings.Fields(strings.ReplaceAll(line, "BUILD", filepath.Join(c.dir, "helios"))), in, &said, &said)
	text := said.String()
	if c.brief {
		text = shown.ReplaceAllString(text, "[the plan]\n\n")
	}
	fmt.Fprintf(&c.seen, "$ helios %s\n%s# exit %d\n\n", strings.ReplaceAll(line, "BUILD", "helios"), text, code)
	return code
}

// note writes what happens between two commands.
func (c *cloud) note(text string) { fmt.Fprintf(&c.seen, "# %s\n\n", text) }

const (
	deployIt  = "deploy --stream clicks --allow-cidr 203.0.113.0/24 --artifact BUILD --yes"
	destroyIt = "destroy --name helios --yes"
)

// changing are parts of an output that are not the same at each run or in each version.
var changing = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\b(vpc|subnet|i|vol|sg|igw|rtb|rtbassoc|eipassoc|snap|eipalloc)-[0-9a-f]{8,}\b`), "$1-…"},
	{regexp.MustCompile(`(helios-[A-Za-z0-9]+-)0000[0-9A-Fa-f]{8}\b`), "$1…"},
	{regexp.MustCompile(`203\.0\.113\.\d+(\s|/s|$)`), "203.0.113.…$1"},
	{regexp.MustCompile(`Ready[0-9a-f]{8}`), "Ready…"},
	{regexp.MustCompile(`\(Enter\): `), "(Enter):\n"},
	{regexp.MustCompile(` \(\d+\.\d s\)`), ""},
	{regexp.MustCompile(`until \d\d:\d\d`), "until …"},
	{regexp.MustCompile(`devel \([0-9a-f]{8}\)`), "devel (…)"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "…"},
	{regexp.MustCompile(`/tmp/\S*/helios\b`), "helios"},
}

// does runs a command line that is to end with a code.
func (c *cloud) does(code int, line string) {
	c.t.Helper()
	require.Equal(c.t, code, c.run(c.t.Context(), line), "%s", c.seen.String())
}

// many are lines that tell what is done, one a resource: which they are shows TestDeployTellsWhatCloudFormationDoes.
var many = regexp.MustCompile(`(?m)(?:^(  [✓-] ) ?.*\n(?:    .*\n)*)+`)

// golden compares all that was seen with testdata/deploy/NAME.txt.
func (c *cloud) golden(name string) {
	c.t.Helper()
	text := c.seen.String()
	for _, one := range changing {
		text = one.pattern.ReplaceAllString(text, one.with)
	}
	if c.brief {
		text = many.ReplaceAllString(text, "$1 …\n")
	}
	file := filepath.Join("testdata", "deploy", strings.ReplaceAll(name, " ", "_")+".txt")
	if *update {
		require.NoError(c.t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(c.t, os.WriteFile(file, []byte(text), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(c.t, err)
	require.Equal(c.t, string(want), text, "see %s; go test -update writes it anew", file)
}

func TestCtrlCStopsWatchingOrCancels(t *testing.T) {
	// pressed runs a command line and presses Ctrl-C when CloudFormation is asked for its events for the nth time from now on.
	pressed := func(c *cloud, nth, code int, line string) {
		ctx, press := context.WithCancel(c.t.Context())
		defer press()
		c.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: nth, Do: press, Lost: true})
		require.Equal(c.t, code, c.run(ctx, line), "%s", c.seen.String())
	}
	t.Run("of a creation", func(t *testing.T) {
		c := newCloud(t)
		pressed(c, 6, 130, deployIt)
		c.note("later")
		c.does(0, deployIt)
		c.golden("ctrl-c of a creation")
	})
	t.Run("of an update", func(t *testing.T) {
		c := newCloud(t)
		c.does(0, deployIt)
		c.seen.Reset()
		c.Play(cfntest.Play{ID: "DataVolume", Takes: 4})
		pressed(c, 3, 130, "deploy --volume-size 100 --yes")
		c.note("later")
		c.does(0, "deploy --volume-size 100 --yes")
		c.golden("ctrl-c of an update")
	})
	t.Run("of a removal", func(t *testing.T) {
		c := newCloud(t)
		c.does(0, deployIt)
		c.seen.Reset()
		c.pressedWhileItGoes(2, destroyIt)
		c.note("later")
		c.does(0, destroyIt)
		c.golden("ctrl-c of a removal")
	})
}

func TestDeployTellsWhatCloudFormationDoes(t *testing.T) {
	c := newCloud(t)
	c.brief = false
	c.does(0, deployIt)
	c.does(0, "deploy --yes")
	c.does(0, destroyIt)
	c.golden("well")
}

// refused is how a service's refusal reads in the events of a stack, with all that CloudFormation puts around it.
func refused(service, said, code string) string {
	return fmt.Sprintf("Resource handler returned message: %q (RequestToken: 6f1c2f8e-0d5b, HandlerErrorCode: %s)",
		said+" (Service: "+service+", Status Code: 400, Request ID: 0a1b2c3d-4e5f) (SDK Attempt Count: 1)", code)
}

const waitCondition = "AWS::CloudFormation::WaitCondition"

// notReady is the failure that an instance signals.
func notReady(reason string) cfntest.Play {
	return cfntest.Play{Type: waitCondition, Takes: 2, Fails: "WaitCondition received failed message: '" + reason + "' for uniqueId: i-0123456789abcdef0"}
}

func TestPlanSaysInOneParagraphWhyItCannotBeMade(t *testing.T) {
	for name, set := range map[string]func(c *cloud) (line string){
		"no credentials": func(c *cloud) string {
			c.t.Setenv("AWS_ACCESS_KEY_ID", "")
			c.t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			return "deploy --plan"
		},
		"wrong profile": func(*cloud) string { return "deploy --plan --profile nobody" },
		"unreachable endpoint": func(c *cloud) string {
			c.t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
			return "deploy --plan"
		},
		"expired credentials": func(c *cloud) string {
			c.Fault(cfntest.Fault{Action: "sts:GetCallerIdentity", Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403})
			return "deploy --plan"
		},
		"no region": func(c *cloud) string {
			c.t.Setenv("AWS_REGION", "")
			return "deploy --plan"
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			c.does(3, set(c))
			c.golden("plan " + name)
		})
	}
}

func TestEachFailureTellsItsCauseAndTheCommandToGoOnWith(t *testing.T) {
	denied := "User: " + cfntest.Caller + " is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::" + cfntest.ID + ":role/helios-Role because no identity-based policy allows the iam:CreateRole action"
	capacity := "We currently do not have sufficient t4g.medium capacity in the Availability Zone you requested (eu-central-1a). Our system will be working on provisioning additional capacity."
	inUse := "The vpc 'vpc-0000000b6cc623a9b' has dependencies and cannot be deleted."
	for name, play := range map[string]func(c *cloud){
		"account limit of VPCs": func(c *cloud) {
			c.Play(cfntest.Play{ID: "Vpc", Fails: refused("Ec2", "The maximum number of VPCs has been reached.", "ServiceLimitExceeded")})
			c.does(1, deployIt)
			c.note("the same command again, after a VPC was removed")
			c.does(0, deployIt)
		},
		"account limit of addresses": func(c *cloud) {
			c.Play(cfntest.Play{ID: "Address", Fails: refused("Ec2", "The maximum number of addresses has been reached.", "ServiceLimitExceeded")})
			c.does(1, deployIt)
			c.note("the person gives up")
			c.does(0, destroyIt)
		},
		"account limit of vCPUs": func(c *cloud) {
			c.Play(cfntest.Play{ID: "Instance", Fails: refused("Ec2", "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.", "ServiceLimitExceeded")})
			c.does(1, deployIt)
		},
		"capacity": func(c *cloud) {
			c.Play(cfntest.Play{ID: "Instance", Fails: refused("Ec2", capacity, "InternalFailure")})
			c.does(1, deployIt)
		},
		"permission missing": func(c *cloud) {
			c.Play(cfntest.Play{ID: "Role", Fails: refused("Iam", denied, "AccessDenied")})
			c.does(3, deployIt)
		},
		"permission missing for CloudFormation": func(c *cloud) {
			c.Fault(cfntest.Fault{
				Action: "cloudformation:DescribeStacks", Code: "AccessDenied", Status: 403,
				Message: "User: " + cfntest.Caller + " is not authorized to perform: cloudformation:DescribeStacks on resource: arn:aws:cloudformation:eu-central-1:" + cfntest.ID + ":stack/helios/* because no identity-based policy allows the cloudformation:DescribeStacks action",
			})
			c.does(3, deployIt)
		},
		"bucket name taken": func(c *cloud) {
			c.Taken("helios-artifacts-" + cfntest.ID + "-" + cfntest.Region)
			c.does(1, deployIt)
		},
		"bucket name of backups taken": func(c *cloud) {
			c.Problems(cfntest.Problem{ID: "BackupBucket", Type: "AWS::S3::Bucket", Reason: "Resource of type 'AWS::S3::Bucket' with identifier 'helios-backup' already exists."})
			c.does(1, deployIt)
		},
		"instance not ready": func(c *cloud) {
			c.Play(notReady("the artifact has the digest 12ab instead of 34cd: nothing was installed"))
			c.does(1, deployIt)
		},
		"instance says nothing": func(c *cloud) {
			c.Play(cfntest.Play{Type: waitCondition, Fails: "WaitCondition timed out. Received 0 conditions when expecting 1"})
			c.does(1, deployIt)
		},
		"rollback failed": func(c *cloud) {
			c.Play(cfntest.Play{ID: "Instance", Fails: refused("Ec2", capacity, "InternalFailure")},
				cfntest.Play{ID: "Vpc", On: cfntest.Undoing, Fails: refused("Ec2", inUse, "InvalidRequest")})
			c.does(1, deployIt)
			c.note("the next deployment clears up first")
			c.does(0, deployIt)
		},
		"upgrade not ready": func(c *cloud) {
			c.does(0, deployIt)
			c.build("helios", 2)
			c.Play(notReady("Helios ended after 3 s: cannot open the store: unknown version 7"))
			c.seen.Reset()
			c.does(1, "upgrade --artifact BUILD --yes")
			c.note("a build that works")
			c.build("helios", 3)
			c.does(0, "upgrade --artifact BUILD --yes")
		},
		"update rollback failed": func(c *cloud) {
			c.does(0, deployIt)
			c.Play(cfntest.Play{ID: "Instance", Fails: refused("Ec2", strings.ReplaceAll(capacity, "medium", "large"), "InternalFailure")},
				cfntest.Play{ID: "DataVolume", On: cfntest.Undoing, Times: 2, Fails: refused("Ec2", "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.", "GeneralServiceException")})
			c.seen.Reset()
			c.does(1, "deploy --instance-type t4g.large --volume-size 100 --yes")
			c.note("too early")
			c.does(1, "deploy --yes")
			c.note("six hours later")
			c.does(0, "deploy --yes")
		},
		"replacement refused": func(c *cloud) {
			c.does(0, deployIt)
			c.seen.Reset()
			c.does(0, destroyIt)
			snapshot := ""
			for _, thing := range c.Things() {
				if thing.Type == "AWS::EC2::Snapshot" {
					snapshot = thing.ID
				}
			}
			c.does(0, deployIt)
			c.seen.Reset()
			c.does(1, "deploy --yes --from-snapshot "+snapshot)
			c.note("it is meant so")
			c.does(0, "deploy --yes --allow-replacement --from-snapshot "+snapshot)
		},
		"delete failed": func(c *cloud) {
			c.does(0, deployIt)
			c.Play(cfntest.Play{ID: "Vpc", On: cfntest.Deleting, Times: 2, Fails: refused("Ec2", inUse, "InvalidRequest")})
			c.seen.Reset()
			c.does(1, destroyIt)
			c.note("a new deployment is refused")
			c.does(1, deployIt)
			c.note("what used the VPC has been removed")
			c.does(0, destroyIt)
			c.note("and once more")
			c.does(0, destroyIt)
		},
		"bucket not empty": func(c *cloud) {
			c.does(0, deployIt)
			for _, bucket := range c.Buckets() {
				if strings.Contains(bucket, "backup") {
					require.NoError(c.t, c.PutObject(bucket, "helios/backups/1.json", "{}"))
				}
			}
			c.seen.Reset()
			c.does(0, destroyIt)
			c.note("and the backups too")
			c.does(0, destroyIt+" --purge")
		},
		"credentials expire in the middle": func(c *cloud) {
			c.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: 9, Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403})
			c.does(3, deployIt)
			c.note("signed in again")
			c.does(0, deployIt)
		},
		"credentials expire before the beginning": func(c *cloud) {
			expired := cfntest.Fault{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403}
			for _, action := range []string{"ExecuteChangeSet", "DeleteChangeSet", "DeleteStack"} {
				expired.Action = "cloudformation:" + action
				c.Fault(expired)
			}
			c.does(3, deployIt)
			c.note("a stack without anything in it is left: " + c.Status("helios"))
			c.does(3, destroyIt)
			c.note("signed in again")
			c.does(0, deployIt)
		},
		"throttled": func(c *cloud) {
			c.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: 4, Times: 3, Code: "Throttling", Message: "Rate exceeded"})
			c.does(0, deployIt)
		},
		"stacks of CloudFormation used up": func(c *cloud) {
			c.Fault(cfntest.Fault{Action: "cloudformation:CreateChangeSet", Code: "LimitExceededException", Message: "Stack limit exceeded"})
			c.does(1, deployIt)
		},
		"stack of somebody else": func(c *cloud) {
			require.NoError(c.t, c.Put("helios", "Resources: {Queue: {Type: AWS::SQS::Queue}}", "CREATE_COMPLETE", nil))
			c.does(1, deployIt)
			c.does(1, destroyIt)
		},
		"hosted zone missing": func(c *cloud) {
			c.does(1, "deploy --stream clicks --allow-cidr 0.0.0.0/0 --artifact BUILD --yes --domain helios.example.org")
			c.note("a zone that is not the domain's")
			c.Play(cfntest.Play{ID: "Record", Fails: "[RRSet with DNS name helios.example.org. is not permitted in zone example.com.] (Service: AmazonRoute53; Status Code: 400; Error Code: InvalidChangeBatch; Request ID: 1-2; Proxy: null)"})
			c.does(1, "deploy --stream clicks --allow-cidr 0.0.0.0/0 --artifact BUILD --yes --domain helios.example.org --hosted-zone Z0123456789ABCDEFGHIJ")
		},
		"image not there": func(c *cloud) {
			c.Play(cfntest.Play{ID: "Instance", Fails: refused("Ec2", "The image id '[ami-0a1b2c3d4e5f60718]' does not exist", "NotFound")})
			c.does(1, deployIt)
		},
		"volume in use": func(c *cloud) {
			c.Play(cfntest.Play{ID: "DataVolumeAttachment", Fails: refused("Ec2", "vol-0000004f30d31e8d9 is already attached to an instance", "AlreadyExists")})
			c.does(1, deployIt)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			play(c)
			c.golden(name)
		})
	}
}
