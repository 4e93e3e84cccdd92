package cfn

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// diagnosis is a failed event in words.
type diagnosis struct {
	code   fault.Code
	said   string // what failed and why
	advice string // what mends it; "": nothing is known
}

// hint is the advice and what to do after it.
func (d diagnosis) hint(next string) string {
	if d.advice == "" {
		return next
	}
	return d.advice + "; then " + next
}

// handler is what stands around a reason: which part of AWS said it, and names that only machines know.
var (
	handler = regexp.MustCompile(`(?s)^Resource handler returned message: "(.*)" \(RequestToken: [^()]*\)$`)
	tokens  = regexp.MustCompile(`\s*\((?:Service: |RequestToken: |SDK Attempt Count: |AWS Error Code: |HandlerErrorCode: |Request ID: )[^()]*\)`)
	encoded = regexp.MustCompile(`(?s)\s*Encoded authorization failure message: .*$`)
	prefix  = regexp.MustCompile(`^Resource handler returned message: `)
	signal  = regexp.MustCompile(`(?s)^WaitCondition received failed message: '(.*)' for uniqueId: \S+$`)
)

// tidy is a reason as AWS gives it, without what only machines read.
func tidy(reason string) string {
	if m := handler.FindStringSubmatch(reason); m != nil {
		reason = m[1]
	}
	if m := signal.FindStringSubmatch(reason); m != nil {
		reason = m[1]
	}
	reason = prefix.ReplaceAllString(encoded.ReplaceAllString(reason, ""), "")
	reason = tokens.ReplaceAllString(reason, "")
	return strings.TrimRight(strings.Trim(strings.Join(strings.Fields(reason), " "), `"`), ". ")
}

// known is a reason that has words of its own. In them and in the advice $1 is the first group of the pattern, $why the reason, and
// $name, $type and $id are the resource.
type known struct {
	pattern *regexp.Regexp // of the whole reason, as AWS gave it
	of      string         // the type it is about; "": any
	code    fault.Code
	said    string
	advice  string
}

func rule(of string, code fault.Code, pattern, said, advice string) known {
	return known{pattern: regexp.MustCompile(`(?is)` + pattern), of: of, code: code, said: said, advice: advice}
}

const (
	waitCondition = "AWS::CloudFormation::WaitCondition"
	instance      = "AWS::EC2::Instance"
	bucket        = "AWS::S3::Bucket"
	record        = "AWS::Route53::RecordSet"

	dependency = `DependencyViolation|has dependencies and cannot be deleted|has a dependent object`
)

