package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/chzyer/readline"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/fault"
)

const (
	promptFirst = "helios> "
	promptMore  = "   ...> "
	promptHelp  = `A statement ends with a semicolon and may have several lines.
  \d          the tables
  \d TABLE    a table's columns
  \?          this help
  \q          leave, as does Ctrl-D
Ctrl-C clears what is typed, or cancels what runs. Up and Ctrl-R find earlier statements, Tab completes names.
`
)

// prompt reads statements from a person until they leave. Signals are its own affair: Ctrl-C must not end it.
func (c *console) prompt(ctx context.Context, api *client.Client, request client.QueryRequest, format string) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	tables, err := api.Tables(ctx)
	if err != nil {
		return err
	}
	history := c.historyFile()
	line, err := readline.NewEx(&readline.Config{
		Prompt:                 promptFirst,
		HistoryFile:            history,
		DisableAutoSaveHistory: true, // statements are saved whole
		HistorySearchFold:      true,
		AutoComplete:           namesOf(tables),
		Stdout:                 c.talk,
		Stderr:                 c.talk,
	})
	if err != nil {
		return fault.New(fault.Environment, "cannot prompt on this terminal: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = line.Close() })()
	defer func() { _ = line.Close() }()
	if history != "" {
		_ = os.Chmod(history, 0o600) // the library's own files are readable by all
	}
	c.say("%s. End a statement with a semicolon; \\? helps, Ctrl-D leaves.", term.Counted(int64(len(tables)), "table"))
	pending := ""
	for {
		line.SetPrompt(promptFirst)
		if pending != "" {
			line.SetPrompt(promptMore)
		}
		text, err := line.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			pending = ""
			continue
		case err != nil || ctx.Err() != nil:
			return nil // Ctrl-D, or the terminal is gone
		}
		if word := strings.TrimSuffix(strings.TrimSpace(text), ";"); pending == "" && isMeta(word) {
			_ = line.SaveHistory(word)
			if !c.meta(ctx, api, word) {
				return nil
			}
			continue
		}
		statements, rest := split(pending + text + "\n")
		pending = rest
		if pending != "" {
			pending += "\n"
		}
		for _, request.SQL = range statements {
			_ = line.SaveHistory(inOneLine(request.SQL) + ";")
			c.askOnce(ctx, api, request, format)
		}
	}
}

// askOnce runs a statement that Ctrl-C cancels, and explains its error.
func (c *console) askOnce(ctx context.Context, api *client.Client, request client.QueryRequest, format string) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT)
	defer stop()
	err := c.ask(ctx, api, request, format)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		c.say("Cancelled.")
	default:
		c.explain(err)
	}
}

// isMeta reports whether a line is for the prompt itself.
func isMeta(line string) bool {
	return strings.HasPrefix(line, `\`) || line == "exit" || line == "quit" || line == "help"
}

// meta obeys a line for the prompt itself; false means that the person leaves.
func (c *console) meta(ctx context.Context, api *client.Client, line string) bool {
	verb, name, _ := strings.Cut(line, " ")
	var err error
	switch name = strings.TrimSpace(name); {
	case verb == `\q` || verb == "exit" || verb == "quit":
		return false
	case verb == `\d` && name == "":
		err = c.describeAll(ctx, api)
	case verb == `\d`:
		err = c.describe(ctx, api, name)
	default:
		fmt.Fprint(c.talk, promptHelp)
	}
	if err != nil {
		c.explain(err)
	}
	return true
}

func (c *console) describeAll(ctx context.Context, api *client.Client) error {
	tables, err := api.Tables(ctx)
	if err != nil {
		return err
	}
	rows := make([][]string, len(tables))
	for i, t := range tables {
		rows[i] = []string{t.Name, term.Count(int64(len(t.Columns))), term.Count(t.Rows), term.Count(t.Quarantined)}
	}
	return c.table([]term.Column{
		{Name: "TABLE"}, {Name: "COLUMNS", Right: true}, {Name: "ROWS", Right: true}, {Name: "QUARANTINED", Right: true},
	}, rows)
}

func (c *console) describe(ctx context.Context, api *client.Client, name string) error {
	table, err := api.Table(ctx, name)
	if err != nil {
		return err
	}
	rows := make([][]string, len(table.Columns))
	for i, column := range table.Columns {
		rows[i] = []string{column.Name, column.Type, strings.Join(column.Path, ".")}
	}
	return c.table([]term.Column{{Name: "COLUMN"}, {Name: "TYPE"}, {Name: "FIELD"}}, rows)
}

// historyFile is where statements are remembered, made for this user's eyes only; "" when that cannot be.
func (c *console) historyFile() string {
	state, _ := c.env("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	dir := filepath.Join(state, "helios")
	if os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	file, err := os.OpenFile(filepath.Join(dir, "history"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return ""
	}
	_ = file.Close()
	return file.Name()
}

// inOneLine is a statement as the history keeps it, without comments that would swallow the rest of the line.
func inOneLine(statement string) string {
	var b strings.Builder
	for i := 0; i < len(statement); {
		n := max(skip(statement, i), 1)
		if !strings.HasPrefix(statement[i:], "--") {
			b.WriteString(statement[i : i+n])
		}
		i += n
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// names completes the word before the cursor.
type names []string

// namesOf are the names of tables, their quarantines and their columns.
func namesOf(tables []client.Table) names {
	seen := map[string]bool{}
	var all names
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			all = append(all, name)
		}
	}
	for _, t := range tables {
		add(t.Name)
		add("quarantine." + t.Name)
		for _, column := range t.Columns {
			add(column.Name)
		}
	}
	return all
}

// Do implements readline.AutoCompleter.
func (n names) Do(line []rune, pos int) (endings [][]rune, length int) {
	start := pos
	for start > 0 && (line[start-1] == '.' || line[start-1] > 0x7f || isWord(byte(line[start-1]))) {
		start--
	}
	word := string(line[start:pos])
	if word == "" {
		return nil, 0
	}
	for _, name := range n {
		if ending, ok := strings.CutPrefix(name, word); ok {
			endings = append(endings, []rune(ending))
		}
	}
	return endings, pos - start
}
