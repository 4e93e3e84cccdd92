//go:build release

package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/elfcheck"
)

// These tests judge what `make dist` has made, and run as its last step.
const dist = "../dist"

// version is that of the release, from the name of its bill of materials.
func version(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, "helios_*_sbom.cdx.json"))
	require.NoError(t, err)
	require.Len(t, found, 1, "make dist makes one")
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "helios_"), "_sbom.cdx.json")
}

func archiveOf(t *testing.T, arch string) string {
	t.Helper()
	return fmt.Sprintf("helios_%s_linux_%s.tar.gz", version(t), arch)
}

// unpack gives the files of an archive, which it puts into a directory, once it has judged how they are packed.
func unpack(t *testing.T, arch string) (dir string, files []string) {
	t.Helper()
	archive, err := os.Open(filepath.Join(dist, archiveOf(t, arch)))
	require.NoError(t, err)
	defer archive.Close()
	unzipped, err := gzip.NewReader(archive)
	require.NoError(t, err)
	dir = t.TempDir()
	root := strings.TrimSuffix(archiveOf(t, arch), ".tar.gz") + "/"
	var made time.Time
	for tape := tar.NewReader(unzipped); ; {
		head, err := tape.Next()
		if errors.Is(err, io.EOF) {
			return dir, files
		}
		require.NoError(t, err)
		name, inside := strings.CutPrefix(head.Name, root)
		require.True(t, inside && filepath.IsLocal(name), head.Name)
		require.Zero(t, head.Uid+head.Gid)
		require.Empty(t, head.Uname+head.Gname)
		require.True(t, made.IsZero() || made.Equal(head.ModTime), "all have the time of the commit")
		made = head.ModTime
		mode := os.FileMode(0o644)
		if name == "helios" {
			mode = 0o755
		}
		require.Equal(t, mode, head.FileInfo().Mode())
		to, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		require.NoError(t, err)
		_, err = io.CopyN(to, tape, head.Size)
		require.NoError(t, errors.Join(err, to.Close()))
		files = append(files, name)
	}
}

func TestTheChecksumsAreThoseOfEverythingInARelease(t *testing.T) {
	want := ""
	for _, name := range []string{archiveOf(t, "amd64"), archiveOf(t, "arm64"), "helios_" + version(t) + "_sbom.cdx.json"} {
		sum, err := digest(filepath.Join(dist, name))
		require.NoError(t, err)
		want += fmt.Sprintf("%x  %s\n", sum, name)
	}
	sums, err := os.ReadFile(filepath.Join(dist, sumsName))
	require.NoError(t, err)
	require.Equal(t, want, string(sums))
	entries, err := os.ReadDir(dist)
	require.NoError(t, err)
	require.Len(t, entries, 4, "and there is nothing else")
}

func TestAnArchiveHasAnExecutableForAmazonLinuxAndTheLicencesOfWhatIsInside(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		dir, files := unpack(t, arch)
		require.Equal(t, []string{"helios", "LICENSE", "README.md", "SBOM.cdx.json", "THIRD_PARTY_LICENSES"}, files)
		is, err := elfcheck.Check(filepath.Join(dir, "helios"))
		require.NoError(t, err)
		require.Equal(t, arch, is)

		content, err := os.ReadFile(filepath.Join(dir, "SBOM.cdx.json"))
		require.NoError(t, err)
		beside, err := os.ReadFile(filepath.Join(dist, "helios_"+version(t)+"_sbom.cdx.json"))
		require.NoError(t, err)
		require.Equal(t, string(beside), string(content))
		var bom cyclonedx.BOM
		require.NoError(t, cyclonedx.NewBOMDecoder(bytes.NewReader(content), cyclonedx.BOMFileFormatJSON).Decode(&bom))
		require.Equal(t, "v"+version(t), bom.Metadata.Component.Version)
		licences, err := os.ReadFile(filepath.Join(dir, "THIRD_PARTY_LICENSES"))
		require.NoError(t, err)
		versions := map[string]string{}
		for _, c := range *bom.Components {
			versions[c.Name] = c.Version
			require.Contains(t, string(licences), "\n"+strings.TrimSpace(c.Name+" "+c.Version)+" (", "its licence is inside")
		}
		for _, name := range []string{"duckdb", "react", "echarts", "tailwindcss", "zstd (in DuckDB)", "Go", "github.com/aws/aws-sdk-go-v2/service/kinesis"} {
			require.Contains(t, versions, name)
		}
		info, err := buildinfo.ReadFile(filepath.Join(dir, "helios"))
		require.NoError(t, err)
		for _, module := range info.Deps {
			require.Equal(t, module.Version, versions[module.Path], module.Path)
		}
		require.NotContains(t, versions, "vitest", "it is not inside")
	}
}

