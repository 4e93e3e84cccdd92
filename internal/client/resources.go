package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Streams lists the streams that the server can see over a connection.
func (c *Client) Streams(ctx context.Context, conn Connection) ([]StreamSummary, error) {
	var r struct {
		Streams []StreamSummary `json:"streams"`
	}
	err := c.call(ctx, http.MethodGet, pathOf("streams"), conn.query(), nil, &r)
	return r.Streams, err
}

// Stream describes a stream.
func (c *Client) Stream(ctx context.Context, conn Connection, name string) (StreamDetail, error) {
	var r StreamDetail
	err := c.call(ctx, http.MethodGet, pathOf("streams", name), conn.query(), nil, &r)
	return r, err
}

// SampleOptions say how much to look at, and the bounds of the table to infer; 0 for the server's defaults.
type SampleOptions struct {
	Limit, MaxDepth, MaxColumns int
}

// SampleStream looks at records of a stream and infers a table from them.
func (c *Client) SampleStream(ctx context.Context, conn Connection, name string, o SampleOptions) (Sample, error) {
	q := limited(conn.query(), o.Limit)
	for key, bound := range map[string]int{"max_depth": o.MaxDepth, "max_columns": o.MaxColumns} {
		if bound > 0 {
			q.Set(key, strconv.Itoa(bound))
		}
	}
	var r Sample
	err := c.callFor(ctx, longPatience, http.MethodGet, pathOf("streams", name, "sample"), q, nil, &r)
	return r, err
}

// Sources lists the sources.
func (c *Client) Sources(ctx context.Context) ([]Source, error) {
	var r struct {
		Sources []Source `json:"sources"`
	}
	err := c.call(ctx, http.MethodGet, pathOf("sources"), nil, nil, &r)
	return r.Sources, err
}

// AddSource connects a stream to a new table.
func (c *Client) AddSource(ctx context.Context, s NewSource) (Source, error) {
	var r Source
	err := c.callFor(ctx, longPatience, http.MethodPost, pathOf("sources"), nil, s, &r)
	return r, err
}

// Source shows one source.
func (c *Client) Source(ctx context.Context, name string) (Source, error) {
	return c.source(ctx, http.MethodGet, pathOf("sources", name), nil)
}

// PauseSource stops the reading of a source until it is resumed.
func (c *Client) PauseSource(ctx context.Context, name string) (Source, error) {
	return c.source(ctx, http.MethodPost, pathOf("sources", name, "pause"), nil)
}

// ResumeSource goes on with a paused source.
func (c *Client) ResumeSource(ctx context.Context, name string) (Source, error) {
	return c.source(ctx, http.MethodPost, pathOf("sources", name, "resume"), nil)
}

// ChangeSource changes settings of a source while it runs.
func (c *Client) ChangeSource(ctx context.Context, name string, changes SourceChanges) (Source, error) {
	return c.source(ctx, http.MethodPatch, pathOf("sources", name), changes)
}

func (c *Client) source(ctx context.Context, method, path string, body any) (Source, error) {
	var r Source
	err := c.call(ctx, method, path, nil, body, &r)
	return r, err
}

// RemoveSource disconnects a source; dropTable removes its table and quarantine too.
func (c *Client) RemoveSource(ctx context.Context, name string, dropTable bool) error {
	q := url.Values{"drop_table": {strconv.FormatBool(dropTable)}}
	return c.callFor(ctx, longPatience, http.MethodDelete, pathOf("sources", name), q, nil, nil)
}

// Tables lists the tables.
func (c *Client) Tables(ctx context.Context) ([]Table, error) {
	var r struct {
		Tables []Table `json:"tables"`
	}
	err := c.call(ctx, http.MethodGet, pathOf("tables"), nil, nil, &r)
	return r.Tables, err
}

// Table shows one table.
func (c *Client) Table(ctx context.Context, name string) (Table, error) {
	var r Table
	err := c.call(ctx, http.MethodGet, pathOf("tables", name), nil, nil, &r)
	return r, err
}

// History lists the changes of a table's schema, oldest first.
func (c *Client) History(ctx context.Context, table string) ([]Change, error) {
	var r struct {
		Changes []Change `json:"changes"`
	}
	err := c.call(ctx, http.MethodGet, pathOf("tables", table, "history"), nil, nil, &r)
	return r.Changes, err
}

// QuarantineReasons counts the quarantined events by reason, of one table or, when table is "", of all.
func (c *Client) QuarantineReasons(ctx context.Context, table string) ([]ReasonCount, error) {
	q := url.Values{}
	if table != "" {
		q.Set("table", table)
	}
	var r struct {
		Reasons []ReasonCount `json:"reasons"`
	}
	err := c.call(ctx, http.MethodGet, pathOf("quarantine"), q, nil, &r)
	return r.Reasons, err
}

// Quarantined gives a page of a table's quarantine: those of a reason, "" for all; up to limit, 0 for the server's default;
// from the cursor after on, "" for the beginning.
func (c *Client) Quarantined(ctx context.Context, table, reason string, limit int, after string) (QuarantinePage, error) {
	q := limited(url.Values{}, limit)
	if reason != "" {
		q.Set("reason", reason)
	}
	if after != "" {
		q.Set("after", after)
	}
	var r QuarantinePage
	err := c.call(ctx, http.MethodGet, pathOf("quarantine", table), q, nil, &r)
	return r, err
}

// Replay tries quarantined events of a table again with its schema of today. It takes as long as their number makes it.
func (c *Client) Replay(ctx context.Context, table string, which ReplayRequest) (ReplayResult, error) {
	var r ReplayResult
	err := c.callFor(ctx, 0, http.MethodPost, pathOf("quarantine", table, "replay"), nil, which, &r)
	return r, err
}

// DryRunReplay tells what a replay of the quarantined events that match would do. Nothing is written.
func (c *Client) DryRunReplay(ctx context.Context, table string, f QuarantineFilter) (DryRun, error) {
	var r DryRun
	err := c.callFor(ctx, longPatience, http.MethodPost, pathOf("quarantine", table, "dry-run"), nil, map[string]any{"filter": f}, &r)
	return r, err
}

// DeleteQuarantined deletes the quarantined events of a table that match, and tells how many there were.
func (c *Client) DeleteQuarantined(ctx context.Context, table string, f QuarantineFilter) (int64, error) {
	q := url.Values{}
	if f.Reason != "" {
		q.Set("reason", f.Reason)
	}
	if f.Field != nil {
		q.Set("field", *f.Field)
	}
	if f.Search != "" {
		q.Set("search", f.Search)
	}
	var r struct {
		Deleted int64 `json:"deleted"`
	}
	err := c.callFor(ctx, longPatience, http.MethodDelete, pathOf("quarantine", table), q, nil, &r)
	return r.Deleted, err
}
