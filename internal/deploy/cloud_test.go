package deploy_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
	"github.com/helios-sql/helios/internal/fault"
)

// open starts an account and works in it.
func open(t *testing.T) (*cfntest.Account, *deploy.Session) {
	t.Helper()
	account := cfntest.Start(t)
	for name, value := range account.Environment() {
		t.Setenv(name, value)
	}
	s, err := deploy.Open(t.Context(), deploy.Options{})
	require.NoError(t, err)
	require.Equal(t, cfntest.ID, s.Account)
	require.Equal(t, cfntest.Caller, s.Caller)
	return account, s
}

func TestTheArtifactBucketIsClosedToOthersAndAnExecutableGoesThereOnce(t *testing.T) {
	_, s := open(t)
	content := executable("arm64")
	b, err := deploy.Finder{File: keep(t, "helios", content)}.Find(t.Context())
	require.NoError(t, err)
	bucket := aws.String(s.ArtifactBucket())
	_, err = s.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}) // as an attempt that was broken off leaves it
	require.NoError(t, err)

	var arrived int64
	uploaded, err := s.Upload(t.Context(), b, func(done, whole int64) { arrived = done; require.Equal(t, b.Size, whole) })
	require.NoError(t, err)
	require.True(t, uploaded)
	require.Equal(t, b.Size, arrived)

	policy, err := s.S3.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: bucket})
	require.NoError(t, err)
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [{"Sid": "TLSOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
		"Resource": ["arn:aws:s3:::`+*bucket+`", "arn:aws:s3:::`+*bucket+`/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`, *policy.Policy)
	access, err := s.S3.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: bucket})
	require.NoError(t, err)
	closed := access.PublicAccessBlockConfiguration
	require.True(t, *closed.BlockPublicAcls && *closed.BlockPublicPolicy && *closed.IgnorePublicAcls && *closed.RestrictPublicBuckets)
	_, err = s.S3.GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: bucket})
	require.NoError(t, err)

	uploaded, err = s.Upload(t.Context(), b, nil)
	require.NoError(t, err)
	require.False(t, uploaded, "it is there by its digest")
	there, err := s.S3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("helios/sha256/" + digest(content))})
	require.NoError(t, err)
	require.EqualValues(t, len(content), *there.ContentLength)
}

func TestAStackThatSomebodyElsePlansIsNotTouched(t *testing.T) {
	account, s := open(t)
	for stack, name := range map[string]string{"theirs": "cdk-deploy-change-set", "ours": "helios-abc"} {
		_, err := cloudformation.New(cloudformation.Options{
			BaseEndpoint: &account.URL, Region: s.Region, Credentials: credentials.NewStaticCredentialsProvider("NOBODY", "not-a-secret", ""),
		}).CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
			StackName: &stack, ChangeSetName: &name, ChangeSetType: "CREATE", TemplateBody: aws.String("Resources: {Queue: {Type: AWS::SQS::Queue}}"),
		})
		require.NoError(t, err)
	}
	for _, look := range []func(string) error{
		func(name string) error { _, err := s.Deployment(t.Context(), name); return err },
		func(name string) error { _, err := s.Survey(t.Context(), name); return err },
	} {
		require.NoError(t, look("ours"))
		require.Equal(t, fault.Conflict, fault.CodeOf(look("theirs")))
		require.ErrorContains(t, look("theirs"), "is being planned by somebody else")
	}
}

// The volume that the instance boots from carries its tags, and goes with it.
func TestAVolumeThatGoesByItselfIsNotLeftBehind(t *testing.T) {
	account, s := open(t)
	one := func(list string, values map[string]any) cfntest.Fields {
		member := cfntest.Fields{}
		for name, value := range values {
			member = append(member, cfntest.Field{Name: name, Value: value})
		}
		return cfntest.Fields{{Name: list, Value: []cfntest.Fields{member}}}
	}
	account.Answer("ec2:DescribeTags", func(*cfntest.Request) (any, error) {
		return one("tagSet", map[string]any{"resourceId": "vol-1", "resourceType": "volume", "key": deploy.DeploymentTag, "value": "helios"}), nil
	})
	for ends, loose := range map[string]int{"true": 0, "false": 1} {
		account.Answer("ec2:DescribeVolumes", func(*cfntest.Request) (any, error) {
			volume := one("volumeSet", map[string]any{"status": "in-use"})
			members, _ := volume[0].Value.([]cfntest.Fields)
			members[0] = append(members[0], one("attachmentSet", map[string]any{"instanceId": "i-1", "deleteOnTermination": ends})...)
			return volume, nil
		})
		v, err := s.Survey(t.Context(), "helios")
		require.NoError(t, err)
		require.Len(t, v.Loose, loose, ends)
	}
}

func TestTheLinkOfTheFirstAccountIsWaitedForAndElseSaidHowToGet(t *testing.T) {
	account, s := open(t)
	account.Fault(cfntest.Fault{Action: "ssm:SendCommand", Times: 5, Code: "InvalidInstanceId", Message: "not in a valid state"},
		cfntest.Fault{Action: "ssm:GetCommandInvocation", Times: 2, Code: "InvocationDoesNotExist", Message: "not yet"})
	got, err := s.Setup(t.Context(), "i-0123456789abcdef0")
	require.NoError(t, err)
	require.Equal(t, "/setup#one-time", got.Link)
	require.Equal(t, "AB:CD:EF", got.Fingerprint)

	answer := func(status, out, said string) {
		account.Answer("ssm:GetCommandInvocation", func(*cfntest.Request) (any, error) {
			return map[string]any{"Status": status, "StandardOutputContent": out, "StandardErrorContent": said}, nil
		})
	}
	answer("Failed", "", "helios: there is an account already. Sign in with it.\nfailed to run commands: exit status 1")
	got, err = s.Setup(t.Context(), "i-0123456789abcdef0")
	require.NoError(t, err)
	require.True(t, got.Taken)

	for _, broken := range []func(){
		func() { answer("TimedOut", "", "") },
		func() { answer("Success", "no JSON", "") },
		func() { answer("Success", `{"link": "https://elsewhere.example/"}`, "") },
		func() { answer("Failed", "", "sudo: unknown user helios") },
		func() {
			account.Fault(cfntest.Fault{Action: "ssm:SendCommand", Code: "AccessDeniedException", Message: "no", Status: 400})
		},
		func() {
			account.Fault(cfntest.Fault{Action: "ssm:SendCommand", Times: -1, Code: "InvalidInstanceId", Message: "never"})
		},
	} {
		broken()
		_, err = s.Setup(t.Context(), "i-0123456789abcdef0")
		require.Error(t, err)
		require.Contains(t, fault.HintOf(err), "aws ssm start-session --region eu-central-1 --target i-0123456789abcdef0")
		require.Contains(t, fault.HintOf(err), deploy.SetupCommand)
	}
}
