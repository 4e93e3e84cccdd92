package app

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/config"
)

// seen are the files and directories below one that others than their user may do anything with.
func seen(t *testing.T, dir string) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			all = append(all, e.Name())
		}
		return err
	}))
	return all
}

// lax lets everybody read what is in a directory.
func lax(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		mode := fs.FileMode(0o644)
		if e.IsDir() {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	}))
}

func TestNobodyElseReadsTheDataOfADirectoryThatWasThere(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	c := config.Default()
	c.Data, c.TLS.SelfSigned = t.TempDir(), true
	require.NoError(t, os.Chmod(c.Data, 0o755))
	for range 2 { // new, then there already
		at, _, stop := bootAt(t, c)
		require.NotEmpty(t, at.API)
		require.Empty(t, seen(t, c.Data))
		for _, file := range []string{"helios.duckdb", "catalog.sqlite", "tls"} {
			_, err := os.Stat(filepath.Join(c.Data, file))
			require.NoError(t, err)
		}
		stop()
		require.Empty(t, seen(t, c.Data))
		lax(t, c.Data)
		require.NotEmpty(t, seen(t, c.Data))
	}
	theirs := filepath.Join(c.Data, "notes.txt")
	require.NoError(t, os.WriteFile(theirs, nil, 0o644))
	require.NoError(t, os.Chmod(theirs, 0o644))
	require.NoError(t, Accounts(t.Context(), c.Data, false, slog.New(slog.DiscardHandler), func(ctx context.Context, accounts *auth.Service) error {
		_, err := accounts.Empty(ctx)
		return err
	}))
	require.Equal(t, []string{"notes.txt"}, seen(t, c.Data), "what is not ours stays as it is")
}
