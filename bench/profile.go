package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// stages are what a load spends its time on, each known by a part of a function's name. A sample belongs to the first
// stage that one of its functions belongs to.
var stages = []struct{ name, function string }{
	{"unpack", "internal/unpack."},
	{"decode", "internal/columns."},
	{"append", "store/duckdb.(*appender)"},
	{"checkpoint", "store/duckdb.(*DB).checkpoint"},
	{"commit", "store/duckdb.(*DB).Commit"},
	{"the loop", "internal/ingest.(*"},
	{"reading the file", "main."},
	{"DuckDB's own threads", "runtime._ExternalCode"},
	{"Go's own work", ""},
}

// reportProfile tells the stages' shares of a CPU profile.
func (b *bench) reportProfile(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-symbolize=none", "-traces", path).Output()
	if err != nil {
		return fmt.Errorf("go tool pprof: %w", err)
	}
	shares, err := stageShares(out)
	if err != nil {
		return err
	}
	for i, s := range stages {
		b.report.add(measured("load, share of "+s.name, 100*shares[i], "%"))
	}
	return nil
}

// stageShares reads traces as pprof prints them: the time of a sample and its functions, the innermost first, then a line.
func stageShares(traces []byte) (shares []float64, err error) {
	shares = make([]float64, len(stages))
	total := 0.0
	_, samples, _ := bytes.Cut(traces, []byte("-----------+"))
	for sample := range strings.SplitSeq(string(samples), "-----------+") {
		_, sample, _ = strings.Cut(sample, "\n")
		value, functions, _ := strings.Cut(strings.TrimSpace(sample), " ")
		if value == "" {
			continue
		}
		took, err := time.ParseDuration(value)
		if err != nil {
			return nil, fmt.Errorf("traces of pprof: %w", err)
		}
		total += took.Seconds()
		for i, s := range stages {
			if strings.Contains(functions, s.function) {
				shares[i] += took.Seconds()
				break
			}
		}
	}
	for i := range shares {
		shares[i] /= total
	}
	return shares, nil
}
