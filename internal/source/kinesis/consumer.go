package kinesis

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/helios-sql/helios/internal/fault"
)

// retireTimeout bounds the removal of a consumer. One that has just been registered cannot be removed for some seconds.
const retireTimeout = 30 * time.Second

// consumer keeps a consumer for enhanced fan-out registered with the stream, and tells all the shards' readers of its ARN.
type consumer struct {
	account *Account
	name    string
	stream  stream
	confirm func(context.Context) error      // that the stream is the one it was
	pause   func(refusals int) time.Duration // between attempts
	logger  *slog.Logger
	doubts  chan struct{}

	mu  sync.Mutex
	arn string // "" while nobody can subscribe
	why string // nobody can, for people
}

func newConsumer(r *Reader, s stream, confirm func(context.Context) error) *consumer {
	name := r.opts.Consumer
	return &consumer{
		account: r.account, name: name, stream: s, confirm: confirm, pause: r.opts.pause, logger: r.logger.With("consumer", name),
		doubts: make(chan struct{}, 1), why: "the consumer " + name + " is being looked for",
	}
}

// get gives the ARN to subscribe with, or why there is none.
func (c *consumer) get() (arn, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.arn, c.why
}

func (c *consumer) set(arn, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arn, c.why = arn, why
}

// doubt says that the stream may not know the consumer any more that has this ARN.
func (c *consumer) doubt(arn string) {
	if now, _ := c.get(); now != arn {
		return // it has been looked for meanwhile
	}
	select {
	case c.doubts <- struct{}{}:
	default:
	}
}

// keep registers the consumer if it is not, and again whenever it is gone, until ctx ends. The ARN names the moment of the
// registration, so a subscription by it is always of the stream that was looked at after it.
func (c *consumer) keep(ctx context.Context) {
	for failures := 0; ; {
		arn, err := c.ready(ctx)
		if err == nil {
			err = c.confirm(ctx)
		}
		switch {
		case ctx.Err() != nil, errors.Is(err, errRecreated): // the reading of this stream ends
			return
		case err == nil:
			failures = 0
			c.set(arn, "")
			select {
			case <-c.doubts:
				continue
			case <-ctx.Done():
				return
			}
		}
		err = c.account.explainConsumer(err, c.stream.name, c.name)
		if failures++; failures == 1 {
			c.logger.WarnContext(ctx, "the stream cannot be read by fan-out for now, it is polled", "error", err)
		}
		c.set("", err.Error())
		if sleep(ctx, c.pause(failures)) != nil {
			return
		}
	}
}

// ready gives the ARN of the consumer once it is active.
func (c *consumer) ready(ctx context.Context) (arn string, err error) {
	for looks := 1; ; looks++ {
		found, err := c.account.client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{StreamARN: &c.stream.arn, ConsumerName: &c.name})
		switch {
		case isNotFound(err):
			_, err = c.account.client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: &c.stream.arn, ConsumerName: &c.name})
			if err != nil && !isInUse(err) { // by another run that registers it
				return "", err
			}
			c.logger.InfoContext(ctx, "registered a consumer for fan-out")
			c.set("", "the consumer "+c.name+" is being registered")
		case err != nil:
			return "", err
		case found.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive:
			return aws.ToString(found.ConsumerDescription.ConsumerARN), nil
		}
		if err := sleep(ctx, min(backoff(looks), time.Second)); err != nil {
			return "", err
		}
	}
}

// Retire implements ingest.Source: it removes the consumer.
func (r *Reader) Retire(ctx context.Context) error {
	if r.opts.Consumer == "" {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, retireTimeout)
	defer cancel()
	err := r.account.deregister(bounded, r.name, r.opts.Consumer)
	if err == nil || isNotFound(err) {
		return nil
	}
	err = r.account.explainConsumer(err, r.name, r.opts.Consumer)
	return fault.New(fault.CodeOf(err), "the consumer %s is still registered with the stream %s, and AWS charges for it: %w", r.opts.Consumer, r.name, err).
		WithHint("remove it with `aws kinesis deregister-stream-consumer --consumer-name %s --stream-arn ARN`", r.opts.Consumer)
}

func (a *Account) deregister(ctx context.Context, name, consumer string) error {
	s, err := a.lookUp(ctx, name)
	if err != nil {
		return err
	}
	for failures := 1; ; failures++ {
		_, err := a.client.DeregisterStreamConsumer(ctx, &kinesis.DeregisterStreamConsumerInput{StreamARN: &s.arn, ConsumerName: &consumer})
		if !isInUse(err) || sleep(ctx, backoff(failures)) != nil {
			return err
		}
	}
}

// explainConsumer is explain for calls about a consumer.
func (a *Account) explainConsumer(err error, stream, consumer string) error {
	var api smithy.APIError
	var limit *types.LimitExceededException
	switch {
	case !errors.As(err, &api):
		return a.explain(err, stream)
	case isNotFound(err):
		return fault.New(fault.NotFound, "the consumer %s of stream %s is not there: %w", consumer, stream, answered(api))
	case isInUse(err):
		return fault.New(fault.Conflict, "the consumer %s of stream %s is in use: %w", consumer, stream, answered(api))
	case errors.As(err, &limit):
		return fault.New(fault.Unavailable, "stream %s takes no more consumers or subscriptions for now: %w", stream, answered(api))
	}
	return a.explain(err, stream)
}

func isInUse(err error) bool {
	_, ok := errors.AsType[*types.ResourceInUseException](err)
	return ok
}
