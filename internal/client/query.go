package client

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// NoLimit as QueryRequest.MaxRows asks for every row.
const NoLimit = -1

// QueryRequest is a statement to run.
type QueryRequest struct {
	SQL     string
	Params  any           // []any for $1, $2, …; map[string]any for $name; nil for none
	MaxRows int           // 0: the server's default; NoLimit: all
	Timeout time.Duration // 0: the server's default

	KeepFormulas bool // CSV: text that a spreadsheet would take for a formula stays as it is
}

func (r QueryRequest) body() any {
	formulas := ""
	if r.KeepFormulas {
		formulas = "keep"
	}
	return struct {
		SQL       string `json:"sql"`
		Params    any    `json:"params,omitempty"`
		MaxRows   int    `json:"max_rows,omitempty"`
		TimeoutMS int64  `json:"timeout_ms,omitempty"`
		Formulas  string `json:"formulas,omitempty"`
	}{r.SQL, r.Params, r.MaxRows, r.Timeout.Milliseconds(), formulas}
}

// QueryColumn is one column of a result.
type QueryColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // in the engine's notation
}

// QueryResult is a whole result. Numbers are json.Number; integers beyond 2^53 and HUGEINT are strings, as are times
// (RFC 3339).
type QueryResult struct {
	QueryID   string        `json:"query_id"`
	Columns   []QueryColumn `json:"columns"`
	Rows      [][]any       `json:"rows"`
	RowCount  int64         `json:"row_count"`
	Truncated bool          `json:"truncated"` // there were more rows than allowed
	ElapsedMS int64         `json:"elapsed_ms"`
	Freshness []Freshness   `json:"freshness"` // of the sources whose tables the statement names
}

// Freshness is how fresh a source's table is.
type Freshness struct {
	Source        string     `json:"source"`
	NewestArrived *time.Time `json:"newest_arrived_at"` // nil while the table is empty
	LagMS         *int64     `json:"lag_ms"`            // nil while it is not known
}

// Query runs a statement and gives its whole result.
func (c *Client) Query(ctx context.Context, req QueryRequest) (*QueryResult, error) {
	var r QueryResult
	if err := c.callFor(ctx, 0, http.MethodPost, pathOf("query"), nil, req.body(), &r); err != nil {
		return nil, err
	}
	return &r, nil
}

// Format is a format of a result, by its media type.
type Format string

// The formats of a result.
const (
	JSON    Format = "application/json"
	CSV     Format = "text/csv"
	NDJSON  Format = "application/x-ndjson"
	Parquet Format = "application/vnd.apache.parquet"
	Arrow   Format = "application/vnd.apache.arrow.stream"
)

// ExportResult is what is known of an export after its end.
type ExportResult struct {
	QueryID   string
	Bytes     int64 // written
	Rows      int64
	Truncated bool // there were more rows than allowed
}

// Export runs a statement and writes its result to w in a format, while it is computed.
func (c *Client) Export(ctx context.Context, req QueryRequest, format Format, w io.Writer) (ExportResult, error) {
	resp, err := c.send(ctx, http.MethodPost, pathOf("query"), nil, req.body(), string(format))
	if err != nil {
		return ExportResult{}, err
	}
	defer resp.Body.Close()
	target := &tracked{w: w}
	n, err := io.Copy(target, resp.Body)
	result := ExportResult{QueryID: resp.Header.Get("Helios-Query-Id"), Bytes: n}
	switch {
	case target.err != nil:
		return result, target.err
	case err != nil:
		return result, c.broken(ctx, err)
	}
	// A trailer is there once the body has been read to its end.
	result.Rows, _ = strconv.ParseInt(resp.Trailer.Get("Helios-Row-Count"), 10, 64)
	result.Truncated = resp.Trailer.Get("Helios-Truncated") == "true"
	return result, nil
}

// tracked remembers the writer's own error, to tell it from the reader's.
type tracked struct {
	w   io.Writer
	err error
}

func (t *tracked) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.err = err
	return n, err
}

// RunningQuery is a query that waits or runs.
type RunningQuery struct {
	ID        string    `json:"id"`
	SQL       string    `json:"sql"`
	StartedAt time.Time `json:"started_at"`
	ElapsedMS int64     `json:"elapsed_ms"`
	Rows      int64     `json:"rows"`    // delivered so far
	Waiting   bool      `json:"waiting"` // for its turn
}

// Queries lists the queries that wait or run, oldest first.
func (c *Client) Queries(ctx context.Context) ([]RunningQuery, error) {
	var r struct {
		Queries []RunningQuery `json:"queries"`
	}
	err := c.call(ctx, http.MethodGet, pathOf("queries"), nil, nil, &r)
	return r.Queries, err
}

// Cancel ends a query that runs.
func (c *Client) Cancel(ctx context.Context, queryID string) error {
	return c.call(ctx, http.MethodDelete, pathOf("queries", queryID), nil, nil, nil)
}
