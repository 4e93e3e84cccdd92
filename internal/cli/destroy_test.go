package cli_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
)

// pressedWhileItGoes runs a command line and presses Ctrl-C when the stack is being deleted and its events are asked for the nth time.
func (c *cloud) pressedWhileItGoes(nth int, line string) {
	c.t.Helper()
	ctx, press := context.WithCancel(c.t.Context())
	defer press()
	c.Fault(cfntest.Fault{Action: "cloudformation:DeleteStack", Do: func() {
		c.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: nth, Do: press, Lost: true})
	}})
	require.Equal(c.t, 130, c.run(ctx, line), "%s", c.seen.String())
}

// snapshots are those in the account, with the deployment that each is marked as one of.
func (c *cloud) snapshots() map[string]string {
	found := map[string]string{}
	for _, thing := range c.Things() {
		if thing.Type == "AWS::EC2::Snapshot" {
			found[thing.ID] = thing.Tags[deploy.DeploymentTag]
		}
	}
	return found
}

// left are all things in the account but buckets with their policies.
func (c *cloud) left() (all []string) {
	for _, thing := range c.Things() {
		if !strings.HasPrefix(thing.Type, "AWS::S3::") {
			all = append(all, thing.Type+" "+thing.ID)
		}
	}
	return all
}

const expired = "The security token included in the request is expired"

func TestTheSnapshotIsFoundThoughNobodyWatchedTheStackGo(t *testing.T) {
	for name, half := range map[string]func(c *cloud){
		"Ctrl-C, and AWS goes on": func(c *cloud) {
			c.pressedWhileItGoes(2, destroyIt)
			require.NoError(t, c.Finish("helios", "DELETE_COMPLETE"))
		},
		"the credentials expire when the stack is gone": func(c *cloud) {
			c.Fault(cfntest.Fault{Action: "cloudformation:DeleteStack", Do: func() {
				c.Fault(cfntest.Fault{Action: "ec2:DescribeSnapshots", Code: "RequestExpired", Message: expired})
			}})
			c.does(3, destroyIt)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			for i := range 12 { // more deleted stacks than CloudFormation lists at once, and one of somebody else's with our name
				require.NoError(t, c.Put(fmt.Sprintf("other-%d", i), "Resources: {DataVolume: {Type: AWS::EC2::Volume}}", "DELETE_COMPLETE", nil))
			}
			require.NoError(t, c.Put("helios", "Resources: {Queue: {Type: AWS::SQS::Queue}}", "DELETE_COMPLETE", nil))
			theirs := c.left()
			c.does(0, deployIt)
			half(c)
			require.Empty(t, c.Status("helios"), "the stack is gone")

			c.seen.Reset()
			c.does(0, destroyIt)
			require.Len(t, c.snapshots(), 1)
			for id, of := range c.snapshots() {
				require.Contains(t, c.seen.String(), "kept  "+id)
				require.Equal(t, "helios", of)
			}
			c.does(0, destroyIt+" --purge")
			require.Equal(t, theirs, c.left())
			c.seen.Reset()
			c.does(0, destroyIt)
			require.Contains(t, c.seen.String(), "There is nothing of helios")
		})
	}
}

func TestASnapshotThatIsAllThatIsLeftIsMarkedToo(t *testing.T) {
	c := newCloud(t)
	c.does(0, deployIt)
	c.does(0, deployIt+" --name other") // which uses the bucket of executables
	c.does(0, destroyIt)
	for id := range c.snapshots() {
		c.mark(id, "")
	}
	c.seen.Reset()
	c.does(0, destroyIt)
	require.Contains(t, c.seen.String(), "gone already")
	for id, of := range c.snapshots() {
		require.Contains(t, c.seen.String(), id)
		require.Equal(t, "helios", of, "in 90 days nothing else would tell whose it is")
	}
	require.Len(t, c.snapshots(), 1)
}

