package buildinfo

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuildInfoFallsBackToWhatTheToolchainRecorded(t *testing.T) {
	recorded := &debug.BuildInfo{
		Main: debug.Module{Version: "v0.3.0"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"},
			{Key: "vcs.time", Value: "2026-01-02T03:04:05Z"},
			{Key: "vcs.modified", Value: "true"},
		},
	}
	for _, c := range []struct {
		name                  string
		version, commit, date string
		recorded              *debug.BuildInfo
		want                  Info
	}{
		{"a release says what it was built as", "v1.0.0", "feed", "2027-01-01T00:00:00Z", recorded, Info{Version: "v1.0.0", Commit: "feed", Date: "2027-01-01T00:00:00Z"}},
		{"go install knows its module version and revision", "", "", "", recorded, Info{Version: "v0.3.0", Commit: "0123456789abcdef0123456789abcdef01234567-dirty", Date: "2026-01-02T03:04:05Z"}},
		{"a working tree is devel", "", "", "", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, Info{Version: "devel"}},
		{"nothing recorded is devel", "", "", "", nil, Info{Version: "devel"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := resolve(c.version, c.commit, c.date, c.recorded)
			require.NotEmpty(t, got.Go)
			got.Go, got.OS, got.Arch = "", "", ""
			require.Equal(t, c.want, got)
		})
	}
}

func TestBuildInfoIsOneLineForPeople(t *testing.T) {
	info := Info{Version: "v1.0.0", Commit: "0123456789abcdef-dirty", Date: "2026-01-02T03:04:05Z", Go: "go1.26.8", OS: "linux", Arch: "arm64"}
	require.Equal(t, "helios v1.0.0 (commit 0123456789ab-dirty, 2026-01-02T03:04:05Z, go1.26.8 linux/arm64)", info.String())
	require.Equal(t, "helios devel (go1.26.8 linux/arm64)", Info{Version: "devel", Go: "go1.26.8", OS: "linux", Arch: "arm64"}.String())
}
