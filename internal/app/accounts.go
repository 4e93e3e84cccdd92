package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/certs"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/telemetry"
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
	onlyOurs()
	if err := backup.CheckDir(dir); err != nil {
		return err
	}
	if err := takeAway(dir); err != nil {
		return err
	}
	c, err := catalog.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return do(auth.With(ctx, machine()), auth.New(catalog.NewAccounts(c), auth.Options{Logger: log}))
}

// OwnFingerprint is that of the certificate which the server of a data directory made itself, "" if it made none.
func OwnFingerprint(dir string) (string, error) {
	own := filepath.Join(dir, selfSignedDir)
	if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return certs.SelfSignedFingerprint(own)
}

// machine is whoever runs this program, under the name that the system knows them by.
func machine() auth.Principal {
	name := "unknown"
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	return auth.Machine(name)
}

// firstAccount makes the first account, if the settings name one and there is none.
func (s *server) firstAccount(ctx context.Context, accounts *auth.Service) error {
	admin := s.Config.Admin
	if admin.Email == "" {
		return nil
	}
	if empty, err := accounts.Empty(ctx); err != nil || !empty {
		return err
	}
	password, err := firstPassword(&admin)
	if err != nil {
		return err
	}
	user, err := accounts.AddUser(auth.With(ctx, machine()), auth.NewUser{Email: admin.Email, Role: auth.Admin, Password: password})
	if fault.CodeOf(err) == fault.Conflict {
		return nil // somebody has made it meanwhile
	}
	if err != nil {
		return fault.New(fault.CodeOf(err), "cannot make the first account, of admin.email and admin.password_file: %w", err)
	}
	s.logger.InfoContext(ctx, "the first account has been made", "email", user.Email)
	return nil
}

// firstPassword is the password that the settings name for the first account.
func firstPassword(admin *config.Admin) (string, error) {
	text, err := os.ReadFile(admin.PasswordFile)
	if err != nil {
		return "", fault.New(fault.Environment, "cannot read the password of the first account: %w", err).WithHint("see the setting admin.password_file")
	}
	password := strings.TrimRight(string(text), "\r\n")
	return password, auth.CheckPassword(password)
}

// invite tells, as long as there is no account, where the first is made. The link goes nowhere but into the log, which is whose the
// server is, and there whatever its level is: without an account a closed house stays empty.
//
// The log of a deployment is no such place: CloudWatch shows it to whoever may read logs. There `helios deploy` asks for the link.
func (s *server) invite(ctx context.Context, accounts *auth.Service, talk io.Writer) error {
	if s.Config.CloudWatch.Deployment != "" {
		empty, err := accounts.Empty(ctx)
		if err == nil && empty {
			s.logger.WarnContext(ctx, "there is no account, and without one nobody is let in. `helios users setup` gives the link that makes the first one, once")
		}
		return err
	}
	link, err := accounts.SetupLink(auth.With(ctx, machine()))
	switch {
	case fault.CodeOf(err) == fault.Conflict:
		return nil // there is one
	case err != nil:
		return err
	}
	log, err := telemetry.NewLogger(talk, "warn", s.Config.Log.Format)
	if err != nil {
		return err
	}
	where := slog.String("link", s.Config.Address(s.worker.Listener.Addr())+"/setup#"+link.Secret)
	until := slog.String("until", link.ExpiresAt.UTC().Format(time.RFC3339))
	if s.Config.Closed() {
		log.WarnContext(ctx, "there is no account, and without one nobody is let in. This link makes the first one, once", where, until)
	} else {
		log.WarnContext(ctx, "there is no account: whoever reaches this server is let in. This link makes the first one, once", where, until)
	}
	return nil
}
