package encode_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/query/encode"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

func TestNoTextOfACSVIsAFormula(t *testing.T) {
	s := service(t)
	const names = `"=cmd|'/c calc'!A1", "a` + "\n" + `=b", "-c", d, e, f, g, h, i`
	const text = `SELECT * FROM (VALUES
		('=1+1', '-1'::JSON, -1, -1.5::DOUBLE, -2::DECIMAL(4, 1), INTERVAL '-1 day', -5::BIGNUM, [-1], '-infinity'::DATE),
		('+49 30', '"=x"', 1, 1, 1, NULL, NULL, NULL, NULL), ('-', NULL, 1, 1, 1, NULL, NULL, NULL, NULL), ('@SUM(A1)', NULL, 1, 1, 1, NULL, NULL, NULL, NULL),
		(chr(9) || '=1', NULL, 1, 1, 1, NULL, NULL, NULL, NULL), (chr(13) || '=1', NULL, 1, 1, 1, NULL, NULL, NULL, NULL), (chr(10) || '=1', NULL, 1, 1, 1, NULL, NULL, NULL, NULL),
		('＝1', NULL, 1, 1, 1, NULL, NULL, NULL, NULL), ('=HYPERLINK("http://x",1)', NULL, 1, 1, 1, NULL, NULL, NULL, NULL), ('a=1', NULL, 1, 1, 1, NULL, NULL, NULL, NULL),
		('', NULL, 1, 1, 1, NULL, NULL, NULL, NULL), ('''', NULL, 1, 1, 1, NULL, NULL, NULL, NULL), ('ＡBC', NULL, 1, 1, 1, NULL, NULL, NULL, NULL)
		) t(` + names + `)`
	format, err := encode.ByName("csv")
	require.NoError(t, err)
	written := func() (all [][]string, first []string) {
		var b bytes.Buffer
		_, err := encode.Write(t.Context(), &b, format, start(t, s, text), nil)
		require.NoError(t, err)
		lines := csv.NewReader(&b)
		lines.FieldsPerRecord = 9
		all, err = lines.ReadAll()
		require.NoError(t, err)
		for _, row := range all[1:] {
			first = append(first, row[0])
		}
		return all, first
	}
	all, first := written()
	require.Equal(t, []string{"'=cmd|'/c calc'!A1", "a\n=b", "'-c", "d", "e", "f", "g", "h", "i"}, all[0])
	require.Equal(t, []string{"'=1+1", "-1", "-1", "-1.5", "-2.0", "-1 day", "-5", "[-1]", "-infinity"}, all[1], "only text is guarded")
	require.Equal(t, []string{"'=1+1", "'+49 30", "'-", "'@SUM(A1)", "'\t=1", "'\r=1", "'\n=1", "'＝1", `'=HYPERLINK("http://x",1)`, "a=1", "", "'", "ＡBC"}, first)

	format.Formulas = true
	all, first = written()
	require.Equal(t, "=cmd|'/c calc'!A1", all[0][0])
	require.Equal(t, []string{"=1+1", "+49 30", "-", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", `=HYPERLINK("http://x",1)`, "a=1", "", "'", "ＡBC"}, first)
}

func TestWhatIsInvisibleHidesNoFormula(t *testing.T) {
	s := service(t)
	format, err := encode.ByName("csv")
	require.NoError(t, err)
	for _, before := range []string{" ", "   ", "\u00a0", "\v", "\f", "\u0085", "\u200b", "\ufeff", "\u2060", "\u202e", "\u3000", "\u00ad", "\x01", "\x1b", "\ufe0f", "\u034f", " \u200b\t"} {
		for text, guarded := range map[string]bool{"=1+1": true, "@x": true, "＝1": true, "a=1": false, "": before[0] == '\t'} {
			var b bytes.Buffer
			_, err := encode.Write(t.Context(), &b, format, start(t, s, "SELECT '"+before+text+"' AS v"), nil)
			require.NoError(t, err)
			require.Equal(t, guarded, bytes.HasPrefix(b.Bytes(), []byte("v\r\n'")), "%q: %q", before+text, b.String())
		}
	}
}

func TestAResultEndsWhereItsOwnerMayHaveNoMore(t *testing.T) {
	db, err := duckdb.Open(t.Context(), t.TempDir(), duckdb.Options{Threads: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close(context.Background())) })
	const most = 100 << 10
	s := query.New(db, query.Options{OwnerBytes: most})
	for _, f := range encode.Formats() {
		run := func(owner string, rows int) (size int, err error) {
			res, err := s.Start(t.Context(), query.Request{SQL: fmt.Sprintf("SELECT uuid()::VARCHAR AS id FROM range(%d)", rows), Owner: owner, MaxRows: query.NoLimit})
			require.NoError(t, err)
			var b bytes.Buffer
			_, err = encode.Write(t.Context(), &b, f, res, nil)
			require.Empty(t, s.Running())
			return b.Len(), err
		}
		size, err := run("user:a", 200_000)
		require.Equal(t, fault.TooLarge, fault.CodeOf(err), f.Name)
		require.ErrorContains(t, err, "100 KiB")
		require.Contains(t, fault.HintOf(err), "limits.result_bytes")
		require.LessOrEqual(t, size, most)
		_, err = run("user:a", 1000)
		require.NoError(t, err, f.Name)
		size, err = run("", 200_000)
		require.NoError(t, err, "nobody in particular has no limit")
		require.Greater(t, size, most)
	}
}
