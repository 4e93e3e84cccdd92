package cfn

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Past are the deleted stacks of a name, of which there may be several. CloudFormation tells of them for 90 days, by their IDs; the
// list has neither parameters nor tags.
func (c *Client) Past(ctx context.Context, name string) ([]Stack, error) {
	var all []Stack
	pages := cloudformation.NewListStacksPaginator(c.api, &cloudformation.ListStacksInput{StackStatusFilter: []types.StackStatus{types.StackStatusDeleteComplete}})
	for pages.HasMorePages() {
		page, err := nextPage(ctx, pages.NextPage)
		if err != nil {
			return nil, c.explain(err, name, "the deleted stacks of the name %s cannot be listed")
		}
		for _, s := range page.StackSummaries {
			if aws.ToString(s.StackName) == name && s.StackStatus == types.StackStatusDeleteComplete {
				all = append(all, Stack{
					Name: name, ID: aws.ToString(s.StackId), Status: string(s.StackStatus), Reason: tidy(aws.ToString(s.StackStatusReason)),
					Created: aws.ToTime(s.CreationTime), Updated: aws.ToTime(s.LastUpdatedTime), Gone: aws.ToTime(s.DeletionTime),
				})
			}
		}
	}
	return all, nil
}

// History are a stack's events, the oldest first. They name also what it had once and has no more. Those of a deleted stack are
// told for 90 days.
func (c *Client) History(ctx context.Context, s Stack) ([]Event, error) {
	events, err := c.eventsUntil(ctx, s.ID, func(Event) bool { return false })
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, c.explain(err, s.Name, "the events of stack %s cannot be listed")
	}
	return events, nil
}
