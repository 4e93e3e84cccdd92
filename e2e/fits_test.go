//go:build e2e && linux

package e2e

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/elfcheck"
)

func TestTheBinaryOfThisMachineFitsAnInstance(t *testing.T) {
	arch, err := elfcheck.Check(binary)
	require.NoError(t, err)
	require.Equal(t, runtime.GOARCH, arch)
}
