package stack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

func TestWhatCannotBecomeADeploymentIsRefusedAndExplained(t *testing.T) {
	type change = func(*stack.Parameters)
	stream := func(s stack.Stream) change { return func(p *stack.Parameters) { p.Streams = []stack.Stream{s} } }
	allow := func(cidrs ...string) change { return func(p *stack.Parameters) { p.AllowCIDRs = cidrs } }
	domain := func(domain, zone string, cidrs ...string) change {
		return func(p *stack.Parameters) { p.Domain, p.HostedZoneID, p.AllowCIDRs = domain, zone, cidrs }
	}
	const zone, anyone = "Z0123456789ABCDEFGHIJ", "0.0.0.0/0"
	for name, c := range map[string]struct {
		change change
		says   string
	}{
		"no name":                     {func(p *stack.Parameters) { p.Name = "" }, "cannot name a deployment"},
		"a name that begins wrong":    {func(p *stack.Parameters) { p.Name = "-x" }, "cannot name a deployment"},
		"a name with a reference":     {func(p *stack.Parameters) { p.Name = "a${AWS::Region}" }, "cannot name a deployment"},
		"a name of two lines":         {func(p *stack.Parameters) { p.Name = "helios\nx" }, "cannot name a deployment"},
		"a long name":                 {func(p *stack.Parameters) { p.Name = strings.Repeat("a", 41) }, "cannot name a deployment"},
		"an account that is none":     {func(p *stack.Parameters) { p.Account = "12345678901" }, "is not an AWS account"},
		"a region that is none":       {func(p *stack.Parameters) { p.Region = "Frankfurt" }, "is not an AWS region"},
		"an architecture":             {func(p *stack.Parameters) { p.Arch = "arm" }, "is not an architecture"},
		"a type of the other kind":    {func(p *stack.Parameters) { p.InstanceType = "m7i.large" }, "is of the architecture amd64, not arm64"},
		"a Graviton type for amd64":   {func(p *stack.Parameters) { p.Arch, p.InstanceType = "amd64", "c7gn.large" }, "is of the architecture arm64, not amd64"},
		"a type without NVMe":         {func(p *stack.Parameters) { p.Arch, p.InstanceType = "amd64", "t2.large" }, "is not an instance type that Helios runs on"},
		"a type with disks":           {func(p *stack.Parameters) { p.InstanceType = "m7gd.large" }, "is not an instance type that Helios runs on"},
		"a type for other work":       {func(p *stack.Parameters) { p.Arch, p.InstanceType = "amd64", "g4dn.xlarge" }, "is not an instance type that Helios runs on"},
		"a type without hypervisor":   {func(p *stack.Parameters) { p.Arch, p.InstanceType = "amd64", "m7i.metal-24xl" }, "is not an instance type that Helios runs on"},
		"a type that is too small":    {func(p *stack.Parameters) { p.InstanceType = "t4g.micro" }, "is not an instance type that Helios runs on"},
		"a type that is none":         {func(p *stack.Parameters) { p.InstanceType = "t4g.medium; rm -rf /" }, "is not an instance type that Helios runs on"},
		"a tiny volume":               {func(p *stack.Parameters) { p.VolumeGiB = 9 }, "9 GiB cannot be made"},
		"a volume that AWS lacks":     {func(p *stack.Parameters) { p.VolumeGiB = 16385 }, "16385 GiB cannot be made"},
		"an image that is none":       {func(p *stack.Parameters) { p.ImageID = "ami-xyz" }, "is not an image"},
		"a snapshot that is none":     {func(p *stack.Parameters) { p.SnapshotID = "vol-0123456789abcdef0" }, "is not a snapshot"},
		"a VPC without a subnet":      {func(p *stack.Parameters) { p.VPCID = "vpc-0123456789abcdef0" }, "named together"},
		"a subnet without a VPC":      {func(p *stack.Parameters) { p.SubnetID = "subnet-0123456789abcdef0" }, "named together"},
		"a VPC that is none":          {func(p *stack.Parameters) { p.VPCID, p.SubnetID = "vpc-1", "subnet-0123456789abcdef0" }, "is not a VPC"},
		"a subnet that is none":       {func(p *stack.Parameters) { p.VPCID, p.SubnetID = "vpc-0123456789abcdef0", "subnet-1" }, "is not a subnet"},
		"a subnet somewhere":          {func(p *stack.Parameters) { p.VPCID, p.SubnetID = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0" }, "zone of the subnet"},
		"a zone of elsewhere":         {func(p *stack.Parameters) { p.Zone = "eu-west-1a" }, "is not an availability zone"},
		"a local zone":                {func(p *stack.Parameters) { p.Zone = "eu-central-1-ham-1a" }, "is not an availability zone"},
		"nobody allowed":              {allow(), "nobody is allowed to reach the console"},
		"an address for a network":    {allow("203.0.113.7"), "is not a network"},
		"a network with host bits":    {allow("203.0.113.7/24"), "bits set beyond its length"},
		"an IPv6 one with host bits":  {allow("2001:db8::1/32"), "bits set beyond its length"},
		"IPv4 in IPv6":                {allow("::ffff:203.0.113.0/120"), "is IPv4 written as IPv6"},
		"a network with a zone":       {allow("fe80::%eth0/64"), "is not a network"},
		"a network twice":             {allow("203.0.113.0/24", "203.0.113.0/24"), "named twice"},
		"too many networks":           {allow(make([]string, 51)...), "51 networks are allowed"},
		"a domain without its zone":   {domain("helios.example.com", "", anyone), "hosted zone of the domain helios.example.com is not known"},
		"a zone without a domain":     {domain("", zone, anyone), "without a domain"},
		"a zone that is none":         {domain("helios.example.com", "example.com", anyone), "is not a hosted zone"},
		"a domain in capitals":        {domain("Helios.example.com", zone, anyone), "is not a domain"},
		"a domain with a dot at end":  {domain("helios.example.com.", zone, anyone), "is not a domain"},
		"a wildcard":                  {domain("*.example.com", zone, anyone), "is not a domain"},
		"an address for a domain":     {domain("203.0.113.7", zone, anyone), "is not a domain"},
		"a closed domain":             {domain("helios.example.com", zone, "203.0.113.0/24"), "port 443 must be open to everybody"},
		"an e-mail that is none":      {func(p *stack.Parameters) { p.AlarmEmail = "oncall" }, "is not an e-mail address"},
		"an e-mail with a name":       {func(p *stack.Parameters) { p.AlarmEmail = "On Call <oncall@example.com>" }, "is not an e-mail address"},
		"two e-mails":                 {func(p *stack.Parameters) { p.AlarmEmail = "a@example.com,b@example.com" }, "is not an e-mail address"},
		"a stream by name":            {stream(stack.Stream{ARN: "orders"}), "is not a stream"},
		"all streams":                 {stream(stack.Stream{ARN: "arn:aws:kinesis:eu-central-1:123456789012:stream/*"}), "is not a stream"},
		"a consumer":                  {stream(stack.Stream{ARN: orders + "/consumer/x:1"}), "is not a stream"},
		"a stream of another cloud":   {stream(stack.Stream{ARN: "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/orders"}), "cannot be read from the region"},
		"a stream of no partition":    {stream(stack.Stream{ARN: "arn:aws-cn:kinesis:eu-central-1:123456789012:stream/orders"}), "cannot be read from the region"},
		"a stream twice":              {func(p *stack.Parameters) { p.Streams = append(p.Streams, p.Streams[0]) }, "named twice"},
		"a table that is none":        {stream(stack.Stream{ARN: orders, Table: "orders; DROP"}), "cannot name the table"},
		"an alias for a key":          {stream(stack.Stream{ARN: orders, KMSKey: "arn:aws:kms:eu-central-1:123456789012:alias/orders"}), "is not a key"},
		"all keys":                    {stream(stack.Stream{ARN: orders, KMSKey: "arn:aws:kms:eu-central-1:123456789012:key/*"}), "is not a key"},
		"a key of another region":     {stream(stack.Stream{ARN: orders, KMSKey: clicksKey}), "is not of the region of the stream"},
		"more streams than a policy":  {func(p *stack.Parameters) { p.Streams = many(60) }, "60 streams are too many"},
		"settings that are bytes":     {func(p *stack.Parameters) { p.Settings = "a: \x00" }, "the settings are not text"},
		"settings in Latin 1":         {func(p *stack.Parameters) { p.Settings = "a: \xfc" }, "the settings are not text"},
		"settings with a secret":      {func(p *stack.Parameters) { p.Settings = "a: '{{resolve:secretsmanager:x}}'" }, "which CloudFormation would replace"},
		"settings that are a list":    {func(p *stack.Parameters) { p.Settings = "- a" }, "settings"},
		"settings that are too long":  {func(p *stack.Parameters) { p.Settings = "# " + noise(16<<10) }, "too long"},
		"backups without end":         {func(p *stack.Parameters) { p.BackupEvery = time.Second }, "backup every 1s"},
		"no backup":                   {func(p *stack.Parameters) { p.BackupKeep = 0 }, "0 backups cannot be kept"},
		"logs for two days":           {func(p *stack.Parameters) { p.LogRetentionDays = 2 }, "cannot keep logs for 2 days"},
		"an artifact without bucket":  {func(p *stack.Parameters) { p.Artifact.Bucket = "" }, "is not a bucket"},
		"an artifact of another name": {func(p *stack.Parameters) { p.Artifact.Key = "helios/sha256/../x" }, "not stored by its digest"},
		"a digest that is none":       {func(p *stack.Parameters) { p.Artifact.SHA256 = "abc" }, "is not the digest"},
		"a version with a shell in":   {func(p *stack.Parameters) { p.Artifact.Version = "v1 $(id)" }, "is not a version"},
	} {
		t.Run(name, func(t *testing.T) {
			p := aDeployment()
			c.change(&p)
			err := p.Validate()
			require.ErrorContains(t, err, c.says)
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			require.NotEmpty(t, fault.HintOf(err))
			_, err = stack.Template(p)
			require.ErrorContains(t, err, c.says, "no template is made of it either")
		})
	}
}

func many(n int) []stack.Stream {
	all := make([]stack.Stream, n)
	for i := range all {
		all[i].ARN = fmt.Sprintf("arn:aws:kinesis:eu-central-1:123456789012:stream/%0100d", i)
	}
	return all
}

func TestWhatIsUnusualAndRightIsTaken(t *testing.T) {
	for name, change := range map[string]func(*stack.Parameters){
		"China": func(p *stack.Parameters) {
			p.Region, p.Streams = "cn-north-1", []stack.Stream{{ARN: "arn:aws-cn:kinesis:cn-northwest-1:123456789012:stream/a"}}
		},
		"GovCloud":         func(p *stack.Parameters) { p.Region, p.Streams = "us-gov-west-1", nil },
		"a long place":     func(p *stack.Parameters) { p.Region, p.Zone, p.Streams = "ap-southeast-7", "ap-southeast-7a", nil },
		"one letter":       func(p *stack.Parameters) { p.Name = "h" },
		"single addresses": func(p *stack.Parameters) { p.AllowCIDRs = []string{"203.0.113.7/32", "2001:db8::7/128"} },
		"everybody":        func(p *stack.Parameters) { p.AllowCIDRs = []string{"0.0.0.0/0", "::/0"} },
		"flex":             func(p *stack.Parameters) { p.Arch, p.InstanceType = "amd64", "m7i-flex.large" },
		"much memory":      func(p *stack.Parameters) { p.InstanceType = "x8g.large" },
		"the first":        func(p *stack.Parameters) { p.InstanceType = "a1.large" },
		"twenty streams":   func(p *stack.Parameters) { p.Streams = many(20) },
	} {
		p := aDeployment()
		change(&p)
		text := template(t, p)
		back, err := stack.Read(text, p.Values())
		require.NoError(t, err, name)
		require.Equal(t, p, back, name)
	}
}
