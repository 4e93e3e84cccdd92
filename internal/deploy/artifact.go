package deploy

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	build "github.com/helios-sql/helios/internal/buildinfo"
	"github.com/helios-sql/helios/internal/deploy/elfcheck"
	"github.com/helios-sql/helios/internal/fault"
)

const (
	module    = "github.com/helios-sql/helios"
	maxBinary = 1 << 30 // bytes of an executable; a release has a tenth of that
)

// Binary is an executable of Helios that an instance can run.
type Binary struct {
	Path    string
	SHA256  string // in hexadecimal
	Size    int64
	Arch    string // arm64 or amd64
	Version string
	From    string // where it comes from, for people

	temporary string // what is removed by Close
}

// Close removes what was unpacked or fetched.
func (b *Binary) Close() {
	if b != nil && b.temporary != "" {
		_ = os.RemoveAll(b.temporary)
	}
}

// Finder looks for the executable that an instance is to run.
type Finder struct {
	File     string                  // named by a person: an executable, or a .tar.gz with one; "": by itself
	Arch     string                  // that the instance has; "": that of File, else arm64
	Self     string                  // the executable that runs now
	Build    build.Info              // what that is
	Releases string                  // URL below which releases are; "" for those of Helios
	Look     bool                    // for a plan only: what would be fetched is told, not fetched
	Progress func(done, whole int64) // of a download
}

// Find gives the executable: that of File, else the running one if it fits, else that of the release of the same version.
func (f Finder) Find(ctx context.Context) (*Binary, error) {
	if f.File != "" {
		b, err := f.open(f.File)
		if err != nil {
			return nil, err
		}
		if f.Arch != "" && b.Arch != f.Arch {
			b.Close()
			return nil, fault.New(fault.Invalid, "%s is a build for %s, and the instance is of the architecture %s", f.File, b.Arch, f.Arch).
				WithHint("name a build for %s with --artifact", f.Arch)
		}
		return b, nil
	}
	arch := f.Arch
	if arch == "" {
		arch = "arm64"
	}
	unfit := error(nil)
	if f.Build.OS == "linux" && f.Build.Arch == arch {
		b, err := inspect(f.Self, f.Build.Version)
		if err == nil {
			b.From = "this program itself"
			return b, nil
		}
		unfit = err
	}
	if !released.MatchString(f.Build.Version) || pseudo.MatchString(f.Build.Version) {
		return nil, f.unreleased(arch, unfit)
	}
	if f.Look {
		return &Binary{SHA256: strings.Repeat("0", 2*sha256.Size), Arch: arch, Version: f.Build.Version, From: f.release(arch)}, nil
	}
	return f.download(ctx, arch)
}

// unreleased says why there is nothing to run on the instance.
func (f Finder) unreleased(arch string, unfit error) error {
	hint := "make one with `make dist` and name it with --artifact dist/helios_…_linux_" + arch + ".tar.gz"
	if unfit != nil {
		return fault.New(fault.Invalid, "this program cannot run on the instance: %w; and it is a development build, of which there is no release to take", unfit).
			WithHint("%s", hint)
	}
	if f.Build.OS == "linux" {
		hint += "; or add --arch " + f.Build.Arch + ", which this program is for"
	}
	return fault.New(fault.Invalid, "there is no build of Helios for linux/%s to put on the instance: this program is a development build for %s/%s, of which there is no release",
		arch, f.Build.OS, f.Build.Arch).WithHint("%s", hint)
}

// released are the versions that there is a release of; those that Go makes up of a commit look alike.
var (
	released = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$`)
	pseudo   = regexp.MustCompile(`-(0\.|[0-9A-Za-z.]+\.0\.)?\d{14}-[0-9a-f]{12}$`)
)

// open reads a file that a person named.
func (f Finder) open(file string) (*Binary, error) {
	if !strings.HasSuffix(file, ".tar.gz") && !strings.HasSuffix(file, ".tgz") {
		b, err := inspect(file, f.versionOf(file))
		if err == nil {
			b.From = file
		}
		return b, err
	}
	archive, err := os.Open(file)
	if err != nil {
		return nil, fault.New(fault.Invalid, "cannot read the artifact: %w", err).WithHint("see --artifact")
	}
	defer archive.Close()
	b, err := f.unpack(archive, file, archived(file))
	if err == nil {
		b.From = file
	}
	return b, err
}

// versionOf is the version that an executable was built as. What Go writes into it tells the commit; the name of a release is
// known only if it is this program's own.
func (f Finder) versionOf(file string) string {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return "devel"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && setting.Value != "" && setting.Value == f.Build.Commit {
			return f.Build.Version
		}
	}
	if version := info.Main.Version; version != "" && version != "(devel)" {
		return version
	}
	return "devel"
}

// archiveName is what `make dist` calls an archive.
var archiveName = regexp.MustCompile(`^helios_(.+)_linux_(?:amd64|arm64)\.t(?:ar\.)?gz$`)

// archived is the version that an archive is named after, or "".
func archived(file string) string {
	parts := archiveName.FindStringSubmatch(filepath.Base(file))
	if parts == nil {
		return ""
	}
	if version := "v" + strings.TrimPrefix(parts[1], "v"); released.MatchString(version) {
		return version
	}
	return parts[1]
}

// unpack takes the executable out of an archive.
func (f Finder) unpack(archive io.Reader, name, version string) (_ *Binary, err error) {
	unusable := func(err error) error {
		return fault.New(fault.Invalid, "the artifact %s cannot be used: %w", name, err).WithHint("it is an executable, or an archive that `make dist` made")
	}
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return nil, unusable(err)
	}
	files := tar.NewReader(unzipped)
	for {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, unusable(errors.New("there is no file named helios in it"))
		}
		if err != nil {
			return nil, unusable(err)
		}
		if head.Typeflag == tar.TypeReg && path.Base(head.Name) == "helios" {
			break
		}
	}
	dir, err := os.MkdirTemp("", "helios-artifact-")
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot unpack the artifact: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	file := filepath.Join(dir, "helios")
	if err := write(file, io.LimitReader(files, maxBinary+1)); err != nil {
		return nil, unusable(err)
	}
	if version == "" {
		version = f.versionOf(file)
	}
	b, err := inspect(file, version)
	if err != nil {
		return nil, err
	}
	b.temporary = dir
	return b, nil
}

func write(file string, content io.Reader) error {
	to, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, content)
	return errors.Join(err, to.Close())
}

// inspect finds out whether an executable runs on the instance, and its digest.
func inspect(file, version string) (*Binary, error) {
	arch, err := elfcheck.Check(file)
	if err != nil {
		return nil, err
	}
	content, err := os.Open(file)
	if err != nil {
		return nil, fault.New(fault.Environment, "cannot read the artifact: %w", err)
	}
	defer content.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, content)
	switch {
	case err != nil:
		return nil, fault.New(fault.Environment, "cannot read the artifact: %w", err)
	case size > maxBinary:
		return nil, fault.New(fault.Invalid, "%s has more than 1 GiB: it is no build of Helios", file)
	}
	if info, err := buildinfo.ReadFile(file); err == nil && !strings.HasPrefix(info.Path, module+"/") {
		return nil, fault.New(fault.Invalid, "%s is not Helios: it was built from %s", file, info.Path).WithHint("name a build of Helios with --artifact")
	}
	return &Binary{Path: file, SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size, Arch: arch, Version: version}, nil
}
