package deploy

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/helios-sql/helios/internal/deploy/cfn"
)

const haltTime = 5 * time.Minute // that an instance has to stop

// halt stops an instance before CloudFormation takes its data volume away: it does so while the instance runs, and a volume that is
// mounted then may never come off, and be damaged.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-volumeattachment.html
// One that is gone, or that does not stop, is CloudFormation's to end.
func (s *Session) halt(ctx context.Context, instance string) {
	if instance == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, haltTime)
	defer cancel()
	ids := []string{instance}
	if _, err := s.EC2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: ids}); err == nil {
		_ = ec2.NewInstanceStoppedWaiter(s.EC2, func(o *ec2.InstanceStoppedWaiterOptions) { o.MinDelay = s.Stacks.Poll() }).
			Wait(ctx, &ec2.DescribeInstancesInput{InstanceIds: ids}, haltTime)
	}
}

// haltAll stops the instances among the resources of a stack.
func (s *Session) haltAll(ctx context.Context, resources []cfn.Resource) {
	for _, r := range resources {
		if r.Type == "AWS::EC2::Instance" {
			s.halt(ctx, r.PhysicalID)
		}
	}
}

// Cancel gives up what is being done to a stack. When that is its creation, the data volume is taken away. If the stack comes to rest
// before that, it is as if nobody had cancelled, and the error says so.
func (s *Session) Cancel(ctx context.Context, now cfn.Stack) error {
	if now.Status == "CREATE_IN_PROGRESS" {
		resources, err := s.Stacks.Resources(ctx, now.ID)
		if err != nil {
			return err
		}
		s.haltAll(ctx, resources)
	}
	err := s.Stacks.Cancel(ctx, now.Name)
	if err != nil {
		s.Wake(ctx, now.Name)
	}
	return err
}

// Wake starts the instance of a deployment whose replacement was undone. It does so even when ctx has ended. One that runs, that is
// gone, or that CloudFormation still works at is left alone.
func (s *Session) Wake(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
	defer cancel()
	now, found, err := s.Stacks.Describe(ctx, name)
	if instance := now.Outputs["InstanceId"]; err == nil && found && now.State() == cfn.Ready && instance != "" {
		_, _ = s.EC2.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: []string{instance}})
	}
}
