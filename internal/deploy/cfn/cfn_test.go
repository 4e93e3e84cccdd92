package cfn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
	"github.com/helios-sql/helios/internal/fault"
)

// small is a template with all that matters: conditions, functions, policies, something slow at the end.
const small = `
Parameters:
  Size: {Type: String, Default: "100"}
  Email: {Type: String, Default: ""}
Conditions:
  Mail: !Not [!Equals [!Ref Email, ""]]
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/24}}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
  Volume: {Type: AWS::EC2::Volume, DeletionPolicy: Snapshot, UpdateReplacePolicy: Snapshot, Properties: {Size: !Ref Size, AvailabilityZone: !Sub "${AWS::Region}a"}}
  Instance: {Type: AWS::EC2::Instance, DependsOn: Vpc, Properties: {ImageId: ami-1, InstanceType: t4g.medium, UserData: {"Fn::Base64": !Sub "at ${Volume} for ${Handle1}"}}}
  Attachment: {Type: AWS::EC2::VolumeAttachment, Properties: {VolumeId: !Ref Volume, InstanceId: !Ref Instance}}
  Alarms: {Type: AWS::SNS::Topic, Condition: Mail}
  Handle1: {Type: AWS::CloudFormation::WaitConditionHandle}
  Ready1: {Type: AWS::CloudFormation::WaitCondition, DependsOn: [Attachment], Properties: {Handle: !Ref Handle1, Timeout: "900"}}
Outputs:
  Volume: {Value: !Ref Volume}
  Where: {Value: !GetAtt Volume.AvailabilityZone}
`

// world is an account and a client in it.
type world struct {
	*cfntest.Account
	*cfn.Client
	events []cfn.Event
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a := cfntest.Start(t)
	api := cloudformation.New(cloudformation.Options{
		Region: cfntest.Region, BaseEndpoint: &a.URL, Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "x", "")),
	})
	return &world{Account: a, Client: cfn.New(api, cfn.Options{Poll: time.Millisecond, Flags: func(name string) string { return " --name " + name }})}
}

func (w *world) watch(e cfn.Event) { w.events = append(w.events, e) }

// deploy brings the stack to what a template says.
func (w *world) deploy(ctx context.Context, template string, parameters map[string]string) (cfn.Stack, error) {
	set, err := w.Prepare(ctx, "trial", cfn.Input{Template: []byte(template), Parameters: parameters, Tags: map[string]string{"app": "helios"}})
	if err != nil {
		return cfn.Stack{}, err
	}
	w.events = nil
	return w.Execute(ctx, set, w.watch)
}

// said is the whole of what a person gets to read of an error.
func said(err error) string {
	return strings.TrimSpace(fmt.Sprintf("%v | %s", err, fault.HintOf(err)))
}

func TestStackIsCreatedAndItsEventsAreToldOnceInOrder(t *testing.T) {
	w := newWorld(t)
	s, err := w.deploy(t.Context(), small, map[string]string{"Size": "200"})
	require.NoError(t, err)
	assert.Equal(t, "CREATE_COMPLETE", s.Status)
	assert.Equal(t, cfn.Ready, s.State())
	assert.Equal(t, "200", s.Parameters["Size"])
	assert.Equal(t, map[string]string{"app": "helios"}, s.Tags)
	assert.Equal(t, cfntest.Region+"a", s.Outputs["Where"])
	assert.True(t, strings.HasPrefix(s.Outputs["Volume"], "vol-"), s.Outputs)

	order := map[string]int{}
	for i, e := range w.events {
		key := e.LogicalID + " " + e.Status + " " + e.Reason
		assert.NotContains(t, order, key)
		order[key] = i
		assert.NotEqual(t, "REVIEW_IN_PROGRESS", e.Status, "which is of before")
	}
	assert.Greater(t, len(w.events), 25, "more than a page")
	assert.Equal(t, 0, order["trial CREATE_IN_PROGRESS User Initiated"])
	assert.Greater(t, order["Attachment CREATE_IN_PROGRESS "], order["Instance CREATE_COMPLETE "])
	assert.Equal(t, len(w.events)-1, order["trial CREATE_COMPLETE "])
	assert.NotContains(t, order, "Alarms CREATE_COMPLETE ", "its condition does not hold")

	resources, err := w.Resources(t.Context(), "trial")
	require.NoError(t, err)
	assert.Len(t, resources, 8)
	text, err := w.Template(t.Context(), "trial")
	require.NoError(t, err)
	assert.Equal(t, small, string(text))
}

