package term_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/cli/term"
)

func TestTableAlignsByDisplayWidth(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, term.Table(&out, []term.Column{{Name: "city"}, {Name: "n", Right: true}, {Name: "note"}}, [][]string{
		{"東京", "1", "wide"},
		{"Zu\u0308rich", "9007199254740993", "a combining mark takes no column"},
		{"", "-5", "\x1b[31mred\nline"},
	}, 46))
	require.Equal(t, strings.Join([]string{
		"city                   n  note",
		"──────  ────────────────  ────────────────────",
		"東京                   1  wide",
		"Zu\u0308rich  9007199254740993  a combining mark ta…",
		"                      -5  \\u001b[31mred\\nline",
		"",
	}, "\n"), out.String())
}

func TestCleanLeavesNothingThatMovesTheCursorOrHidesText(t *testing.T) {
	for in, want := range map[string]string{
		"plain äöü 東京 🙂":        "plain äöü 東京 🙂",
		"a\tb\r\nc":             `a\tb\r\nc`,
		"\x1b]0;title\x07":      `\u001b]0;title\u0007`,
		"\xff\xfe":              `\xff\xfe`,
		"safe\u202egnp.exe":     `safe\u202egnp.exe`,
		"csi \u009b31m":         `csi \u009b31m`,
		"a real \ufffd stays":   "a real \ufffd stays",
		"\u200bzero\u200dwidth": "\u200bzero\u200dwidth",
	} {
		require.Equal(t, want, term.Clean(in), "%q", in)
	}
}

func TestShortenCutsByColumns(t *testing.T) {
	require.Equal(t, "abcde", term.Shorten("abcde", 5))
	require.Equal(t, "abcd…", term.Shorten("abcdef", 5))
	require.Equal(t, "東京…", term.Shorten("東京都庁舎", 5))
	require.Equal(t, "東京", term.Shorten("東京", 5))
}

func TestNumbersAreForPeople(t *testing.T) {
	require.Equal(t, "1 row", term.Counted(1, "row"))
	require.Equal(t, "0 rows", term.Counted(0, "row"))
	require.Equal(t, "1,234,567 rows", term.Counted(1234567, "row"))
	for share, want := range map[float64]string{0: "0 %", 1: "100 %", 0.5: "50 %", 0.002: "0.2 %", 0.00001: "<0.1 %", 0.99999: ">99.9 %"} {
		require.Equal(t, want, term.Percent(share))
	}
	for d, want := range map[time.Duration]string{
		-time.Second: "0 ms", 12 * time.Millisecond: "12 ms", 3200 * time.Millisecond: "3.2 s", 61 * time.Second: "1 min 1 s",
		3*time.Hour + 5*time.Minute: "3 h 5 min", 80 * time.Hour: "3 days",
	} {
		require.Equal(t, want, term.Duration(d))
	}
}

func TestConfirmTakesOnlyYesForYes(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yep\n": false, "y": true} {
		var out bytes.Buffer
		got, err := term.Confirm(t.Context(), strings.NewReader(answer), &out, "Sure?")
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", answer)
		require.Contains(t, out.String(), "Sure? [y/N]")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never, _ := io.Pipe()
	defer never.CloseWithError(errors.New("the test is over"))
	_, err := term.Confirm(ctx, never, io.Discard, "Sure?")
	require.ErrorIs(t, err, context.Canceled)
}

func TestATableThatDoesNotFitBecomesOneValueALine(t *testing.T) {
	columns := []term.Column{{Name: "id", Whole: true}, {Name: "n", Right: true, Whole: true}, {Name: "a long note"}}
	rows := [][]string{{"0a6e0202-26c3-4849-8d09-e2f426e383a3", "9007199254740993", "something to read"}}
	var out bytes.Buffer
	require.NoError(t, term.Table(&out, columns, rows, 66))
	require.Contains(t, out.String(), "\n0a6e0202-26c3-4849-8d09-e2f426e383a3  9007199254740993  something…\n")
	out.Reset()
	require.NoError(t, term.Table(&out, columns, rows, 60))
	require.Equal(t, "── row 1\nid           0a6e0202-26c3-4849-8d09-e2f426e383a3\nn            9007199254740993\na long note  something to read\n", out.String())
}

func TestATableEndsItsLinesWithText(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, term.Table(&out, []term.Column{{Name: "a"}, {Name: "b"}, {Name: "c"}}, [][]string{{"x", "", ""}, {"", "", "y"}}, 0))
	require.Equal(t, "a  b  c\n─  ─  ─\nx\n      y\n", out.String())
}

func TestWrapBreaksBetweenWordsAndKeepsWhatIsIndented(t *testing.T) {
	require.Equal(t, "one two\nthree\n\n  an example that stays\nfour five", term.Wrap("one two three\n\n  an example that stays\nfour\nfive", 9))
}

func TestMiddleKeepsBothEnds(t *testing.T) {
	require.Equal(t, "1234…89", term.Middle("123456789", 4, 2))
	require.Equal(t, "1234567", term.Middle("1234567", 4, 2))
}

// screen is a terminal.
type screen struct{ bytes.Buffer }

func (*screen) IsTerminal() bool { return true }

func TestTheTimeOfWhatTakesLongIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		stop := term.NewProgress(&out).Elapsed(2 * time.Second)
		time.Sleep(3500 * time.Millisecond)
		stop()
		stop()
		require.Equal(t, "\r\x1b[K2.0 s …\r\x1b[K3.0 s …\r\x1b[K", out.String())
		out.Reset()
		stop = term.NewProgress(&out).Elapsed(2 * time.Second)
		time.Sleep(time.Second)
		stop()
		require.Equal(t, "\r\x1b[K", out.String())
	})
}
