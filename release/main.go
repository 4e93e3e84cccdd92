// Release packs what `make dist` has built: an archive for each executable, with the licences of what is inside, a bill of
// materials and checksums. What it writes depends on its input alone: the same commit gives the same bytes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/deploy/elfcheck"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "the release was not made:", err)
		os.Exit(1)
	}
}

// release is what is packed.
type release struct {
	version string    // without the v before it
	made    time.Time // of the commit: what archives say of their files
	out     string    // the directory of the result
	console string    // the directory that the console was built into
	ui      string    // that of the console's source, with its node_modules
	texts   string    // the directory of licences that their packages lack
	binary  []binary
}

// binary is an executable that goes into an archive.
type binary struct{ path, arch string }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	version := flags.String("version", "", "the version, as in v1.2.3")
	made := flags.Int64("made", 0, "when the commit was made, in seconds")
	r := release{}
	flags.StringVar(&r.out, "out", "dist", "where the result goes")
	flags.StringVar(&r.console, "console", "internal/web/dist", "what the console was built into")
	flags.StringVar(&r.ui, "ui", "web/ui", "the console's source")
	flags.StringVar(&r.texts, "texts", "release/licenses", "licences that their packages lack")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r.version, r.made = strings.TrimPrefix(*version, "v"), time.Unix(*made, 0).UTC()
	if r.version == "" || strings.ContainsAny(r.version, `/\ `) || flags.NArg() == 0 {
		return fmt.Errorf("a version and executables are needed: release -version v1.2.3 FILE …")
	}
	for _, path := range flags.Args() {
		arch, err := elfcheck.Check(path)
		if err != nil {
			return err
		}
		r.binary = append(r.binary, binary{path, arch})
	}
	return r.make(ctx, out)
}

// make writes everything into the directory of the result.
func (r *release) make(ctx context.Context, out io.Writer) error {
	var parts []part
	for _, b := range r.binary {
		modules, err := goModules(ctx, b.path)
		if err != nil {
			return err
		}
		parts = append(parts, modules...)
	}
	engine, err := engineParts(parts, filepath.Join(r.texts, "duckdb"))
	if err != nil {
		return err
	}
	packages, err := consoleParts(r.console, r.ui, filepath.Join(r.texts, "npm"))
	if err != nil {
		return err
	}
	parts = inOrder(append(append(parts, engine...), packages...))
	licences, err := thirdParty(parts)
	if err != nil {
		return err
	}
	bom, err := r.bom(parts)
	if err != nil {
		return err
	}
	written := []string{fmt.Sprintf("helios_%s_sbom.cdx.json", r.version)}
	if err := os.WriteFile(filepath.Join(r.out, written[0]), bom, 0o644); err != nil {
		return err
	}
	for _, b := range r.binary {
		name := fmt.Sprintf("helios_%s_linux_%s", r.version, b.arch)
		files := []file{
			{name: "helios", from: b.path, mode: 0o755},
			{name: "LICENSE", from: "LICENSE", mode: 0o644},
			{name: "README.md", content: r.readme(), mode: 0o644},
			{name: "SBOM.cdx.json", content: bom, mode: 0o644},
			{name: "THIRD_PARTY_LICENSES", content: licences, mode: 0o644},
		}
		if err := pack(filepath.Join(r.out, name+".tar.gz"), name, r.made, files); err != nil {
			return err
		}
		written = append(written, name+".tar.gz")
	}
	if err := checksums(r.out, written); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %s\n%d parts of others, whose licences are inside\n", r.out, strings.Join(append(written, sumsName), ", "), len(parts))
	return err
}

// readme is what somebody who unpacks an archive must know.
func (r *release) readme() []byte {
	return []byte(`# Helios ` + r.version + `

Helios turns live event streams into SQL tables. This archive has one executable, which needs nothing but a Linux with glibc 2.34 and libstdc++ of GCC 11 or newer:
Amazon Linux 2023, Debian 12, Ubuntu 22.04, RHEL 9 and what came after them.

    ./helios demo      # an online shop, a stream and Helios, all on this machine
    ./helios serve     # Helios itself; see ./helios serve --help
    ./helios deploy    # the same on AWS, in your account

` + "`SBOM.cdx.json`" + ` lists what the executable is made of (CycloneDX), ` + "`THIRD_PARTY_LICENSES`" + ` has the licences of it. The guides are at https://github.com/helios-sql/helios.
`)
}
