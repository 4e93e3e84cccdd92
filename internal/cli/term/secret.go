package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	xterm "golang.org/x/term"
)

// maxLine is how long a line may be that is typed for Secret, in bytes.
const maxLine = 4096

// Ask asks for a line. It ends early when ctx does.
func Ask(ctx context.Context, in io.Reader, out io.Writer, question string) (string, error) {
	fmt.Fprintf(out, "%s: ", question)
	text, err := await(ctx, func() (string, error) { return line(in) })
	if err != nil {
		fmt.Fprintln(out)
	}
	return text, err
}

// Secret asks for a line that the terminal does not show while it is typed. It ends early when ctx does, and then the terminal
// shows again what is typed.
func Secret(ctx context.Context, in io.Reader, out io.Writer, question string) (string, error) {
	fmt.Fprintf(out, "%s: ", question)
	defer fmt.Fprintln(out)
	read := func() (string, error) { return line(in) }
	if file, ok := in.(*os.File); ok {
		fd := int(file.Fd())
		before, err := xterm.GetState(fd)
		if err != nil {
			return "", fmt.Errorf("read from the terminal: %w", err)
		}
		defer func() { _ = xterm.Restore(fd, before) }()
		read = func() (string, error) {
			text, err := xterm.ReadPassword(fd)
			return string(text), err
		}
	}
	return await(ctx, read)
}

// await reads what a person types, until they have or ctx ends.
func await(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	// The read cannot be interrupted: when ctx ends first, the goroutine is left to the end of the process.
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-answers:
		return a.text, a.err
	}
}

// line reads a line and nothing after it: that belongs to the next question.
func line(in io.Reader) (string, error) {
	var text strings.Builder
	for b := make([]byte, 1); text.Len() < maxLine; {
		n, err := in.Read(b)
		if n == 1 && b[0] == '\n' {
			return strings.TrimSuffix(text.String(), "\r"), nil
		}
		text.Write(b[:n])
		if errors.Is(err, io.EOF) && text.Len() > 0 {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("the line is too long")
}
