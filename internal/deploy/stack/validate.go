package stack

import (
	"encoding/json"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/fault"
)

const (
	smallestVolume, largestVolume = 10, 16384 // GiB; all regions make gp3 volumes up to that size

	mostNetworks = 50    // rules of a security group: 60, unless AWS allowed an account more
	mostPolicy   = 9500  // characters of the inline policies of a role, without white space: 10,240
	mostTemplate = 51200 // bytes of a template in a request

	shortestEvery = time.Minute
	everybody     = "0.0.0.0/0"
)

// retentions are the days that CloudWatch Logs can be told to keep events.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// The shapes of what AWS names.
var (
	nameShape     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,38}[A-Za-z0-9]$|^[A-Za-z]$`)
	accountShape  = regexp.MustCompile(`^[0-9]{12}$`)
	regionShape   = regexp.MustCompile(`^[a-z]{2}(-[a-z]{2,12}){1,2}-[1-9]$`)
	typeShape     = regexp.MustCompile(`^([a-z]{1,4})([0-9]{1,2})([a-z]*)(-[a-z0-9]+)?\.([a-z0-9-]{2,16})$`)
	imageShape    = regexp.MustCompile(`^ami-[0-9a-f]{8}([0-9a-f]{9})?$`)
	snapshotShape = regexp.MustCompile(`^snap-[0-9a-f]{8}([0-9a-f]{9})?$`)
	vpcShape      = regexp.MustCompile(`^vpc-[0-9a-f]{8}([0-9a-f]{9})?$`)
	subnetShape   = regexp.MustCompile(`^subnet-[0-9a-f]{8}([0-9a-f]{9})?$`)
	labelShape    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	zoneShape     = regexp.MustCompile(`^Z[A-Z0-9]{5,31}$`)
	emailShape    = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$`)
	streamShape   = regexp.MustCompile(`^arn:([a-z-]+):kinesis:([a-z0-9-]+):([0-9]{12}):stream/[A-Za-z0-9_.-]{1,128}$`)
	keyShape      = regexp.MustCompile(`^arn:([a-z-]+):kms:([a-z0-9-]+):[0-9]{12}:key/[A-Za-z0-9-]{1,64}$`)
	tableShape    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)
	bucketShape   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	digestShape   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	versionShape  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$`)
)

// Validate refuses what cannot become a deployment, one mistake at a time, and says how to mend it. Its errors are *fault.Error.
func (p Parameters) Validate() error {
	for _, check := range []func() *fault.Error{
		p.checkPlace, p.checkMachine, p.checkNetwork, p.checkAllowed, p.checkDomain, p.checkAlarms, p.checkStreams, p.checkKept, p.checkArtifact, p.checkSettings,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func wrong(format string, args ...any) *fault.Error { return fault.New(fault.Invalid, format, args...) }

func (p Parameters) checkPlace() *fault.Error {
	switch {
	case !nameShape.MatchString(p.Name):
		return wrong("%q cannot name a deployment", p.Name).WithHint("a name has at most 40 letters, digits and hyphens, begins with a letter and does not end in a hyphen, as in helios or helios-staging")
	case !accountShape.MatchString(p.Account):
		return wrong("%q is not an AWS account", p.Account).WithHint("an account is 12 digits")
	case !regionShape.MatchString(p.Region):
		return wrong("%q is not an AWS region", p.Region).WithHint("a region is written as in eu-central-1")
	}
	return nil
}

// xen are the families of instances that know volumes by other names than NVMe's, so that the data volume would not be found.
var xen = []string{"c1", "c3", "c4", "m1", "m2", "m3", "m4", "r3", "r4", "t1", "t2", "x1", "x1e"}

// architecture is what programs an instance type runs, and "" for one that cannot run Helios. Those with disks of their own and those
// without a hypervisor are refused by the alarm that moves an instance to sound hardware, and other kinds have what Helios does not use:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cloudwatch-recovery.html
func architecture(instanceType string) string {
	part := typeShape.FindStringSubmatch(instanceType)
	if part == nil {
		return ""
	}
	kind, family, more, size := part[1], part[1]+part[2]+part[3], part[3], part[5]
	switch {
	case !slices.Contains([]string{"a", "c", "m", "r", "t", "x"}, kind), slices.Contains(xen, family), strings.Contains(more, "d"):
		return ""
	case size == "nano", size == "micro", strings.HasPrefix(size, "metal"):
		return ""
	case strings.Contains(more, "g"), family == "a1": // Graviton: m7g, c7gn
		return "arm64"
	}
	return "amd64"
}

func (p Parameters) checkMachine() *fault.Error {
	arch := architecture(p.InstanceType)
	switch {
	case p.Arch != "arm64" && p.Arch != "amd64":
		return wrong("%q is not an architecture that Helios is built for", p.Arch).WithHint("it is arm64 or amd64")
	case arch == "":
		return wrong("%q is not an instance type that Helios runs on", p.InstanceType).
			WithHint("it runs on types of today for general use, computing or memory, without disks of their own and with 2 GiB of memory: t4g.medium or m7g.large for arm64, t3.medium or m7i.large for amd64")
	case arch != p.Arch:
		return wrong("the instance type %s is of the architecture %s, not %s", p.InstanceType, arch, p.Arch).
			WithHint("types with a g after their generation, as in t4g or m7g, are arm64, all others amd64: choose the two alike")
	case p.VolumeGiB < smallestVolume || p.VolumeGiB > largestVolume:
		return wrong("a data volume of %d GiB cannot be made", p.VolumeGiB).WithHint("it has from %d to %d GiB", smallestVolume, largestVolume)
	case p.ImageID != "" && !imageShape.MatchString(p.ImageID):
		return wrong("%q is not an image", p.ImageID).WithHint("an image is written as in ami-0123456789abcdef0; without one it is the newest Amazon Linux 2023")
	case p.SnapshotID != "" && !snapshotShape.MatchString(p.SnapshotID):
		return wrong("%q is not a snapshot", p.SnapshotID).WithHint("a snapshot is written as in snap-0123456789abcdef0; `aws ec2 describe-snapshots --owner-ids self` lists yours")
	}
	return nil
}

func (p Parameters) checkNetwork() *fault.Error {
	zone, found := strings.CutPrefix(p.Zone, p.Region)
	switch {
	case (p.VPCID == "") != (p.SubnetID == ""):
		return wrong("a VPC and its subnet are named together, or neither").
			WithHint("name a public subnet of the VPC too; without both Helios makes a VPC of its own")
	case p.VPCID != "" && !vpcShape.MatchString(p.VPCID):
		return wrong("%q is not a VPC", p.VPCID).WithHint("a VPC is written as in vpc-0123456789abcdef0")
	case p.SubnetID != "" && !subnetShape.MatchString(p.SubnetID):
		return wrong("%q is not a subnet", p.SubnetID).WithHint("a subnet is written as in subnet-0123456789abcdef0")
	case p.SubnetID != "" && p.Zone == "":
		return wrong("the availability zone of the subnet %s is not known", p.SubnetID).WithHint("the data volume is made in the zone of the subnet")
	case p.Zone != "" && (!found || len(zone) != 1 || zone[0] < 'a' || zone[0] > 'z'):
		return wrong("%q is not an availability zone of the region %s", p.Zone, p.Region).WithHint("a zone is the region with one letter, as in %sa; local zones have no gp3 volumes", p.Region)
	}
	return nil
}

func (p Parameters) checkAllowed() *fault.Error {
	if len(p.AllowCIDRs) == 0 {
		return wrong("nobody is allowed to reach the console").WithHint(
			"name the networks that may, with --allow-cidr: that of your office or VPN, as in 203.0.113.0/24, or your own address with /32 behind it. "+
				"There is no default, since %s would show the sign-in page to the whole internet; if you want that, say so with --allow-cidr %s", everybody, everybody)
	}
	if len(p.AllowCIDRs) > mostNetworks {
		return wrong("%d networks are allowed, and a security group takes %d", len(p.AllowCIDRs), mostNetworks).WithHint("join neighbouring networks into larger ones")
	}
	for i, cidr := range p.AllowCIDRs {
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil:
			return wrong("%q is not a network", cidr).WithHint("a network is written as in 203.0.113.0/24 or 2001:db8::/32, a single address with /32 or /128 behind it")
		case prefix.Addr().Is4In6():
			return wrong("the network %s is IPv4 written as IPv6", cidr).WithHint("write it as in 203.0.113.0/24")
		case prefix.Masked().String() != cidr:
			return wrong("the network %s has bits set beyond its length", cidr).WithHint("write %s if you mean the whole of it, or /%d behind the address if you mean that alone", prefix.Masked(), prefix.Addr().BitLen())
		case slices.Contains(p.AllowCIDRs[:i], cidr):
			return wrong("the network %s is named twice", cidr).WithHint("name it once")
		}
	}
	return nil
}

func (p Parameters) checkAlarms() *fault.Error {
	if p.AlarmEmail == "" {
		return nil
	}
	if address, err := mail.ParseAddress(p.AlarmEmail); err != nil || address.Address != p.AlarmEmail || !emailShape.MatchString(p.AlarmEmail) {
		return wrong("%q is not an e-mail address that alarms can go to", p.AlarmEmail).WithHint("write the address alone, as in oncall@example.com")
	}
	return nil
}

func (p Parameters) checkDomain() *fault.Error {
	labels := strings.Split(p.Domain, ".")
	switch {
	case p.Domain == "" && p.HostedZoneID == "":
		return nil
	case p.Domain == "":
		return wrong("the hosted zone %s is named without a domain", p.HostedZoneID).WithHint("name the domain too, or leave both out")
	case len(labels) < 2 || len(p.Domain) > 253 || slices.ContainsFunc(labels, func(l string) bool { return !labelShape.MatchString(l) }) || strings.Trim(labels[len(labels)-1], "0123456789") == "":
		return wrong("%q is not a domain", p.Domain).WithHint("a domain is written in small letters without a dot at its end, as in helios.example.com")
	case p.HostedZoneID == "":
		return wrong("the hosted zone of the domain %s is not known", p.Domain).WithHint("Helios puts a record into a public hosted zone of Route 53 in this account; without one leave the domain out")
	case !zoneShape.MatchString(p.HostedZoneID):
		return wrong("%q is not a hosted zone", p.HostedZoneID).WithHint("a hosted zone is written as in Z0123456789ABCDEFGHIJ")
	case !slices.Contains(p.AllowCIDRs, everybody):
		// tls-alpn-01, RFC 8737: the authority calls port 443. Let's Encrypt does so from several networks which it does not tell, and
		// again at each renewal.
		return wrong("with a domain port 443 must be open to everybody: the authority that gives the certificate calls it from addresses that it does not publish, now and at each renewal").WithHint(
			"Either allow %s as well, behind which everybody must sign in, or leave the domain out: then the networks that you name are the only ones, and the certificate is one of Helios's own", everybody)
	}
	return nil
}

func (p Parameters) checkStreams() *fault.Error {
	for i, s := range p.Streams {
		part := streamShape.FindStringSubmatch(s.ARN)
		if part == nil {
			return wrong("%q is not a stream", s.ARN).WithHint("a stream is named by its ARN, as in arn:aws:kinesis:eu-central-1:123456789012:stream/orders")
		}
		if !regionShape.MatchString(part[2]) || part[1] != partition(part[2]) || part[1] != partition(p.Region) {
			return wrong("the stream %s cannot be read from the region %s", s.ARN, p.Region).WithHint("both must be of the same part of AWS: arn:%s:…", partition(p.Region))
		}
		if slices.ContainsFunc(p.Streams[:i], func(other Stream) bool { return other.ARN == s.ARN }) {
			return wrong("the stream %s is named twice", s.ARN).WithHint("name it once")
		}
		if s.Table != "" && !tableShape.MatchString(s.Table) {
			return wrong("%q cannot name the table of the stream %s", s.Table, s.ARN).WithHint("a table's name has at most 63 letters, digits and underscores, and begins with a letter")
		}
		if s.KMSKey == "" {
			continue
		}
		key := keyShape.FindStringSubmatch(s.KMSKey)
		if key == nil {
			return wrong("%q is not a key that the stream %s can be encrypted with", s.KMSKey, s.ARN).
				WithHint("name the ARN of the key, as in arn:aws:kms:eu-central-1:123456789012:key/…; an alias cannot stand in a policy")
		}
		if key[1] != part[1] || key[2] != part[2] {
			return wrong("the key %s is not of the region of the stream %s", s.KMSKey, s.ARN).WithHint("a stream is encrypted with a key of its own region: `aws kinesis describe-stream-summary` names it")
		}
	}
	document, err := json.Marshal(PolicyDocument(p))
	if err != nil {
		return wrong("the policy of the instance cannot be written: %w", err)
	}
	if len(document) > mostPolicy {
		return wrong("%d streams are too many for one deployment: AWS takes no longer policy of a role", len(p.Streams)).WithHint("make another deployment, with another --name, for some of them")
	}
	return nil
}

// partition is the part of AWS that a region is of, as it stands in ARNs.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func (p Parameters) checkSettings() *fault.Error {
	if !utf8.ValidString(p.Settings) || strings.ContainsFunc(p.Settings, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }) {
		return wrong("the settings are not text: they have bytes that no YAML file has").WithHint("save the file as UTF-8")
	}
	if strings.Contains(p.Settings, "{{resolve:") {
		return wrong("the settings contain {{resolve:…}}, which CloudFormation would replace by a secret that then stands in the instance's user data").
			WithHint("keep secrets in files on the instance and name those, as client_secret_file does")
	}
	return p.checkBoot()
}

func (p Parameters) checkKept() *fault.Error {
	switch {
	case p.BackupEvery < shortestEvery || p.BackupEvery > 7*24*time.Hour:
		return wrong("a backup every %s is not possible", p.BackupEvery).WithHint("from %s to a week, as in 1h", shortestEvery)
	case p.BackupKeep < 1 || p.BackupKeep > 10000:
		return wrong("%d backups cannot be kept", p.BackupKeep).WithHint("from 1 to 10000")
	case !slices.Contains(retentions, p.LogRetentionDays):
		return wrong("CloudWatch Logs cannot keep logs for %d days", p.LogRetentionDays).WithHint("it knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 days, and some longer times up to ten years")
	}
	return nil
}

func (p Parameters) checkArtifact() *fault.Error {
	switch a := p.Artifact; {
	case !bucketShape.MatchString(a.Bucket):
		return wrong("%q is not a bucket that an artifact can be in", a.Bucket).WithHint("a bucket's name has 3 to 63 small letters, digits, dots and hyphens")
	case !digestShape.MatchString(a.SHA256):
		return wrong("%q is not the digest of an artifact", a.SHA256).WithHint("it is the SHA-256 of the executable, 64 small hexadecimal digits")
	case a.Key != artifactPrefix+a.SHA256:
		return wrong("the artifact %q is not stored by its digest", a.Key).WithHint("its key is %s%s", artifactPrefix, a.SHA256)
	case !versionShape.MatchString(a.Version):
		return wrong("%q is not a version of Helios", a.Version).WithHint("a version is written as in v1.2.3")
	}
	return nil
}