// translated makes programs for arm64 run here, also those that such a program starts: the kernel is told of the translator, but
// in namespaces of their own, so that the machine is left as it is. Linux has had that since 6.7; where the machine knows the
// translator already (Debian's binfmt-support), nothing is changed.
const translated = `
export QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
if ! grep -qs enabled /proc/sys/fs/binfmt_misc/qemu-aarch64; then
  mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
  printf '%s' ':qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:F' >/proc/sys/fs/binfmt_misc/register
fi
exec "$@"`

func TestTheExecutablesAnswer(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			dir, _ := unpack(t, arch)
			helios := func(ctx context.Context, args ...string) *exec.Cmd {
				cmd := exec.CommandContext(ctx, filepath.Join(dir, "helios"), args...)
				if arch == "arm64" {
					cmd = exec.CommandContext(ctx, "sh", append([]string{"-euc", translated, "sh", filepath.Join(dir, "helios")}, args...)...)
					cmd.SysProcAttr = &syscall.SysProcAttr{
						Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
						UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
						GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
					}
				}
				cmd.Dir = t.TempDir()
				cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "AWS_EC2_METADATA_DISABLED=true"}
				cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
				cmd.WaitDelay = 30 * time.Second
				return cmd
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*time.Minute) // beyond the end of the test, when the server stops
			t.Cleanup(cancel)
			out, err := helios(ctx, "version").CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Regexp(t, `^helios v?`+regexp.QuoteMeta(version(t))+` \(commit [0-9a-f]{12}(-dirty)?, \d{4}-\d\d-\d\dT[\d:]+Z, go\S+ linux/`+arch+`\)\n$`, string(out))

			address := serve(ctx, t, helios(ctx, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"))
			query := helios(ctx, "sql", "SELECT version() AS version, 6*7 AS answer", "--format", "csv", "--url", address)
			out, err = query.Output()
			require.NoError(t, err)
			require.Equal(t, "version,answer\r\nv"+engineInside(t)+",42\r\n", string(out))

			request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/packages.json", nil)
			require.NoError(t, err)
			answer, err := (&http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
			require.NoError(t, err)
			defer answer.Body.Close()
			page, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Contains(t, string(page), `"node_modules/react"`, "the console is inside")
		})
	}
}

// engineInside is the version of DuckDB that the bill of materials has.
func engineInside(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dist, "helios_"+version(t)+"_sbom.cdx.json"))
	require.NoError(t, err)
	found := regexp.MustCompile(`"pkg:github/duckdb/duckdb@v([\d.]+)"`).FindSubmatch(content)
	require.NotNil(t, found)
	return string(found[1])
}

// serve runs a server until the test ends, and gives its address.
func serve(ctx context.Context, t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	talk, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		_, _ = io.Copy(io.Discard, talk)
		require.NoError(t, cmd.Wait())
	})
	var heard []string
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		heard = append(heard, lines.Text())
		if address, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), "API "); found {
			return strings.TrimSpace(address)
		}
	}
	require.FailNow(t, "the server ended", "%v\n%s", ctx.Err(), strings.Join(heard, "\n"))
	return ""
}
