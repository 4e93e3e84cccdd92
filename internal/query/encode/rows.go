package encode

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

// eachBatch hands every batch of a result to do.
func eachBatch(ctx context.Context, res *query.Result, do func(arrow.RecordBatch) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := res.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = do(batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
}

// eachRow hands every row to do, as its cells' writers, and puts out what do appends, batch by batch.
func eachRow(ctx context.Context, s *sink, res *query.Result, bindTo binder, do func(b []byte, cells []cell, row int) []byte) error {
	var b []byte
	cells := make([]cell, len(res.Columns()))
	return eachBatch(ctx, res, func(batch arrow.RecordBatch) error {
		for i := range cells {
			cells[i] = bindTo(i, batch.Column(i))
		}
		b = b[:0]
		for row := range int(batch.NumRows()) {
			b = do(b, cells, row)
			if len(b) >= bufferSize {
				if err := s.put(b); err != nil {
					return err
				}
				b = b[:0]
			}
		}
		return s.put(b)
	})
}

// bufferSize is how much text is collected before it is written, within a batch.
const bufferSize = 256 << 10

// writeJSON writes the envelope: what is known only at the end stands at the end.
func writeJSON(ctx context.Context, s *sink, res *query.Result, freshness func() []ingest.Freshness) error {
	columns, err := json.Marshal(res.Columns())
	if err != nil {
		return err
	}
	b := append([]byte(`{"query_id":`), appendString(nil, res.ID())...)
	b = append(b, `,"columns":`...)
	b = append(b, columns...)
	b = append(b, `,"rows":[`...)
	if _, err := s.Write(b); err != nil {
		return err
	}
	s.envelope = s.written
	first := true
	err = eachRow(ctx, s, res, jsonCells, func(b []byte, cells []cell, row int) []byte {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '\n')
		for i, c := range cells {
			b = append(b, "[,"[min(i, 1)])
			b = c(b, row)
		}
		return append(b, ']')
	})
	if err != nil {
		return err
	}
	fresh := []ingest.Freshness{}
	if freshness != nil {
		fresh = append(fresh, freshness()...)
	}
	freshJSON, err := json.Marshal(fresh)
	if err != nil {
		return err
	}
	b = append(b[:0], `],"row_count":`...)
	b = strconv.AppendInt(b, res.RowCount(), 10)
	b = append(b, `,"truncated":`...)
	b = strconv.AppendBool(b, res.Truncated())
	b = append(b, `,"elapsed_ms":`...)
	b = strconv.AppendInt(b, res.Elapsed().Milliseconds(), 10)
	b = append(b, `,"bytes":`...)
	b = strconv.AppendInt(b, s.written-s.envelope, 10)
	b = append(b, `,"freshness":`...)
	b = append(b, freshJSON...)
	b = append(b, "}\n"...)
	s.envelope += int64(len(b))
	return s.put(b)
}

func writeNDJSON(ctx context.Context, s *sink, res *query.Result, _ func() []ingest.Freshness) error {
	keys := make([][]byte, len(res.Columns()))
	for i, name := range uniqueNames(res.Columns()) {
		keys[i] = append(appendString([]byte{"{,"[min(i, 1)]}, name), ':')
	}
	return eachRow(ctx, s, res, jsonCells, func(b []byte, cells []cell, row int) []byte {
		for i, c := range cells {
			b = append(b, keys[i]...)
			b = c(b, row)
		}
		return append(b, "}\n"...)
	})
}

func writeCSV(ctx context.Context, s *sink, res *query.Result, _ func() []ingest.Freshness) error {
	var header []byte
	for i, c := range res.Columns() {
		if i > 0 {
			header = append(header, ',')
		}
		header = appendCSV(header, c.Name, !s.formulas)
	}
	if err := s.put(append(header, "\r\n"...)); err != nil {
		return err
	}
	return eachRow(ctx, s, res, csvCells(res.Columns(), !s.formulas), func(b []byte, cells []cell, row int) []byte {
		for i, c := range cells {
			if i > 0 {
				b = append(b, ',')
			}
			b = c(b, row)
		}
		return append(b, "\r\n"...)
	})
}
