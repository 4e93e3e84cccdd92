package main

import (
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
	content, _ := os.ReadFile(path) // only Linux has such files
	for text := range strings.Lines(string(content)) {
		if key, value, ok := strings.Cut(text, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// processors are what a machine's have done so far, in seconds of all of them.
type processors struct{ busy, idle, own float64 }

// readProcessors reads their counters, which only Linux has: hundredths of a second that they were busy for users, nice
// users and the system, idle, waiting, and busy for interrupts.
func readProcessors() (p processors) {
	content, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(content), "\n")
	for i, text := range strings.Fields(first) {
		ticks, _ := strconv.ParseFloat(text, 64)
		switch i {
		case 1, 2, 3, 6, 7, 8:
			p.busy += ticks / 100
		case 4, 5:
			p.idle += ticks / 100
		}
	}
	var ended syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &ended)
	p.own = processorTime().Seconds() + time.Duration(ended.Utime.Nano()+ended.Stime.Nano()).Seconds()
	return p
}

// others is the share of the processors that was used by what is no part of this run since p was read, in a sentence.
func (p processors) others() string {
	now := readProcessors()
	all := now.busy + now.idle - p.busy - p.idle
	if all == 0 {
		return ""
	}
	share := max(0, (now.busy-p.busy)-(now.own-p.own)) / all
	return fmt.Sprintf(" Others used %.0f %% of the processors meanwhile.", 100*share)
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
