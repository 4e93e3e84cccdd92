package localkinesis

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// iterator is what a shard iterator means: a place in a shard, and when it was made.
type iterator struct {
	Stream     uint64 // its epoch
	Index      uint64 // of the next record
	Made       int64  // ms
	Shard      uint32
	Generation uint32
}

// page is what ListShards' NextToken means: the rest of one listing.
type page struct {
	Stream uint64
	Made   int64 // ms
	Time   int64 // of the filter, ms
	After  uint32
	Filter filterKind
}

// consumersPage means the rest of a listing of consumers.
type consumersPage struct {
	After uint32 // how many were listed
}

const tokenMAC = 16

// sealToken makes a token of an iterator or a page: opaque, and worth nothing once changed.
func (s *Server) sealToken(v any) string {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, v) // fixed-size structs always fit
	b.Write(s.tokenSum(b.Bytes()))
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// openToken reads a token of v's kind; false when this server did not make it. The kinds differ in size.
func (s *Server) openToken(token string, v any) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(token)
	size := binary.Size(v)
	if err != nil || len(raw) != size+tokenMAC || !hmac.Equal(raw[size:], s.tokenSum(raw[:size])) {
		return false
	}
	_, err = binary.Decode(raw[:size], binary.BigEndian, v)
	return err == nil
}

func (s *Server) tokenSum(b []byte) []byte {
	mac := hmac.New(sha256.New, s.secret[:])
	mac.Write(b)
	return mac.Sum(nil)[:tokenMAC]
}
