package ingest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// SampleBytes bounds the events in a sample.
const SampleBytes = 32 << 20

// SampleOptions say how much to look at, and the bounds of the table to infer.
type SampleOptions struct {
	Limit, MaxDepth, MaxColumns int
}

// SampleStream looks at up to o.Limit events of as many records of a stream, oldest and newest of every shard, and says what
// table they could become.
func (s *Service) SampleStream(ctx context.Context, c Connection, stream string, o SampleOptions) (Sample, error) {
	detail, err := s.streams.Describe(ctx, c, stream)
	if err != nil {
		return Sample{}, err
	}
	src, err := s.streams.Open(ctx, c, stream, "")
	if err != nil {
		return Sample{}, err
	}
	sample, err := sampleStream(ctx, src, o.Limit, Settings{MaxDepth: o.MaxDepth, MaxColumns: o.MaxColumns})
	sample.Stream = detail
	return sample, err
}

// sampleStream looks at up to n events of up to n records of a stream and infers the table that they could become. Of what
// is broken it takes as many.
func sampleStream(ctx context.Context, src Source, n int, settings Settings) (Sample, error) {
	records, err := src.Sample(ctx, n)
	if err != nil {
		return Sample{}, err
	}
	s := Sample{Records: len(records), Events: []SampleEvent{}}
	unpacker := unpack.New(unpack.Options{Aggregates: unpack.Keep})
	each := max(1, n/max(1, len(records))) // of every record, so that large ones do not crowd out the others
	room := SampleBytes
	var docs [][]byte
	var res unpack.Result
	for i := range records {
		res.Reset()
		unpacker.Unpack(&records[i], unpack.Range{}, &res)
		from := openedFrom(unpacker, len(res.Events)+len(res.Rejected))
		for k := range res.Events[:min(each, len(res.Events))] {
			if room -= len(res.Events[k].Data); room >= 0 {
				s.Events = append(s.Events, sampleEvent(&res.Events[k], nil))
				s.Events[len(s.Events)-1].Unpacked = from
				docs = append(docs, bytes.Clone(res.Events[k].Data)) // not all that it was unpacked from
			}
		}
		for k := range res.Rejected[:min(each, len(res.Rejected))] {
			if room -= len(res.Rejected[k].Data); room >= 0 {
				s.Events = append(s.Events, sampleEvent(&res.Rejected[k].Event, &res.Rejected[k]))
				s.Events[len(s.Events)-1].Unpacked = from
			}
		}
	}
	slices.SortStableFunc(s.Events, func(a, b SampleEvent) int { return a.ArrivedAt.Compare(b.ArrivedAt) })
	s.Inference = schema.Infer(docs, settings.bounds())
	return s, nil
}

// openedFrom says what the last record was opened from, and how much there was in it; "" for an event by itself.
func openedFrom(u *unpack.Unpacker, events int) string {
	layers := u.Opened()
	if len(layers) > 0 && events > 1 {
		layers = append(layers, fmt.Sprintf("%d events", events))
	}
	return strings.Join(layers, ", ")
}

func inferredReason(events int) string {
	if events == 0 {
		return "the stream held no event yet: the table grows from the first ones"
	}
	return fmt.Sprintf("inferred from a sample of %d events", events)
}
