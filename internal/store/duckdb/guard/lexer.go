package guard

import "strings"

// Explain takes a leading EXPLAIN apart, which DuckDB does not serialize: prefix is what to put before the statement again,
// in a form of our own ("EXPLAIN ANALYZE "), or "" when the statement is no EXPLAIN; rest is the statement that is
// explained, a suffix of sql.
func Explain(sql string) (prefix, rest string) {
	t := token(sql)
	if !strings.EqualFold(t.word, "EXPLAIN") {
		return "", sql
	}
	prefix, rest = "EXPLAIN ", t.rest
	t = token(rest)
	switch {
	case strings.EqualFold(t.word, "ANALYZE"):
		return "EXPLAIN ANALYZE ", t.rest
	case t.symbol == '(' && explainOptions[strings.ToUpper(token(t.rest).word)]:
		// EXPLAIN (ANALYZE, FORMAT JSON) SELECT …: words and commas; anything else is left to the parser's error.
		var options strings.Builder
		for {
			t = token(t.rest)
			switch {
			case t.word != "":
				options.WriteString(t.word + " ")
			case t.symbol == ',':
				options.WriteString(", ")
			case t.symbol == ')':
				return "EXPLAIN (" + options.String() + ") ", t.rest
			default:
				return prefix, rest
			}
		}
	}
	return prefix, rest
}

var explainOptions = set("ANALYZE", "FORMAT")

// reading are the keywords with which a statement starts that may read.
var reading = set("SELECT", "WITH", "FROM", "VALUES", "DESCRIBE", "DESC", "SHOW", "SUMMARIZE", "TABLE", "UNPIVOT", "EXPLAIN")

// Keyword names, for people, the first thing in a text that is no reading statement: the keyword with which a statement
// starts or, after WITH, what follows the CTEs. It is the reading keyword itself when there is nothing else, and "" when
// there are several statements that all read.
func Keyword(sql string) string {
	first, with, depth, statements, fresh := "", false, 0, 0, true
	for t := token(sql); t.word != "" || t.symbol != 0; t = token(t.rest) {
		switch t.symbol {
		case '(':
			depth++
		case ')':
			depth--
		case ';':
			fresh = true
			continue
		}
		word := strings.ToUpper(t.word)
		if fresh && (word != "" || t.symbol != 0) {
			fresh, statements, with = false, statements+1, word == "WITH"
			if word != "" && !reading[word] {
				return word
			}
			if first == "" {
				first = word
			}
		}
		if with && depth == 0 && (word == "INSERT" || word == "UPDATE" || word == "DELETE" || word == "MERGE") {
			return word
		}
	}
	if statements > 1 {
		return ""
	}
	return first
}

// Bare is the one statement of a text, without the semicolon at its end and what follows that.
func Bare(sql string) string {
	for t := token(sql); t.word != "" || t.symbol != 0; t = token(t.rest) {
		if t.symbol == ';' {
			return sql[:len(sql)-len(t.rest)-1]
		}
	}
	return sql
}

// lexeme is a piece of SQL.
type lexeme struct {
	word   string // of letters, digits and _, not quoted
	symbol byte   // anything else; '\'' for all that is quoted; 0 at the end
	rest   string
}

// token reads the next piece of SQL after white space and comments.
func token(sql string) lexeme {
	sql = blank(sql)
	if sql == "" {
		return lexeme{}
	}
	c := sql[0]
	switch {
	case letter(c):
		n := 1
		for n < len(sql) && (letter(sql[n]) || '0' <= sql[n] && sql[n] <= '9' || sql[n] == '$') {
			n++
		}
		if strings.EqualFold(sql[:n], "e") && strings.HasPrefix(sql[n:], "'") {
			return lexeme{symbol: '\'', rest: afterEscaped(sql[n+1:])}
		}
		return lexeme{word: sql[:n], rest: sql[n:]}
	case c == '\'' || c == '"':
		return lexeme{symbol: '\'', rest: after(sql[1:], string(c))}
	case c == '$':
		if tag, _, ok := strings.Cut(sql[1:], "$"); ok && !strings.ContainsAny(tag, " \t\r\n'\"();,.") && (tag == "" || letter(tag[0])) {
			return lexeme{symbol: '\'', rest: after(sql[len(tag)+2:], "$"+tag+"$")}
		}
	}
	return lexeme{symbol: c, rest: sql[1:]}
}

func letter(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// after is what follows the end mark, or nothing. A doubled quote ends one string and starts another: the same for us.
func after(sql, end string) string {
	_, rest, _ := strings.Cut(sql, end)
	return rest
}

// afterEscaped is what follows the quote that ends a string in which a backslash takes the next character along.
func afterEscaped(sql string) string {
	for i := 0; i < len(sql); i++ {
		switch sql[i] {
		case '\\':
			i++
		case '\'':
			return sql[i+1:]
		}
	}
	return ""
}

// blank skips white space and comments, which may be nested.
func blank(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n\f\v")
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			depth, i := 1, 2
			for depth > 0 && i < len(sql) {
				switch {
				case strings.HasPrefix(sql[i:], "/*"):
					depth++
					i += 2
				case strings.HasPrefix(sql[i:], "*/"):
					depth--
					i += 2
				default:
					i++
				}
			}
			sql = sql[i:]
		default:
			return sql
		}
	}
}

// writing are the keywords that begin a statement which no query may be, and stand nowhere else.
var writing = set(
	"ABORT", "ALTER", "ATTACH", "BEGIN", "CALL", "CHECKPOINT", "COMMENT", "COMMIT", "COPY", "CREATE", "DEALLOCATE", "DELETE", "DETACH", "DROP", "EXECUTE",
	"EXPORT", "GRANT", "IMPORT", "INSERT", "INSTALL", "LOAD", "MERGE", "PRAGMA", "PREPARE", "REINDEX", "RESET", "REVOKE", "ROLLBACK", "TRUNCATE", "UPDATE", "USE", "VACUUM",
)

// Writes tells of a keyword, in small or capital letters, whether queries cannot have it because it begins a statement that
// does more than read.
func Writes(keyword string) bool { return writing[strings.ToUpper(keyword)] }
