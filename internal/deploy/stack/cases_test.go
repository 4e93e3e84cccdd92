package stack_test

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/deploy/stack"
)

var digest = strings.Repeat("0a1b2c3d", 8)

const (
	orders    = "arn:aws:kinesis:eu-central-1:123456789012:stream/orders"
	clicks    = "arn:aws:kinesis:eu-west-1:210987654321:stream/clicks.v2"
	ordersKey = "arn:aws:kms:eu-central-1:123456789012:key/6f6a0b0c-1111-4222-8333-944455566677"
	clicksKey = "arn:aws:kms:eu-west-1:210987654321:key/mrk-0123456789abcdef0123456789abcdef"
)

// aDeployment is one as most people have it.
func aDeployment() stack.Parameters {
	return stack.Parameters{
		Name: "helios", Account: "123456789012", Region: "eu-central-1",
		Arch: "arm64", InstanceType: "t4g.medium", VolumeGiB: 100, AllowCIDRs: []string{"203.0.113.0/24"},
		Streams:     []stack.Stream{{ARN: orders, Table: "orders"}},
		BackupEvery: time.Hour, BackupKeep: 48, LogRetentionDays: 30,
		Artifact: stack.Artifact{
			Bucket: "helios-artifacts-123456789012-eu-central-1", Key: "helios/sha256/" + digest, SHA256: digest, Version: "v1.2.3",
		},
	}
}

// option is a choice that a deployment has, each of which changes it in its own way.
type option struct {
	name   string
	choose []func(*stack.Parameters)
}

// shapes are the options that decide which resources there are, and what is in them.
var shapes = []option{
	{"domain", []func(*stack.Parameters){keep, func(p *stack.Parameters) {
		p.Domain, p.HostedZoneID, p.AllowCIDRs = "helios.example.com", "Z0123456789ABCDEFGHIJ", []string{"0.0.0.0/0", "2001:db8::/32"}
	}}},
	{"network", []func(*stack.Parameters){
		keep,
		func(p *stack.Parameters) { p.Zone = "eu-central-1a" },
		func(p *stack.Parameters) {
			p.VPCID, p.SubnetID, p.Zone = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "eu-central-1b"
		},
	}},
	{"streams", []func(*stack.Parameters){
		func(p *stack.Parameters) { p.Streams = nil },
		func(p *stack.Parameters) { p.Streams = []stack.Stream{{ARN: orders, Table: "orders"}, {ARN: clicks}} },
		func(p *stack.Parameters) {
			p.Streams = []stack.Stream{{ARN: orders, Table: "orders", KMSKey: ordersKey}, {ARN: clicks, KMSKey: clicksKey}}
		},
	}},
	{"absent", []func(*stack.Parameters){keep, func(p *stack.Parameters) { p.Absent = true }}},
}

// knobs are the options that change parameters of the template and what it carries, and nothing else:
// TestValuesChangeNoResource.
var knobs = []option{
	{"email", []func(*stack.Parameters){keep, func(p *stack.Parameters) { p.AlarmEmail = "oncall@example.com" }}},
	{"snapshot", []func(*stack.Parameters){keep, func(p *stack.Parameters) { p.SnapshotID = "snap-0123456789abcdef0" }}},
	{"image", []func(*stack.Parameters){keep, func(p *stack.Parameters) { p.ImageID = "ami-0123456789abcdef0" }}},
	{"arch", []func(*stack.Parameters){keep, func(p *stack.Parameters) { p.Arch, p.InstanceType = "amd64", "m7i.large" }}},
	{"settings", []func(*stack.Parameters){keep, func(p *stack.Parameters) {
		p.Settings = "# ours: ${Nobody} replaces this, nor \"that\"\nlog:\n  level: debug\n\nquery: {timeout: 30s} # größer\n"
	}}},
}

func keep(*stack.Parameters) {}

// combinations are all deployments that the shapes make, by turns with no value and with all of them, and with a name that says which.
func combinations() iter.Seq2[string, stack.Parameters] {
	return func(yield func(string, stack.Parameters) bool) {
		all := 1
		for _, o := range shapes {
			all *= len(o.choose)
		}
		for n := range all {
			p, name, turn := aDeployment(), "", 0
			for _, o := range shapes {
				choice := n % len(o.choose)
				n /= len(o.choose)
				o.choose[choice](&p)
				name += fmt.Sprintf("%s%d-", o.name, choice)
				turn += choice
			}
			for _, o := range knobs {
				o.choose[turn%2](&p)
			}
			if !yield(name+fmt.Sprintf("values%d", turn%2), p) {
				return
			}
		}
	}
}
