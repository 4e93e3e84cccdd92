// Package elfcheck tells from an executable's own headers whether it runs on Amazon Linux 2023. It executes nothing, so that it
// judges builds for another machine as well.
package elfcheck

import (
	"debug/elf"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
)

// newest are the newest versions of symbols that Amazon Linux 2023 has: those of glibc 2.34 and of the libraries of GCC 11. A
// prefix that is not here is of a library, or of a demand on the loader (such as GLIBC_ABI_DT_RELR, of glibc 2.36), that it lacks.
var newest = map[string]string{"GLIBC": "2.34", "GLIBCXX": "3.4.29", "CXXABI": "1.3.13", "GCC": "11.0"}

// libraries are those that Amazon Linux 2023 has without anything being installed, by the beginning of their names.
var libraries = []string{
	"libc.so.", "libm.so.", "libdl.so.", "libpthread.so.", "librt.so.", "libresolv.so.", "libgcc_s.so.", "libstdc++.so.",
	"ld-linux-x86-64.so.", "ld-linux-aarch64.so.",
}

const build = "build it on Debian 12, or use an executable of a release"

// Check gives the architecture of an executable, amd64 or arm64. The error, which is Invalid unless the file cannot be read, says
// that it is no executable for Linux, or names a symbol or a library that it needs and that Amazon Linux 2023 does not have.
func Check(path string) (arch string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fault.New(fault.Environment, "cannot read the executable: %w", err)
	}
	defer func() { _ = file.Close() }()
	f, err := elf.NewFile(file)
	if err != nil {
		return "", fault.New(fault.Invalid, "%s is no executable for Linux: %w", path, err).WithHint(build)
	}
	switch {
	case f.Machine == elf.EM_X86_64 && f.Class == elf.ELFCLASS64:
		arch = "amd64"
	case f.Machine == elf.EM_AARCH64 && f.Class == elf.ELFCLASS64:
		arch = "arm64"
	default:
		return "", fault.New(fault.Invalid, "%s is for a machine of the kind %s", path, f.Machine).WithHint("Helios runs on amd64 and arm64")
	}
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN || f.Entry == 0 {
		return "", fault.New(fault.Invalid, "%s is no executable for Linux: it has no entry", path).WithHint(build)
	}
	return arch, needs(path, f)
}

// needs says what an executable needs that Amazon Linux 2023 lacks.
func needs(path string, f *elf.File) error {
	needed, err := f.ImportedLibraries()
	if err != nil {
		return broken(path, err)
	}
	for _, name := range needed {
		if !slices.ContainsFunc(libraries, func(known string) bool { return strings.HasPrefix(name, known) }) {
			return fault.New(fault.Invalid, "%s needs the library %s, which Amazon Linux 2023 does not have", path, name).WithHint(build)
		}
	}
	if len(needed) == 0 {
		return nil
	}
	versions, err := f.DynamicVersionNeeds()
	if err != nil {
		return broken(path, err)
	}
	for _, library := range versions {
		for _, version := range library.Needs {
			if has(version.Dep) {
				continue
			}
			what := version.Dep
			if symbol := symbolOf(f, version.Dep); symbol != "" {
				what = symbol + " of " + version.Dep
			}
			return fault.New(fault.Invalid, "%s needs %s in %s, which is newer than Amazon Linux 2023", path, what, library.Name).WithHint(build)
		}
	}
	return nil
}

func broken(path string, err error) error {
	return fault.New(fault.Invalid, "cannot read what %s needs: %w", path, err).WithHint(build)
}

// has reports whether Amazon Linux 2023 has a version of symbols, as in GLIBC_2.34.
func has(version string) bool {
	prefix, number, _ := strings.Cut(version, "_")
	most, known := newest[prefix]
	return known && compare(number, most) <= 0
}

// compare orders numbers with dots; what is no number is newer than all.
func compare(a, b string) int {
	parse := func(text string) (numbers []int) {
		for part := range strings.SplitSeq(text, ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				n = int(^uint(0) >> 1)
			}
			numbers = append(numbers, n)
		}
		return numbers
	}
	return slices.Compare(parse(a), parse(b))
}

// symbolOf is the first symbol that a version is needed for, or "".
func symbolOf(f *elf.File, version string) string {
	symbols, err := f.ImportedSymbols()
	if err != nil {
		return ""
	}
	for _, s := range symbols {
		if s.Version == version {
			return s.Name
		}
	}
	return ""
}
