package deploy

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/fault"
)

const (
	releases     = "https://github.com/helios-sql/helios/releases/download"
	downloadTime = 15 * time.Minute
	answerTime   = 30 * time.Second // until a server begins to answer
	maxChecksums = 1 << 20
)

// release is the address of the running version's archive.
func (f Finder) release(arch string) string {
	version := f.Build.Version
	return cmp.Or(f.Releases, releases) + "/" + version + "/helios_" + strings.TrimPrefix(version, "v") + "_linux_" + arch + ".tar.gz"
}

// download fetches the archive of the running version, compares it with the release's list of checksums, and unpacks it.
func (f Finder) download(ctx context.Context, arch string) (*Binary, error) {
	ctx, cancel := context.WithTimeout(ctx, downloadTime)
	defer cancel()
	version, whole := f.Build.Version, f.release(arch)
	name := path.Base(whole)
	base := strings.TrimSuffix(whole, name)
	list, err := fetch(ctx, base+"checksums.txt", maxChecksums, nil, &bytes.Buffer{})
	if err != nil {
		return nil, err
	}
	want := checksum(list.Bytes(), name)
	if want == "" {
		return nil, fault.New(fault.NotFound, "the release %s of Helios has no %s", version, name).WithHint("name a build with --artifact")
	}
	dir, err := os.MkdirTemp("", "helios-release-")
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot keep the download: %w", err)
	}
	defer os.RemoveAll(dir)
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot keep the download: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := fetch(ctx, whole, maxBinary, f.Progress, io.MultiWriter(file, hash)); err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return nil, fault.New(fault.Conflict, "%s is not what the release's checksums.txt says: its SHA-256 is %s, not %s", whole, got, want).
			WithHint("try again; if it stays so, do not use it, and tell the people of Helios")
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fault.New(fault.Environment, "cannot read the download: %w", err)
	}
	b, err := f.unpack(file, name, version)
	if err != nil {
		return nil, err
	}
	b.From = whole
	return b, nil
}

// checksum is the SHA-256 of a file in a list as sha256sum writes it, or "".
func checksum(list []byte, name string) string {
	for lines := bufio.NewScanner(bytes.NewReader(list)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 2 && strings.TrimPrefix(fields[1], "*") == name && len(fields[0]) == 2*sha256.Size {
			return strings.ToLower(fields[0])
		}
	}
	return ""
}

// fetch writes what is at an address, of at most so many bytes.
func fetch[W io.Writer](ctx context.Context, url string, most int64, progress func(done, whole int64), to W) (W, error) {
	unreachable := func(err error) error {
		return fault.New(fault.Network, "cannot fetch %s: %s", url, awssdk.Shortest(err)).WithHint("check the network and proxies, or name a build with --artifact")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return to, unreachable(err)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: answerTime, TLSHandshakeTimeout: answerTime}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return to, unreachable(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return to, fault.New(fault.NotFound, "cannot fetch %s: the answer is %s", url, answer.Status).WithHint("name a build with --artifact")
	}
	read := &counted{Reader: io.LimitReader(answer.Body, most+1), whole: answer.ContentLength, tell: progress}
	if _, err := io.Copy(to, read); err != nil {
		return to, unreachable(err)
	}
	if read.done > most {
		return to, fault.New(fault.TooLarge, "%s is larger than any release of Helios", url).WithHint("name a build with --artifact")
	}
	return to, nil
}

// counted tells how much has been read.
type counted struct {
	io.Reader
	done, whole int64
	tell        func(done, whole int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.done += int64(n)
	if c.tell != nil && n > 0 {
		c.tell(c.done, c.whole)
	}
	return n, err
}
