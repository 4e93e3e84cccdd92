package kinesis_test

import (
	"flag"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/source/kinesis"
	"github.com/helios-sql/helios/internal/source/sourcetest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // the cases wait more than they compute
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func TestReaderOnLocalkinesis(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) sourcetest.Backend {
		t.Helper()
		server := localkinesis.New(localkinesis.Options{})
		http := httptest.NewServer(server.Handler())
		t.Cleanup(http.Close)
		return sourcetest.Backend{Endpoint: http.URL, MaxRecord: 1 << 20, Trim: server.Trim, Open: open}
	})
}

func TestReaderByFanOutOnLocalkinesis(t *testing.T) {
	sourcetest.RunFanOut(t, func(t *testing.T) sourcetest.Backend {
		t.Helper()
		server := localkinesis.New(localkinesis.Options{ResubscribeAfter: 50 * time.Millisecond})
		http := httptest.NewServer(server.Handler())
		t.Cleanup(http.Close)
		return sourcetest.Backend{Endpoint: http.URL, MaxRecord: 1 << 20, Trim: server.Trim, Open: open}
	})
}

// open makes a reader that looks often, so that the suite need not wait long.
func open(t *testing.T, endpoint, stream, consumer string) ingest.Source {
	t.Helper()
	account, err := kinesis.NewAccount(t.Context(), ingest.Connection{Endpoint: endpoint}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return account.Source(stream, kinesis.Options{
		Consumer: consumer, Poll: 20 * time.Millisecond, Discovery: 200 * time.Millisecond, Silence: time.Second, Resubscribe: 100 * time.Millisecond,
	})
}
