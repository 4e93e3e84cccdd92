package encode

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/query"
)

// fileSchema is a result's schema with names that are unique.
func fileSchema(res *query.Result) *arrow.Schema {
	fields := res.Schema().Fields()
	for i, name := range uniqueNames(res.Columns()) {
		fields[i].Name = name
	}
	return arrow.NewSchema(fields, nil)
}

// renamed is the batch under another schema of the same types. It refuses what files cannot hold: their decimals end at 38
// digits, a HUGEINT has up to 39.
func renamed(schema *arrow.Schema, batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	for i, column := range batch.Columns() {
		numbers, ok := column.(*array.Decimal128)
		if !ok {
			continue
		}
		for row := range numbers.Len() {
			if numbers.IsValid(row) && !numbers.Value(row).FitsInPrecision(38) {
				return nil, fault.New(fault.Invalid, "column %q holds %s, which has more digits than the 38 of this format", schema.Field(i).Name, numbers.Value(row).BigInt()).
					WithHint("write CAST(… AS VARCHAR), or take CSV or JSON")
			}
		}
	}
	return array.NewRecordBatch(schema, batch.Columns(), batch.NumRows()), nil
}

func writeArrow(ctx context.Context, s *sink, res *query.Result, _ func() []ingest.Freshness) (err error) {
	schema := fileSchema(res)
	w := ipc.NewWriter(s, ipc.WithSchema(schema))
	if err := eachBatch(ctx, res, func(batch arrow.RecordBatch) error {
		out, err := renamed(schema, batch)
		if err != nil {
			return err
		}
		defer out.Release()
		if err := w.Write(out); err != nil {
			return err
		}
		return s.flush()
	}); err != nil {
		return err // and no end-of-stream mark: a reader must see that it is cut
	}
	if err := w.Close(); err != nil {
		return err
	}
	return s.flush()
}

// A row group is what a Parquet writer holds in memory before it writes: whichever of these is reached first ends it.
const (
	rowGroupRows  = 122_880
	rowGroupBytes = 32 << 20
)

// Parquet writes batches of one schema into a Parquet file. It holds one row group in memory.
type Parquet struct {
	w      *pqarrow.FileWriter
	schema *arrow.Schema
}

// NewParquet begins a file. The schema's names must be unique. Without Close it has no footer: a reader sees that it is cut.
func NewParquet(w io.Writer, schema *arrow.Schema, codec compress.Compression) (*Parquet, error) {
	file, err := pqarrow.NewFileWriter(schema, w,
		parquet.NewWriterProperties(parquet.WithCompression(codec), parquet.WithMaxRowGroupLength(rowGroupRows), parquet.WithCreatedBy("Helios")),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, err
	}
	return &Parquet{w: file, schema: schema}, nil
}

// Write adds a batch whose columns have the types of the schema, and tells whether a row group was written out.
func (p *Parquet) Write(batch arrow.RecordBatch) (written bool, err error) {
	out, err := renamed(p.schema, batch)
	if err != nil {
		return false, err
	}
	defer out.Release()
	if err := p.w.WriteBuffered(out); err != nil {
		return false, err
	}
	if p.w.RowGroupTotalBytesWritten() < rowGroupBytes {
		return false, nil
	}
	return true, p.w.NewBufferedRowGroupChecked()
}

// Close writes the footer. It leaves what it writes to open, unless that is an io.Closer.
func (p *Parquet) Close() error { return p.w.Close() }

func writeParquet(ctx context.Context, s *sink, res *query.Result, _ func() []ingest.Freshness) error {
	w, err := NewParquet(s, fileSchema(res), compress.Codecs.Snappy)
	if err != nil {
		return err
	}
	if err := eachBatch(ctx, res, func(batch arrow.RecordBatch) error {
		written, err := w.Write(batch)
		if err != nil || !written {
			return err
		}
		return s.flush()
	}); err != nil {
		return err // and no footer: a reader must see that it is cut
	}
	if err := w.Close(); err != nil {
		return err
	}
	return s.flush()
}
