package stack

import (
	"slices"
	"strings"
)

const artifactPrefix = "helios/sha256/"

// statement is what the instance may do with some resources. Nothing is allowed that Helios does not call.
type statement struct {
	id        string
	words     string // for people; "" if Grants says it in another way
	actions   []string
	resources []string // ARNs with references as Fn::Sub takes them
	when      condition

	// anything is why AWS takes no other resource than *, "" if the resources are named.
	anything string
}

// condition is an operator on a key, and the values of which one must fit, with references too.
type condition struct {
	operator, key string
	values        []string
}

// Which resources an action knows is from AWS's Service Authorization Reference, service by service.
func statements(p Parameters) []statement {
	var all []statement
	if len(p.Streams) > 0 {
		read := statement{
			id:      "ReadStreams",
			actions: []string{"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:RegisterStreamConsumer"},
		}
		// Consumers are resources of their own, below their stream; all that Helios registers begin with helios-.
		fanOut := statement{
			id: "FanOut", words: "have consumers of its own on these streams, for sources that are set to read by enhanced fan-out",
			actions: []string{"kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard", "kinesis:DeregisterStreamConsumer"},
		}
		for _, s := range p.Streams {
			read.resources = append(read.resources, s.ARN)
			fanOut.resources = append(fanOut.resources, s.ARN+"/consumer/helios-*")
		}
		all = append(all, read, fanOut)
	}
	all = append(all, decrypt(p)...)
	return append(
		all,
		statement{
			id: "ListBackups", words: "list its own prefix of the backup bucket",
			actions: []string{"s3:ListBucket"}, resources: []string{"${BackupBucket.Arn}"},
			when: condition{"StringLike", "s3:prefix", []string{p.Name + "/*"}},
		},
		statement{
			id: "KeepBackups", words: "read, write and remove backups below that prefix",
			actions:   []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"},
			resources: []string{"${BackupBucket.Arn}/" + p.Name + "/*"},
		},
		statement{
			id: "FetchArtifact", words: "fetch the program from the artifact bucket",
			actions: []string{"s3:GetObject"}, resources: []string{"arn:${AWS::Partition}:s3:::" + p.Artifact.Bucket + "/" + artifactPrefix + "*"},
		},
		statement{
			id: "WriteLogs", words: "write to its own log group, its metrics among that",
			actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, resources: []string{"${LogGroup.Arn}"}, // it ends in :*, which are the log streams
		},
		statement{
			id: "BeManaged", words: "tell Systems Manager that it is there",
			actions: []string{"ssm:UpdateInstanceInformation"}, resources: []string{"arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:instance/*"},
		},
		// Run Command comes over the same channels since version 3.3.40 of the agent: ec2messages is not needed.
		// https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
		statement{
			id: "SessionManager", words: "open the channels of Session Manager and Run Command, by which people get onto it instead of SSH",
			actions:   []string{"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"},
			resources: []string{"*"}, anything: "AWS defines no resource for a channel: these actions know no ARN",
		},
	)
}

// decrypt is what encrypted streams need: their keys, through Kinesis and for nothing else.
func decrypt(p Parameters) []statement {
	var keys, through []string
	for _, s := range p.Streams {
		if s.KMSKey != "" && !slices.Contains(keys, s.KMSKey) {
			keys = append(keys, s.KMSKey)
		}
	}
	for _, key := range keys {
		if service := "kinesis." + strings.Split(key, ":")[3] + ".${AWS::URLSuffix}"; !slices.Contains(through, service) {
			through = append(through, service)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return []statement{{
		id: "DecryptStreams", words: "have Kinesis decrypt what it reads, with the keys of these streams, and use the keys for nothing else",
		actions: []string{"kms:Decrypt"}, resources: keys, when: condition{"StringEquals", "kms:ViaService", through},
	}}
}

const policyVersion = "2012-10-17" // of IAM's language

// policy is the policy as it stands in the template.
func policy(p Parameters) object {
	var list []any
	for _, s := range statements(p) {
		one := object{pair("Sid", s.id), pair("Effect", "Allow"), pair("Action", s.actions), pair("Resource", each(s.resources, withReferences))}
		if s.when.key != "" {
			one = append(one, pair("Condition", object{pair(s.when.operator, object{pair(s.when.key, each(s.when.values, withReferences))})}))
		}
		list = append(list, one)
	}
	return object{pair("Version", policyVersion), pair("Statement", list)}
}

// withReferences is text for Fn::Sub if it has references, and else the text.
func withReferences(s string) any {
	if strings.Contains(s, "${") {
		return sub(s)
	}
	return s
}

// PolicyDocument is the policy of the instance's role, as IAM takes it. Names that CloudFormation chooses when the stack is made end
// in *.
func PolicyDocument(p Parameters) map[string]any {
	suffix := "amazonaws.com"
	if partition(p.Region) == "aws-cn" {
		suffix += ".cn"
	}
	known := strings.NewReplacer(
		"${AWS::Partition}", partition(p.Region), "${AWS::Region}", p.Region, "${AWS::AccountId}", p.Account, "${AWS::URLSuffix}", suffix,
		"${BackupBucket.Arn}", "arn:"+partition(p.Region)+":s3:::"+strings.ToLower(p.Name)+"-backupbucket-*",
		"${LogGroup.Arn}", "arn:"+partition(p.Region)+":logs:"+p.Region+":"+p.Account+":log-group:"+p.Name+"-LogGroup-*:*",
	)
	var list []any
	for _, s := range statements(p) {
		one := map[string]any{"Sid": s.id, "Effect": "Allow", "Action": s.actions, "Resource": each(s.resources, known.Replace)}
		if s.when.key != "" {
			one["Condition"] = map[string]any{s.when.operator: map[string]any{s.when.key: each(s.when.values, known.Replace)}}
		}
		list = append(list, one)
	}
	return map[string]any{"Version": policyVersion, "Statement": list}
}

// Unconfined are the actions of the policy that AWS allows on no smaller resource than *, and why.
func Unconfined(p Parameters) map[string]string {
	why := map[string]string{}
	for _, s := range statements(p) {
		for _, action := range s.actions {
			if s.anything != "" {
				why[action] = s.anything
			}
		}
	}
	return why
}

func each[T, R any](all []T, change func(T) R) []R {
	changed := make([]R, len(all))
	for i, one := range all {
		changed[i] = change(one)
	}
	return changed
}
