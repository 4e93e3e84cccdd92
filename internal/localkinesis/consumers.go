package localkinesis

import (
	"slices"
	"strconv"
	"strings"
)

const (
	statusCreating = "CREATING"
	statusDeleting = "DELETING"
)

// consumer is a registered reader by fan-out. It is ACTIVE from the time ready until it is deregistered, and gone at the
// time gone.
type consumer struct {
	name    string
	arn     string
	created int64 // ms
	ready   int64 // ms
	gone    int64 // ms; 0: not deregistered
	lanes   map[uint32]*lane
}

// lane is what a consumer has of one shard: at most one subscription, and 2 MiB/s of its own.
type lane struct {
	subscribed int64 // ms; when the last subscription began
	current    *subscription
	pushed     bucket // bytes
}

func (c *consumer) status(now int64) string {
	switch {
	case c.gone != 0:
		return statusDeleting
	case now < c.ready:
		return statusCreating
	}
	return statusActive
}

func (c *consumer) shape(now int64) consumerShape {
	return consumerShape{ConsumerName: c.name, ConsumerARN: c.arn, ConsumerStatus: c.status(now), ConsumerCreationTimestamp: epochSeconds(c.created)}
}

// end ends all subscriptions of the consumer.
func (c *consumer) end(reason *Error) {
	for _, l := range c.lanes {
		l.current.end(reason)
	}
}

// registered gives a stream's consumers, those whose deletion is done gone. It is called with the lock held.
func (st *stream) registered(now int64) []*consumer {
	st.consumers = slices.DeleteFunc(st.consumers, func(c *consumer) bool { return c.gone != 0 && now >= c.gone })
	return st.consumers
}

func validConsumerName(name string) error {
	switch {
	case name == "":
		return missing("consumerName")
	case len(name) > 128:
		return constraint("consumerName", name, "Member must have length less than or equal to 128")
	case strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(streamNameChars, r) }):
		return constraint("consumerName", name, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	}
	return nil
}

func (s *Server) registerStreamConsumer(req *registerStreamConsumerRequest) (*registerStreamConsumerAnswer, error) {
	if req.StreamARN == "" {
		return nil, missing("streamARN")
	}
	if err := validConsumerName(req.ConsumerName); err != nil {
		return nil, err
	}
	if err := validTags(req.Tags, nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(streamRef{StreamARN: req.StreamARN})
	if err != nil {
		return nil, err
	}
	now := s.nowMillis()
	creating := 0
	for _, c := range st.registered(now) {
		if c.name == req.ConsumerName {
			return nil, apiError(errResourceInUse, "Consumer %s under stream %s already exists for account %s.", c.name, st.name, s.opt.AccountID)
		}
		if c.status(now) == statusCreating {
			creating++
		}
	}
	switch {
	case len(st.consumers) >= maxConsumers:
		return nil, apiError(errLimitExceeded, "Stream %s under account %s may have at most %d registered consumers.", st.name, s.opt.AccountID, maxConsumers)
	case creating >= maxCreatingConsumers:
		return nil, apiError(errLimitExceeded, "At most %d consumers of stream %s under account %s may be in CREATING status at the same time.",
			maxCreatingConsumers, st.name, s.opt.AccountID)
	}
	c := &consumer{
		name:    req.ConsumerName,
		arn:     s.arn(st.name) + "/consumer/" + req.ConsumerName + ":" + strconv.FormatInt(now/1000, 10),
		created: now,
		ready:   now + s.opt.ConsumerDelay.Milliseconds(),
		lanes:   map[uint32]*lane{},
	}
	st.consumers = append(st.consumers, c)
	out := &registerStreamConsumerAnswer{Consumer: c.shape(now)}
	out.Consumer.ConsumerStatus = statusCreating // as AWS says at this point, always
	return out, nil
}

func (s *Server) deregisterStreamConsumer(req *consumerRequest) (empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, c, err := s.lookupConsumer(req.consumerRef)
	if err != nil {
		return empty{}, err
	}
	now := s.nowMillis()
	if c.gone == 0 {
		c.gone = now + s.opt.ConsumerDelay.Milliseconds()
		c.end(s.consumerNotFound(st, c.name))
	}
	return empty{}, nil
}

func (s *Server) describeStreamConsumer(req *consumerRequest) (*describeStreamConsumerAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, c, err := s.lookupConsumer(req.consumerRef)
	if err != nil {
		return nil, err
	}
	return &describeStreamConsumerAnswer{consumerDescription{c.shape(s.nowMillis()), s.arn(st.name)}}, nil
}

// listStreamConsumers lists by name. A NextToken stands for the stream and the consumers listed before; it does not expire.
func (s *Server) listStreamConsumers(req *listStreamConsumersRequest) (*listStreamConsumersAnswer, error) {
	if req.StreamARN == "" {
		return nil, missing("streamARN")
	}
	if err := inRange("maxResults", req.MaxResults, 1, 10_000); err != nil {
		return nil, err
	}
	var p consumersPage
	if req.NextToken != "" && !s.openToken(req.NextToken, &p) {
		return nil, apiError(errInvalidArgument, "NextToken is not one that this server made.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(streamRef{StreamARN: req.StreamARN})
	if err != nil {
		return nil, err
	}
	now := s.nowMillis()
	out := &listStreamConsumersAnswer{Consumers: []consumerShape{}}
	all := slices.SortedFunc(slices.Values(st.registered(now)), func(a, b *consumer) int { return strings.Compare(a.name, b.name) })
	from := min(int(p.After), len(all))
	to := min(from+min(int(orDefault(req.MaxResults, maxListConsumers)), maxListConsumers), len(all))
	for _, c := range all[from:to] {
		out.Consumers = append(out.Consumers, c.shape(now))
	}
	if to < len(all) {
		out.NextToken = s.sealToken(&consumersPage{After: uint32(to)})
	}
	return out, nil
}

func (s *Server) consumerNotFound(st *stream, name string) *Error {
	return apiError(errResourceNotFound, "Consumer %s under stream %s not found for account %s.", name, st.name, s.opt.AccountID)
}

// lookupConsumer finds a consumer by its ARN, by its name and its stream's ARN, or by all of them.
func (s *Server) lookupConsumer(ref consumerRef) (*stream, *consumer, error) {
	streamARN, name := ref.StreamARN, ref.ConsumerName
	if ref.ConsumerARN != "" {
		from, rest, found := strings.Cut(ref.ConsumerARN, "/consumer/")
		inARN, _, stamped := strings.Cut(rest, ":")
		if !found || !stamped {
			return nil, nil, constraint("consumerARN", ref.ConsumerARN, "Member must satisfy regular expression pattern: "+
				"^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+")
		}
		if streamARN != "" && streamARN != from || name != "" && name != inARN {
			return nil, nil, apiError(errInvalidArgument, "ConsumerARN %s is not of the consumer or stream named beside it.", ref.ConsumerARN)
		}
		streamARN, name = from, inARN
	}
	if streamARN == "" || name == "" {
		return nil, nil, apiError(errInvalidArgument, "Either ConsumerARN, or StreamARN and ConsumerName, must be provided.")
	}
	st, err := s.lookup(streamRef{StreamARN: streamARN})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range st.registered(s.nowMillis()) {
		if c.name == name && (ref.ConsumerARN == "" || c.arn == ref.ConsumerARN) {
			return st, c, nil
		}
	}
	return nil, nil, s.consumerNotFound(st, name)
}
