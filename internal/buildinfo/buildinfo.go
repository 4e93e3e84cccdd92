// Package buildinfo says which build of Helios is running. Release builds set it with -ldflags; any other build falls back
// to what the Go toolchain recorded.
package buildinfo

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// Set with -ldflags "-X github.com/helios-sql/helios/internal/buildinfo.version=v1.2.3 -X ….commit=… -X ….date=…".
var (
	version string // of the release, as vX.Y.Z
	commit  string // the full hash
	date    string // of the commit, RFC 3339
)

// Info is the identity of a build. Fields that are not known are empty, but for Version.
type Info struct {
	Version string `json:"version"`          // vX.Y.Z, or "devel"
	Commit  string `json:"commit,omitempty"` // the full hash, with "-dirty" after it if files were changed
	Date    string `json:"date,omitempty"`   // of the commit, RFC 3339
	Go      string `json:"go"`               // the toolchain
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Read gives the identity of the running binary.
func Read() Info {
	recorded, _ := debug.ReadBuildInfo()
	return resolve(version, commit, date, recorded)
}

func resolve(version, commit, date string, recorded *debug.BuildInfo) Info {
	info := Info{
		Version: version, Commit: commit, Date: date,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	if recorded != nil {
		settings := map[string]string{}
		for _, s := range recorded.Settings {
			settings[s.Key] = s.Value
		}
		if info.Version == "" && recorded.Main.Version != "(devel)" {
			info.Version = recorded.Main.Version
		}
		if info.Commit == "" && settings["vcs.revision"] != "" {
			info.Commit = settings["vcs.revision"]
			if settings["vcs.modified"] == "true" {
				info.Commit += "-dirty"
			}
		}
		if info.Date == "" {
			info.Date = settings["vcs.time"]
		}
	}
	if info.Version == "" {
		info.Version = "devel"
	}
	return info
}

// String is the build in one line: "helios v1.2.3 (commit 0123456789ab, 2026-01-02T03:04:05Z, go1.26.8 linux/amd64)".
func (i Info) String() string {
	var details []string
	if i.Commit != "" {
		hash, dirty, changed := strings.Cut(i.Commit, "-")
		short := hash[:min(len(hash), 12)]
		if changed {
			short += "-" + dirty
		}
		details = append(details, "commit "+short)
	}
	if i.Date != "" {
		details = append(details, i.Date)
	}
	details = append(details, fmt.Sprintf("%s %s/%s", i.Go, i.OS, i.Arch))
	return fmt.Sprintf("helios %s (%s)", i.Version, strings.Join(details, ", "))
}
