package deploy

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/fault"
)

// LogLine is a line of a deployment's logs.
type LogLine struct {
	At     time.Time
	Stream string // of the log group: which log, of which instance
	Text   string // as it was written
}

// LogOptions say which lines are wanted.
type LogOptions struct {
	Since  time.Time
	Lines  int           // the newest so many of those that are there; 0: all
	Follow bool          // go on with those that come, until ctx ends
	Poll   time.Duration // between two questions while following; 0: 2 s
}

const (
	logPoll = 2 * time.Second
	// logOverlap is how far behind the newest line each question of a follower reaches: CloudWatch takes lines in late.
	logOverlap = time.Minute
	logCall    = time.Minute // for one question, with all that it is asked again
)

// ReadLogs tells the lines of a log group in the order of time, each once. It ends with the last one that is there or, when it
// follows, with ctx. A follower that is asked to slow down does; one whose credentials end says so.
func (s *Session) ReadLogs(ctx context.Context, group string, o LogOptions, tell func(LogLine) error) error {
	if o.Poll == 0 {
		o.Poll = logPoll
	}
	t := logReader{api: s.Logs, group: group, told: map[string]time.Time{}, newest: o.Since}
	var held []LogLine
	err := t.pages(ctx, o.Since, "", func(lines []LogLine) error {
		if o.Lines == 0 {
			return each(lines, tell)
		}
		held = append(held, lines...)
		held = slices.Delete(held, 0, max(0, len(held)-o.Lines))
		return nil
	})
	if err == nil {
		err = each(held, tell)
	}
	for err == nil && o.Follow {
		wait := time.NewTimer(o.Poll)
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-wait.C:
		}
		err = t.pages(ctx, t.newest.Add(-logOverlap), "", func(lines []LogLine) error { return each(lines, tell) })
		if awssdk.Throttled(err) {
			err = nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case awssdk.AnsweredWith(err, "ResourceNotFoundException"):
		return fault.New(fault.NotFound, "there is no log group %s in %s", group, s.Region).
			WithHint("`helios status` shows what there is of the deployment; its log group is made by the stack and goes with it")
	}
	return awssdk.Explain(err, "the log group "+group+" cannot be read")
}

func each(lines []LogLine, tell func(LogLine) error) error {
	for _, line := range lines {
		if err := tell(line); err != nil {
			return err
		}
	}
	return nil
}

// logReader reads a log group by and by.
type logReader struct {
	api    *cloudwatchlogs.Client
	group  string
	told   map[string]time.Time // the lines that may come again, by id
	newest time.Time
}

// pages gives the lines since a moment that were not given before, page by page. A pattern is one of CloudWatch's filters; "": all.
func (r *logReader) pages(ctx context.Context, since time.Time, pattern string, give func([]LogLine) error) error {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &r.group, StartTime: aws.Int64(since.UnixMilli())}
	if pattern != "" {
		in.FilterPattern = &pattern
	}
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(r.api, in)
	for pages.HasMorePages() {
		page, err := nextPage(ctx, pages)
		if err != nil {
			return err
		}
		var lines []LogLine
		for _, e := range page.Events {
			id := aws.ToString(e.EventId)
			if _, known := r.told[id]; known {
				continue
			}
			at := time.UnixMilli(aws.ToInt64(e.Timestamp))
			r.told[id] = at
			if at.After(r.newest) {
				r.newest = at
			}
			lines = append(lines, LogLine{At: at, Stream: aws.ToString(e.LogStreamName), Text: aws.ToString(e.Message)})
		}
		maps.DeleteFunc(r.told, func(_ string, at time.Time) bool { return at.Before(r.newest.Add(-logOverlap)) })
		slices.SortStableFunc(lines, func(a, b LogLine) int { return a.At.Compare(b.At) })
		if err := give(lines); err != nil {
			return err
		}
	}
	return nil
}

func nextPage(ctx context.Context, pages *cloudwatchlogs.FilterLogEventsPaginator) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, logCall)
	defer cancel()
	return pages.NextPage(ctx)
}

// LogGroup is the name of a deployment's log group.
func (s *Session) LogGroup(ctx context.Context, name string) (string, error) {
	_, physical, err := s.inventory(ctx, name)
	if err != nil {
		return "", err
	}
	if physical["LogGroup"] == "" {
		return "", fault.New(fault.NotFound, "the deployment %s has no log group yet", name).
			WithHint("`helios status%s` shows how it does", s.Flags(name))
	}
	return physical["LogGroup"], nil
}
