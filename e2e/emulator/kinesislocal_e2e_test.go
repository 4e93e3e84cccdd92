//go:build e2e

package emulator_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/e2e/emulator"
)

func TestKinesisLocalAnswersOnLoopbackAndEndsWithTheTest(t *testing.T) {
	var endpoint string
	t.Run("while a test runs", func(t *testing.T) {
		endpoint = emulator.StartKinesisLocal(t)
		require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, endpoint)
	})
	resp, err := http.Get(endpoint + "/healthcheck")
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err)
}
