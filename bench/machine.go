package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// machine describes where the figures are from, in a sentence.
func machine() string {
	model := field("/proc/cpuinfo", "model name")
	if model == "" {
		model = runtime.GOARCH
	}
	memory := ""
	if kb, err := strconv.ParseFloat(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 64); err == nil {
		memory = fmt.Sprintf(", %.0f GB of memory", kb/1e6)
	}
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = ", revision " + s.Value[:min(7, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s, %s, %d cores (%s)%s, %s%s.",
		time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.NumCPU(), model, memory, runtime.Version(), revision)
}

// field is the value of a name in a file of lines "name : value", or "".
func field(path, name string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// peakRSS is the largest resident size of this process so far, in MB of 10^6 bytes. Where the kernel tells it of the
// program, that counts: getrusage includes what the process was before it became this program, a copy of its parent.
func peakRSS() float64 {
	if kb, err := strconv.ParseFloat(strings.TrimSuffix(field("/proc/self/status", "VmHWM"), " kB"), 64); err == nil {
		return kb * 1024 / 1e6
	}
	usage := used()
	unit := int64(1024)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return float64(usage.Maxrss*unit) / 1e6
}

// processorTime is what this process has used of all cores so far.
func processorTime() time.Duration {
	usage := used()
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func used() syscall.Rusage {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it cannot fail for this process
	return usage
}
