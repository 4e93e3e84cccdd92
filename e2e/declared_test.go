//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/e2e/emulator"
)

// TestADeclaredSourceStartsOnceItsStreamIsThere writes a settings file before the stream exists, as one does who deploys both.
func TestADeclaredSourceStartsOnceItsStreamIsThere(t *testing.T) {
	endpoint := emulator.StartKinesisLocal(t)
	settings := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(settings, []byte(fmt.Sprintf(
		"data: %s\nsources:\n  - {stream: later, table: later, endpoint: %q, columns: [{name: id, type: VARCHAR, path: [id]}]}\n", t.TempDir(), endpoint)), 0o600))
	checked := helios(t, nil, "config", "check", "--config", settings)
	require.Zero(t, checked.code, checked.stderr)

	server := start(t, "serve", "--config", settings)
	require.Eventually(t, func() bool {
		source, err := server.Source(t.Context(), "later")
		return err == nil && source.State == "failing" && source.Error != ""
	}, time.Minute, 20*time.Millisecond, "until then it says why it cannot read")

	k := kinesisClient(endpoint)
	_, err := k.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("later"), ShardCount: aws.Int32(1)})
	require.NoError(t, err)
	waitActive(t, k, "later")
	publish(t, k, "later", []string{`{"id":"a"}`})
	require.Eventually(t, func() bool { return server.number("SELECT count(*) FROM later WHERE id = 'a'") == 1 }, time.Minute, 50*time.Millisecond)

	// Started again, what is declared is there already.
	require.Zero(t, server.interrupt())
	server.run()
	require.Equal(t, 1, server.number("SELECT count(*) FROM later"))
}
