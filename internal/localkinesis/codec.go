package localkinesis

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/fxamacker/cbor/v2"
)

// codec is an encoding of requests and answers: AWS's JSON 1.1, or its CBOR 1.1, which SDKs for Java prefer. CBOR has
// data as byte strings and times as milliseconds.
type codec struct {
	media     string
	unmarshal func(body []byte, into any) error
	marshal   func(any) ([]byte, error)
}

const (
	jsonType = "application/x-amz-json-1.1"
	cborType = "application/x-amz-cbor-1.1"
)

// codecFor gives the codec of a media type, or nil.
func codecFor(media string) *codec {
	switch media {
	case jsonType, "application/json":
		return &codec{jsonType, json.Unmarshal, marshalJSON}
	case cborType:
		return &codec{cborType, cbor.Unmarshal, marshalCBOR}
	}
	return nil
}

func marshalJSON(v any) ([]byte, error) {
	if sent, ok := v.(*batch); ok {
		return sent.appendJSON(make([]byte, 0, sent.wireSize())), nil
	}
	return json.Marshal(v)
}

func marshalCBOR(v any) ([]byte, error) {
	if sent, ok := v.(*batch); ok {
		return cbor.Marshal(sent.shape())
	}
	return cbor.Marshal(v)
}

func (c *codec) decode(body []byte, into any) error {
	if err := c.unmarshal(body, into); err != nil {
		if own, ok := errors.AsType[*Error](err); ok {
			return own
		}
		return apiError(errSerialization, "%v", err)
	}
	return nil
}

// errorShape is an error on the wire. Type is left out where a header names it.
type errorShape struct {
	Type    string `json:"__type,omitempty"`
	Message string `json:"message"`
}

// encode gives an answer its form on the wire.
func (c *codec) encode(out any, err error) (status int, body []byte) {
	if err == nil {
		if _, nothing := out.(empty); nothing {
			return http.StatusOK, nil
		}
		if body, err = c.marshal(out); err == nil {
			return http.StatusOK, body
		}
	}
	e := &Error{Type: "InternalFailure", Message: err.Error(), status: http.StatusInternalServerError}
	_ = errors.As(err, &e)
	body, _ = c.marshal(errorShape{e.Type, e.Message}) // two strings always marshal
	return e.status, body
}
