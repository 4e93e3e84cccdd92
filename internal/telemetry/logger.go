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

// NewLogger makes a logger that writes to w. Level is debug, info, warn or error; format is text, json, or auto: text when w
// is a terminal, else json.
func NewLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fault.New(fault.Invalid, "%q is not a level of logging", level).WithHint("choose debug, info, warn or error")
	}
	options := &slog.HandlerOptions{Level: least}
	switch {
	case format == "text", format == "auto" && terminal(w):
		return slog.New(slog.NewTextHandler(w, options)), nil
	case format == "json", format == "auto":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fault.New(fault.Invalid, "%q is not a format of logging", format).WithHint("choose text, json or auto")
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
