package stack_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/stack"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "if that is meant: go test ./internal/deploy/stack -update")
}

func template(t *testing.T, p stack.Parameters) []byte {
	t.Helper()
	text, err := stack.Template(p)
	require.NoError(t, err)
	return text
}

var (
	script  = regexp.MustCompile(`(?s)(          Fn::Sub: )\|\n.*?\n\n(  #)`)
	boot    = regexp.MustCompile(`Ready[0-9a-f]{8}`)
	choices = map[string]func(*stack.Parameters){
		"plain": func(p *stack.Parameters) { p.AlarmEmail = "oncall@example.com" },
		"domain": func(p *stack.Parameters) {
			p.Name, p.Domain, p.HostedZoneID, p.AllowCIDRs = "staging", "helios.example.com", "Z0123456789ABCDEFGHIJ", []string{"0.0.0.0/0", "2001:db8::/32"}
			p.Zone, p.ImageID, p.Settings = "eu-central-1c", "ami-0123456789abcdef0", "log:\n  level: debug\n"
			p.Streams = []stack.Stream{{ARN: orders, Table: "orders", KMSKey: ordersKey}, {ARN: clicks, KMSKey: clicksKey}}
		},
		"vpc": func(p *stack.Parameters) {
			p.VPCID, p.SubnetID, p.Zone = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "eu-central-1b"
			p.Arch, p.InstanceType, p.SnapshotID, p.AllowCIDRs = "amd64", "m7i.xlarge", "snap-0123456789abcdef0", []string{"10.0.0.0/8"}
		},
		"absent": func(p *stack.Parameters) { p.Absent = true },
	}
)

// The script of the user data, and the name of the boot made from it, are tested by running it.
func TestTemplatesAndWhatIsSaidOfThemAreAsReviewed(t *testing.T) {
	for name, choose := range choices {
		t.Run(name, func(t *testing.T) {
			p := aDeployment()
			choose(&p)
			text := script.ReplaceAllString(string(template(t, p)), "$1(the script)\n\n$2")
			golden(t, name+".yaml", boot.ReplaceAllString(text, "Ready00000000"))

			var said strings.Builder
			for _, item := range stack.Items(p) {
				kept := ""
				if item.Keeps {
					kept = " [kept]"
				}
				said.WriteString(boot.ReplaceAllString(item.ID, "Ready00000000") + ", " + item.Type + ": " + item.What + kept + "\n")
			}
			for _, part := range []struct {
				title string
				lines []string
			}{{"Reach", stack.Reach(p)}, {"Grants", stack.Grants(p)}, {"Warnings", stack.Warnings(p)}} {
				said.WriteString("\n" + part.title + "\n" + strings.Join(part.lines, "\n") + "\n")
			}
			golden(t, name+".txt", said.String())
		})
	}
}

func TestEveryCombinationIsValidAndSafeAndReadBack(t *testing.T) {
	for name, p := range combinations() {
		t.Run(name, func(t *testing.T) {
			text := template(t, p)
			require.Less(t, len(text), 51200)
			for _, values := range []map[string]string{nil, p.Values()} {
				back, err := stack.Read(text, values)
				require.NoError(t, err)
				require.Equal(t, p, back)
			}
			parsed := parse(t, text)
			checkTags(t, parsed)
			checkKept(t, parsed)
			checkInstance(t, parsed, p)
			checkFirewall(t, parsed, p)
			checkStorage(t, parsed, p)
			checkAlarms(t, parsed, p)
			checkParameters(t, parsed, p)
		})
	}
}

