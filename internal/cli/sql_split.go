package cli

import (
	"strings"
)

// statement is one statement of a text.
type statement struct {
	sql  string
	line int // of the text, from 1, on which it begins
}

// split cuts SQL text at the semicolons that are outside quotes and comments. It gives the whole statements, and what
// follows the last semicolon; text that holds nothing but white space and comments is left out.
func split(text string) (statements []statement, rest statement) {
	start, something := 0, false
	between := func(start, end int) statement {
		for start < end && isSpace(text[start]) {
			start++
		}
		return statement{strings.TrimSpace(text[start:end]), 1 + strings.Count(text[:start], "\n")}
	}
	for i := 0; i < len(text); {
		n := skip(text, i)
		switch {
		case n == 0 && text[i] == ';':
			if something {
				statements = append(statements, between(start, i))
			}
			start, something = i+1, false
			i++
		case n == 0:
			something = something || !isSpace(text[i])
			i++
		default:
			something = something || !isComment(text[i:])
			i += n
		}
	}
	if something {
		rest = between(start, len(text))
	}
	return statements, rest
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\r\n\f\v", c) >= 0 }

func isComment(text string) bool {
	return strings.HasPrefix(text, "--") || strings.HasPrefix(text, "/*")
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// skip gives the length of the quoted text or comment that begins at i, 0 for none. One that does not end goes to the end
// of the text.
func skip(text string, i int) int {
	tail := text[i:]
	switch {
	case strings.HasPrefix(tail, "--"):
		return through(tail, 2, "\n")
	case strings.HasPrefix(tail, "/*"):
		return blockComment(tail)
	case tail[0] == '"':
		return quoted(tail, false)
	case tail[0] == '\'':
		// In E'…' a backslash escapes.
		escapes := i > 0 && text[i-1]|0x20 == 'e' && (i == 1 || !isWord(text[i-2]))
		return quoted(tail, escapes)
	case tail[0] == '$' && (i == 0 || !isWord(text[i-1])):
		tag := 1
		for tag < len(tail) && isWord(tail[tag]) {
			tag++
		}
		if tag < len(tail) && tail[tag] == '$' && (tag == 1 || tail[1] > '9') {
			return through(tail, tag+1, tail[:tag+1])
		}
	}
	return 0
}

// quoted is the length of a text in quotes, in which a doubled quote stands for itself: it looks like two texts, which
// comes to the same.
func quoted(text string, escapes bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case escapes && text[i] == '\\':
			i++
		case text[i] == text[0]:
			return i + 1
		}
	}
	return len(text)
}

// blockComment is the length of a comment; they nest.
func blockComment(text string) int {
	depth := 0
	for i := 0; i+1 < len(text); i++ {
		switch text[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// through is the length of text up to the end of the first mark at or after from.
func through(text string, from int, mark string) int {
	n := strings.Index(text[from:], mark)
	if n < 0 {
		return len(text)
	}
	return from + n + len(mark)
}