func TestUpdateIsShownBeforeItIsMade(t *testing.T) {
	w := newWorld(t)
	_, err := w.deploy(t.Context(), small, nil)
	require.NoError(t, err)

	_, err = w.deploy(t.Context(), small, nil)
	require.ErrorIs(t, err, cfn.ErrNoChange)
	assert.NotContains(t, w.Asked(), "cloudformation:DeleteStack", "a change set without changes takes no stack with it")

	replaced := strings.Replace(strings.Replace(small, "ImageId: ami-1", "ImageId: ami-2", 1), "Ready1:", "Ready2:", 1)
	set, err := w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(replaced), Parameters: map[string]string{"Size": "300"}, Tags: map[string]string{"app": "helios"}})
	require.NoError(t, err)
	assert.False(t, set.Create)
	found := map[string]string{}
	for _, c := range set.Changes {
		found[c.LogicalID] = fmt.Sprint(c.Action, " ", c.Replacement, " ", c.Details)
	}
	assert.Equal(t, map[string]string{
		"Volume":     "Modify False [Size: 100 → 300]",
		"Instance":   "Modify True [ImageId: ami-1 → ami-2]",
		"Attachment": "Modify True [InstanceId: " + thing(t, w, "Instance") + " → known then]",
		"Ready1":     "Remove  []",
		"Ready2":     "Add  []",
	}, found)

	old := thing(t, w, "Instance")
	w.events = nil
	s, err := w.Execute(t.Context(), set, w.watch)
	require.NoError(t, err)
	assert.Equal(t, "UPDATE_COMPLETE", s.Status)
	assert.Equal(t, "UPDATE_IN_PROGRESS", w.events[0].Status, "what the creation told is not told again")
	assert.NotEqual(t, old, thing(t, w, "Instance"))

	_, err = w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(small), Parameters: map[string]string{"Nonsense": "1"}})
	require.ErrorContains(t, err, "Parameters: [Nonsense] do not exist in the template")
	_, err = w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(strings.Replace(small, "DependsOn: Vpc", "DependsOn: Gone", 1))})
	require.ErrorContains(t, err, "Unresolved resource dependencies [Gone]")
}

// thing is the ID of what a stack has made under a logical ID.
func thing(t *testing.T, w *world, id string) string {
	t.Helper()
	for _, one := range w.Things() {
		if one.LogicalID == id {
			return one.ID
		}
	}
	require.Fail(t, "there is no "+id)
	return ""
}

func TestDiscardedPlanLeavesNothing(t *testing.T) {
	w := newWorld(t)
	set, err := w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(small)})
	require.NoError(t, err)
	require.True(t, set.Create)
	assert.Equal(t, "REVIEW_IN_PROGRESS", w.Status("trial"))
	require.NoError(t, w.Discard(t.Context(), set))
	assert.Empty(t, w.Status("trial"))

	_, err = w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(small)}) // and is left there
	require.NoError(t, err)
	set, err = w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(small)})
	require.NoError(t, err, "an empty stack is created")
	assert.True(t, set.Create)
}

func TestNameThatIsTakenIsToldBeforeAnythingIsMade(t *testing.T) {
	w := newWorld(t)
	w.Problems(cfntest.Problem{ID: "Bucket", Type: "AWS::S3::Bucket", Reason: "Resource of type 'AWS::S3::Bucket' with identifier 'trial-backup' already exists."})
	_, err := w.deploy(t.Context(), small, nil)
	assert.Equal(t, "the bucket's name is taken: Resource of type 'AWS::S3::Bucket' with identifier 'trial-backup' already exists; CloudFormation has changed nothing in stack trial"+
		" | take another --name: it is a part of the bucket's; then run the same command again", said(err))
	assert.Empty(t, w.Status("trial"))
}

