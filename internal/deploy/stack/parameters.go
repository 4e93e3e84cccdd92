// Package stack makes the CloudFormation template of a deployment out of its parameters, and tells in plain words what is in it.
// It is pure: it asks nobody and knows no clock.
package stack

import "time"

// Parameters are all that a deployment's template depends on. The template carries them in its metadata, so that a later command
// goes on from them: see Read.
type Parameters struct {
	Name    string `json:"name"`    // of the stack; everything is tagged with it
	Account string `json:"account"` // 12 digits
	Region  string `json:"region"`

	Arch         string `json:"arch"`                  // arm64 or amd64
	InstanceType string `json:"instance_type"`         // of that architecture
	ImageID      string `json:"image_id,omitempty"`    // the AMI in use; "": the newest Amazon Linux 2023, from its SSM parameter
	VolumeGiB    int    `json:"volume_gib"`            // of the data volume
	SnapshotID   string `json:"snapshot_id,omitempty"` // what the data volume begins with; "": nothing

	VPCID      string   `json:"vpc_id,omitempty"`    // "": a VPC of its own, and then no SubnetID either
	SubnetID   string   `json:"subnet_id,omitempty"` // a public one
	Zone       string   `json:"zone,omitempty"`      // availability zone: that of SubnetID; without one where InstanceType is offered, "": AWS chooses. Never changed: the data volume is there
	AllowCIDRs []string `json:"allow_cidrs"`         // whoever may reach port 443

	Domain       string `json:"domain,omitempty"`         // "": by address, with a certificate of its own
	HostedZoneID string `json:"hosted_zone_id,omitempty"` // of Route 53; with Domain
	AlarmEmail   string `json:"alarm_email,omitempty"`

	Streams  []Stream `json:"streams,omitempty"`  // that may be read
	Settings string   `json:"settings,omitempty"` // a helios.yaml; what the deployment itself decides wins over it

	BackupEvery      time.Duration `json:"backup_every"`
	BackupKeep       int           `json:"backup_keep"`
	LogRetentionDays int           `json:"log_retention_days"` // one of those that CloudWatch Logs knows

	Artifact Artifact `json:"artifact"`

	// Absent leaves out the instance and what hangs on it: the first of the two updates that replace it, since a data volume
	// cannot be attached to the old and the new one at once.
	Absent bool `json:"absent,omitempty"`
}

// Stream is a stream that the instance may read.
type Stream struct {
	ARN    string `json:"arn"`
	KMSKey string `json:"kms_key,omitempty"` // ARN of the customer's key that encrypts it
	Table  string `json:"table,omitempty"`   // that it is connected to at the start; "": it may be read, nothing more
}

// Artifact is the binary of Helios that the instance runs, where it has been put.
type Artifact struct {
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`    // helios/sha256/<SHA256>
	SHA256  string `json:"sha256"` // of the executable, in hexadecimal
	Version string `json:"version"`
}

// Name is the version for people. Of builds that are no release many have the same one, so that the digest tells them apart.
func (a Artifact) Name() string {
	if a.Version != "devel" || len(a.SHA256) < 8 {
		return a.Version
	}
	return a.Version + " (" + a.SHA256[:8] + ")"
}