// resourcesOf gives the resources of a type.
func resourcesOf(template map[string]any, kind string) []string {
	var found []string
	for id, r := range template["Resources"].(map[string]any) {
		if at(r, "Type") == kind {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return found
}

// What takes no tags, by AWS's template reference. Whatever is not named here must have them.
var untaggable = []string{
	"AWS::EC2::VPCGatewayAttachment", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VolumeAttachment", "AWS::EC2::EIPAssociation",
	"AWS::IAM::InstanceProfile", "AWS::S3::BucketPolicy", "AWS::Route53::RecordSet", "AWS::SNS::Subscription",
	"AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle",
}

func checkTags(t *testing.T, template map[string]any) {
	t.Helper()
	for id, r := range template["Resources"].(map[string]any) {
		if slices.Contains(untaggable, at(r, "Type").(string)) {
			continue
		}
		keys := map[any]any{}
		for _, tag := range at(r, "Properties", "Tags").([]any) {
			keys[at(tag, "Key")] = at(tag, "Value")
		}
		require.Equal(t, "helios", keys["helios:deployment"], id)
		require.NotEmpty(t, keys["Name"], id)
	}
}

func checkKept(t *testing.T, template map[string]any) {
	t.Helper()
	kept := map[string]any{}
	for id, r := range template["Resources"].(map[string]any) {
		require.Equal(t, at(r, "DeletionPolicy"), at(r, "UpdateReplacePolicy"), id)
		if policy := at(r, "DeletionPolicy"); policy != nil {
			kept[id] = policy
		}
	}
	require.Equal(t, map[string]any{"DataVolume": "Snapshot", "BackupBucket": "Retain", "BackupBucketPolicy": "Retain", "LogGroup": "Delete"}, kept)
}

func checkInstance(t *testing.T, template map[string]any, p stack.Parameters) {
	t.Helper()
	if p.Absent {
		for _, kind := range []string{"AWS::EC2::Instance", "AWS::EC2::VolumeAttachment", "AWS::EC2::EIPAssociation", "AWS::CloudFormation::WaitCondition", "AWS::CloudWatch::Alarm"} {
			require.Empty(t, resourcesOf(template, kind))
		}
		return
	}
	instance := at(template, "Resources", "Instance", "Properties").(map[string]any)
	require.Equal(t, map[string]any{
		"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1, "InstanceMetadataTags": "disabled",
	}, instance["MetadataOptions"])
	require.NotContains(t, instance, "KeyName")
	require.Equal(t, map[string]any{"Encrypted": true, "VolumeType": "gp3", "VolumeSize": 16, "DeleteOnTermination": true}, at(instance, "BlockDeviceMappings", 0, "Ebs"))
	require.Equal(t, true, instance["PropagateTagsToVolumeOnCreation"])
	require.Equal(t, []any{map[string]any{"Fn::GetAtt": "Firewall.GroupId"}}, instance["SecurityGroupIds"])

	ready := resourcesOf(template, "AWS::CloudFormation::WaitCondition")
	require.Len(t, ready, 1)
	require.Equal(t, []string{ready[0] + "Handle"}, resourcesOf(template, "AWS::CloudFormation::WaitConditionHandle"))
	require.Equal(t, ref(ready[0]+"Handle"), at(template, "Resources", ready[0], "Properties", "Handle"))
	require.Equal(t, []any{"DataVolumeAttachment", "AddressAssociation"}, at(template, "Resources", ready[0], "DependsOn"))
	require.Contains(t, at(instance, "UserData", "Fn::Base64", "Fn::Sub"), "${"+ready[0]+"Handle}", "the boot tells the condition that is waited for")
	if p.Domain != "" {
		require.Contains(t, at(template, "Resources", "Instance", "DependsOn"), "Record", "a certificate is asked for at once")
	}
}

func checkFirewall(t *testing.T, template map[string]any, p stack.Parameters) {
	t.Helper()
	require.Equal(t, []string{"Firewall"}, resourcesOf(template, "AWS::EC2::SecurityGroup"))
	firewall := at(template, "Resources", "Firewall", "Properties").(map[string]any)
	var in []string
	for _, rule := range firewall["SecurityGroupIngress"].([]any) {
		require.Equal(t, []any{"tcp", 443, 443}, []any{at(rule, "IpProtocol"), at(rule, "FromPort"), at(rule, "ToPort")})
		cidr := at(rule, "CidrIp")
		if cidr == nil {
			cidr = at(rule, "CidrIpv6")
		}
		in = append(in, cidr.(string))
	}
	require.Equal(t, p.AllowCIDRs, in)
	for _, rule := range firewall["SecurityGroupEgress"].([]any) {
		require.Equal(t, at(rule, "FromPort"), at(rule, "ToPort"))
		switch at(rule, "FromPort") {
		case 443:
			require.Equal(t, []any{"tcp", "0.0.0.0/0"}, []any{at(rule, "IpProtocol"), at(rule, "CidrIp")})
		case 53:
			require.NotEmpty(t, p.VPCID, "in a VPC of Helios's own name servers are Amazon's, which no rule concerns")
			require.Contains(t, []any{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}, at(rule, "CidrIp"))
		default:
			t.Fatalf("egress that nothing needs: %v", rule)
		}
	}
}

func checkStorage(t *testing.T, template map[string]any, p stack.Parameters) {
	t.Helper()
	volume := at(template, "Resources", "DataVolume", "Properties")
	require.Equal(t, []any{true, "gp3", ref("VolumeSize")}, []any{at(volume, "Encrypted"), at(volume, "VolumeType"), at(volume, "Size")})
	require.Equal(t, []any{"HasSnapshot", ref("SnapshotId"), ref("AWS::NoValue")}, at(volume, "SnapshotId", "Fn::If"))

	bucket := at(template, "Resources", "BackupBucket", "Properties").(map[string]any)
	require.NotContains(t, bucket, "BucketName", "one that is kept would be in the way of the next deployment of the name")
	require.Equal(t, "AES256", at(bucket, "BucketEncryption", "ServerSideEncryptionConfiguration", 0, "ServerSideEncryptionByDefault", "SSEAlgorithm"))
	require.Equal(t, "Enabled", at(bucket, "VersioningConfiguration", "Status"))
	require.Equal(t, map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}, bucket["PublicAccessBlockConfiguration"])
	require.Equal(t, "BucketOwnerEnforced", at(bucket, "OwnershipControls", "Rules", 0, "ObjectOwnership"))
	rules := at(bucket, "LifecycleConfiguration", "Rules")
	require.Equal(t, []any{"Enabled", 30, "Enabled", 2}, []any{
		at(rules, 0, "Status"), at(rules, 0, "NoncurrentVersionExpiration", "NoncurrentDays"),
		at(rules, 1, "Status"), at(rules, 1, "AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
	})
	policy := at(template, "Resources", "BackupBucketPolicy", "Properties")
	require.Equal(t, ref("BackupBucket"), at(policy, "Bucket"))
	require.Equal(t, map[string]any{
		"Sid": "OnlyTLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
		"Resource":  []any{map[string]any{"Fn::GetAtt": "BackupBucket.Arn"}, sub("${BackupBucket.Arn}/*")},
		"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
	}, at(policy, "PolicyDocument", "Statement", 0))

	require.Equal(t, ref("LogRetention"), at(template, "Resources", "LogGroup", "Properties", "RetentionInDays"))
	zone := map[string]any{"Fn::GetAtt": "Subnet.AvailabilityZone"}
	if p.Zone != "" {
		zone = ref("Zone")
	}
	require.Equal(t, zone, at(volume, "AvailabilityZone"))
}

func checkAlarms(t *testing.T, template map[string]any, p stack.Parameters) {
	t.Helper()
	for _, id := range []string{"AlarmTopic", "AlarmSubscription"} {
		require.Equal(t, "HasAlarmEmail", at(template, "Resources", id, "Condition"))
	}
	require.Equal(t, ref("AlarmEmail"), at(template, "Resources", "AlarmSubscription", "Properties", "Endpoint"))
	if p.Absent {
		return
	}
	want := []string{"AlarmDisk", "AlarmInstance", "AlarmLag", "AlarmNoEvents", "AlarmRecover"}
	if len(p.Streams) == 0 {
		want = []string{"AlarmDisk", "AlarmInstance", "AlarmRecover"}
	}
	require.Equal(t, want, resourcesOf(template, "AWS::CloudWatch::Alarm"))
	topic := map[string]any{"Fn::If": []any{"HasAlarmEmail", ref("AlarmTopic"), ref("AWS::NoValue")}}
	for _, id := range want {
		require.Contains(t, at(template, "Resources", id, "Properties", "AlarmActions"), topic, id)
	}
	require.Contains(t, at(template, "Resources", "AlarmRecover", "Properties", "AlarmActions"), sub("arn:${AWS::Partition}:automate:${AWS::Region}:ec2:recover"))
	disk := at(template, "Resources", "AlarmDisk", "Properties")
	require.Equal(t, []any{"Helios", "DiskUsedPercent", "GreaterThanThreshold", 80, "Deployment", "helios"}, []any{
		at(disk, "Namespace"), at(disk, "MetricName"), at(disk, "ComparisonOperator"), at(disk, "Threshold"), at(disk, "Dimensions", 0, "Name"), at(disk, "Dimensions", 0, "Value"),
	})
}

func checkParameters(t *testing.T, template map[string]any, p stack.Parameters) {
	t.Helper()
	defaults := map[string]any{}
	for name, parameter := range template["Parameters"].(map[string]any) {
		defaults[name] = at(parameter, "Default")
	}
	require.Len(t, p.Values(), len(defaults))
	for name, value := range p.Values() {
		if at(template, "Parameters", name, "Type") == "Number" {
			require.Regexp(t, "^[0-9]+$", value)
			continue
		}
		require.Equal(t, defaults[name], value, name)
	}
}

// What values change is told to CloudFormation by parameters: so the resources, judged once, are those of every combination of them.
func TestValuesChangeNoResource(t *testing.T) {
	plain := parse(t, template(t, aDeployment()))
	for _, o := range knobs {
		p := aDeployment()
		o.choose[1](&p)
		changed := parse(t, template(t, p))
		for _, part := range []string{"Conditions", "Outputs"} {
			require.Equal(t, plain[part], changed[part], o.name)
		}
		require.Len(t, changed["Resources"], len(plain["Resources"].(map[string]any)), o.name)
		for id, r := range plain["Resources"].(map[string]any) {
			if id != "Instance" && !strings.HasPrefix(id, "Ready") {
				require.Equal(t, r, at(changed, "Resources", id), "%s changes %s", o.name, id)
			}
		}
		for key, setting := range at(plain, "Resources", "Instance", "Properties").(map[string]any) {
			if key != "UserData" {
				require.Equal(t, setting, at(changed, "Resources", "Instance", "Properties", key), "%s changes %s of the instance", o.name, key)
			}
		}
	}
}

func TestValuesOfAStackWinOverItsTemplate(t *testing.T) {
	p := aDeployment()
	text := template(t, p)
	got, err := stack.Read(text, map[string]string{
		"VolumeSize": "250", "LogRetention": "7", "AlarmEmail": "oncall@example.com", "ImageId": "ami-0123456789abcdef0", "InstanceType": "m7g.large", "Other": "x",
	})
	require.NoError(t, err)
	p.VolumeGiB, p.LogRetentionDays, p.AlarmEmail, p.ImageID, p.InstanceType = 250, 7, "oncall@example.com", "ami-0123456789abcdef0", "m7g.large"
	require.Equal(t, p, got)

	for name, broken := range map[string]struct {
		template string
		values   map[string]string
		says     string
	}{
		"no YAML":       {"\t{", nil, "cannot be read"},
		"somebody's":    {"Resources: {}\n", nil, "does not say that Helios made it"},
		"a newer one's": {"Metadata: {Helios: {name: helios, moons: 3}}\n", nil, "moons"},
		"of other kind": {"Metadata: {Helios: [1]}\n", nil, "does not understand"},
		"no number":     {string(text), map[string]string{"VolumeSize": "many"}, `VolumeSize is "many"`},
	} {
		_, err := stack.Read([]byte(broken.template), broken.values)
		require.ErrorContains(t, err, broken.says, name)
	}
}

func FuzzSettingsSurviveTheTemplate(f *testing.F) {
	for _, seed := range []string{"", "log: {level: debug}\n", "a: 1", "a: b\n\n  c\n\n", "a:\n\tb", "# é\n", "a: |\n  x\n \n", "a: 'x'\r\nb: y\r\n", "---\na: 1\n...\n", "{{resolve:ssm:x}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, settings string) {
		p := aDeployment()
		p.Settings = settings
		text, err := stack.Template(p)
		if err != nil {
			require.Error(t, p.Validate(), "what is valid has a template")
			return
		}
		back, err := stack.Read(text, nil)
		require.NoError(t, err)
		require.Equal(t, p, back)
		parse(t, text)
	})
}