func TestFailedCreationTellsItsRootCauseAndWhereItStands(t *testing.T) {
	for name, test := range map[string]struct {
		plays        []cfntest.Play
		status       string
		code         fault.Code
		cause, after string
	}{
		"the first failure, not those that it called off, nor the last": {
			plays:  []cfntest.Play{{ID: "Vpc", Fails: "The maximum number of VPCs has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: VpcLimitExceeded; Request ID: 1-2; Proxy: null)"}, {ID: "Volume", Takes: 4}},
			status: "ROLLBACK_COMPLETE", code: fault.Conflict,
			cause: "the account has no VPC left in this region: The maximum number of VPCs has been reached. CloudFormation has taken back what it had made; of stack trial only the name is left (ROLLBACK_COMPLETE)",
			after: "then go on with `helios deploy --name trial`",
		},
		"the instance says why": {
			plays:  []cfntest.Play{{ID: "Ready1", Takes: 3, Fails: "WaitCondition received failed message: 'the digest is wrong: 12 instead of 34' for uniqueId: i-0123"}},
			status: "ROLLBACK_COMPLETE", code: fault.Unavailable,
			cause: "Helios did not become ready on its instance: the digest is wrong: 12 instead of 34",
			after: "`helios deploy --name trial`",
		},
		"the instance says nothing": {
			plays:  []cfntest.Play{{Type: "AWS::CloudFormation::WaitCondition", Fails: "WaitCondition timed out. Received 0 conditions when expecting 1"}},
			status: "ROLLBACK_COMPLETE", code: fault.Timeout,
			cause: "the instance did not say in time whether Helios is ready on it", after: "route to an internet gateway",
		},
		"a permission is missing": {
			plays:  []cfntest.Play{{ID: "Role", Fails: `Resource handler returned message: "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/x because no identity-based policy allows the iam:CreateRole action (Service: Iam, Status Code: 403, Request ID: 1-2) (SDK Attempt Count: 1)" (RequestToken: 3-4, HandlerErrorCode: AccessDenied)`}},
			status: "ROLLBACK_COMPLETE", code: fault.Credentials,
			cause: "you may not do iam:CreateRole, which Role (AWS::IAM::Role) needs", after: "`helios doctor` prints a policy",
		},
		"what nobody foresaw is told in AWS's words without its tokens": {
			plays:  []cfntest.Play{{ID: "Volume", Fails: `Resource handler returned message: "The moon is full. (Service: Ec2, Status Code: 400, Request ID: 1-2)" (RequestToken: 3-4, HandlerErrorCode: GeneralServiceException)`}},
			status: "ROLLBACK_COMPLETE", code: fault.Conflict, cause: "Volume (AWS::EC2::Volume) could not be made: The moon is full. CloudFormation",
		},
		"taking back fails too": {
			plays: []cfntest.Play{
				{ID: "Instance", Fails: "We currently do not have sufficient t4g.medium capacity in the Availability Zone you requested (Service: Ec2, Status Code: 500, Request ID: 1)"},
				{ID: "Vpc", On: cfntest.Undoing, Fails: "The vpc 'vpc-1' has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400, Request ID: 1)"},
			},
			status: "ROLLBACK_FAILED", code: fault.Unavailable,
			cause: "AWS has no such instance free in that availability zone now: We currently do not have sufficient t4g.medium capacity in the Availability Zone you requested. Stack trial is half made (ROLLBACK_FAILED), since putting it back failed too: the VPC of the stack is used by something that the stack did not make",
			after: "`helios destroy --name trial`",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Play(test.plays...)
			s, err := w.deploy(t.Context(), small, nil)
			var f *cfn.StackError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, test.status, f.Status)
			assert.Equal(t, test.status, s.Status)
			assert.Equal(t, cfn.Unborn, s.State())
			assert.Equal(t, test.code, fault.CodeOf(err))
			assert.True(t, strings.HasPrefix(err.Error(), test.cause), err.Error())
			assert.Contains(t, fault.HintOf(err), test.after)
			assert.NotContains(t, said(err), "Request ID")
			if test.status == "ROLLBACK_COMPLETE" {
				for _, left := range w.Things() { // whether a rollback makes one AWS does not tell
					assert.Equal(t, "AWS::EC2::Snapshot", left.Type)
				}
				assert.Empty(t, w.Buckets(), "what is kept later is not kept of a failure")
			}

			why, again := w.Why(t.Context(), "trial")
			require.NoError(t, again)
			assert.Equal(t, said(err), said(why), "another command, later")

			_, err = w.deploy(t.Context(), small, nil)
			require.ErrorContains(t, err, "can only be removed")
			_, err = w.Delete(t.Context(), "trial", nil, nil)
			require.NoError(t, err)
			_, err = w.deploy(t.Context(), small, nil)
			require.NoError(t, err)
		})
	}
}

