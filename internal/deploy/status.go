package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/fault"
)

// Status is how a deployment does. What is not known is nil or empty, and Unknown says why.
type Status struct {
	Name    string          `json:"name"`
	Account string          `json:"account"`
	Region  string          `json:"region"`
	Stack   StackStatus     `json:"stack"`
	Address string          `json:"address,omitempty"` // of the console
	Machine *InstanceStatus `json:"instance,omitempty"`
	Version VersionStatus   `json:"version"`
	Server  *ServerStatus   `json:"server,omitempty"` // as it last told in its log
	Backup  BackupStatus    `json:"backup"`
	Unknown []string        `json:"unknown"` // what could not be learned, and why
}

// StackStatus is the state of the stack.
type StackStatus struct {
	Status  string    `json:"status"` // in the words of CloudFormation
	Reason  string    `json:"reason,omitempty"`
	Since   time.Time `json:"since"`
	Failure string    `json:"failure,omitempty"` // the root cause, when its last operation failed
	Hint    string    `json:"hint,omitempty"`    // the command to go on with
}

// InstanceStatus is the instance as EC2 sees it.
type InstanceStatus struct {
	ID           string    `json:"id"`
	Type         string    `json:"type"`
	State        string    `json:"state"`
	Checks       string    `json:"checks,omitempty"` // ok, impaired, initializing; "": EC2 does not tell
	ImageID      string    `json:"image_id"`
	StartedAt    time.Time `json:"started_at"`
	DataVolumeID string    `json:"data_volume_id,omitempty"`
	VolumeGiB    int       `json:"volume_gib"`
}

// VersionStatus is what should run and what says that it does.
type VersionStatus struct {
	Wanted  string `json:"wanted"` // by the stack
	SHA256  string `json:"sha256"`
	Running string `json:"running,omitempty"` // as the server last told
}

// ServerStatus is what the server last wrote of itself into its log.
type ServerStatus struct {
	At              time.Time      `json:"at"`
	Lag             *float64       `json:"lag_ms,omitempty"`
	Freshness       *float64       `json:"freshness_s,omitempty"`
	Events          *float64       `json:"events_last_minute,omitempty"`
	Quarantined     *float64       `json:"quarantined_last_minute,omitempty"`
	DiskUsedPercent *float64       `json:"disk_used_percent,omitempty"`
	BackupAge       *float64       `json:"backup_age_s,omitempty"`
	Sources         []SourceMinute `json:"sources"`
}

// SourceMinute is a source in it.
type SourceMinute struct {
	Name      string    `json:"name"`
	At        time.Time `json:"at"`
	Lag       *float64  `json:"lag_ms,omitempty"`
	Freshness *float64  `json:"freshness_s,omitempty"`
	Events    *float64  `json:"events_last_minute,omitempty"`
}

// BackupStatus is where backups go and the newest that is there.
type BackupStatus struct {
	To     string     `json:"to,omitempty"`
	Count  int        `json:"count"`
	Newest string     `json:"newest,omitempty"` // its id
	At     *time.Time `json:"at,omitempty"`
}

// Status asks AWS how a deployment does. What AWS does not tell is said in Unknown; only a deployment that is not there and
// credentials that do not do are errors.
func (s *Session) Status(ctx context.Context, name string) (Status, error) {
	d, physical, err := s.inventory(ctx, name)
	if err != nil {
		return Status{}, err
	}
	st := Status{
		Name: name, Account: s.Account, Region: s.Region, Unknown: []string{},
		Stack:   StackStatus{Status: d.Stack.Status, Reason: d.Stack.Reason, Since: d.Stack.Created},
		Version: VersionStatus{Wanted: d.Parameters.Artifact.Version, SHA256: d.Parameters.Artifact.SHA256},
	}
	if d.Stack.Updated.After(d.Stack.Created) {
		st.Stack.Since = d.Stack.Updated
	}
	if failed(d.Stack) {
		if why, err := s.Stacks.Why(ctx, name); err != nil {
			st.unknown("why its last operation failed", err)
		} else if why != nil {
			st.Stack.Failure, st.Stack.Hint = why.Error(), fault.HintOf(why)
		}
	}
	st.Address = consoleURL(d, physical)
	if st.Address == "" {
		st.Unknown = append(st.Unknown, "The address: the stack has none yet.")
	}
	for _, ask := range []struct {
		what string
		of   func(context.Context, Deployment, map[string]string, *Status) error
	}{
		{"the instance", s.instanceStatus},
		{"what the server says of itself", s.serverStatus},
		{"the backups", s.backupStatus},
	} {
		if err := ask.of(ctx, d, physical, &st); err != nil {
			switch fault.CodeOf(err) {
			case fault.Environment, fault.Cancelled:
				return Status{}, err
			default:
				st.unknown(ask.what, err)
			}
		}
	}
	return st, nil
}

