package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/app"
	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/telemetry"
)

func (c *console) tail() *cobra.Command {
	var (
		conn    client.Connection
		from    string
		filters []string
		raw     bool
	)
	cmd := &cobra.Command{
		Use:   "tail STREAM",
		Short: "Watch a stream's events as they come, straight from Kinesis",
		Long: `Reads every shard of a stream and prints its events until Ctrl-C. It needs no server and touches no position; it reads with the
AWS credentials of this machine. Aggregated and compressed records are unpacked; what is no JSON is shown with the reason.

On a terminal events are laid out for reading; elsewhere each is one line. --raw prints the bytes as they were sent and a line
feed; on a terminal, what could move the cursor is escaped. --json adds where each lies in the stream, and event_base64 when its
bytes are not UTF-8. With several --filter an event must match all; a field inside another is written parent.child.`,
		Example: `  helios tail clicks
  helios tail clicks --from 2026-03-01T12:00:00Z --filter event_type=purchase --filter product.id=17
  helios tail clicks --from horizon --raw | jq .user.id
  helios tail storefront --endpoint-url http://127.0.0.1:4567 --region us-east-1`,
		Args: named("STREAM"),
	}
	cmd.RunE = run(func(ctx context.Context, cmd *cobra.Command, args []string) error {
		if raw && c.json {
			return usage(cmd, "--raw and --json cannot be given together")
		}
		if err := checkConnection(cmd, conn); err != nil {
			return err
		}
		from, err := resolveFrom(cmd, from, time.Now())
		if err != nil {
			return err
		}
		start, err := event.ParseStart(from)
		if err != nil {
			return usageOf(cmd, err)
		}
		filter, err := ingest.ParseFilter(filters)
		if err != nil {
			return usageOf(cmd, err)
		}
		logger, err := telemetry.NewLogger(c.talk, slog.LevelWarn.String(), "text")
		if err != nil {
			return err
		}
		show := c.prettyEvent
		switch {
		case c.json:
			show = c.jsonEvent
		case raw && !term.Is(c.out):
			show = c.rawEvent
		case raw || !term.Is(c.out):
			show = c.lineEvent
		}
		if term.Is(c.talk) {
			c.say("Reading %s from %s; Ctrl-C ends.", args[0], from)
		}
		err = app.Tail(ctx, app.TailOptions{
			Connection: ingest.Connection{Region: conn.Region, Endpoint: conn.Endpoint, Profile: conn.Profile, RoleARN: conn.RoleARN},
			Stream:     args[0], From: start, Filter: filter, Each: show, Logger: logger,
		})
		if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
			if term.Is(c.talk) {
				c.stopped()
			}
			return nil // a person has seen enough
		}
		return err
	})
	fromFlag(cmd, &from, "latest")
	cmd.Flags().StringArrayVar(&filters, "filter", nil, "only events whose field has a value, as `FIELD=VALUE`; can be given more than once")
	cmd.Flags().BoolVar(&raw, "raw", false, "print each event's bytes as they were sent")
	connectionFlags(cmd, &conn)
	return c.jsonFlag(cmd)
}

// jsonEvent prints an event and its place in the stream, one JSON document a line.
func (c *console) jsonEvent(e ingest.SampleEvent) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		ingest.SampleEvent
		Base64 []byte `json:"event_base64,omitempty"`
	}{e, e.Raw})
}

// rawEvent prints the bytes of an event and a line feed.
func (c *console) rawEvent(e ingest.SampleEvent) error {
	bytes := e.Raw
	if bytes == nil {
		bytes = []byte(e.Event)
	}
	_, err := c.out.Write(append(bytes, '\n'))
	return err
}

// lineEvent prints an event's document in one line.
func (c *console) lineEvent(e ingest.SampleEvent) error {
	text := e.Event
	if strings.ContainsAny(text, "\r\n") {
		var b bytes.Buffer
		if json.Compact(&b, []byte(text)) == nil {
			text = b.String()
		}
	}
	if term.Is(c.out) {
		text = term.Clean(text)
	}
	_, err := fmt.Fprintln(c.out, text)
	return err
}

// prettyEvent prints an event laid out, below a line that says when and where it came.
func (c *console) prettyEvent(e ingest.SampleEvent) error {
	var b strings.Builder
	fmt.Fprintf(&b, "── %s  %s  key %s\n", e.ArrivedAt.UTC().Format(milliseconds), term.Clean(e.ShardID), term.Clean(e.PartitionKey))
	if e.Reason != "" {
		fmt.Fprintf(&b, "!! %s\n", term.Clean(fmt.Sprintf("%s: %s", e.Reason, e.Message)))
	}
	var laidOut bytes.Buffer
	if json.Indent(&laidOut, []byte(e.Event), "", "  ") == nil {
		for line := range strings.Lines(laidOut.String()) {
			b.WriteString(term.Clean(strings.TrimSuffix(line, "\n")) + "\n")
		}
	} else {
		b.WriteString(term.Clean(e.Event) + "\n")
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}
