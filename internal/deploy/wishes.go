package deploy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// Wishes are what a person asks of a deployment. nil keeps what there was, or is the default of a new one.
type Wishes struct {
	Name         string
	Streams      []StreamWish // that become tables, or may only be read
	Settings     *Settings
	AllowCIDRs   []string
	Arch         *string
	InstanceType *string
	VolumeGiB    *int
	VPC, Subnet  *string
	Domain       *string
	HostedZone   *string
	AlarmEmail   *string
	Snapshot     *string // that the data volume begins with
	BackupEvery  *time.Duration
	BackupKeep   *int
}

// Settings are a helios.yaml and the streams that its sources read.
type Settings struct {
	Text    string
	Streams []StreamWish
}

// StreamWish is a stream by its name or ARN.
type StreamWish struct {
	Name   string // or ARN
	Region string // "": that of the session
	Table  string // "": it may be read, nothing more
}

var (
	streamName  = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	notInTables = regexp.MustCompile(`[^a-z0-9_]+`)
)

// ParseStream reads NAME or ARN, with =TABLE behind it or without. Without, the table is named after the stream.
func ParseStream(text string) (StreamWish, error) {
	name, table, named := strings.Cut(text, "=")
	last := name
	if strings.HasPrefix(name, "arn:") {
		parsed, err := arn.Parse(name)
		stream, ok := strings.CutPrefix(parsed.Resource, "stream/")
		if err != nil || !ok || parsed.Service != "kinesis" || parsed.Region == "" || parsed.AccountID == "" {
			return StreamWish{}, fault.New(fault.Invalid, "%q is not the ARN of a stream", name).WithHint("it looks like arn:aws:kinesis:eu-central-1:123456789012:stream/clicks")
		}
		last = stream
	}
	if !streamName.MatchString(last) {
		return StreamWish{}, fault.New(fault.Invalid, "%q is not the name of a stream", last).WithHint("`aws kinesis list-streams` shows those there are")
	}
	if !named {
		table = tableOf(last)
	} else if table == "" {
		return StreamWish{}, fault.New(fault.Invalid, "%q names no table after the =", text).WithHint("write %s=TABLE, or %s alone for a table named %s", name, name, tableOf(last))
	}
	return StreamWish{Name: name, Table: table}, nil
}

// tableOf makes a valid name of a table out of a stream's.
func tableOf(stream string) string {
	table := strings.Trim(notInTables.ReplaceAllString(strings.ToLower(stream), "_"), "_")
	if table == "" || table[0] >= '0' && table[0] <= '9' || slices.Contains(reserved, table) {
		table = strings.TrimSuffix("stream_"+table, "_")
	}
	return table[:min(len(table), 63)]
}

// reserved are names that Helios's database keeps for itself.
var reserved = []string{"helios", "quarantine", "main", "temp", "system", "information_schema", "pg_catalog"}

// Names of the defaults that depend on the architecture.
var machines = map[string]string{"arm64": "t4g.medium", "amd64": "t3.medium"}

// defaults are the parameters of a new deployment, without what must be named.
func defaults(name string) stack.Parameters {
	return stack.Parameters{
		Name: name, Arch: "arm64", VolumeGiB: 50, BackupEvery: time.Hour, BackupKeep: 48, LogRetentionDays: 30,
	}
}

