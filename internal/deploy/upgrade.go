package deploy

import (
	"context"
	"errors"

	"github.com/helios-sql/helios/internal/deploy/cfn"
	"github.com/helios-sql/helios/internal/fault"
)

// Upgrade plans that a deployment runs another build of Helios, and nothing else.
func (s *Session) Upgrade(ctx context.Context, before Deployment, binary *Binary) (*Plan, error) {
	if binary.Arch != before.Parameters.Arch {
		return nil, fault.New(fault.Invalid, "%s is a build for %s, and the instance is of the architecture %s", binary.From, binary.Arch, before.Parameters.Arch).
			WithHint("name a build for %s with --artifact", before.Parameters.Arch)
	}
	after := before.Parameters
	after.Artifact, after.Absent = artifactOf(s.ArtifactBucket(), binary), false
	s.pin(&after, before)
	return s.Plan(ctx, before, after, binary)
}

// Upgraded says of an upgrade that failed what runs now. Other errors stay as they are.
func (s *Session) Upgraded(p *Plan, err error) error {
	failure, ok := errors.AsType[*cfn.StackError](err)
	if !ok || failure.Status != "UPDATE_ROLLBACK_COMPLETE" {
		return err
	}
	from, to := p.Before.Parameters.Artifact.Name(), p.After.Artifact.Name()
	return fault.New(fault.CodeOf(err), "the upgrade to %s did not succeed, and %s runs again with the data as it was: %w", to, from, err).
		WithHint("`helios logs%s` shows what the instance said; when it is mended, run the same command again", s.Flags(p.After.Name))
}
