package deploy_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/fault"
)

// executable is one as far as its headers tell: it needs nothing, so that it runs everywhere.
func executable(arch string) []byte {
	head := make([]byte, 65)
	copy(head, "\x7fELF\x02\x01\x01")
	machine := map[string]uint16{"arm64": 0xb7, "amd64": 0x3e}[arch]
	for at, value := range map[int]uint16{16: 2 /* executable */, 18: machine, 20: 1, 52: 64, 54: 56, 58: 64} {
		binary.LittleEndian.PutUint16(head[at:], value)
	}
	binary.LittleEndian.PutUint64(head[24:], 0x400000)
	return head
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func keep(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, content, 0o700))
	return file
}

// archive is one as `make dist` makes it.
func archive(t *testing.T, names map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	files := tar.NewWriter(zipped)
	for name, content := range names {
		require.NoError(t, files.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}))
		_, err := files.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	return b.Bytes()
}

func TestTheExecutableIsTheOneThatIsNamedThatRunsOrThatOfTheRelease(t *testing.T) {
	arm, amd := executable("arm64"), executable("amd64")
	packed := archive(t, map[string][]byte{"helios_1.2.3_linux_arm64/README.md": []byte("x"), "helios_1.2.3_linux_arm64/helios": arm})
	served := map[string][]byte{
		"/v1.2.3/helios_1.2.3_linux_arm64.tar.gz": packed,
		"/v1.2.3/checksums.txt":                   fmt.Appendf(nil, "%s  helios_1.2.3_linux_arm64.tar.gz\n", digest(packed)),
		"/v1.2.4/helios_1.2.4_linux_arm64.tar.gz": append(packed, 0),
		"/v1.2.4/checksums.txt":                   fmt.Appendf(nil, "%s  helios_1.2.4_linux_arm64.tar.gz\n", digest(packed)),
	}
	releases := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := served[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(releases.Close)
	laptop := buildinfo.Info{Version: "v1.2.3", OS: "darwin", Arch: "arm64"}
	linux := buildinfo.Info{Version: "v1.2.3", OS: "linux", Arch: "amd64"}
	development := buildinfo.Info{Version: "v0.0.0-20261123181300-0123456789ab", OS: "linux", Arch: "amd64"}
	self := keep(t, "helios", amd)

	for name, one := range map[string]struct {
		finder  deploy.Finder
		content []byte
		version string
	}{
		"a file":                     {deploy.Finder{File: keep(t, "mine", arm), Build: laptop}, arm, "devel"},
		"an archive of make dist":    {deploy.Finder{File: keep(t, "helios_1.2.3_linux_arm64.tar.gz", packed), Build: laptop}, arm, "v1.2.3"},
		"an archive of another name": {deploy.Finder{File: keep(t, "x.tar.gz", packed), Build: laptop}, arm, "devel"},
		"this program":               {deploy.Finder{Arch: "amd64", Self: self, Build: linux}, amd, "v1.2.3"},
		"the release, from a laptop": {deploy.Finder{Self: self, Build: laptop}, arm, "v1.2.3"},
		"the release, for arm":       {deploy.Finder{Arch: "arm64", Self: self, Build: linux}, arm, "v1.2.3"},
	} {
		one.finder.Releases = releases.URL
		b, err := one.finder.Find(t.Context())
		require.NoError(t, err, name)
		require.Equal(t, digest(one.content), b.SHA256, name)
		require.Equal(t, one.version, b.Version, name)
		require.EqualValues(t, len(one.content), b.Size, name)
		content, err := os.ReadFile(b.Path)
		require.NoError(t, err, name)
		require.Equal(t, one.content, content, name)
		b.Close()
	}

	tool, err := exec.LookPath("go")
	require.NoError(t, err)
	altered, unknown := laptop, laptop
	altered.Version, unknown.Version = "v1.2.4", "v1.2.5"
	for name, one := range map[string]struct {
		finder deploy.Finder
		code   fault.Code
		says   string
	}{
		"another architecture":            {deploy.Finder{File: self, Arch: "arm64"}, fault.Invalid, "is a build for amd64, and the instance is of the architecture arm64"},
		"no executable":                   {deploy.Finder{File: keep(t, "x", []byte("#!/bin/sh"))}, fault.Invalid, "no executable for Linux"},
		"no archive":                      {deploy.Finder{File: keep(t, "x.tar.gz", []byte("PK"))}, fault.Invalid, "cannot be used"},
		"an archive without it":           {deploy.Finder{File: keep(t, "y.tar.gz", archive(t, map[string][]byte{"other": arm}))}, fault.Invalid, "no file named helios"},
		"another program":                 {deploy.Finder{File: tool}, fault.Invalid, "is not Helios: it was built from cmd/go"},
		"an altered release":              {deploy.Finder{Build: altered}, fault.Conflict, "is not what the release's checksums.txt says"},
		"a release that is not there":     {deploy.Finder{Build: unknown}, fault.NotFound, "404"},
		"an architecture without release": {deploy.Finder{Build: laptop, Arch: "amd64"}, fault.NotFound, "has no helios_1.2.3_linux_amd64.tar.gz"},
		"a development build":             {deploy.Finder{Build: development, Self: self}, fault.Invalid, "development build"},
	} {
		one.finder.Releases = releases.URL
		_, err := one.finder.Find(t.Context())
		require.ErrorContains(t, err, one.says, name)
		require.Equal(t, one.code, fault.CodeOf(err), name)
		require.NotEmpty(t, fault.HintOf(err), name)
	}
	_, err = deploy.Finder{Build: development, Self: self}.Find(t.Context())
	require.Contains(t, fault.HintOf(err), "make dist")
	require.Contains(t, fault.HintOf(err), "--arch amd64, which this program is for")
	planned, err := deploy.Finder{Build: unknown, Look: true, Releases: releases.URL}.Find(t.Context())
	require.NoError(t, err, "a plan fetches nothing")
	require.Equal(t, releases.URL+"/v1.2.5/helios_1.2.5_linux_arm64.tar.gz", planned.From)
}

func TestStreamsAreNamedByNameOrARNAndBecomeTables(t *testing.T) {
	for text, want := range map[string]deploy.StreamWish{
		"clicks":                 {Name: "clicks", Table: "clicks"},
		"Web-Clicks.v2":          {Name: "Web-Clicks.v2", Table: "web_clicks_v2"},
		"clicks=raw":             {Name: "clicks", Table: "raw"},
		"2026-orders":            {Name: "2026-orders", Table: "stream_2026_orders"},
		"helios":                 {Name: "helios", Table: "stream_helios"},
		"--":                     {Name: "--", Table: "stream"},
		strings.Repeat("a", 128): {Name: strings.Repeat("a", 128), Table: strings.Repeat("a", 63)},
		"arn:aws:kinesis:eu-central-1:123456789012:stream/a.b=c": {Name: "arn:aws:kinesis:eu-central-1:123456789012:stream/a.b", Table: "c"},
	} {
		got, err := deploy.ParseStream(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "a b", "a=", "=a", "a/b", strings.Repeat("a", 129), "arn:aws:kinesis:eu-central-1:123456789012:x", "arn:", "a\nb"} {
		_, err := deploy.ParseStream(text)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%q", text)
	}
}
