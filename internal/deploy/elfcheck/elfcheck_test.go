package elfcheck_test

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/elfcheck"
	"github.com/helios-sql/helios/internal/fault"
)

// program links a program that needs a symbol of a version, in a library of a name, which is made for it.
func program(t *testing.T, library, version string) string {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{
		"library.c": "void fresh(void) {}\n", "library.map": version + " { global: fresh; };\n", "program.c": "void fresh(void);\nint main(void) { fresh(); }\n",
	} {
		require.NoError(t, os.WriteFile(at(name), []byte(content), 0o600))
	}
	cc := func(args ...string) {
		out, err := exec.Command("cc", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	cc("-shared", "-fPIC", "-Wl,-soname,"+library, "-Wl,--version-script="+at("library.map"), "-o", at("library.so"), at("library.c"))
	cc("-o", at("program"), at("program.c"), at("library.so"))
	return at("program")
}

func TestASymbolThatAmazonLinuxLacksIsNamed(t *testing.T) {
	for _, c := range []struct{ library, version, want string }{
		{"libm.so.9", "GLIBC_2.34", ""},
		{"libm.so.9", "GLIBC_2.35", "needs fresh of GLIBC_2.35 in libm.so.9"},
		{"libm.so.9", "GLIBC_3", "needs fresh of GLIBC_3 in libm.so.9"},
		{"libm.so.9", "GLIBC_ABI_DT_RELR", "needs fresh of GLIBC_ABI_DT_RELR in libm.so.9"},
		{"libm.so.9", "GLIBC_PRIVATE", "needs fresh of GLIBC_PRIVATE in libm.so.9"},
		{"libstdc++.so.9", "GLIBCXX_3.4.9", ""},
		{"libstdc++.so.9", "GLIBCXX_3.4.29", ""},
		{"libstdc++.so.9", "GLIBCXX_3.4.30", "needs fresh of GLIBCXX_3.4.30 in libstdc++.so.9"},
		{"libgcc_s.so.9", "GCC_12.0.0", "needs fresh of GCC_12.0.0 in libgcc_s.so.9"},
		{"libssl.so.3", "OPENSSL_3.0.0", "needs the library libssl.so.3"},
	} {
		path := program(t, c.library, c.version)
		arch, err := elfcheck.Check(path)
		if c.want == "" {
			require.NoError(t, err, c.version)
			require.Equal(t, runtime.GOARCH, arch)
			continue
		}
		require.ErrorContains(t, err, path+" "+c.want)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
		require.NotEmpty(t, fault.HintOf(err))
	}
}

func TestWhatIsNoExecutableIsRefused(t *testing.T) {
	whole, err := os.ReadFile(program(t, "libm.so.9", "GLIBC_2.34"))
	require.NoError(t, err)
	other := func(change func([]byte) []byte) string {
		path := filepath.Join(t.TempDir(), "helios")
		require.NoError(t, os.WriteFile(path, change(append([]byte(nil), whole...)), 0o600))
		return path
	}
	for name, path := range map[string]string{
		"empty":           other(func([]byte) []byte { return nil }),
		"a script":        other(func([]byte) []byte { return []byte("#!/bin/sh\nexit\n") }),
		"the beginning":   other(func(b []byte) []byte { return b[:100] }),
		"the half":        other(func(b []byte) []byte { return b[:len(b)/2] }),
		"another machine": other(func(b []byte) []byte { binary.LittleEndian.PutUint16(b[18:], 8); return b }),
		"an object":       other(func(b []byte) []byte { binary.LittleEndian.PutUint16(b[16:], 1); return b }),
	} {
		_, err := elfcheck.Check(path)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), "%s: %v", name, err)
	}
	_, err = elfcheck.Check(filepath.Join(t.TempDir(), "none"))
	require.Equal(t, fault.Environment, fault.CodeOf(err))
	require.ErrorContains(t, err, "none")
}
