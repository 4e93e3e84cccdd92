package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/fault"
)

// maxSQL bounds the SQL text that is read from a file or standard input, in bytes.
const maxSQL = 4 << 20

// The names of the formats of --format, but for table.
var exports = map[string]client.Format{
	"csv": client.CSV, "json": client.JSON, "ndjson": client.NDJSON, "parquet": client.Parquet,
}

// sqlFlags are the flags of sql.
type sqlFlags struct {
	file, format string
	maxRows      int
	timeout      time.Duration
	params       []string
	keepFormulas bool
}

func (c *console) sql() *cobra.Command {
	var flags sqlFlags
	cmd := &cobra.Command{
		Use:   "sql [STATEMENT]",
		Short: "Ask with SQL: one statement, a file, standard input, or a prompt",
		Long: `Runs SQL on the server and prints the result. Without a statement it reads --file or standard input, whose statements end
with a semicolon; on a terminal it opens a prompt with history, where Ctrl-C cancels what runs and Ctrl-D leaves.

Queries read only: SELECT, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW and EXPLAIN. Each table has the system columns _shard_id,
_sequence_number, _partition_key, _arrived_at and _ingested_at; what could not become a row is in quarantine.TABLE.

Text in CSV that a spreadsheet would run as a formula, since it begins with = + - @ or white space, has a ' before it;
--keep-formulas leaves it as it is.

With --param name=value, $name stands for the value in the statement. A value that is a JSON number, string, true, false or
null is taken as that, any other as text.`,
		Example: `  helios sql "SELECT event_type, count(*) FROM storefront GROUP BY 1 ORDER BY 2 DESC"
  helios sql "SELECT * FROM clicks WHERE country = $country" --param country=CH --format csv > clicks.csv
  helios sql --file report.sql --format parquet > report.parquet
  helios sql`,
		Args: atMost(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if c.json {
			if cmd.Flags().Changed("format") {
				return usage(cmd, "--json and --format cannot be given together")
			}
			flags.format = "json"
		}
		if err := among(cmd, "format", flags.format, "table", "csv", "json", "ndjson", "parquet"); err != nil {
			return err
		}
		if flags.keepFormulas && flags.format != "csv" {
			return usage(cmd, "--keep-formulas is for --format csv: other formats keep all text")
		}
		request, err := flags.request(cmd)
		if err != nil {
			return err
		}
		statements, given, err := c.statements(cmd, args, flags.file)
		if err != nil {
			return err
		}
		if flags.format == "parquet" && (term.Is(c.out) || len(statements) > 1) {
			return usage(cmd, "parquet is a file of one result, not text for a terminal").
				withHint("give one statement and redirect the output: `helios sql --format parquet \"SELECT …\" > result.parquet`")
		}
		api, err := c.api(cmd)
		if err != nil {
			return err
		}
		defer api.Close()
		if !given {
			return c.prompt(cmd.Context(), api, request, flags.format)
		}
		return run(func(ctx context.Context, _ *cobra.Command, _ []string) error {
			for _, s := range statements {
				if err := c.ask(ctx, api, request, s, flags.format); err != nil {
					if failed, ok := errors.AsType[*statementError](err); ok && flags.file != "-" {
						failed.file = flags.file
					}
					return refusedFlag(cmd, err)
				}
			}
			return nil
		})(cmd, args)
	}
	c.urlFlag(cmd)
	f := cmd.Flags()
	f.StringVarP(&flags.file, "file", "f", "", "read statements from a `FILE`, - for standard input")
	f.StringVar(&flags.format, "format", "table", "how to print: `table`, csv, json, ndjson or parquet")
	f.IntVar(&flags.maxRows, "max-rows", 0, "give up to `N` rows, -1 for all (default: 10,000 as table or json, all in other formats)")
	f.DurationVar(&flags.timeout, "timeout", 0, "stop after a `TIME` such as 90s (default: the server's, 30s)")
	f.StringArrayVarP(&flags.params, "param", "p", nil, "a `NAME=VALUE` for $NAME in the statement; can be given more than once")
	f.BoolVar(&flags.keepFormulas, "keep-formulas", false, "csv: leave text that a spreadsheet would run as it is")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "csv", "json", "ndjson", "parquet"}, cobra.ShellCompDirectiveNoFileComp))
	c.jsonFlag(cmd).Flag("json").Usage = "the same as --format json"
	return cmd
}