// unknown notes what could not be learned, and why.
func (st *Status) unknown(what string, why error) {
	st.Unknown = append(st.Unknown, strings.ToUpper(what[:1])+what[1:]+": "+strings.TrimSuffix(why.Error(), ".")+".")
}

// inventory is a deployment that must be there, with the physical ids of its resources by their logical ones.
func (s *Session) inventory(ctx context.Context, name string) (Deployment, map[string]string, error) {
	d, err := s.Deployment(ctx, name)
	if err != nil {
		return d, nil, err
	}
	if !d.Found {
		return d, nil, fault.New(fault.NotFound, "there is no deployment %s in %s of account %s", name, s.Region, s.Account).
			WithHint("`helios deploy%s` makes it; look at --name, --region and --profile if it should be there", s.Flags(name))
	}
	resources, err := s.Stacks.Resources(ctx, name)
	if err != nil {
		return d, nil, err
	}
	physical := map[string]string{}
	for _, r := range resources {
		if r.Status != "DELETE_COMPLETE" {
			physical[r.LogicalID] = r.PhysicalID
		}
	}
	return d, physical, nil
}

// failed reports whether the last operation of a stack did not come to its end.
func failed(st cfn.Stack) bool {
	return strings.HasSuffix(st.Status, "_FAILED") || strings.Contains(st.Status, "ROLLBACK")
}

// consoleURL is where the console is: the stack's output, and before there is one what that comes from.
func consoleURL(d Deployment, physical map[string]string) string {
	if url := d.Stack.Outputs["ConsoleURL"]; url != "" {
		return url
	}
	if d.Parameters.Domain != "" {
		return "https://" + d.Parameters.Domain
	}
	if address := physical["Address"]; address != "" {
		return "https://" + address
	}
	return ""
}

// ConsoleURL is the address of a deployment's console.
func (s *Session) ConsoleURL(ctx context.Context, name string) (string, error) {
	d, physical, err := s.inventory(ctx, name)
	if err != nil {
		return "", err
	}
	url := consoleURL(d, physical)
	if url == "" {
		return "", fault.New(fault.Unavailable, "the deployment %s has no address yet: its stack is %s", name, d.Stack.Status).
			WithHint("`helios status%s` shows how it does", s.Flags(name))
	}
	return url, nil
}

func (s *Session) instanceStatus(ctx context.Context, d Deployment, physical map[string]string, st *Status) error {
	id := physical["Instance"]
	if id == "" {
		return errors.New("the stack has none at the moment")
	}
	out, err := s.EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if awssdk.AnsweredWith(err, "InvalidInstanceID.NotFound") {
		return errors.New(id + " is gone, though the stack still names it: somebody ended it outside of CloudFormation")
	}
	if err != nil {
		return awssdk.Explain(err, "EC2 does not tell of "+id)
	}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			st.Machine = &InstanceStatus{
				ID: id, Type: string(i.InstanceType), State: string(i.State.Name), ImageID: aws.ToString(i.ImageId),
				StartedAt: aws.ToTime(i.LaunchTime), DataVolumeID: physical["DataVolume"], VolumeGiB: d.Parameters.VolumeGiB,
			}
		}
	}
	if st.Machine == nil {
		return errors.New("EC2 does not know " + id)
	}
	checks, err := s.EC2.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}, IncludeAllInstances: new(true)})
	if err != nil {
		return awssdk.Explain(err, "EC2 does not tell of the checks of "+id)
	}
	for i := range checks.InstanceStatuses {
		st.Machine.Checks = checksOf(&checks.InstanceStatuses[i])
	}
	return nil
}

// checksOf sums up EC2's two status checks, of the host and of the instance: the worse one counts.
func checksOf(s *types.InstanceStatus) string {
	worst := ""
	for _, check := range []*types.InstanceStatusSummary{s.SystemStatus, s.InstanceStatus} {
		switch {
		case check == nil:
		case check.Status == types.SummaryStatusImpaired:
			return "impaired"
		case check.Status == types.SummaryStatusOk && worst == "":
			worst = "ok"
		case check.Status != types.SummaryStatusOk:
			worst = string(check.Status)
		}
	}
	return worst
}

// How far back the log is searched for what the server says of itself once a minute: first the newest, then what may still help.
var serverStatusWithin = []time.Duration{5 * time.Minute, 3 * time.Hour}

