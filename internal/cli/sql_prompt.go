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
  \d TABLE    a table's columns; \d quarantine.TABLE those of its quarantine
  \?          this help, as is help
  \q          leave, as do exit, quit and Ctrl-D
These work in the middle of a statement too, each on a line of its own.
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
	session := &session{console: c, api: api, request: request, format: format, remember: func(text string) { _ = line.SaveHistory(text) }}
	for {
		line.SetPrompt(promptFirst)
		if session.pending != "" {
			line.SetPrompt(promptMore)
		}
		text, err := line.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			session.pending = ""
		case err != nil || ctx.Err() != nil:
			return nil // Ctrl-D, or the terminal is gone
		case !session.take(ctx, text):
			return nil
		}
	}
}

// session is a person at the prompt.
type session struct {
	*console
	api      *client.Client
	request  client.QueryRequest
	format   string
	pending  string            // the beginning of a statement
	remember func(text string) // for the history
}

// take obeys one line; false means that the person leaves.
func (s *session) take(ctx context.Context, text string) bool {
	word := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), ";"))
	switch low := strings.ToLower(word); {
	case low == "exit" || low == "quit" || word == `\q`:
		return false
	case strings.HasPrefix(word, `\`), low == "help", strings.HasPrefix(word, ".") && s.pending == "": // no statement begins so
		s.remember(word)
		if err := s.obey(ctx, word); err != nil {
			s.explain(err)
		}
		return true
	}
	statements, rest := split(s.pending + text + "\n")
	s.pending = rest.sql
	if s.pending != "" {
		s.pending += "\n"
	}
	for _, one := range statements {
		s.remember(inOneLine(one.sql) + ";")
		one.line = 1
		s.askOnce(ctx, one)
	}
	return true
}

// askOnce runs a statement that Ctrl-C cancels, and explains its error.
func (s *session) askOnce(ctx context.Context, one statement) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT)
	defer stop()
	err := s.ask(ctx, s.api, s.request, one, s.format)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		s.say("Cancelled.")
	default:
		s.explain(err)
	}
}

// obey does what a line for the prompt itself says.
func (s *session) obey(ctx context.Context, line string) error {
	verb, name, _ := strings.Cut(line, " ")
	switch name = strings.TrimSpace(name); {
	case (verb == `\d` || verb == `\dt`) && name == "":
		tables, err := s.api.Tables(ctx)
		if err != nil {
			return err
		}
		return s.listTables(tables)
	case verb == `\d` || verb == `\dt`:
		return s.describe(ctx, name)
	case verb == `\?` || verb == `\h` || strings.EqualFold(verb, "help"):
		fmt.Fprint(s.talk, promptHelp)
	default:
		s.say(`There is no command %s; \d lists the tables, and \? all commands.`, verb)
	}
	return nil
}

// describe shows the columns of a table, or of what has a schema: quarantine.clicks.
func (s *session) describe(ctx context.Context, name string) error {
	name = strings.TrimPrefix(strings.ReplaceAll(name, `"`, ""), "main.")
	schema, table, dotted := strings.Cut(name, ".")
	if !dotted {
		table, err := s.api.Table(ctx, name)
		if err != nil {
			return err
		}
		return s.listColumns(table)
	}
	request := s.request
	request.SQL = fmt.Sprintf("SELECT column_name, column_type FROM (DESCRIBE %s.%s)", quoteName(schema), quoteName(table))
	result, err := s.api.Query(ctx, request)
	if err != nil {
		return err
	}
	rows := make([][]string, len(result.Rows))
	for i, row := range result.Rows {
		rows[i] = []string{cell(row[0]), cell(row[1])}
	}
	return s.table([]term.Column{{Name: "COLUMN", Whole: true}, {Name: "TYPE"}}, rows)
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
