//go:build e2e

package kinesis_test

import (
	"testing"

	"github.com/helios-sql/helios/e2e/emulator"
	"github.com/helios-sql/helios/internal/source/sourcetest"
)

func TestReaderOnKinesisLocal(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) sourcetest.Backend {
		t.Helper()
		return sourcetest.Backend{Endpoint: emulator.StartKinesisLocal(t), MaxRecord: 1 << 20, Open: open}
	})
}