func (s *Session) serverStatus(ctx context.Context, d Deployment, physical map[string]string, st *Status) error {
	group := physical["LogGroup"]
	if group == "" {
		return errors.New("the stack has no log group yet")
	}
	for _, within := range serverStatusWithin {
		reader := logReader{api: s.Logs, group: group, told: map[string]time.Time{}}
		found := newestMinutes{sources: map[string]SourceMinute{}}
		err := reader.pages(ctx, time.Now().Add(-within), `"CloudWatchMetrics"`, func(lines []LogLine) error {
			for _, line := range lines {
				found.take(line)
			}
			return nil
		})
		switch {
		case awssdk.AnsweredWith(err, "ResourceNotFoundException"):
			return errors.New("the log group " + group + " is gone")
		case err != nil:
			return awssdk.Explain(err, "the log group "+group+" cannot be read")
		case found.server != nil:
			st.Server, st.Version.Running = found.status(), found.version
			return nil
		}
	}
	return errors.New("its log has no line of that in the last 3 hours; `helios logs" + s.Flags(d.Stack.Name) + "` shows what it has")
}

// newestMinutes gathers the newest of what a server says once a minute: embedded metrics in the lines of its log.
type newestMinutes struct {
	server  *ServerStatus
	version string
	sources map[string]SourceMinute
}

func (n *newestMinutes) take(line LogLine) {
	var m struct {
		AWS             json.RawMessage `json:"_aws"`
		Deployment      string          `json:"Deployment"`
		Source          string          `json:"Source"`
		Version         string          `json:"version"`
		Lag             *float64        `json:"Lag"`
		Freshness       *float64        `json:"Freshness"`
		LagMax          *float64        `json:"LagMax"`
		FreshnessMax    *float64        `json:"FreshnessMax"`
		Events          *float64        `json:"Events"`
		Quarantined     *float64        `json:"Quarantined"`
		BackupAge       *float64        `json:"BackupAge"`
		DiskUsedPercent *float64        `json:"DiskUsedPercent"`
	}
	if json.Unmarshal([]byte(line.Text), &m) != nil || m.AWS == nil || m.Deployment == "" {
		return
	}
	at := line.At.UTC()
	if m.Source != "" {
		if at.Before(n.sources[m.Source].At) {
			return
		}
		n.sources[m.Source] = SourceMinute{Name: m.Source, At: at, Lag: m.Lag, Freshness: m.Freshness, Events: m.Events}
		return
	}
	if n.server != nil && at.Before(n.server.At) {
		return
	}
	n.version = m.Version
	n.server = &ServerStatus{
		At: at, Lag: m.LagMax, Freshness: m.FreshnessMax, Events: m.Events, Quarantined: m.Quarantined,
		DiskUsedPercent: m.DiskUsedPercent, BackupAge: m.BackupAge,
	}
}

// oneMinute is how far apart the lines of one minute may be.
const oneMinute = 30 * time.Second

// status is the server with its sources: those that it told of in its newest minute, for others were removed since.
func (n *newestMinutes) status() *ServerStatus {
	n.server.Sources = []SourceMinute{}
	for _, source := range n.sources {
		if !source.At.Before(n.server.At.Add(-oneMinute)) {
			n.server.Sources = append(n.server.Sources, source)
		}
	}
	slices.SortFunc(n.server.Sources, func(a, b SourceMinute) int { return strings.Compare(a.Name, b.Name) })
	return n.server
}

// backupStatus lists the manifests: each is named by its time, and written when all that it names is there.
func (s *Session) backupStatus(ctx context.Context, d Deployment, physical map[string]string, st *Status) error {
	bucket := physical["BackupBucket"]
	if bucket == "" {
		return errors.New("the stack has no bucket for them yet")
	}
	st.Backup.To = "s3://" + bucket + "/" + d.Parameters.Name
	pages := s3.NewListObjectsV2Paginator(s.S3, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String(d.Parameters.Name + "/backups/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if awssdk.AnsweredWith(err, "NoSuchBucket") {
			return errors.New("the bucket " + bucket + " is gone, though the stack still names it")
		}
		if err != nil {
			return awssdk.Explain(err, "the bucket "+bucket+" cannot be listed")
		}
		for _, object := range page.Contents {
			id, manifest := strings.CutSuffix(path.Base(aws.ToString(object.Key)), ".json")
			if !manifest {
				continue
			}
			st.Backup.Count++
			if id > st.Backup.Newest {
				st.Backup.Newest, st.Backup.At = id, new(aws.ToTime(object.LastModified).UTC())
			}
		}
	}
	return nil
}
