package query

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"strconv"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// ParseParams reads the parameters of a statement from JSON: an array binds by position, an object by name, nothing and
// null bind none. Whole numbers keep every digit. The times $from and $to are brought to UTC. It returns what Engine.Run
// takes.
func ParseParams(raw []byte) (any, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil, nil //nolint:nilnil // no parameters, no error: that is a result
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fault.New(fault.Invalid, "params is not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fault.New(fault.Invalid, "params is more than one JSON value")
	}
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // as above
	case []any:
		for i := range v {
			var err error
			if v[i], err = param(v[i]); err != nil {
				return nil, err
			}
		}
		return v, nil
	case map[string]any:
		for name := range v {
			var err error
			if v[name], err = param(v[name]); err != nil {
				return nil, err
			}
			if text, ok := v[name].(string); ok && (name == rangeFrom || name == rangeTo) {
				v[name] = inUTC(text)
			}
		}
		return v, nil
	default:
		return nil, fault.New(fault.Invalid, "params must be an array, for ? and $1, or an object, for $name")
	}
}

// The parameters that a common range of time gives to queries, as RFC 3339.
const (
	rangeFrom = "from"
	rangeTo   = "to"
)

// inUTC writes a time of RFC 3339 in UTC, and leaves any other text as it is. Times without a zone are UTC everywhere in
// Helios, and an engine that reads a text as one may pass over the zone in it.
func inUTC(text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return at.UTC().Format(time.RFC3339Nano)
}

func param(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string:
		return v, nil
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i, nil
		}
		if i, ok := new(big.Int).SetString(v.String(), 10); ok && i.BitLen() <= 127 {
			return i, nil
		}
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return nil, fault.New(fault.Invalid, "the parameter %s is beyond any number type", v)
		}
		return f, nil
	default:
		return nil, fault.New(fault.Invalid, "a parameter must be null, a boolean, a number or a string").
			WithHint("pass a list or an object as its JSON text and cast it in SQL")
	}
}
