package stack

import (
	"net/netip"
	"strconv"
	"strings"
)

// Item is a resource of a deployment in plain words.
type Item struct {
	ID    string // its logical id
	Type  string // as in AWS::EC2::Volume
	What  string // for people
	Keeps bool   // it, or a snapshot of it, outlives the stack
}

// Items are the resources of a deployment, in the order of the template.
func Items(p Parameters) []Item {
	var all []Item
	for _, r := range resources(p) {
		if r.when == told && p.AlarmEmail == "" {
			continue
		}
		all = append(all, Item{ID: r.id, Type: r.kind, What: r.what, Keeps: r.kept == "Snapshot" || r.kept == "Retain"})
	}
	return all
}

// Reach says who will be able to reach the deployment, a sentence a line.
func Reach(p Parameters) []string {
	all := []string{"Port 443, the console and the API, from " + strings.Join(p.AllowCIDRs, ", ") + ". Everybody must sign in."}
	if p.Domain == "" {
		all = append(all, "By its address, with a certificate that it makes itself: its fingerprint is shown with the setup link.")
	} else {
		all = append(all, "As https://"+p.Domain+", with a certificate from Let's Encrypt.")
	}
	out := "It reaches out by port 443 only: AWS, packages, and who gives certificates."
	if p.VPCID != "" {
		out = "It reaches out by port 443 only, to AWS, packages, and who gives certificates, and asks name servers of the VPC."
	}
	return append(all, "No SSH, no key pair and no other port: whom IAM allows ssm:StartSession gets onto the instance by Session Manager.", out)
}

// Grants says what the instance may do, a sentence a line. It may do nothing else.
func Grants(p Parameters) []string {
	var all []string
	for _, s := range p.Streams {
		line := "read and describe the stream " + s.ARN
		if s.KMSKey != "" {
			line += ", encrypted with " + s.KMSKey
		}
		all = append(all, line)
	}
	for _, s := range statements(p) {
		if s.words != "" {
			all = append(all, s.words)
		}
	}
	return all
}

// Warnings are what a person should know before saying yes, a sentence each.
func Warnings(p Parameters) []string {
	var all []string
	for _, cidr := range p.AllowCIDRs {
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil:
		case prefix.Bits() == 0 && prefix.Addr().Is4():
			all = append(all, "The whole internet reaches the sign-in page, since "+cidr+" is allowed.")
		case prefix.Addr().Is6():
			all = append(all, "The address is IPv4: "+cidr+" lets in nobody who has IPv6 only.")
		case prefix.Addr().IsPrivate():
			all = append(all, "The address is a public one: "+cidr+" is private, so that whoever comes from there is not let in unless the VPC routes it.")
		}
	}
	for _, s := range p.Streams {
		part := streamShape.FindStringSubmatch(s.ARN)
		if part != nil && part[3] != p.Account {
			all = append(all, "The stream "+s.ARN+" is of another account: its own policy must allow the role of the instance too.")
		}
		if part != nil && part[2] != p.Region {
			all = append(all, "The stream "+s.ARN+" is of another region: what is read from there costs transfer, and comes later.")
		}
	}
	if len(p.Streams) == 0 {
		all = append(all, "No stream is named, so that the instance may read none: run `helios deploy` again with --stream when there is one.")
	}
	if p.AlarmEmail == "" {
		all = append(all, "Nobody is told when an alarm goes off, since there is no --alarm-email.")
	}
	return all
}

func isIPv6(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Addr().Is6()
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