func TestFailedUpdateIsUndone(t *testing.T) {
	w := newWorld(t)
	first, err := w.deploy(t.Context(), small, nil)
	require.NoError(t, err)

	worse := strings.NewReplacer("t4g.medium", "t4g.large", "Ready1:", "Ready2:").Replace(small)
	w.Play(cfntest.Play{ID: "Ready2", Fails: "WaitCondition received failed message: 'no' for uniqueId: i-1"})
	s, err := w.deploy(t.Context(), worse, map[string]string{"Size": "200"})
	assert.Equal(t, "Helios did not become ready on its instance: no. CloudFormation has put everything back as it was before | mend what the instance says; then run the same command again", said(err))
	assert.Equal(t, cfn.Ready, s.State())
	assert.Equal(t, first.Parameters, s.Parameters)
	text, err := w.Template(t.Context(), "trial")
	require.NoError(t, err)
	assert.Equal(t, small, string(text))

	w.Play(
		cfntest.Play{ID: "Ready2", Fails: "WaitCondition received failed message: 'no' for uniqueId: i-1"},
		cfntest.Play{ID: "Instance", On: cfntest.Undoing, Fails: "You are not authorized to perform this operation. User: arn:aws:iam::1:user/a is not authorized to perform: ec2:StartInstances on resource: x. Encoded authorization failure message: AbC-123", Times: 2},
	)
	s, err = w.deploy(t.Context(), worse, map[string]string{"Size": "200"})
	assert.Equal(t, "Helios did not become ready on its instance: no. Stack trial stands between what it was and what it was to be (UPDATE_ROLLBACK_FAILED), since putting it back failed too: "+
		"you may not do ec2:StartInstances, which Instance (AWS::EC2::Instance) needs"+
		" | `helios doctor` prints a policy that allows all that is needed; mend what the instance says; then go on with `helios deploy --name trial`, which first puts the rest back; should Instance refuse for good, `aws cloudformation continue-update-rollback --stack-name trial --resources-to-skip Instance --region eu-central-1` leaves it as it is", said(err))
	assert.Equal(t, cfn.Stuck, s.State())
	require.ErrorContains(t, w.Refusal(s), "an update of stack trial failed, and so did its undoing (UPDATE_ROLLBACK_FAILED)")

	_, err = w.ContinueRollback(t.Context(), "trial", nil, w.watch)
	require.ErrorContains(t, err, "ec2:StartInstances", "it fails a second time")
	why, err := w.Why(t.Context(), "trial")
	require.NoError(t, err)
	assert.Equal(t, "Ready2", why.First.LogicalID, "which the update began with, two operations ago")
	assert.Equal(t, "Instance", why.Undoing.LogicalID)

	w.events = nil
	s, err = w.ContinueRollback(t.Context(), "trial", []string{"Instance"}, w.watch)
	require.NoError(t, err)
	assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.Status)
	assert.Equal(t, "UPDATE_ROLLBACK_IN_PROGRESS", w.events[0].Status)
}

