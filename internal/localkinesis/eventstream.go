package localkinesis

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

// frames writes an event stream (application/vnd.amazon.eventstream) as the answer of an exchange. A frame is its length,
// the length of its headers, a CRC of both, the headers, the payload, and a CRC of all: big-endian, CRC-32 of IEEE.
type frames struct {
	exchange
	wire *semaphore.Weighted // bounds the bytes under way
}

// header of a frame, which is always a string here.
type header struct{ name, value string }

const stringHeader = 7 // the type of a header's value

func appendFrame(dst, payload []byte, headers ...header) []byte {
	start, length := len(dst), 0
	for _, h := range headers {
		length += 1 + len(h.name) + 1 + 2 + len(h.value)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(12+length+len(payload)+4))
	dst = binary.BigEndian.AppendUint32(dst, uint32(length))
	dst = binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
	for _, h := range headers {
		dst = append(append(dst, byte(len(h.name))), h.name...)
		dst = binary.BigEndian.AppendUint16(append(dst, stringHeader), uint16(len(h.value)))
		dst = append(dst, h.value...)
	}
	dst = append(dst, payload...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

// start begins the stream with the initial-response that clients wait for.
func (f frames) start() error {
	f.w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	f.w.WriteHeader(http.StatusOK)
	return f.send(f.frame(":event-type", "initial-response", struct{}{}))
}

func (f frames) event(b *batch) error {
	weight := int64(b.wireSize())
	if err := f.wire.Acquire(f.ctx(), weight); err != nil {
		return err // the client has gone
	}
	defer f.wire.Release(weight)
	return f.send(f.frame(":event-type", "SubscribeToShardEvent", b))
}

func (f frames) exception(e *Error) error {
	return f.send(f.frame(":exception-type", e.Type, errorShape{Message: e.Message}))
}

// frame encodes an event or an exception.
func (f frames) frame(kind, name string, v any) []byte {
	_, payload := f.codec.encode(v, nil)
	return appendFrame(make([]byte, 0, len(payload)+256), payload,
		header{":message-type", kind[1 : len(kind)-len("-type")]}, header{kind, name}, header{":content-type", f.codec.media})
}

func (f frames) send(frame []byte) error {
	rc := http.NewResponseController(f.w)
	_ = rc.SetWriteDeadline(time.Now().Add(wirePatience)) // unsupported only by recorders in tests
	if _, err := f.w.Write(frame); err != nil {
		return err
	}
	return rc.Flush()
}

// strike does what a fault has in mind for an event, which is the last of its stream.
func (f frames) strike(ctx context.Context, fault *Fault, due *batch) {
	switch {
	case fault.StreamError != nil:
		_ = f.exception(fault.StreamError)
	case fault.Silence:
		select {
		case <-ctx.Done():
		case <-f.closing:
		}
	case fault.Cut:
		frame := f.frame(":event-type", "SubscribeToShardEvent", due)
		_ = f.send(frame[:len(frame)/2])
		panic(http.ErrAbortHandler)
	}
}
