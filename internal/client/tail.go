package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// maxTailLine bounds one line of a tail in bytes: a Kinesis record holds up to 10 MiB, written as a JSON string.
const maxTailLine = 64 << 20

// TailItem is what a tail gives: an event, or how many were left out since the last item because the reader was slow.
type TailItem struct {
	Event   *SampleEvent // nil when Skipped says something
	Skipped int64
}

// Tail hands over what a source reads from now on, until the server stops (nil), ctx ends (an error of code Cancelled or
// Timeout), or each returns an error, which is then returned. Filters are written path=value; all must match.
func (c *Client) Tail(ctx context.Context, source string, filters []string, each func(TailItem) error) error {
	resp, err := c.send(ctx, http.MethodGet, pathOf("sources", source, "tail"), url.Values{"filter": filters}, nil, "text/event-stream")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 64<<10), maxTailLine)
	var kind string
	var data []byte
	for lines.Scan() {
		line := lines.Bytes()
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case len(line) == 0: // the end of a message
			if len(data) > 0 {
				item, known, err := tailItem(kind, data)
				if err != nil {
					return c.broken(ctx, err)
				}
				if known {
					if err := each(item); err != nil {
						return err
					}
				}
			}
			kind, data = "", nil
		case string(field) == "event":
			kind = string(value)
		case string(field) == "data":
			data = append(data, value...)
		}
	}
	if err := lines.Err(); err != nil {
		return c.broken(ctx, err)
	}
	return nil
}

// tailItem reads one message; those of a kind that only later versions know are left out.
func tailItem(kind string, data []byte) (item TailItem, known bool, err error) {
	switch kind {
	case "event":
		var e SampleEvent
		err := json.Unmarshal(data, &e)
		return TailItem{Event: &e}, true, err
	case "skipped":
		var s struct {
			Count int64 `json:"count"`
		}
		err := json.Unmarshal(data, &s)
		return TailItem{Skipped: s.Count}, true, err
	}
	return TailItem{}, false, nil
}
