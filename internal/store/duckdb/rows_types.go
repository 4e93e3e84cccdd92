package duckdb

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// columnType is how vectors of a DuckDB type become Arrow arrays.
type columnType struct {
	arrow   arrow.DataType
	convert func(mapping.Vector, selection) (arrow.Array, error) // nil when the C interface cannot read the type:
	cast    string                                               // then the statement must cast it to this
}

// newColumnType finds it. What it becomes is documented in package query.
func newColumnType(logical mapping.LogicalType) columnType {
	id := mapping.GetTypeId(logical)
	if mapping.LogicalTypeGetAlias(logical) == "JSON" {
		t, _ := extensions.NewJSONType(arrow.BinaryTypes.String) // String is one of the types it takes
		return columnType{arrow: t, convert: extension(t, texts(arrow.BinaryTypes.String))}
	}
	if t, ok := fixedTypes[id]; ok {
		return columnType{arrow: t, convert: fixed(t)}
	}
	if text, ok := textTypes[id]; ok {
		return columnType{arrow: arrow.BinaryTypes.String, convert: spelled(text)}
	}
	switch id {
	case mapping.TypeBoolean:
		return columnType{arrow: arrow.FixedWidthTypes.Boolean, convert: booleans}
	case mapping.TypeVarchar:
		return columnType{arrow: arrow.BinaryTypes.String, convert: texts(arrow.BinaryTypes.String)}
	case mapping.TypeBlob:
		return columnType{arrow: arrow.BinaryTypes.Binary, convert: texts(arrow.BinaryTypes.Binary)}
	case mapping.TypeDecimal:
		t := &arrow.Decimal128Type{Precision: int32(mapping.DecimalWidth(logical)), Scale: int32(mapping.DecimalScale(logical))}
		return columnType{arrow: t, convert: decimals(t, mapping.DecimalInternalType(logical))}
	case mapping.TypeUUID:
		t := extensions.NewUUIDType()
		return columnType{arrow: t, convert: extension(t, uuids)}
	case mapping.TypeEnum:
		labels := make([]string, mapping.EnumDictionarySize(logical))
		for i := range labels {
			labels[i] = mapping.EnumDictionaryValue(logical, mapping.IdxT(i))
		}
		return columnType{arrow: arrow.BinaryTypes.String, convert: enums(labels, mapping.EnumInternalType(logical))}
	case mapping.TypeSQLNull:
		return columnType{arrow: arrow.Null, convert: nulls}
	case mapping.TypeList:
		return nested(mapping.ListTypeChildType(logical), func(element columnType) columnType {
			t := arrow.ListOf(element.arrow)
			return columnType{arrow: t, convert: lists(t, element)}
		})
	case mapping.TypeArray:
		size := int(mapping.ArrayTypeArraySize(logical))
		return nested(mapping.ArrayTypeChildType(logical), func(element columnType) columnType {
			t := arrow.ListOf(element.arrow)
			return columnType{arrow: t, convert: fixedLists(t, element, size)}
		})
	case mapping.TypeMap:
		return nested(mapping.MapTypeKeyType(logical), func(key columnType) columnType {
			return nested(mapping.MapTypeValueType(logical), func(value columnType) columnType {
				t := arrow.MapOf(key.arrow, value.arrow)
				entry := structType(t.Elem().(*arrow.StructType), []columnType{key, value})
				return columnType{arrow: t, convert: lists(t, entry)}
			})
		})
	case mapping.TypeStruct:
		return membersType(members(logical, mapping.StructTypeChildCount, mapping.StructTypeChildName, mapping.StructTypeChildType), false)
	case mapping.TypeUnion:
		return membersType(members(logical, mapping.UnionTypeMemberCount, mapping.UnionTypeMemberName, mapping.UnionTypeMemberType), true)
	case mapping.TypeVariant:
		return columnType{cast: "JSON"}
	default:
		return columnType{cast: "VARCHAR"}
	}
}