// over lays wishes over parameters. Streams are not theirs to resolve.
func (w *Wishes) over(p *stack.Parameters) {
	put(&p.Arch, w.Arch)
	put(&p.InstanceType, w.InstanceType)
	if w.Arch != nil && w.InstanceType == nil {
		p.InstanceType = ""
	}
	if p.InstanceType == "" {
		p.InstanceType = machines[p.Arch]
	}
	put(&p.VolumeGiB, w.VolumeGiB)
	put(&p.AlarmEmail, w.AlarmEmail)
	put(&p.SnapshotID, w.Snapshot)
	put(&p.BackupEvery, w.BackupEvery)
	put(&p.BackupKeep, w.BackupKeep)
	put(&p.HostedZoneID, w.HostedZone)
	if w.Domain != nil {
		if p.Domain != *w.Domain && w.HostedZone == nil {
			p.HostedZoneID = "" // which is looked for anew
		}
		p.Domain = *w.Domain
	}
	if w.VPC != nil || w.Subnet != nil {
		p.VPCID, p.SubnetID = "", ""
		put(&p.VPCID, w.VPC)
		put(&p.SubnetID, w.Subnet)
		p.Zone = ""
	}
	if w.AllowCIDRs != nil {
		p.AllowCIDRs = w.AllowCIDRs
	}
	if w.Settings != nil {
		p.Settings = w.Settings.Text
	}
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Check finds what is wrong with wishes by themselves, before anybody is asked. What only AWS or an earlier deployment knows is
// taken to be in order.
func (w *Wishes) Check() error {
	p := defaults(w.Name)
	p.Account, p.Region = "123456789012", "us-east-1"
	w.over(&p)
	if w.Arch == nil && w.InstanceType != nil { // the architecture may be that of what runs
		p.Arch = "amd64"
		if p.Validate() != nil {
			p.Arch = "arm64"
		}
	}
	if p.AllowCIDRs == nil {
		p.AllowCIDRs = []string{"0.0.0.0/0"} // those that were, or those that are asked for
	}
	if w.VPC != nil && w.Subnet == nil {
		p.SubnetID = "subnet-00000000" // one of its subnets
	}
	if w.Subnet != nil && w.VPC == nil {
		p.VPCID = "vpc-00000000" // its VPC
	}
	if p.SubnetID != "" {
		p.Zone = "us-east-1a"
	}
	if p.HostedZoneID == "" && p.Domain != "" {
		p.HostedZoneID = "Z00000000"
	}
	if p.Domain == "" && p.HostedZoneID != "" && w.Domain == nil {
		p.Domain = "helios.example.com"
	}
	digest := strings.Repeat("0", 64)
	p.Artifact = stack.Artifact{Bucket: ArtifactBucket(p.Account, p.Region), Key: "helios/sha256/" + digest, SHA256: digest, Version: "devel"}
	for _, s := range w.Streams {
		p.Streams = append(p.Streams, stack.Stream{ARN: "arn:aws:kinesis:us-east-1:123456789012:stream/" + s.Name, Table: s.Table})
		if strings.HasPrefix(s.Name, "arn:") {
			p.Streams[len(p.Streams)-1].ARN = s.Name
			if parsed, err := arn.Parse(s.Name); err == nil && len(p.Streams) == 1 {
				p.Region = parsed.Region
				p.Artifact.Bucket = ArtifactBucket(p.Account, p.Region)
			}
		}
	}
	if p.Zone != "" {
		p.Zone = p.Region + "a"
	}
	return p.Validate()
}

// Alone are the parameters that wishes come to without asking AWS, and whether they do: every stream is named by its ARN, all of one
// account, and whatever else must be looked up is left out or named.
func (w *Wishes) Alone(region string) (stack.Parameters, bool) {
	p := defaults(w.Name)
	streams := w.Streams
	if w.Settings != nil {
		streams = slices.Concat(w.Settings.Streams, streams)
	}
	p.Region = region
	for _, s := range streams {
		parsed, err := arn.Parse(s.Name)
		if err != nil || p.Account != "" && p.Account != parsed.AccountID {
			return p, false
		}
		p.Account = parsed.AccountID
		if p.Region == "" {
			p.Region = parsed.Region
		}
		if slices.ContainsFunc(p.Streams, func(known stack.Stream) bool { return known.ARN == s.Name }) {
			continue
		}
		p.Streams = append(p.Streams, stack.Stream{ARN: s.Name, Table: s.Table})
	}
	looked := w.VPC != nil || w.Subnet != nil || w.Domain != nil && w.HostedZone == nil
	return p, p.Account != "" && w.AllowCIDRs != nil && !looked
}

// Over lays wishes over parameters that need nothing to be looked up.
func (w *Wishes) Over(p stack.Parameters, binary *Binary) (stack.Parameters, error) {
	if w.Arch == nil {
		p.Arch = binary.Arch
	}
	w.over(&p)
	p.Artifact = artifactOf(ArtifactBucket(p.Account, p.Region), binary)
	return p, p.Validate()
}
