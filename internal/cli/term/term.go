// Package term is how the command line talks to people: tables, questions, a counter of progress, and text made safe to
// show. It knows terminals and nothing of Helios.
package term

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	xterm "golang.org/x/term"
)

// Is reports whether v, an io.Reader or io.Writer, is a terminal.
func Is(v any) bool {
	if t, ok := v.(interface{ IsTerminal() bool }); ok {
		return t.IsTerminal()
	}
	file, ok := v.(*os.File)
	return ok && xterm.IsTerminal(int(file.Fd()))
}

// Width is the number of columns of a terminal, 0 for what is none.
func Width(v any) int {
	file, ok := v.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := xterm.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Confirm asks a question that is answered by yes or no; anything but yes is no. It ends early when ctx does.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	fmt.Fprintf(out, "%s [y/N] ", question)
	text, err := await(ctx, func() (string, error) { return line(in) })
	if err != nil {
		fmt.Fprintln(out)
		return false, ctx.Err() // no answer is a no
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

// Progress shows a line that changes, on a terminal; elsewhere it shows nothing.
type Progress struct {
	out io.Writer
	on  bool
}

// NewProgress makes a progress line on out.
func NewProgress(out io.Writer) *Progress { return &Progress{out: out, on: Is(out)} }

// Show replaces the line.
func (p *Progress) Show(format string, args ...any) {
	if p.on {
		fmt.Fprintf(p.out, "\r\x1b[K"+format, args...)
	}
}

// Clear takes the line away.
func (p *Progress) Clear() { p.Show("") }

// Elapsed shows how long something takes, from after on and once a second, until stop is called, which takes the line away.
func (p *Progress) Elapsed(after time.Duration) (stop func()) {
	if !p.on {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var clock sync.WaitGroup
	clock.Go(func() {
		started := time.Now()
		for next := time.NewTimer(after); ; next.Reset(time.Second) {
			select {
			case <-ctx.Done():
				next.Stop()
				return
			case <-next.C:
				p.Show("%s …", Duration(time.Since(started).Truncate(time.Second)))
			}
		}
	})
	return sync.OnceFunc(func() {
		cancel()
		clock.Wait()
		p.Clear()
	})
}
