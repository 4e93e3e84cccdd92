package kinesis

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// The bounds of a frame of an event stream: the least is its two lengths and its two checksums, the most is what the SDK
// takes, 16 MiB of payload and its headers. A record of 10 MiB is 14 MB in base64.
const (
	leastFrame = 16
	mostFrame  = 17 << 20
)

var (
	errSilent = errors.New("nothing came for too long")
	errCut    = errors.New("the connection ended in the middle of an event")
)

// gate is the HTTP client of one subscription, and the body of its answer. It lets events in one by one: the bytes of each
// are read from the wire once the source's budget has room for them, and they count as held until the event has been handed
// over. While nothing is read, the server cannot go on sending. It also tells a silent server from a busy consumer: only
// time spent waiting for the wire counts as silence.
type gate struct {
	ctx    context.Context //nolint:containedctx // the subscription's, which the body must heed and cannot be given
	client kinesis.HTTPClient
	budget *budget

	body    io.ReadCloser
	wire    *bufio.Reader
	silent  *time.Timer
	silence time.Duration
	left    int  // bytes of the frame that is being let in
	begun   bool // the first frame, which is no event, has come

	mu     sync.Mutex
	held   []int64 // of the budget, for each event that was let in and is not done, in order
	closed bool
}

// newGate makes the gate of a subscription that lives as long as ctx. When the server is silent, hush is called.
func newGate(ctx context.Context, client kinesis.HTTPClient, b *budget, silence time.Duration, hush func()) *gate {
	g := &gate{ctx: ctx, client: client, budget: b, silence: silence, silent: time.AfterFunc(silence, hush)}
	g.silent.Stop()
	return g
}

// Do implements kinesis.HTTPClient.
func (g *gate) Do(r *http.Request) (*http.Response, error) {
	answer, err := g.client.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		return answer, err //nolint:wrapcheck // the SDK knows these errors
	}
	g.body = answer.Body
	g.wire = bufio.NewReaderSize(listener{g}, 16<<10)
	answer.Body = g
	return answer, nil
}

// listener reads the wire, and is impatient while it does.
type listener struct{ *gate }

// Read implements io.Reader.
func (l listener) Read(p []byte) (int, error) {
	l.silent.Reset(l.silence)
	defer l.silent.Stop()
	return l.body.Read(p) //nolint:wrapcheck // io.EOF must stay what it is
}

// Read implements io.Reader. It never reads beyond the end of a frame.
func (g *gate) Read(p []byte) (int, error) {
	if g.left == 0 {
		if err := g.admit(); err != nil {
			return 0, err
		}
	}
	n, err := g.wire.Read(p[:min(len(p), g.left)])
	g.left -= n
	if errors.Is(err, io.EOF) && g.left > 0 {
		err = errCut
	}
	return n, err //nolint:wrapcheck // io.EOF must stay what it is
}

// admit looks how long the next frame is, and waits until there is room for it. A frame begins with its length.
func (g *gate) admit() error {
	head, err := g.wire.Peek(4)
	if errors.Is(err, io.EOF) && len(head) > 0 {
		return errCut
	}
	if err != nil {
		return err //nolint:wrapcheck // io.EOF must stay what it is
	}
	length := binary.BigEndian.Uint32(head)
	if length < leastFrame || length > mostFrame {
		return fmt.Errorf("an event of %d bytes", length)
	}
	if g.begun {
		if err := g.hold(int64(length)); err != nil {
			return err
		}
	}
	g.begun, g.left = true, int(length)
	return nil
}

func (g *gate) hold(n int64) error {
	n, err := g.budget.acquire(g.ctx, n)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		g.budget.settle(n, 0)
		return errCut
	}
	g.held = append(g.held, n)
	return nil
}

// done gives back what the oldest event held.
func (g *gate) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.held) > 0 {
		g.budget.settle(g.held[0], 0)
		g.held = g.held[1:]
	}
}

// Close implements io.Closer.
func (g *gate) Close() error { return g.body.Close() } //nolint:wrapcheck // the SDK's to judge

// release gives back all that is held: nobody waits for the events any more.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, n := range g.held {
		g.budget.settle(n, 0)
	}
	g.held = nil
}
