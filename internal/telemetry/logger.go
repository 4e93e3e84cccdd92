// Package telemetry makes what Helios tells about itself: a logger, and metrics for Prometheus. Others are handed these and
// do not know where they lead.
package telemetry

import (
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"

	"github.com/helios-sql/helios/internal/fault"
)

// NewLogger makes a logger that writes to w. Level is debug, info, warn or error; format is text, which is for people, json, or
// auto: text when w is a terminal, else json.
func NewLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a level of logging", level).WithHint("choose debug, info, warn or error")
	}
	switch {
	case format == "text" && !terminal(w):
		return slog.New(newPeople(w, least, "2006-01-02T15:04:05.000Z")), nil
	case format == "text", format == "auto" && terminal(w):
		return slog.New(newPeople(w, least, "15:04:05Z")), nil // a person knows the day
	case format == "json", format == "auto":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least})), nil
	}
	return nil, fault.New(fault.Invalid, "%q is not a format of logging", format).WithHint("choose text, json or auto")
}

// terminal reports whether w is one, or is said to be one by what wraps it.
func terminal(w io.Writer) bool {
	if wrapped, ok := w.(interface{ IsTerminal() bool }); ok {
		return wrapped.IsTerminal()
	}
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