// rules are asked in their order. The wording of AWS is that of its services' lists of error codes and of reports of failed stacks.
var rules = []known{
	rule(waitCondition, fault.Unavailable, `received failed message: '(.*)' for uniqueId`,
		"Helios did not become ready on its instance: $1", "mend what the instance says"),
	rule(waitCondition, fault.Timeout, `timed out`,
		"the instance did not say in time whether Helios is ready on it",
		"see that its subnet has a way to the internet (a public subnet: a route to an internet gateway), which it needs to get Helios and to answer"),

	rule("", fault.Forbidden, `is not authorized to perform: ([a-z0-9-]+:[A-Za-z]+).*(?:explicit deny in a service control policy|service control policy)`,
		"a policy of the organization forbids $1, for which $name ($type) is made",
		"ask whoever keeps the organization's service control policies to allow it"),
	rule("", fault.Credentials, `is not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)`,
		"you may not do $1, which $name ($type) needs",
		"`helios doctor` prints a policy that allows all that is needed"),
	rule("", fault.Credentials, `API: (?:\()?([a-z0-9-]+:[A-Za-z]+)\)? (?:You are not authorized|Access Denied|User)`,
		"you may not do $1, which $name ($type) needs",
		"`helios doctor` prints a policy that allows all that is needed"),
	rule("", fault.Credentials, `not authorized to perform this operation|AccessDenied|UnauthorizedOperation`,
		"you may not make, change or remove $name ($type): $why",
		"`helios doctor` names the action that is missing and prints a policy that allows it"),

	rule("", fault.Conflict, `maximum number of VPCs|VpcLimitExceeded`,
		"the account has no VPC left in this region: $why",
		"take a VPC that there is (`helios deploy --vpc ID --subnet ID`), remove one, or ask for more: \"VPCs per Region\" in Service Quotas"),
	rule("", fault.Conflict, `maximum number of addresses|AddressLimitExceeded`,
		"the account has no Elastic IP left in this region: $why",
		"release one that nobody uses, or ask for more: \"EC2-VPC Elastic IPs\" in Service Quotas"),
	rule("", fault.Conflict, `vCPU (?:capacity|limit)|VcpuLimitExceeded`,
		"the account may not run that many vCPUs in this region: $why",
		"take a smaller instance with --instance-type, or ask for more: \"Running On-Demand Standard instances\" in Service Quotas"),
	rule("", fault.Conflict, `maximum number of internet gateways|InternetGatewayLimitExceeded`,
		"the account has no internet gateway left in this region: $why",
		"take a VPC that there is (`helios deploy --vpc ID --subnet ID`), or ask for more: \"Internet gateways per Region\" in Service Quotas"),
	rule(bucket, fault.Conflict, `TooManyBuckets|more buckets than allowed`,
		"the account may not have another bucket: $why",
		"remove one, or ask for more: \"Buckets\" of S3 in Service Quotas"),
	rule("", fault.Conflict, `free.tier`,
		"the account's free plan does not allow what $name ($type) is to be: $why",
		"take an instance of the free plan with --instance-type, or upgrade the account's plan"),
	rule("", fault.Unavailable, `PendingVerification|being validated|currently blocked`,
		"AWS still looks into this account: $why",
		"wait for the mail of AWS that says it is done, mostly within hours"),
	rule("", fault.Unavailable, `InsufficientInstanceCapacity|do not have sufficient .* capacity`,
		"AWS has no such instance free in that availability zone now: $why",
		"take another --instance-type, or try later"),
	rule(instance, fault.Conflict, `instance type .* is not supported in your requested Availability Zone|Unsupported`,
		"$name ($type) cannot be had there: $why",
		"take another --instance-type"),

	rule(bucket, fault.Conflict, `BucketAlreadyOwnedByYou|already owned by you`,
		"there is a bucket of that name in this account already: $why",
		"take another --name, or remove the bucket if nobody needs what is in it"),
	rule(bucket, fault.Conflict, `BucketAlreadyExists|bucket name is not available|already exists`,
		"the bucket's name is taken: $why",
		"take another --name: it is a part of the bucket's"),
	rule(bucket, fault.Conflict, `BucketNotEmpty|bucket you tried to delete is not empty`,
		"the bucket cannot be removed since it is not empty: $why",
		"`helios destroy --purge` empties it"),

	rule(record, fault.Conflict, `No hosted zone found|NoSuchHostedZone|hosted zone .*not found`,
		"the hosted zone of the domain is not there: $why",
		"check --domain and --hosted-zone: `aws route53 list-hosted-zones` shows those there are"),
	rule(record, fault.Conflict, `is not permitted in zone`,
		"the domain does not belong to the hosted zone: $why",
		"check --domain and --hosted-zone"),
	rule(record, fault.Conflict, `already exists`,
		"the domain leads elsewhere already: $why",
		"take another --domain, or remove that record"),

	rule("", fault.Conflict, `InvalidAMIID|image id '?\[?ami-[0-9a-f]+|ami-[0-9a-f]+.*does not exist`,
		"the image that the instance is to start from is not to be had in this region: $why",
		"AWS may just have put a newer one in its place: wait some minutes"),
	rule("", fault.Conflict, `Unable to fetch parameters \[([^\]]*)\] from parameter store`,
		"the newest image of Amazon Linux 2023 cannot be looked up: $why",
		"see that you may do ssm:GetParameters, and that the region is right"),
	rule("", fault.Conflict, `InvalidSnapshot|snapshot .*does not exist`,
		"the snapshot is not to be had in this region: $why",
		"check --from-snapshot: `aws ec2 describe-snapshots --owner-ids self` shows those there are"),
	rule("", fault.Conflict, `VolumeInUse|is already attached to an instance|vol-[0-9a-f]+ is (?:currently )?(?:attached|in.use)`,
		"the data volume is attached to another instance: $why",
		"stop the instance that has it, or detach it there"),
	rule("AWS::EC2::VPC", fault.Conflict, dependency,
		"the VPC of the stack is used by something that the stack did not make: $why",
		"remove what uses it: `aws ec2 describe-network-interfaces --filters Name=vpc-id,Values=$id` and `aws ec2 describe-security-groups`, in the same way, show it"),
	rule("", fault.Conflict, dependency,
		"$name ($type) is used by something that the stack did not make: $why",
		"remove what uses it"),

	rule("", fault.Conflict, `already exists`,
		"there is already something by the name that $name ($type) is to have: $why",
		"take another --name, or remove that if nobody needs it"),
	rule("", fault.Unavailable, `Rate exceeded|Throttling|RequestLimitExceeded|SlowDown`,
		"AWS was asked too often in a short time, also by others in this account, and gave up on $name ($type): $why",
		"wait a few minutes"),
	rule("", fault.Unavailable, `NotStabilized|Exceeded attempts to wait|did not stabilize`,
		"AWS did not get done with $name ($type) in the time it has: $why", ""),
	rule("", fault.Conflict, `LimitExceeded|ServiceLimit|quota`,
		"a limit of the account stands in the way of $name ($type): $why",
		"ask for more in Service Quotas"),
}

// diagnose puts a failed event into words.
func diagnose(e Event) diagnosis {
	why := e.Reason
	if why == "" {
		why = "AWS gives no reason"
	}
	for _, k := range rules {
		if k.of != "" && k.of != e.Type {
			continue
		}
		if m := k.pattern.FindStringSubmatch(e.raw); m != nil {
			first := strings.TrimRight(strings.Join(strings.Fields(m[len(m)-1]), " "), ". ")
			fill := strings.NewReplacer("$1", first, "$name", e.LogicalID, "$type", e.Type, "$id", e.PhysicalID, "$why", why)
			return diagnosis{code: k.code, said: fill.Replace(k.said), advice: fill.Replace(k.advice)}
		}
	}
	if e.OfStack || e.LogicalID == "" {
		return diagnosis{code: fault.Conflict, said: why}
	}
	return diagnosis{code: fault.Conflict, said: fmt.Sprintf("%s (%s) could not be %s: %s", e.LogicalID, e.Type, done(e.Status), why)}
}

// done is what a resource was to be.
func done(status string) string {
	switch {
	case strings.HasPrefix(status, "DELETE"):
		return "deleted"
	case strings.HasPrefix(status, "UPDATE"):
		return "changed"
	default:
		return "made"
	}
}