func TestTheSnapshotsOfSeveralDeletedStacksAreFoundAndThoseOfOthersAreNot(t *testing.T) {
	c := newCloud(t)
	for range 2 {
		c.does(0, deployIt)
		c.does(0, destroyIt)
	}
	ids := make([]string, 0, 2)
	for id := range c.snapshots() {
		ids = append(ids, id)
	}
	require.Len(t, ids, 2)
	c.mark(ids[0], "")
	c.mark(ids[1], "another")
	c.seen.Reset()
	c.does(0, destroyIt+" --purge")
	require.Contains(t, c.seen.String(), ids[0])
	require.NotContains(t, c.seen.String(), ids[1])
	require.Equal(t, map[string]string{ids[1]: "another"}, c.snapshots())

	c.mark(ids[1], "")
	c.Later(91 * 24 * time.Hour) // CloudFormation forgets
	c.seen.Reset()
	c.does(0, destroyIt)
	require.Contains(t, c.seen.String(), "There is nothing of helios")
}

func TestTheSnapshotOfAReplacedVolumeIsTheDeploymentsToo(t *testing.T) {
	for name, unmarked := range map[string]bool{"it is marked": false, "it could not be marked": true} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			c.does(0, deployIt)
			c.does(0, destroyIt)
			first := c.the("AWS::EC2::Snapshot")
			c.does(0, deployIt)
			if unmarked {
				c.Fault(cfntest.Fault{Action: "ec2:CreateTags", Code: "UnauthorizedOperation", Message: "You are not authorized"})
			}
			c.seen.Reset()
			c.does(0, "deploy --yes --allow-replacement --from-snapshot "+first)
			require.Len(t, c.snapshots(), 2)
			for id, of := range c.snapshots() {
				switch {
				case id == first || !unmarked:
					require.Equal(t, "helios", of, id)
				default:
					require.Empty(t, of)
					require.Contains(t, c.seen.String(), "the snapshot "+id+" cannot be marked as one of helios")
				}
			}
			c.seen.Reset()
			c.does(0, destroyIt+" --purge")
			require.Empty(t, c.left())
		})
	}
}

// mark marks a snapshot as one of a deployment; "" takes the mark away.
func (c *cloud) mark(id, name string) {
	c.t.Helper()
	require.NoError(c.t, c.Tag(id, deploy.DeploymentTag, name))
}

// consumers lets streams have consumers for fan-out: the names, with the times at which they were registered.
func (c *cloud) consumers(registered map[string]time.Time) {
	arn := func(name string) string {
		return fmt.Sprintf("arn:aws:kinesis:%s:%s:stream/clicks/consumer/%s:%d", cfntest.Region, cfntest.ID, name, registered[name].Unix())
	}
	c.Answer("kinesis:ListStreamConsumers", func(*cfntest.Request) (any, error) {
		all := []any{}
		for name, at := range registered {
			all = append(all, map[string]any{"ConsumerName": name, "ConsumerARN": arn(name), "ConsumerStatus": "ACTIVE", "ConsumerCreationTimestamp": at.Unix()})
		}
		return map[string]any{"Consumers": all}, nil
	})
	c.Answer("kinesis:DeregisterStreamConsumer", func(q *cfntest.Request) (any, error) {
		for name := range registered {
			if strings.Contains(string(q.JSON), arn(name)) {
				delete(registered, name)
				return map[string]any{}, nil
			}
		}
		return nil, &cfntest.Error{Code: "ResourceNotFoundException", Message: "there is none"}
	})
}

// The hour of the account begins at nine: a stack that is made and deleted is there from a few seconds to some minutes after it.
func at(minute int) time.Time { return time.Date(2026, 3, 1, 9, minute, 0, 0, time.UTC) }

func TestFanOutConsumersAreRemovedBeforeTheStackIs(t *testing.T) {
	c := newCloud(t)
	there := map[string]time.Time{"helios-clicks": at(2), "theirs": at(2)}
	c.consumers(there)
	c.does(0, deployIt)
	c.Fault(cfntest.Fault{Action: "kinesis:DeregisterStreamConsumer", Code: "ExpiredTokenException", Message: expired})
	c.seen.Reset()
	c.does(3, destroyIt)
	require.Equal(t, "CREATE_COMPLETE", c.Status("helios"), "nothing is forgotten")
	require.Len(t, there, 2)

	c.seen.Reset()
	c.does(0, destroyIt)
	require.Contains(t, c.seen.String(), "the fan-out consumer helios-clicks")
	require.Equal(t, map[string]time.Time{"theirs": at(2)}, there)
}

