package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// people writes a log for reading: the time (UTC), the level, the message, then key=value. The values are written by slog's
// own text handler.
type people struct {
	slog.Handler // writes the attributes of one record to line
	time         string
	shared       *shared
}

// shared is what a handler and those made of it write to, one at a time.
type shared struct {
	mu   sync.Mutex
	line bytes.Buffer
	out  io.Writer
}

// newPeople makes a handler whose times have that layout.
func newPeople(w io.Writer, least slog.Leveler, layout string) *people {
	s := &shared{out: w}
	return &people{time: layout, shared: s, Handler: slog.NewTextHandler(&s.line, &slog.HandlerOptions{
		Level: least,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
				return slog.Attr{}
			}
			return a
		},
	})}
}

// Handle implements slog.Handler.
func (p *people) Handle(ctx context.Context, r slog.Record) error {
	p.shared.mu.Lock()
	defer p.shared.mu.Unlock()
	line := &p.shared.line
	line.Reset()
	line.WriteString(r.Time.UTC().Format(p.time) + " " + (r.Level.String() + " ")[:5] + " " + r.Message)
	head := line.Len()
	line.WriteByte(' ')
	if err := p.Handler.Handle(ctx, r); err != nil {
		return err
	}
	if line.Len() == head+2 { // no attributes: the space and the line feed
		line.Truncate(head)
		line.WriteByte('\n')
	}
	_, err := p.shared.out.Write(line.Bytes())
	return err
}

// WithAttrs implements slog.Handler.
func (p *people) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &people{time: p.time, shared: p.shared, Handler: p.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (p *people) WithGroup(name string) slog.Handler {
	return &people{time: p.time, shared: p.shared, Handler: p.Handler.WithGroup(name)}
}
