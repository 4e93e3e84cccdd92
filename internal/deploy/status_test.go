package deploy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/deploy/cfntest"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

// deployed puts a deployment into the account whose stack has a status.
func deployed(t *testing.T, a *cfntest.Account, status string) {
	t.Helper()
	digest := strings.Repeat("ab", 32)
	p := stack.Parameters{
		Name: "helios", Account: cfntest.ID, Region: cfntest.Region, Arch: "arm64", InstanceType: "t4g.medium", VolumeGiB: 50, AllowCIDRs: []string{"203.0.113.0/24"},
		Streams: []stack.Stream{{ARN: clicks, Table: "clicks"}}, BackupEvery: time.Hour, BackupKeep: 48, LogRetentionDays: 30, Zone: cfntest.Region + "a",
		Artifact: stack.Artifact{Bucket: deploy.ArtifactBucket(cfntest.ID, cfntest.Region), Key: "helios/sha256/" + digest, SHA256: digest, Version: "v1.2.3"},
	}
	text, err := stack.Template(p)
	require.NoError(t, err)
	require.NoError(t, a.Put("helios", string(text), status, p.Values()))
}

// lines lets the log group have lines, all of now.
func lines(a *cfntest.Account, texts ...string) {
	a.Answer("logs:FilterLogEvents", func(*cfntest.Request) (any, error) {
		events := []any{}
		for i, text := range texts {
			events = append(events, event(fmt.Sprint(i), text))
		}
		return map[string]any{"events": events}, nil
	})
}

func event(id, text string) map[string]any {
	return map[string]any{"eventId": id, "timestamp": time.Now().UnixMilli(), "message": text, "logStreamName": "i-0/helios"}
}

func TestStatusTakesTheNewestOfWhatTheServerSays(t *testing.T) {
	a, s := account(t)
	deployed(t, a, "CREATE_COMPLETE")
	lines(a,
		`{"msg":"metrics","_aws":{},"version":"v1.2.2","Deployment":"helios","Events":1,"DiskUsedPercent":10}`,
		`{"msg":"metrics","_aws":{},"version":"v1.2.3","Deployment":"helios","LagMax":250,"FreshnessMax":2.5,"Events":60,"Quarantined":0,"DiskUsedPercent":12.5,"BackupAge":900}`,
		`{"msg":"metrics","_aws":{},"version":"v1.2.3","Deployment":"helios","Source":"clicks","Lag":250,"Freshness":2.5,"Events":60}`,
		`not one of them: CloudWatchMetrics`)
	status, err := s.Status(t.Context(), "helios")
	require.NoError(t, err)
	require.Empty(t, status.Unknown)
	require.Equal(t, deploy.VersionStatus{Wanted: "v1.2.3", SHA256: strings.Repeat("ab", 32), Running: "v1.2.3"}, status.Version)
	require.Equal(t, "ok", status.Machine.Checks)
	require.InDelta(t, 12.5, *status.Server.DiskUsedPercent, 0)
	require.Len(t, status.Server.Sources, 1)
	require.InDelta(t, 250, *status.Server.Sources[0].Lag, 0)
	require.True(t, strings.HasPrefix(status.Backup.To, "s3://helios-backupbucket-"), status.Backup.To)
	require.NotEmpty(t, status.Address)
}

func TestStatusSaysWhatIsNotKnownAndWhy(t *testing.T) {
	a, s := account(t)
	deployed(t, a, "UPDATE_ROLLBACK_FAILED")
	a.Fault(always("ec2:DescribeInstances", "InvalidInstanceID.NotFound", "The instance ID does not exist"), always("s3:ListObjectsV2", "AccessDenied", "Access Denied"))
	status, err := s.Status(t.Context(), "helios")
	require.NoError(t, err)
	require.Equal(t, "UPDATE_ROLLBACK_FAILED", status.Stack.Status)
	said := strings.Join(status.Unknown, "\n")
	require.Regexp(t, `(?m)^The instance: i-\w+ is gone, though the stack still names it`, said)
	require.Contains(t, said, "has no line of that in the last 3 hours")
	require.Nil(t, status.Machine)
	require.Nil(t, status.Server)

	_, err = s.Status(t.Context(), "another")
	require.Equal(t, fault.NotFound, fault.CodeOf(err), err)
	require.Contains(t, fault.HintOf(err), "helios deploy --name another")
}

func TestAFollowerTellsEachLineOnceIsPatientAndSaysWhyItEnds(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // the SDK's own patience takes its time
	a, s := account(t)
	calls := 0
	a.Answer("logs:FilterLogEvents", func(q *cfntest.Request) (any, error) {
		calls++
		switch calls {
		case 1:
			return map[string]any{"events": []any{event("1", "one"), event("2", "two")}, "nextToken": "more"}, nil
		case 2:
			if !strings.Contains(string(q.JSON), `"nextToken":"more"`) {
				return nil, &cfntest.Error{Code: "InvalidParameterException", Message: "the page that was told of is wanted"}
			}
			return map[string]any{"events": []any{event("3", "three")}}, nil
		case 3:
			return nil, &cfntest.Error{Code: "ThrottlingException", Message: "Rate exceeded"}
		case 4:
			return map[string]any{"events": []any{event("3", "three"), event("4", "four")}}, nil
		}
		return nil, &cfntest.Error{Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}
	})
	var told []string
	tell := func(line deploy.LogLine) error {
		told = append(told, line.Text)
		return nil
	}
	err := s.ReadLogs(t.Context(), "group", deploy.LogOptions{Since: time.Now().Add(-time.Hour), Lines: 2, Follow: true, Poll: time.Millisecond}, tell)
	require.Equal(t, []string{"two", "three", "four"}, told)
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, "have expired")

	ctx, stop := context.WithCancel(t.Context())
	lines(a, "one")
	err = s.ReadLogs(ctx, "group", deploy.LogOptions{Follow: true, Poll: time.Millisecond}, func(deploy.LogLine) error {
		stop()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)

	a.Fault(always("logs:FilterLogEvents", "ResourceNotFoundException", "The specified log group does not exist."))
	require.ErrorContains(t, s.ReadLogs(t.Context(), "group", deploy.LogOptions{}, tell), "there is no log group group in eu-central-1")
}
