//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheDemoShowsWhatItPromises runs the demo as a newcomer would: counts grow, one query gives the top products, quarantine says
// why, a new column turns up after a minute, and a demo started again goes on without loss or doubling.
func TestTheDemoShowsWhatItPromises(t *testing.T) {
	demo := start(t, "demo", "--rate", "400", "--kinesis-listen", freeAddress(t), "--data", t.TempDir())

	const counts = "SELECT event_type, count(*) FROM storefront GROUP BY 1 ORDER BY 2 DESC"
	require.Eventually(t, func() bool { return demo.number("SELECT count(*) FROM storefront") > 1000 }, time.Minute, 50*time.Millisecond)
	first := helios(t, nil, "sql", "--url", demo.url, "--format", "csv", counts)
	require.Zero(t, first.code, first.stderr)
	require.Greater(t, strings.Count(first.stdout, "\n"), 3, first.stdout)
	before := demo.number("SELECT count(*) FROM storefront")
	require.Eventually(t, func() bool { return demo.number("SELECT count(*) FROM storefront") > before }, time.Minute, 50*time.Millisecond)

	top := helios(t, nil, "sql", "--url", demo.url, "--format", "csv", `SELECT product_name, count(*) FROM storefront
		WHERE event_type = 'product_view' AND _arrived_at > now() - INTERVAL 5 MINUTE GROUP BY 1 ORDER BY 2 DESC LIMIT 5`)
	require.Zero(t, top.code, top.stderr)
	require.Equal(t, 6, strings.Count(top.stdout, "\n"), "five products and a header: %s", top.stdout)

	require.Eventually(t, func() bool { return demo.number("SELECT count(*) FROM quarantine.storefront") > 2 }, time.Minute, 50*time.Millisecond)
	require.Zero(t, demo.number("SELECT count(*) FROM quarantine.storefront WHERE reason = '' OR message = ''"))
	require.Eventually(t, func() bool {
		return demo.number(`SELECT count(*) FROM helios.schema_changes WHERE table_name = 'storefront' AND kind = 'add' AND column_name = 'experiment'`) > 0
	}, 2*time.Minute, 200*time.Millisecond, "the new column after a minute")

	const twice = "SELECT count(*) - count(DISTINCT event_id) FROM storefront"
	require.Zero(t, demo.number(twice))
	require.Zero(t, demo.interrupt())
	demo.run()
	before = demo.number("SELECT count(*) FROM storefront")
	require.Eventually(t, func() bool { return demo.number("SELECT count(*) FROM storefront") > before+100 }, time.Minute, 50*time.Millisecond)
	require.Zero(t, demo.number(twice))
	require.Zero(t, demo.interrupt())
}
