package encode

import (
	"context"

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

func writeParquet(ctx context.Context, s *sink, res *query.Result, _ func() []ingest.Freshness) error {
	schema := fileSchema(res)
	w, err := pqarrow.NewFileWriter(schema, s,
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithMaxRowGroupLength(rowGroupRows), parquet.WithCreatedBy("Helios")),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return err
	}
	if err := eachBatch(ctx, res, func(batch arrow.RecordBatch) error {
		out, err := renamed(schema, batch)
		if err != nil {
			return err
		}
		defer out.Release()
		if err := w.WriteBuffered(out); err != nil {
			return err
		}
		if w.RowGroupTotalBytesWritten() < rowGroupBytes {
			return nil
		}
		if err := w.NewBufferedRowGroupChecked(); err != nil {
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
