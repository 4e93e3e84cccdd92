package deploy_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
	"github.com/helios-sql/helios/internal/deploy/stack"
)

const (
	clicks = "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"
	key    = "arn:aws:kms:eu-central-1:123456789012:key/0b2a1d9e-4c5f-4e0a-9a3e-5d1f7c8b6a42"
)

func scope() deploy.Scope {
	return deploy.Scope{
		Partition: "aws", Account: cfntest.ID, Region: cfntest.Region, Name: "helios", HostedZone: "Z0EXAMPLE", Caller: cfntest.Caller,
		Streams: []stack.Stream{{ARN: clicks, KMSKey: key}},
	}
}

func everything() []deploy.Grant {
	return slices.Concat(deploy.Reading(scope()), deploy.Deploying(scope()), deploy.Examining(scope()))
}

// services are the fields in which the code keeps its clients, and the name that IAM has for the service.
var services = map[string]string{
	"EC2": "ec2", "S3": "s3", "SSM": "ssm", "IAM": "iam", "Logs": "logs", "Route53": "route53", "Kinesis": "kinesis",
	"cloudFormation": "cloudformation", "api": "cloudformation",
}

// paginators are the packages whose paginators and waiters call for themselves.
var paginators = map[string]string{
	"ec2": "ec2", "s3": "s3", "ssm": "ssm", "iam": "iam", "cloudwatchlogs": "logs", "route53": "route53", "kinesis": "kinesis", "cloudformation": "cloudformation",
}

// otherwiseNamed are the calls whose permission has another name, from AWS's Service Authorization Reference.
var otherwiseNamed = map[string]string{
	"ec2:InstanceTerminated": "ec2:DescribeInstances", "ec2:SnapshotCompleted": "ec2:DescribeSnapshots",
	"ec2:InstanceStopped": "ec2:DescribeInstances",
	"s3:HeadBucket":       "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket", "s3:ListObjectVersions": "s3:ListBucketVersions", "s3:ListBuckets": "s3:ListAllMyBuckets",
	"s3:HeadObject": "s3:GetObject", "s3:DeleteObjects": "s3:DeleteObject", "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
	"s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock", "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
	"s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
}

// calls are the permissions that the code of a package needs for what it calls, with the place of one such call.
func calls(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	found := map[string]string{}
	waits := regexp.MustCompile(`^New(\w+)(Paginator|Waiter)$`)
	positions := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(positions, name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			outer, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			operation := ""
			switch x := outer.X.(type) {
			case *ast.SelectorExpr: // s.EC2.DescribeVpcs
				if service := services[x.Sel.Name]; service != "" {
					operation = service + ":" + outer.Sel.Name
				}
			case *ast.Ident: // ec2.NewDescribeTagsPaginator
				if m := waits.FindStringSubmatch(outer.Sel.Name); m != nil && paginators[x.Name] != "" {
					operation = paginators[x.Name] + ":" + m[1]
				}
			}
			if operation == "" || strings.HasSuffix(operation, ":Options") {
				return true
			}
			if other, ok := otherwiseNamed[operation]; ok {
				operation = other
			}
			found[operation] = positions.Position(n.Pos()).String()
			return true
		})
	}
	return found
}

func TestEveryCallIsAmongThePermissions(t *testing.T) {
	var listed []string
	for _, grant := range everything() {
		listed = append(listed, grant.Actions...)
	}
	total := 0
	for _, dir := range []string{".", "cfn"} {
		for action, where := range calls(t, dir) {
			total++
			require.True(t, slices.Contains(listed, action), "%s, which is called at %s, is in no list of permissions.go", action, where)
		}
	}
	require.Greater(t, total, 50, "the calls are not found any more")
}

func TestTheInstancesRightsToStreamsAreThoseThatAreExamined(t *testing.T) {
	document, err := json.Marshal(stack.PolicyDocument(stack.Parameters{
		Name: "helios", Account: cfntest.ID, Region: cfntest.Region, Streams: []stack.Stream{{ARN: clicks, KMSKey: key}},
	}))
	require.NoError(t, err)
	granted := regexp.MustCompile(`"(?:kinesis:\w+|kms:Decrypt)"`).FindAllString(string(document), -1)
	var examined []string
	for _, grant := range deploy.Reading(scope()) {
		for _, action := range grant.Actions {
			examined = append(examined, `"`+action+`"`)
		}
	}
	require.ElementsMatch(t, examined, granted)
}

func TestThePolicyNamesBucketsInTheSmallLettersThatTheyHave(t *testing.T) {
	of := scope()
	of.Name = "Staging"
	policy := string(deploy.Policy(deploy.Deploying(of)))
	require.Contains(t, policy, `"arn:aws:s3:::staging-backupbucket-*"`)
	require.NotContains(t, policy, `:Staging-backupbucket-`)
}

func TestThePolicyIsNoWiderThanAWSMakesIt(t *testing.T) {
	var policy struct {
		Statement []struct {
			Sid       string                       `json:"Sid"`
			Action    []string                     `json:"Action"`
			Resource  []string                     `json:"Resource"`
			Condition map[string]map[string]string `json:"Condition"`
		} `json:"Statement"`
	}
	require.NoError(t, json.Unmarshal(deploy.Policy(everything()), &policy))
	changes := regexp.MustCompile(`:(Put|Create|Run|Attach|Modify|Set|Add|Update|Execute|Authorize|Send|Pass|Allocate|Terminate|Stop|Deregister)`)
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			require.NotContains(t, action, "*", s.Sid)
			if slices.Contains(s.Resource, "*") {
				require.NotRegexp(t, changes, action, "%s allows it on everything", s.Sid)
			}
		}
		for _, resource := range s.Resource {
			if strings.HasPrefix(resource, "arn:aws:s3:::") {
				require.Contains(t, resource, "helios-", s.Sid)
			}
		}
		ends := slices.ContainsFunc(s.Action, func(a string) bool {
			return regexp.MustCompile(`^ec2:(Delete(Vpc|Volume|Snapshot|Subnet|SecurityGroup)|TerminateInstances|StopInstances)$`).MatchString(a)
		})
		if ends || s.Sid == "AskInstance" {
			require.Equal(t, map[string]map[string]string{"StringEquals": {"aws:ResourceTag/helios:deployment": "helios"}}, s.Condition, s.Sid)
		}
		if slices.Contains(s.Action, "iam:PassRole") {
			require.Equal(t, "ec2.amazonaws.com", s.Condition["StringEquals"]["iam:PassedToService"])
		}
	}
}
