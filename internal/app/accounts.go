package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
)

// Accounts calls do with the accounts of a data directory, whether its server runs or rests, and with a context that knows that
// somebody on this machine asks: who can write the directory may do everything. A directory in which no server has run yet is
// made if anew says so, and fault.NotFound otherwise: it is likely to be a wrong one.
func Accounts(ctx context.Context, dir string, anew bool, log *slog.Logger, do func(context.Context, *auth.Service) error) (err error) {
	if _, err := os.Stat(filepath.Join(dir, catalog.File)); errors.Is(err, fs.ErrNotExist) && !anew {
		return fault.New(fault.NotFound, "no server has kept anything in %s yet", dir).WithHint("name the server's directory with --data")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Environment, "cannot use the data directory: %w", err)
	}
	c, err := catalog.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	name := "unknown"
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	return do(auth.With(ctx, auth.Machine(name)), auth.New(catalog.NewAccounts(c), auth.Options{Logger: log}))
}
