package api

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// whole is a whole number of a request. JSON knows one kind of number: 674.0 is as whole as 674, and JSON Schema says so too.
type whole int64

// UnmarshalJSON takes digits, and any other notation of a whole number up to 2^53.
func (w *whole) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	if i, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		*w = whole(i)
		return nil
	}
	var f float64
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return &json.UnmarshalTypeError{Value: "number " + string(text), Type: reflect.TypeFor[int64]()}
	}
	*w = whole(f)
	return nil
}

// Schema describes it to huma. null stands for leaving it out.
func (whole) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Nullable: true}
}
