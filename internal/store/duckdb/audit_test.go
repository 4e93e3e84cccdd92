package duckdb_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb"
)

var began = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// logOf keeps n entries in a catalog, one a second.
func logOf(t *testing.T, n int) *catalog.Accounts {
	t.Helper()
	c, err := catalog.Open(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	log := catalog.NewAccounts(c)
	entries := make([]auth.Entry, n)
	for i := range entries {
		entries[i] = auth.Entry{
			ID: fmt.Sprintf("%08d", i), At: began.Add(time.Duration(i) * time.Second), ActorKind: auth.KindUser, ActorID: "u1", Actor: "ada@example.com",
			Address: "192.0.2.1", Action: "query", Target: "shop", Outcome: "ok", Detail: json.RawMessage(fmt.Sprintf(`{"sql":"SELECT %d"}`, i)), DurationMS: int64(i),
		}
	}
	require.NoError(t, log.AppendAudit(t.Context(), entries))
	return log
}

func TestTheAuditLogCanBeQueriedFromTheCatalog(t *testing.T) {
	db := openTwo(t)
	out, err := output(t, db, "SELECT count(*) FROM helios.audit", query.Everything())
	require.NoError(t, err)
	require.Equal(t, "0: 0\n", out, "nothing has been shown yet")

	const n = 5000 // beyond two pages
	db.ShowAudit(logOf(t, n))
	for text, want := range map[string]string{
		"SELECT count(*), count(DISTINCT id), sum(duration_ms) FROM helios.audit":                        "0: 5000\n1: 5000\n2: 12497500\n",
		"SELECT id, happened_at, detail FROM helios.audit LIMIT 1":                                       "0: 00004999\n1: 2026-11-01T13:23:19\n2: {\"sql\":\"SELECT 4999\"}\n",
		"SELECT actor_kind, actor_id, actor, address, action, target, outcome FROM helios.audit LIMIT 1": "0: user\n1: u1\n2: ada@example.com\n3: 192.0.2.1\n4: query\n5: shop\n6: ok\n",
		"SELECT duration_ms FROM db.helios.audit WHERE detail->>'$.sql' = 'SELECT 77'":                   "0: 77\n",
		"SELECT count(*) FROM helios.audit a JOIN helios.audit b USING (id) WHERE b.id < '00000010'":     "0: 10\n",
		"SELECT typeof(detail), typeof(happened_at) FROM helios.audit LIMIT 1":                           "0: JSON\n1: TIMESTAMP\n",
		"SELECT max(happened_at) FROM helios.audit WHERE id < '00000002'":                                "0: 2026-11-01T12:00:01\n",
	} {
		out, err := output(t, db, text, query.Everything())
		require.NoError(t, err, text)
		require.Equal(t, want, out, text)
	}
	// There is no other way to it.
	for _, text := range []string{"FROM helios_audit()", "FROM main.helios_audit()", "FROM system.main.helios_audit()"} {
		require.Equal(t, fault.Refused, refused(t, db, text, query.Everything()).Code, text)
	}
	require.Equal(t, fault.Forbidden, refused(t, db, "FROM helios.audit", onlyShop).Code)
}

// pages gives a log without an end, in pages of a size, and counts them.
type pages struct {
	size  int
	asked atomic.Int64
	fail  error  // of the fourth
	tenth func() // called with it
}

func (p *pages) SearchAudit(_ context.Context, s auth.AuditSearch) ([]auth.Entry, bool, error) {
	asked := p.asked.Add(1)
	if asked > 3 && p.fail != nil {
		return nil, false, p.fail
	}
	if asked == 10 && p.tenth != nil {
		p.tenth()
	}
	page := make([]auth.Entry, min(p.size, s.Limit))
	for i := range page {
		page[i] = auth.Entry{ID: "x", At: began, Detail: json.RawMessage("no JSON")}
	}
	return page, true, nil
}

func TestTheAuditLogIsReadPageByPageOnlyAsFarAsNeeded(t *testing.T) {
	db := openTwo(t)
	for _, size := range []int{7, 2048} {
		log := &pages{size: size}
		db.ShowAudit(log)
		out, err := output(t, db, "SELECT detail FROM helios.audit LIMIT 5", query.Everything())
		require.NoError(t, err)
		require.Equal(t, "0: null\n0: null\n0: null\n0: null\n0: null\n", out, "what is no JSON does no harm")
		require.Less(t, log.asked.Load(), int64(100))
	}
	// A query of a log without an end can be cancelled.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	db.ShowAudit(&pages{size: 2048, tenth: cancel})
	require.ErrorIs(t, runThrough(ctx, db, "SELECT count(*) FROM helios.audit"), context.Canceled)
}

func TestAnAuditLogThatFailsFailsTheQueryAlone(t *testing.T) {
	db := openTwo(t)
	db.ShowAudit(&pages{size: 10, fail: errors.New("the disk is gone")})
	err := runThrough(t.Context(), db, "SELECT count(*) FROM helios.audit")
	require.Equal(t, fault.Unavailable, fault.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "the audit log cannot be read: the disk is gone")
	db.ShowAudit(panicky{})
	err = runThrough(t.Context(), db, "SELECT count(*) FROM helios.audit")
	require.ErrorContains(t, err, "the audit log cannot be read")
	require.NoError(t, runThrough(t.Context(), db, "FROM shop"))
}

type panicky struct{}

func (panicky) SearchAudit(context.Context, auth.AuditSearch) ([]auth.Entry, bool, error) {
	panic("a defect")
}

func TestTheFileOpensAgainWithItsViewOfTheAuditLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for range 2 {
		db, err := duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 2})
		require.NoError(t, err)
		db.ShowAudit(logOf(t, 3))
		out, err := output(t, db, "SELECT count(*) FROM helios.audit", query.Everything())
		require.NoError(t, err)
		require.Equal(t, "0: 3\n", out)
		require.NoError(t, db.Close(context.WithoutCancel(t.Context())))
	}
}
