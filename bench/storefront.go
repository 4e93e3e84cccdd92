package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"github.com/helios-sql/helios/internal/demo"
	"github.com/helios-sql/helios/internal/jsonscan"
	"github.com/helios-sql/helios/internal/schema"
)

// storefrontFile is a file of events, one a line.
type storefrontFile struct {
	Path    string
	Events  int
	Bytes   int64           // without the line ends
	Columns []schema.Column // that the events have, as a sample shows them
}

const (
	seed        = 4
	visitors    = 10_000
	sampled     = 10_000 // events from which the columns are inferred, from all over the file
	betweenTwo  = time.Millisecond
	storefront0 = 1_782_900_000 // when the shop of the file opens, Unix seconds
)

// shop makes whole storefront events; the demo breaks one in 500 on purpose, and DuckDB's loader would stop there.
type shop struct {
	*demo.Storefront
	at time.Time
}

func newShop(seed uint64, opens time.Time) *shop {
	s := &shop{at: opens}
	s.Storefront = demo.New(seed, visitors, func() time.Time { return s.at })
	s.at = opens.Add(demo.ExperimentAfter) // all fields from the first event on
	return s
}

// next appends a whole event to dst.
func (s *shop) next(dst []byte) []byte {
	for begin := len(dst); ; dst = dst[:begin] {
		dst = s.Next(dst)
		if whole(dst[begin:]) {
			return dst
		}
	}
}

// whole tells whether an event is as it should be.
func whole(e []byte) bool {
	if jsonscan.KindAt(e, 0) != jsonscan.Object {
		return false
	}
	end, err := jsonscan.Value(e, 0, schema.DefaultMaxDepth)
	return err == nil && end == len(e) &&
		!bytes.Contains(e, []byte(`"price":"free"`)) && !bytes.Contains(e, []byte(`"price":true`))
}

// storefrontEvents makes the file of events that are to be loaded, unless it is there.
func (b *bench) storefrontEvents(ctx context.Context) (storefrontFile, error) {
	if b.file.Path != "" {
		return b.file, nil
	}
	b.say("making %s events", figure(float64(b.events)))
	made, err := makeStorefront(ctx, b.scratch("events.ndjson"), b.events)
	if err == nil {
		b.file = made
	}
	return made, err
}

func makeStorefront(ctx context.Context, path string, n int) (made storefrontFile, err error) {
	file, err := os.Create(path)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriterSize(file, 1<<20)
	made = storefrontFile{Path: path, Events: n}
	shop := newShop(seed, time.Unix(storefront0, 0))
	var sample [][]byte
	var event []byte
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return made, ctx.Err()
		}
		shop.at = shop.at.Add(betweenTwo)
		event = append(shop.next(event[:0]), '\n')
		made.Bytes += int64(len(event) - 1)
		if i%max(1, n/sampled) == 0 {
			sample = append(sample, bytes.Clone(event[:len(event)-1]))
		}
		if _, err := out.Write(event); err != nil {
			return made, err
		}
	}
	for _, c := range schema.Infer(sample, schema.Options{}).Table.Columns {
		if !c.System() {
			made.Columns = append(made.Columns, c)
		}
	}
	return made, out.Flush()
}