func TestFanOutConsumersOfADeletedStackAreFoundAndLaterOnesAreSomebodyElses(t *testing.T) {
	c := newCloud(t)
	there := map[string]time.Time{}
	c.consumers(there)
	c.does(0, deployIt)
	c.pressedWhileItGoes(2, destroyIt)
	require.NoError(t, c.Finish("helios", "DELETE_COMPLETE"))
	there["helios-clicks"], there["helios-later"] = at(2), at(59)
	c.seen.Reset()
	c.does(0, destroyIt)
	require.Contains(t, c.seen.String(), "the fan-out consumer helios-clicks")
	require.NotContains(t, c.seen.String(), "helios-later")
	require.Equal(t, map[string]time.Time{"helios-later": at(59)}, there)
}

func TestAConsumerThatIsRegisteredWhileTheStackGoesIsRemovedToo(t *testing.T) {
	c := newCloud(t)
	there := map[string]time.Time{"helios-clicks": at(2)}
	c.consumers(there)
	c.does(0, deployIt)
	c.Fault(cfntest.Fault{Action: "cloudformation:DeleteStack", Do: func() { there["helios-clicks"] = at(3) }})
	c.does(0, destroyIt)
	require.Empty(t, there)

	// And one that is there even after that is told of.
	c.does(0, deployIt)
	c.Fault(cfntest.Fault{Action: "kinesis:ListStreamConsumers", Call: 3, Do: func() { there["helios-clicks"] = at(7) }})
	c.does(1, destroyIt)
	require.Contains(t, c.seen.String(), "this is still there: consumer arn:aws:kinesis:")
}

func TestABucketWhoseTagsMayNotBeReadIsNotTakenForSomebodyElses(t *testing.T) {
	c := newCloud(t)
	require.NoError(t, c.Put("another", "Resources: {BackupBucket: {Type: AWS::S3::Bucket}}", "CREATE_COMPLETE", nil)) // whose name does not matter here
	c.does(0, deployIt)
	c.does(0, destroyIt)
	answers := func(code string, status int) {
		c.Fault(cfntest.Fault{Action: "s3:GetBucketTagging", Code: code, Message: "because", Status: status})
	}
	answers("AccessDenied", 403)
	c.seen.Reset()
	c.does(3, destroyIt+" --purge")
	require.Contains(t, c.seen.String(), "whether the bucket helios-backupbucket-")
	require.Contains(t, c.seen.String(), "s3:GetBucketTagging")
	for code, status := range map[string]int{"PermanentRedirect": 301, "AuthorizationHeaderMalformed": 400, "NoSuchBucket": 404, "NoSuchTagSet": 404} {
		answers(code, status)
		c.seen.Reset()
		c.does(0, destroyIt)
		require.NotContains(t, c.seen.String(), "helios-backupbucket-", code)
	}
	c.does(0, destroyIt+" --purge")
	require.Len(t, c.Buckets(), 1)
	require.Contains(t, c.Buckets()[0], "another-backupbucket-")
}

func TestWhatSomebodyHadCloudFormationKeepIsToldOfAtEachRun(t *testing.T) {
	c := newCloud(t)
	c.does(0, deployIt)
	c.Play(cfntest.Play{ID: "LogGroup", On: cfntest.Deleting, Times: 2, Fails: "it is in use"})
	c.does(1, destroyIt)
	_, err := cloudformation.New(cloudformation.Options{
		BaseEndpoint: &c.URL, Region: cfntest.Region, Credentials: awscredentials.NewStaticCredentialsProvider("NOBODY", "not-a-secret", ""),
	}).DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("helios"), RetainResources: []string{"LogGroup"}})
	require.NoError(t, err)
	require.Empty(t, c.Status("helios"))
	group := c.the("AWS::Logs::LogGroup")
	for range 2 {
		c.seen.Reset()
		c.does(1, destroyIt)
		require.Contains(t, c.seen.String(), "of helios this is still there: loggroup "+group)
	}
	c.does(1, destroyIt+" --purge")
	c.does(1, destroyIt+" --purge")

	c.Answer("logs:DescribeLogGroups", func(*cfntest.Request) (any, error) { return map[string]any{"logGroups": []any{}}, nil }) // it is removed by hand
	c.seen.Reset()
	c.does(0, destroyIt)
	require.Contains(t, c.seen.String(), "There is nothing of helios")
}
