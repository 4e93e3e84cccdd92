package duckdb

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/helios-sql/helios/internal/fault"
)

// DuckDB's flat vectors and Arrow's arrays are nearly the same memory: least-significant-bit validity masks where 1 is
// valid, and values of the same width one after another. Everything is copied, since a chunk dies with the next fetch.
// The layouts are those of duckdb.h: duckdb_string_t, duckdb_list_entry, duckdb_hugeint, …

// selection says which rows of a vector to take: rows, or the first n if that is nil.
type selection struct {
	n    int
	rows []int
}

func (s selection) row(i int) int {
	if s.rows == nil {
		return i
	}
	return s.rows[i]
}

// values are the values of a vector as the type that they are stored in, up to the last selected row.
func values[T any](vec mapping.Vector, s selection) []T {
	n := s.n
	for _, row := range s.rows {
		n = max(n, row+1)
	}
	data := mapping.VectorGetData(vec)
	if data == nil || n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(data), n)
}

// validity copies a vector's mask, and counts the NULLs. No mask means that there are none.
func validity(vec mapping.Vector, s selection) (mask *memory.Buffer, nulls int) {
	from := mapping.VectorGetValidity(vec)
	if from == nil || s.n == 0 {
		return nil, 0
	}
	to := make([]byte, bitutil.BytesForBits(int64(s.n)))
	if s.rows == nil {
		copy(to, unsafe.Slice((*byte)(from), len(to)))
	} else {
		for i, row := range s.rows {
			if *(*byte)(unsafe.Add(from, row/8))&(1<<(row%8)) != 0 {
				bitutil.SetBit(to, i)
			}
		}
	}
	nulls = s.n - bitutil.CountSetBits(to, 0, s.n)
	if nulls == 0 {
		return nil, 0
	}
	return memory.NewBufferBytes(to), nulls
}

// isNull tells of the i-th selected row.
func isNull(mask *memory.Buffer, i int) bool {
	return mask != nil && !bitutil.BitIsSet(mask.Bytes(), i)
}

func newData(t arrow.DataType, s selection, nulls int, buffers []*memory.Buffer, children ...arrow.ArrayData) arrow.Array {
	data := array.NewData(t, s.n, buffers, children, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// fixed copies values whose bytes are the same in both.
func fixed(t arrow.FixedWidthDataType) func(mapping.Vector, selection) (arrow.Array, error) {
	width := t.Bytes()
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, nulls := validity(vec, s)
		to := make([]byte, s.n*width)
		if s.rows == nil {
			copy(to, values[byte](vec, selection{n: s.n * width}))
		} else {
			from := mapping.VectorGetData(vec)
			for i, row := range s.rows {
				copy(to[i*width:(i+1)*width], unsafe.Slice((*byte)(unsafe.Add(from, row*width)), width))
			}
		}
		return newData(t, s, nulls, []*memory.Buffer{mask, memory.NewBufferBytes(to)}), nil
	}
}

func booleans(vec mapping.Vector, s selection) (arrow.Array, error) {
	mask, nulls := validity(vec, s)
	to := make([]byte, bitutil.BytesForBits(int64(s.n)))
	from := values[byte](vec, s)
	for i := range s.n {
		if from[s.row(i)] == 1 {
			bitutil.SetBit(to, i)
		}
	}
	return newData(arrow.FixedWidthTypes.Boolean, s, nulls, []*memory.Buffer{mask, memory.NewBufferBytes(to)}), nil
}

func nulls(_ mapping.Vector, s selection) (arrow.Array, error) { return array.NewNull(s.n), nil }

// decimals widens DECIMALs, which DuckDB stores in 2, 4, 8 or 16 bytes, to 16.
func decimals(t *arrow.Decimal128Type, internal mapping.Type) func(mapping.Vector, selection) (arrow.Array, error) {
	switch internal {
	case mapping.TypeSmallInt:
		return widened[int16](t)
	case mapping.TypeInteger:
		return widened[int32](t)
	case mapping.TypeBigInt:
		return widened[int64](t)
	default:
		return fixed(t)
	}
}

func widened[T int16 | int32 | int64](t *arrow.Decimal128Type) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, nulls := validity(vec, s)
		to := make([]byte, s.n*16)
		from := values[T](vec, s)
		for i := range s.n {
			v := int64(from[s.row(i)])
			binary.LittleEndian.PutUint64(to[i*16:], uint64(v))
			binary.LittleEndian.PutUint64(to[i*16+8:], uint64(v>>63))
		}
		return newData(t, s, nulls, []*memory.Buffer{mask, memory.NewBufferBytes(to)}), nil
	}
}

// uuids turns UUIDs, hugeints with the first bit flipped so that they sort, into their 16 bytes.
func uuids(vec mapping.Vector, s selection) (arrow.Array, error) {
	mask, nulls := validity(vec, s)
	to := make([]byte, s.n*16)
	from := values[hugeInt](vec, s)
	for i := range s.n {
		v := from[s.row(i)]
		binary.BigEndian.PutUint64(to[i*16:], uint64(v.upper)^(1<<63))
		binary.BigEndian.PutUint64(to[i*16+8:], v.lower)
	}
	t := &arrow.FixedSizeBinaryType{ByteWidth: 16}
	return newData(t, s, nulls, []*memory.Buffer{mask, memory.NewBufferBytes(to)}), nil
}

// extension gives an array of the storage's type its meaning.
func extension(t arrow.ExtensionType, storage func(mapping.Vector, selection) (arrow.Array, error)) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		a, err := storage(vec, s)
		if err != nil {
			return nil, err
		}
		defer a.Release()
		return array.NewExtensionArrayWithStorage(t, a), nil
	}
}

