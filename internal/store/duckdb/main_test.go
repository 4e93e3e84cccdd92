package duckdb_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// crashDir is set in the environment of the process that TestKillsLoseAndDoubleNothing starts, and kills.
const crashDir = "HELIOS_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		os.Exit(commitForEver(dir))
	}
	goleak.VerifyTestMain(m)
}
