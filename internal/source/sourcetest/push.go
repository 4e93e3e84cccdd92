package sourcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/smithy-go/eventstream"
)

// push forwards a subscription, one event after the other, and asks of each what shall happen to it.
func (p *proxy) push(w http.ResponseWriter, r *http.Request, shard string, from io.Reader) {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	decoder, encoder := eventstream.NewDecoder(), eventstream.NewEncoder()
	flush := http.NewResponseController(w).Flush
	for first := true; ; first = false {
		m, err := decoder.Decode(from, nil)
		if err != nil {
			return // the backend has ended it
		}
		var v verdict
		if !first {
			v = p.judge(&call{operation: pushedEvent, shard: shard})
		}
		if v.change != nil {
			m.Payload = changed(m.Payload, v.change)
		}
		var frame bytes.Buffer
		if err := encoder.Encode(&frame, m); err != nil {
			panic(err) // it was decoded from one
		}
		select {
		case <-time.After(v.delay):
		case <-r.Context().Done():
			return
		}
		switch {
		case v.hush:
			<-r.Context().Done()
			return
		case v.drop:
			panic(http.ErrAbortHandler)
		case v.cut:
			_, _ = w.Write(frame.Bytes()[:frame.Len()/2])
			_ = flush()
			panic(http.ErrAbortHandler)
		case v.raw != "":
			_, _ = io.WriteString(w, v.raw)
			return
		case v.code != "":
			_ = encoder.Encode(w, exception(v.code))
			return
		}
		if _, err := w.Write(frame.Bytes()); err != nil || flush() != nil {
			return
		}
	}
}

func exception(code string) eventstream.Message {
	m := eventstream.Message{Payload: []byte(`{"message":"injected on the wire"}`)}
	m.Headers.Set(":message-type", eventstream.StringValue("exception"))
	m.Headers.Set(":exception-type", eventstream.StringValue(code))
	m.Headers.Set(":content-type", eventstream.StringValue("application/json"))
	return m
}

func changed(payload []byte, change func(map[string]any)) []byte {
	var event map[string]any
	if err := json.Unmarshal(payload, &event); err != nil {
		panic(fmt.Sprintf("an event that is no JSON: %v", err))
	}
	change(event)
	payload, err := json.Marshal(event)
	if err != nil {
		panic(err) // it came out of JSON
	}
	return payload
}
