package duckdb_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// crashDir is set in the environment of the process that TestKillsLoseAndDoubleNothing starts, and kills.
const crashDir = "HELIOS_TEST_CRASH_DIR"

// hungryDir is set in the environment of the processes that commit beside queries that take all memory.
const hungryDir = "HELIOS_TEST_HUNGRY_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		os.Exit(commitForEver(dir))
	}
	if dir := os.Getenv(hungryDir); dir != "" {
		os.Exit(commitBesideHungryQueries(dir))
	}
	goleak.VerifyTestMain(m)
}