// request makes a query of the flags, but for the statement.
func (f *sqlFlags) request(cmd *cobra.Command) (client.QueryRequest, error) {
	if cmd.Flags().Changed("max-rows") && f.maxRows < 1 && f.maxRows != client.NoLimit {
		return client.QueryRequest{}, usage(cmd, "--max-rows %d is neither a whole number of 1 or more nor -1, for all", f.maxRows)
	}
	if cmd.Flags().Changed("timeout") && f.timeout < time.Millisecond {
		return client.QueryRequest{}, usage(cmd, "--timeout %s is not a length of time such as 90s or 5m", f.timeout)
	}
	request := client.QueryRequest{MaxRows: f.maxRows, Timeout: f.timeout, KeepFormulas: f.keepFormulas}
	params := map[string]any{}
	for _, p := range f.params {
		name, value, ok := strings.Cut(p, "=")
		if !ok || !paramName.MatchString(name) {
			return client.QueryRequest{}, usage(cmd, "--param %q is not NAME=VALUE", p)
		}
		params[name] = paramValue(value)
	}
	if len(params) > 0 {
		request.Params = params
	}
	return request, nil
}

var paramName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// paramValue takes a scalar of JSON as what it is, numbers exactly, and anything else as text.
func paramValue(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil || decoder.More() {
		return text
	}
	switch v.(type) {
	case map[string]any, []any:
		return text
	}
	return v
}

// statements gives what to run, from the argument, the file or standard input; given is false when a person at a terminal
// has given nothing.
func (c *console) statements(cmd *cobra.Command, args []string, file string) (all []statement, given bool, err error) {
	var text string
	switch {
	case len(args) > 0 && file != "":
		return nil, false, usage(cmd, "a statement and --file cannot be given together")
	case len(args) > 0:
		text = args[0]
	case file != "" && file != "-":
		opened, err := os.Open(file)
		if err != nil {
			return nil, false, fault.New(fault.Environment, "cannot read the statements: %w", err)
		}
		defer opened.Close()
		if text, err = readSQL(opened); err != nil {
			return nil, false, err
		}
	case file == "" && term.Is(c.in):
		return nil, false, nil
	default:
		if text, err = readSQL(c.in); err != nil {
			return nil, false, err
		}
	}
	all, rest := split(text)
	if rest.sql != "" {
		all = append(all, rest)
	}
	if len(all) == 0 {
		return nil, false, usage(cmd, "there is no statement to run")
	}
	return all, true, nil
}

func readSQL(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSQL+1))
	if err != nil {
		return "", fault.New(fault.Environment, "cannot read the statements: %w", err)
	}
	if len(text) > maxSQL {
		return "", fault.New(fault.TooLarge, "the statements are longer than %s", term.Bytes(maxSQL))
	}
	return string(text), nil
}

// ask runs one statement and prints its result.
func (c *console) ask(ctx context.Context, api *client.Client, request client.QueryRequest, s statement, format string) error {
	request.SQL = s.sql
	progress := term.NewProgress(c.talk)
	arrived := progress.Elapsed(quietTime)
	defer arrived()
	if format == "table" {
		result, err := api.Query(ctx, request)
		arrived()
		if err != nil {
			return &statementError{err: err, statement: s}
		}
		if err := c.resultTable(result); err != nil {
			return err
		}
		c.say("%s", summary(result))
		return nil
	}
	w := &watched{w: c.out, progress: progress, arrived: arrived}
	if term.Is(c.out) {
		w.progress = term.NewProgress(io.Discard)
	}
	result, err := api.Export(ctx, request, exports[format], w)
	arrived()
	w.progress.Clear()
	if err != nil {
		return &statementError{err: err, statement: s}
	}
	if result.Truncated {
		c.say("Only the first %s are there: the result has more. Raise --max-rows.", term.Counted(result.Rows, "row"))
	}
	return nil
}

// quietTime is how long a query may take before its time is shown.
const quietTime = 2 * time.Second

// summary is the line below a table: rows, time, freshness.
func summary(r *client.QueryResult) string {
	var b strings.Builder
	b.WriteString(term.Counted(r.RowCount, "row"))
	if r.Truncated {
		b.WriteString(" (the result has more: raise --max-rows)")
	}
	fmt.Fprintf(&b, " in %s", term.Duration(time.Duration(r.ElapsedMS)*time.Millisecond))
	for _, f := range r.Freshness {
		if f.NewestArrived == nil {
			fmt.Fprintf(&b, " · %s is empty so far", f.Source)
		} else {
			fmt.Fprintf(&b, " · the newest event of %s is %s old", f.Source, term.Duration(time.Since(*f.NewestArrived)))
		}
	}
	return b.String()
}

// watched shows how much has been written.
type watched struct {
	w        io.Writer
	progress *term.Progress
	arrived  func() // is called when the first bytes are there
	bytes    int64
	shown    time.Time
}

func (w *watched) Write(p []byte) (int, error) {
	w.arrived()
	n, err := w.w.Write(p)
	w.bytes += int64(n)
	if now := time.Now(); now.Sub(w.shown) > 200*time.Millisecond {
		w.shown = now
		w.progress.Show("%s written", term.Bytes(float64(w.bytes)))
	}
	return n, err
}
