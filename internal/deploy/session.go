// Package deploy brings Helios to AWS, keeps it up to date there and takes it away again. What is made is told by package stack,
// how CloudFormation makes it is package cfn's; here is what comes before and after: who somebody is, what is there already, the
// binary, the order of steps and what is said of them.
package deploy

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// openTime is how long it may take to find credentials and to learn whose they are.
const openTime = 10 * time.Second

// Options say as whom and where to work. What is empty comes from the SDK's standard chain.
type Options struct{ Profile, Region string }

// Session is an account and a region, as one that has credentials for them works there.
type Session struct {
	Account   string // 12 digits
	Region    string
	Partition string // aws, aws-cn, aws-us-gov
	Caller    string // the ARN of who works here

	Credentials string // where they come from, for people

	Stacks  *cfn.Client
	EC2     *ec2.Client
	S3      *s3.Client
	SSM     *ssm.Client
	IAM     *iam.Client
	Logs    *cloudwatchlogs.Client
	Route53 *route53.Client
	Kinesis *kinesis.Client
	STS     *sts.Client

	cloudFormation *cloudformation.Client

	profile string // as it was named, for the commands that are told
}

// Open finds credentials and a region by the SDK's standard chain and asks AWS whose they are. All that can be wrong with them is
// told in one paragraph, as a fault of the environment.
func Open(ctx context.Context, o Options) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	load := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{}), config.WithHTTPClient(awshttp.NewBuildableClient())}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return nil, fault.New(fault.Environment, "there is no AWS profile %q", missing.Profile).
			WithHint("`aws configure list-profiles` shows those there are; name one with --profile or AWS_PROFILE, or make it with `aws configure sso`")
	}
	if err != nil {
		return nil, fault.New(fault.Environment, "the configuration of AWS cannot be read: %w", err).
			WithHint("it is in ~/.aws/config and ~/.aws/credentials, and in the variables AWS_…")
	}
	if cfg.Region == "" {
		return nil, fault.New(fault.Environment, "no AWS region is set").
			WithHint("name the one that your streams are in: --region eu-central-1, or AWS_REGION, or region in the profile")
	}
	found, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, noCredentials(err, o.Profile)
	}
	cfg.HTTPClient = awssdk.Steady(cfg.HTTPClient)
	s := newSession(cfg, o.Profile)
	s.Credentials = awssdk.Provider(found)
	who, err := s.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, awssdk.Explain(err, "AWS cannot be asked who you are")
	}
	s.Account, s.Caller = aws.ToString(who.Account), aws.ToString(who.Arn)
	if parsed, err := arn.Parse(s.Caller); err == nil {
		s.Partition = parsed.Partition
	}
	return s, nil
}

func newSession(cfg aws.Config, profile string) *Session {
	s := &Session{
		Region:    cfg.Region,
		Partition: "aws",
		EC2:       ec2.NewFromConfig(cfg),
		// Emulators are reached by an address that has no room for a bucket's name before it.
		S3:      s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil }),
		SSM:     ssm.NewFromConfig(cfg),
		IAM:     iam.NewFromConfig(cfg),
		Logs:    cloudwatchlogs.NewFromConfig(cfg),
		Route53: route53.NewFromConfig(cfg),
		Kinesis: kinesis.NewFromConfig(cfg),
		STS:     sts.NewFromConfig(cfg),
		profile: profile,
	}
	s.cloudFormation = cloudformation.NewFromConfig(cfg)
	s.Stacks = cfn.New(s.cloudFormation, cfn.Options{Flags: s.Flags})
	return s
}

// Deployment is what runs under a name.
type Deployment struct {
	Stack      cfn.Stack
	Parameters stack.Parameters
	Found      bool
}

// Deployment looks a deployment up. A stack of that name that Helios did not make is refused.
func (s *Session) Deployment(ctx context.Context, name string) (Deployment, error) {
	found, ok, err := s.Stacks.Describe(ctx, name)
	if err != nil || !ok {
		return Deployment{}, err
	}
	if found.State() == cfn.Empty { // a name and nothing else: a change set was made, and not executed yet
		if foreign, err := s.Stacks.Foreign(ctx, name); err != nil || foreign == "" {
			return Deployment{Stack: found}, err
		}
		return Deployment{}, fault.New(fault.Conflict, "the stack %s in %s is being planned by somebody else", name, s.Region).
			WithHint("take another name with --name")
	}
	text, err := s.Stacks.Template(ctx, name)
	if err != nil {
		return Deployment{}, err
	}
	d := Deployment{Stack: found, Found: true}
	if d.Parameters, err = stack.Read(text, found.Parameters); err != nil && found.Tags[DeploymentTag] == name {
		return Deployment{}, fault.New(fault.Conflict, "what there is of %s in %s cannot be read: %w", name, s.Region, err).
			WithHint("use the newest version of `helios`")
	} else if err != nil {
		return Deployment{}, fault.New(fault.Conflict, "the stack %s in %s is not one of Helios: %w", name, s.Region, err).
			WithHint("take another name with --name")
	}
	return d, nil
}

// Flags are those that lead a command to where this session is, with a space before them; for the commands that people are told.
func (s *Session) Flags(name string) string {
	var b strings.Builder
	if name != DefaultName {
		b.WriteString(" --name " + name)
	}
	if s.profile != "" {
		b.WriteString(" --profile " + s.profile)
	}
	b.WriteString(" --region " + s.Region)
	return b.String()
}

// DefaultName is that of a deployment that nobody named.
const DefaultName = "helios"