// fixedTypes have the same bytes in both; HUGEINT is kept as decimal128, whose 16 bytes hold it whole.
var fixedTypes = map[mapping.Type]arrow.FixedWidthDataType{
	mapping.TypeTinyInt:     arrow.PrimitiveTypes.Int8.(arrow.FixedWidthDataType),
	mapping.TypeSmallInt:    arrow.PrimitiveTypes.Int16.(arrow.FixedWidthDataType),
	mapping.TypeInteger:     arrow.PrimitiveTypes.Int32.(arrow.FixedWidthDataType),
	mapping.TypeBigInt:      arrow.PrimitiveTypes.Int64.(arrow.FixedWidthDataType),
	mapping.TypeUTinyInt:    arrow.PrimitiveTypes.Uint8.(arrow.FixedWidthDataType),
	mapping.TypeUSmallInt:   arrow.PrimitiveTypes.Uint16.(arrow.FixedWidthDataType),
	mapping.TypeUInteger:    arrow.PrimitiveTypes.Uint32.(arrow.FixedWidthDataType),
	mapping.TypeUBigInt:     arrow.PrimitiveTypes.Uint64.(arrow.FixedWidthDataType),
	mapping.TypeFloat:       arrow.PrimitiveTypes.Float32.(arrow.FixedWidthDataType),
	mapping.TypeDouble:      arrow.PrimitiveTypes.Float64.(arrow.FixedWidthDataType),
	mapping.TypeHugeInt:     &arrow.Decimal128Type{Precision: 38},
	mapping.TypeDate:        &arrow.Date32Type{},
	mapping.TypeTime:        &arrow.Time64Type{Unit: arrow.Microsecond},
	mapping.TypeTimestamp:   &arrow.TimestampType{Unit: arrow.Microsecond},
	mapping.TypeTimestampTZ: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	mapping.TypeTimestampS:  &arrow.TimestampType{Unit: arrow.Second},
	mapping.TypeTimestampMS: &arrow.TimestampType{Unit: arrow.Millisecond},
	mapping.TypeTimestampNS: &arrow.TimestampType{Unit: arrow.Nanosecond},
}

// nested makes the type of a container, which can be read if its element can.
func nested(element mapping.LogicalType, of func(columnType) columnType) columnType {
	defer mapping.DestroyLogicalType(&element)
	t := newColumnType(element)
	if t.convert == nil {
		return columnType{cast: "VARCHAR"}
	}
	return of(t)
}

// member is a field of a STRUCT or a member of a UNION.
type member struct {
	name, typeName string
	columnType
}

func members(logical mapping.LogicalType, count func(mapping.LogicalType) mapping.IdxT,
	name func(mapping.LogicalType, mapping.IdxT) string, typ func(mapping.LogicalType, mapping.IdxT) mapping.LogicalType,
) []member {
	list := make([]member, count(logical))
	for i := range list {
		t := typ(logical, mapping.IdxT(i))
		list[i] = member{name(logical, mapping.IdxT(i)), typeName(t), newColumnType(t)}
		mapping.DestroyLogicalType(&t)
	}
	return list
}

// membersType is the type of a STRUCT, or of a UNION: that is a struct too, whose first child is the tag.
func membersType(list []member, union bool) columnType {
	var fields []arrow.Field
	var children []columnType
	if union {
		labels := make([]string, len(list))
		for i, m := range list {
			labels[i] = m.name
		}
		tag := columnType{arrow: arrow.BinaryTypes.String, convert: enums(labels, mapping.TypeUTinyInt)}
		children = append(children, tag)
		fields = append(fields, arrow.Field{Name: "tag", Type: tag.arrow, Nullable: true, Metadata: arrow.MetadataFrom(map[string]string{"union": "tag"})})
	}
	for _, m := range list {
		if m.convert == nil {
			return columnType{cast: "VARCHAR"}
		}
		children = append(children, m.columnType)
		fields = append(fields, arrow.Field{Name: m.name, Type: m.arrow, Nullable: true})
	}
	return structType(arrow.StructOf(fields...), children)
}