func TestDeletionTellsWhatStaysAndWhatIsLeft(t *testing.T) {
	w := newWorld(t)
	_, err := w.deploy(t.Context(), small, nil)
	require.NoError(t, err)
	w.Play(cfntest.Play{ID: "Vpc", On: cfntest.Deleting, Takes: 3, Fails: `Resource handler returned message: "The vpc 'vpc-1' has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400, Request ID: 1-2)" (RequestToken: 3, HandlerErrorCode: InvalidRequest)`, Times: 2})
	_, err = w.Delete(t.Context(), "trial", nil, w.watch)
	var f *cfn.StackError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, "the VPC of the stack is used by something that the stack did not make: The vpc 'vpc-1' has dependencies and cannot be deleted. Stack trial is not wholly removed (DELETE_FAILED); still there: Vpc "+thing(t, w, "Vpc")+
		" | remove what uses it: `aws ec2 describe-network-interfaces --filters Name=vpc-id,Values="+thing(t, w, "Vpc")+"` and `aws ec2 describe-security-groups`, in the same way, show it; then go on with `helios destroy --name trial`", said(err))
	require.Len(t, f.Remaining, 1)

	why, err := w.Why(t.Context(), "trial")
	require.NoError(t, err)
	assert.Equal(t, f.Error(), why.Error())
	_, err = w.deploy(t.Context(), small, nil)
	require.ErrorContains(t, err, "is half removed (DELETE_FAILED)")

	_, err = w.Delete(t.Context(), "trial", nil, nil)
	require.ErrorAs(t, err, &f, "it is tried again, and refuses again")
	kept, err := w.Delete(t.Context(), "trial", []string{"Vpc"}, w.watch)
	require.NoError(t, err)
	left := map[string]string{}
	for _, r := range kept {
		left[r.LogicalID] = r.Status
	}
	assert.Equal(t, map[string]string{"Vpc": "DELETE_SKIPPED", "Bucket": "DELETE_SKIPPED"}, left)
	assert.Empty(t, w.Status("trial"))

	_, err = w.Delete(t.Context(), "trial", nil, w.watch)
	require.NoError(t, err, "there is nothing to do")
}

func TestDeletionIsNotBelievedWhileThereIsSomethingLeft(t *testing.T) {
	w := newWorld(t)
	_, err := w.deploy(t.Context(), small, nil)
	require.NoError(t, err)
	w.Answer("cloudformation:ListStackResources", func(*cfntest.Request) (any, error) {
		return cfntest.Fields{{Name: "StackResourceSummaries", Value: []cfntest.Fields{
			{{Name: "LogicalResourceId", Value: "Instance"}, {Name: "PhysicalResourceId", Value: "i-1"}, {Name: "ResourceType", Value: "AWS::EC2::Instance"}, {Name: "ResourceStatus", Value: "DELETE_IN_PROGRESS"}},
		}}}, nil
	})
	_, err = w.Delete(t.Context(), "trial", nil, nil)
	assert.Equal(t, "Instance (AWS::EC2::Instance) could not be deleted: it is still there. CloudFormation says that stack trial is removed; still there: Instance i-1 | go on with `helios destroy --name trial`", said(err))
}

func TestWhatIsUnderWayIsWatchedAndCancelled(t *testing.T) {
	t.Run("a creation is watched from its beginning, by whoever asks", func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.Play(cfntest.Play{ID: "Ready1", Takes: 3})
		set, err := w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(small)})
		require.NoError(t, err)
		var before []cfn.Event
		_, err = w.Execute(ctx, set, func(e cfn.Event) {
			before = append(before, e)
			if e.LogicalID == "Vpc" {
				cancel()
			}
		})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, "stack trial is not watched any more, and CloudFormation goes on with it: context canceled | run the same command again: it goes on where it was", said(err))
		_, err = w.deploy(t.Context(), small, nil)
		require.ErrorContains(t, err, "something is being done to stack trial already (CREATE_IN_PROGRESS)")

		s, err := w.Watch(t.Context(), "trial", w.watch)
		require.NoError(t, err)
		assert.Equal(t, "CREATE_COMPLETE", s.Status)
		assert.Equal(t, before, w.events[:len(before)])
	})
	t.Run("a creation is cancelled: the stack goes away", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.begin(t, "Vpc", nil))
		require.NoError(t, w.Cancel(t.Context(), "trial"))
		kept, err := w.Delete(t.Context(), "trial", nil, w.watch)
		require.NoError(t, err)
		require.Len(t, kept, 1, "by its policy, though there is nothing in it")
		assert.Equal(t, "Bucket", kept[0].LogicalID)
		assert.Empty(t, w.Status("trial"))
		require.ErrorContains(t, w.Cancel(t.Context(), "trial"), "nothing is being done to stack trial any more")
	})
	t.Run("an update is cancelled: it is undone", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.deploy(t.Context(), small, nil)
		require.NoError(t, err)
		w.Play(cfntest.Play{ID: "Volume", Takes: 5})
		require.NoError(t, w.begin(t, "Volume", map[string]string{"Size": "200"}))
		require.NoError(t, w.Cancel(t.Context(), "trial"))
		s, err := w.Watch(t.Context(), "trial", w.watch)
		assert.Equal(t, "the work on stack trial was cancelled. CloudFormation has put everything back as it was before | run the same command again", said(err))
		assert.Equal(t, "UPDATE_ROLLBACK_COMPLETE", s.Status)
	})
}