const inlineLength = 12

// bytes is valid as long as the vector. It must not be called on a NULL, whose memory is garbage.
func (s *stringT) bytes() []byte {
	if s.length <= inlineLength {
		return s.rest[:s.length]
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&s.rest[4])), s.length)
}

// texts copies VARCHARs and BLOBs.
func texts(t arrow.DataType) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, nulls := validity(vec, s)
		from := values[stringT](vec, s)
		total := 0
		for i := range s.n {
			if !isNull(mask, i) {
				total += int(from[s.row(i)].length)
			}
		}
		if total > math.MaxInt32 {
			return nil, fault.New(fault.TooLarge, "%d rows of one column hold %d bytes: more than 2 GB cannot be delivered at once", s.n, total)
		}
		to, offsets := make([]byte, 0, total), make([]byte, 0, 4*(s.n+1))
		offsets = binary.LittleEndian.AppendUint32(offsets, 0)
		for i := range s.n {
			if !isNull(mask, i) {
				to = append(to, from[s.row(i)].bytes()...)
			}
			offsets = binary.LittleEndian.AppendUint32(offsets, uint32(len(to)))
		}
		return newData(t, s, nulls, []*memory.Buffer{mask, memory.NewBufferBytes(offsets), memory.NewBufferBytes(to)}), nil
	}
}

// enums writes labels for their numbers.
func enums(labels []string, internal mapping.Type) func(mapping.Vector, selection) (arrow.Array, error) {
	switch internal {
	case mapping.TypeUTinyInt:
		return labelled[uint8](labels)
	case mapping.TypeUSmallInt:
		return labelled[uint16](labels)
	default:
		return labelled[uint32](labels)
	}
}

func labelled[T uint8 | uint16 | uint32](labels []string) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, _ := validity(vec, s)
		from := values[T](vec, s)
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		b.Reserve(s.n)
		for i := range s.n {
			if isNull(mask, i) {
				b.AppendNull()
			} else {
				b.Append(labels[from[s.row(i)]])
			}
		}
		return b.NewArray(), nil
	}
}

// listEntry is a duckdb_list_entry: where a list lies among the elements of all.
type listEntry struct{ offset, length uint64 }

// lists copies LISTs and MAPs. Arrow wants the lists' elements one after another, DuckDB may have them anywhere.
func lists(t arrow.DataType, element columnType) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, nulls := validity(vec, s)
		from := values[listEntry](vec, s)
		offsets := make([]byte, 0, 4*(s.n+1))
		offsets = binary.LittleEndian.AppendUint32(offsets, 0)
		inOrder, total := true, uint64(0)
		for i := range s.n {
			if e := from[s.row(i)]; !isNull(mask, i) && e.length > 0 {
				inOrder = inOrder && e.offset == total
				if total += e.length; total > math.MaxInt32 {
					return nil, fault.New(fault.TooLarge, "the lists of %d rows have more than %d elements", s.n, math.MaxInt32)
				}
			}
			offsets = binary.LittleEndian.AppendUint32(offsets, uint32(total))
		}
		children := selection{n: int(total)}
		if !inOrder {
			children.rows = make([]int, 0, total)
			for i := range s.n {
				if e := from[s.row(i)]; !isNull(mask, i) {
					for k := range e.length {
						children.rows = append(children.rows, int(e.offset+k))
					}
				}
			}
		}
		child, err := element.convert(mapping.ListVectorGetChild(vec), children)
		if err != nil {
			return nil, err
		}
		defer child.Release()
		return newData(t, s, nulls, []*memory.Buffer{mask, memory.NewBufferBytes(offsets)}, child.Data()), nil
	}
}

// fixedLists copies ARRAYs: all have the same size, a NULL takes as much room.
func fixedLists(t arrow.DataType, element columnType, size int) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, nulls := validity(vec, s)
		offsets := make([]byte, 0, 4*(s.n+1))
		children := selection{n: s.n * size}
		if mask != nil || s.rows != nil {
			children = selection{rows: make([]int, 0, s.n*size)}
			for i := range s.n {
				offsets = binary.LittleEndian.AppendUint32(offsets, uint32(len(children.rows)))
				for k := range size {
					if !isNull(mask, i) {
						children.rows = append(children.rows, s.row(i)*size+k)
					}
				}
			}
			children.n = len(children.rows)
			offsets = binary.LittleEndian.AppendUint32(offsets, uint32(children.n))
		} else {
			for i := range s.n + 1 {
				offsets = binary.LittleEndian.AppendUint32(offsets, uint32(i*size))
			}
		}
		child, err := element.convert(mapping.ArrayVectorGetChild(vec), children)
		if err != nil {
			return nil, err
		}
		defer child.Release()
		return newData(t, s, nulls, []*memory.Buffer{mask, memory.NewBufferBytes(offsets)}, child.Data()), nil
	}
}

// structs copies STRUCTs, UNIONs and the entries of MAPs: their members are vectors of the same length.
func structs(t *arrow.StructType, children []columnType) func(mapping.Vector, selection) (arrow.Array, error) {
	return func(vec mapping.Vector, s selection) (arrow.Array, error) {
		mask, nulls := validity(vec, s)
		list := make([]arrow.ArrayData, len(children))
		for i, c := range children {
			child, err := c.convert(mapping.StructVectorGetChild(vec, mapping.IdxT(i)), s)
			if err != nil {
				return nil, err
			}
			defer child.Release()
			list[i] = child.Data()
		}
		return newData(t, s, nulls, []*memory.Buffer{mask}, list...), nil
	}
}