func structType(t *arrow.StructType, children []columnType) columnType {
	return columnType{arrow: t, convert: structs(t, children)}
}

// typeName is a type in DuckDB's own notation.
func typeName(logical mapping.LogicalType) string {
	if alias := mapping.LogicalTypeGetAlias(logical); alias != "" {
		return alias
	}
	id := mapping.GetTypeId(logical)
	switch id {
	case mapping.TypeDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", mapping.DecimalWidth(logical), mapping.DecimalScale(logical))
	case mapping.TypeEnum:
		labels := make([]string, mapping.EnumDictionarySize(logical))
		for i := range labels {
			labels[i] = literal(mapping.EnumDictionaryValue(logical, mapping.IdxT(i)))
		}
		return "ENUM(" + strings.Join(labels, ", ") + ")"
	case mapping.TypeList:
		return childName(mapping.ListTypeChildType(logical)) + "[]"
	case mapping.TypeArray:
		return fmt.Sprintf("%s[%d]", childName(mapping.ArrayTypeChildType(logical)), mapping.ArrayTypeArraySize(logical))
	case mapping.TypeMap:
		return "MAP(" + childName(mapping.MapTypeKeyType(logical)) + ", " + childName(mapping.MapTypeValueType(logical)) + ")"
	case mapping.TypeStruct:
		return "STRUCT" + memberNames(members(logical, mapping.StructTypeChildCount, mapping.StructTypeChildName, mapping.StructTypeChildType))
	case mapping.TypeUnion:
		return "UNION" + memberNames(members(logical, mapping.UnionTypeMemberCount, mapping.UnionTypeMemberName, mapping.UnionTypeMemberType))
	}
	if name, ok := typeNames[id]; ok {
		return name
	}
	return fmt.Sprintf("TYPE %d", id)
}

func childName(child mapping.LogicalType) string {
	defer mapping.DestroyLogicalType(&child)
	return typeName(child)
}

func memberNames(list []member) string {
	names := make([]string, len(list))
	for i, m := range list {
		name := m.name
		if !plainName.MatchString(name) {
			name = quote(name)
		}
		names[i] = name + " " + m.typeName
	}
	return "(" + strings.Join(names, ", ") + ")"
}

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

var typeNames = map[mapping.Type]string{
	mapping.TypeBoolean: "BOOLEAN", mapping.TypeTinyInt: "TINYINT", mapping.TypeSmallInt: "SMALLINT", mapping.TypeInteger: "INTEGER",
	mapping.TypeBigInt: "BIGINT", mapping.TypeHugeInt: "HUGEINT", mapping.TypeUTinyInt: "UTINYINT", mapping.TypeUSmallInt: "USMALLINT",
	mapping.TypeUInteger: "UINTEGER", mapping.TypeUBigInt: "UBIGINT", mapping.TypeUHugeInt: "UHUGEINT", mapping.TypeBigNum: "BIGNUM",
	mapping.TypeFloat: "FLOAT", mapping.TypeDouble: "DOUBLE", mapping.TypeVarchar: "VARCHAR", mapping.TypeBlob: "BLOB", mapping.TypeBit: "BIT",
	mapping.TypeUUID: "UUID", mapping.TypeDate: "DATE", mapping.TypeTime: "TIME", mapping.TypeTimeTZ: "TIME WITH TIME ZONE",
	mapping.TypeTimeNS: "TIME_NS", mapping.TypeTimestamp: "TIMESTAMP", mapping.TypeTimestampS: "TIMESTAMP_S",
	mapping.TypeTimestampMS: "TIMESTAMP_MS", mapping.TypeTimestampNS: "TIMESTAMP_NS", mapping.TypeTimestampTZ: "TIMESTAMP WITH TIME ZONE",
	mapping.TypeInterval: "INTERVAL", mapping.TypeGeometry: "GEOMETRY", mapping.TypeVariant: "VARIANT", mapping.TypeSQLNull: `"NULL"`,
}