// begin executes a change set and stops to watch as soon as a resource is told of.
func (w *world) begin(t *testing.T, id string, parameters map[string]string) error {
	t.Helper()
	set, err := w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(small), Parameters: parameters, Tags: map[string]string{"app": "helios"}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err = w.Execute(ctx, set, func(e cfn.Event) {
		if e.LogicalID == id {
			cancel()
		}
	}); errors.Is(err, context.Canceled) {
		return nil
	}
	return errors.Join(errors.New("it was not stopped"), err)
}

func TestWireFailures(t *testing.T) {
	t.Run("being throttled is waited out and not told", func(t *testing.T) {
		w := newWorld(t)
		w.Fault(
			cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: 3, Times: 2, Code: "Throttling", Message: "Rate exceeded"},
			cfntest.Fault{Action: "cloudformation:ExecuteChangeSet", Code: "Throttling", Message: "Rate exceeded"},
		)
		s, err := w.deploy(t.Context(), small, nil)
		require.NoError(t, err)
		assert.Equal(t, "CREATE_COMPLETE", s.Status)
	})
	t.Run("credentials expire in the middle", func(t *testing.T) {
		w := newWorld(t)
		w.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: 4, Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403})
		_, err := w.deploy(t.Context(), small, nil)
		assert.Equal(t, fault.Environment, fault.CodeOf(err))
		assert.Equal(t, "stack trial cannot be followed any further: the AWS credentials have expired. CloudFormation goes on with stack trial all the same"+
			" | sign in again, for example with `aws sso login`, and run the same command: it goes on where it was", said(err))
		s, err := w.Watch(t.Context(), "trial", w.watch)
		require.NoError(t, err)
		assert.Equal(t, "CREATE_COMPLETE", s.Status)
	})
	t.Run("a quota of stacks is no throttle", func(t *testing.T) {
		w := newWorld(t)
		w.Fault(cfntest.Fault{Action: "cloudformation:CreateChangeSet", Code: "LimitExceededException", Message: "Limit for stack has been exceeded"})
		_, err := w.deploy(t.Context(), small, nil)
		require.ErrorContains(t, err, "the account may not have another stack in this region")
	})
	t.Run("somebody else was quicker", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.deploy(t.Context(), small, nil)
		require.NoError(t, err)
		set, err := w.Prepare(t.Context(), "trial", cfn.Input{Template: []byte(small), Parameters: map[string]string{"Size": "200"}})
		require.NoError(t, err)
		_, err = w.deploy(t.Context(), small, map[string]string{"Size": "300"})
		require.NoError(t, err)
		_, err = w.Execute(t.Context(), set, nil)
		assert.Equal(t, "the changes of stack trial cannot be begun: the stack has changed since the plan was made | run the same command again: it makes a new plan", said(err))
	})
	t.Run("a stack that comes to no end has a deadline", func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.Put("trial", small, "UPDATE_IN_PROGRESS", nil))
		api := cloudformation.New(cloudformation.Options{Region: cfntest.Region, BaseEndpoint: &w.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "x", "")})
		_, err := cfn.New(api, cfn.Options{Poll: time.Millisecond, Wait: 50 * time.Millisecond}).Watch(t.Context(), "trial", nil)
		assert.Equal(t, fault.Timeout, fault.CodeOf(err))
		require.ErrorContains(t, err, "stack trial is still not at rest after 50ms; CloudFormation goes on with it")
	})
}
