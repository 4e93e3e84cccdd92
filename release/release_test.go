package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, content string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
}

func TestAnArchiveDependsOnNothingButWhatIsInIt(t *testing.T) {
	dir, made := t.TempDir(), time.Unix(1700000000, 0)
	write(t, "program", dir, "helios")
	files := []file{{name: "helios", from: filepath.Join(dir, "helios"), mode: 0o755}, {name: "LICENSE", content: []byte("text"), mode: 0o644}}
	one, other := filepath.Join(dir, "one.tar.gz"), filepath.Join(dir, "other.tar.gz")
	require.NoError(t, pack(one, "helios_1", made, files))
	require.NoError(t, os.Chtimes(files[0].from, made, made.Add(time.Hour)))
	require.NoError(t, os.Chmod(files[0].from, 0o777))
	require.NoError(t, pack(other, "helios_1", made, files))
	a, err := digest(one)
	require.NoError(t, err)
	b, err := digest(other)
	require.NoError(t, err)
	require.Equal(t, a, b)
}

func TestWhatHasNoLicenceIsNotShipped(t *testing.T) {
	ui, console, texts := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, `["node_modules/@of/part"]`, console, "packages.json")
	write(t, `{"name": "@of/part", "version": "1.2.3", "license": "MIT"}`, ui, "node_modules/@of/part/package.json")
	write(t, "no text", ui, "node_modules/@of/part/license.js")
	write(t, "of another", ui, "node_modules/@of/part/node_modules/other/LICENSE")
	_, err := consoleParts(console, ui, texts)
	require.ErrorIs(t, err, errNoLicence)
	require.ErrorContains(t, err, "the npm package @of/part:")

	write(t, "found elsewhere", texts, "@of__part.txt")
	parts, err := consoleParts(console, ui, texts)
	require.NoError(t, err)
	require.Equal(t, "pkg:npm/%40of/part@1.2.3", parts[0].purl)
	written, err := thirdParty(parts)
	require.NoError(t, err)
	require.Contains(t, string(written), "@of/part 1.2.3 (@of__part.txt)\n")
	require.Contains(t, string(written), "\nfound elsewhere\n")

	write(t, "its own", ui, "node_modules/@of/part/LICENCE.md")
	write(t, "copied", ui, "node_modules/@of/part/vendor/COPYING")
	parts, err = consoleParts(console, ui, texts)
	require.NoError(t, err)
	require.Equal(t, []text{{"LICENCE.md", "its own"}, {"vendor/COPYING", "copied"}}, parts[0].texts)

	write(t, " \n", ui, "node_modules/@of/part/LICENCE.md")
	parts, err = consoleParts(console, ui, texts)
	require.NoError(t, err)
	_, err = thirdParty(parts)
	require.ErrorContains(t, err, "@of/part: "+errNoLicence.Error())
}

func TestALibraryInDuckDBWithoutALicenceIsNotShipped(t *testing.T) {
	dir, texts := t.TempDir(), t.TempDir()
	write(t, "// #cgo LDFLAGS: -lduckdb_static -ljson_extension -lduckdb_zstd -lstdc++ -lm", dir, "prebuilt.go")
	module := []part{{name: engine + "linux-amd64", version: "v0.10506.0", dir: dir}}
	write(t, "MIT", texts, "static.txt")
	_, err := engineParts(module, texts)
	require.ErrorContains(t, err, "DuckDB brings the library zstd")
	write(t, "BSD", texts, "zstd.txt")
	parts, err := engineParts(module, texts)
	require.NoError(t, err)
	require.Equal(t, "pkg:github/duckdb/duckdb@v1.5.6", parts[0].purl)
	require.Equal(t, "zstd (in DuckDB)", parts[1].name)
}
