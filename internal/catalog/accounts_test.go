package catalog_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// What the accounts do is tested with package auth, whose store they are. Here is what only a store can get wrong.

func TestASessionBeginsOnlyWithThePasswordThatWasChecked(t *testing.T) {
	accounts := catalog.NewAccounts(opened(t))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	u := auth.User{ID: "u", Email: "me@example.com", Role: auth.Admin, PasswordHash: "checked", CreatedAt: at, UpdatedAt: at}
	require.NoError(t, accounts.AddUser(t.Context(), u))
	other := u
	other.ID, other.Email = "o", "other@example.com"
	require.NoError(t, accounts.AddUser(t.Context(), other))
	begin := func(id, hash string) error {
		return accounts.AddSession(t.Context(), auth.Session{ID: id, UserID: "u", Hash: id, CreatedAt: at, RotatedAt: at, SeenAt: at}, hash, 10)
	}
	require.NoError(t, begin("first", "checked"))
	_, err := accounts.ChangeUser(t.Context(), "u", func(u *auth.User) (bool, error) {
		u.PasswordHash = "changed meanwhile"
		return true, nil
	})
	require.NoError(t, err)
	require.Equal(t, fault.SignIn, fault.CodeOf(begin("second", "checked")))
	require.NoError(t, begin("third", "changed meanwhile"))
	_, err = accounts.ChangeUser(t.Context(), "u", func(u *auth.User) (bool, error) {
		u.Disabled = true
		return true, nil
	})
	require.NoError(t, err)
	require.Equal(t, fault.SignIn, fault.CodeOf(begin("fourth", "changed meanwhile")))
	require.NoError(t, accounts.RemoveUser(t.Context(), "u"))
	require.Equal(t, fault.SignIn, fault.CodeOf(begin("fifth", "changed meanwhile")))
	left, err := accounts.Sessions(t.Context(), "u")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAChangeThatIsRefusedChangesNothing(t *testing.T) {
	accounts := catalog.NewAccounts(opened(t))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	u := auth.User{ID: "u", Email: "me@example.com", Role: auth.Admin, PasswordHash: "h", CreatedAt: at, UpdatedAt: at}
	require.NoError(t, accounts.AddUser(t.Context(), u))
	require.NoError(t, accounts.AddSession(t.Context(), auth.Session{ID: "s", UserID: "u", Hash: "s", CreatedAt: at, RotatedAt: at, SeenAt: at}, "h", 10))
	_, err := accounts.ChangeUser(t.Context(), "u", func(u *auth.User) (bool, error) {
		u.Role = auth.Viewer
		return true, nil
	})
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Equal(t, fault.Conflict, fault.CodeOf(accounts.RemoveUser(t.Context(), "u")))
	_, stored, err := accounts.SessionByHash(t.Context(), "s")
	require.NoError(t, err, "the session goes on")
	require.Equal(t, auth.Admin, stored.Role)
	_, _, err = accounts.SessionByHash(t.Context(), "")
	require.Equal(t, fault.NotFound, fault.CodeOf(err), "no secret before is no secret")
}

func TestALinkIsUsedBeforeItsEndAndForWhatItIs(t *testing.T) {
	accounts := catalog.NewAccounts(opened(t))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	u := auth.User{ID: "u", Email: "me@example.com", Role: auth.Admin, PasswordHash: "h", CreatedAt: at, UpdatedAt: at}
	require.NoError(t, accounts.AddLink(t.Context(), auth.Link{Hash: "l", Kind: auth.LinkSetup, CreatedAt: at, ExpiresAt: at.Add(time.Minute)}))
	require.Equal(t, fault.NotFound, fault.CodeOf(accounts.UseSetupLink(t.Context(), "l", at.Add(time.Minute), u)))
	_, err := accounts.UseResetLink(t.Context(), "l", at, "h")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	some, err := accounts.HasUsers(t.Context())
	require.NoError(t, err)
	require.False(t, some)
	require.NoError(t, accounts.UseSetupLink(t.Context(), "l", at.Add(time.Minute-time.Microsecond), u))
}

func TestOfManyRotationsOfASecretOneWins(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	stores := make([]*catalog.Accounts, 2) // two processes
	for i := range stores {
		c := open(t, dir)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		stores[i] = catalog.NewAccounts(c)
	}
	u := auth.User{ID: "u", Email: "me@example.com", Role: auth.Admin, PasswordHash: "h", CreatedAt: at, UpdatedAt: at}
	require.NoError(t, stores[0].AddUser(t.Context(), u))
	require.NoError(t, stores[1].AddSession(t.Context(), auth.Session{ID: "s", UserID: "u", Hash: "old", CreatedAt: at, RotatedAt: at, SeenAt: at}, "h", 10))
	var all sync.WaitGroup
	won := make(chan string, 20)
	for n := range 20 {
		all.Go(func() {
			hash := string(rune('a' + n))
			if ok, err := stores[n%2].RotateSession(t.Context(), auth.Rotation{ID: "s", OldHash: "old", NewHash: hash, At: at, OldUntil: at}); ok || err != nil {
				won <- hash
			}
		})
	}
	all.Wait()
	close(won)
	require.Len(t, won, 1)
	for _, hash := range []string{<-won, "old"} {
		s, _, err := stores[0].SessionByHash(t.Context(), hash)
		require.NoError(t, err)
		require.Equal(t, "s", s.ID)
	}
}

func TestSeveralProcessesMayOpenAndWriteTheSameCatalog(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	failed := make(chan error, 6)
	for n := range 6 {
		all.Go(func() {
			c, err := catalog.Open(t.Context(), dir) // the first makes the file, which others find half made if it does not lock it
			for i := 0; err == nil && i < 20; i++ {
				id := string(rune('a'+n)) + string(rune('a'+i))
				err = catalog.NewAccounts(c).AddUser(t.Context(), auth.User{ID: id, Email: id + "@example.com", Role: auth.Admin, PasswordHash: "h", CreatedAt: at, UpdatedAt: at})
			}
			if c != nil {
				_ = c.Close()
			}
			failed <- err
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	c := open(t, dir)
	defer func() { require.NoError(t, c.Close()) }()
	users, err := catalog.NewAccounts(c).Users(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 120)
}

func TestTheCatalogIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes are another thing there
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "catalog.sqlite"), nil, 0o600))
	require.NoError(t, os.Chmod(filepath.Join(dir, "catalog.sqlite"), 0o644), "as earlier versions made it")
	c := open(t, dir)
	defer func() { require.NoError(t, c.Close()) }()
	require.NoError(t, c.SaveSource(t.Context(), ingest.Settings{Name: "clicks"}))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
}

func TestACatalogFromBeforeThereWereAccountsIsBroughtUpToDate(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	require.NoError(t, c.SaveSource(t.Context(), ingest.Settings{Name: "clicks", Stream: "clicks"}))
	require.NoError(t, c.Close())
	db, err := sql.Open("sqlite", filepath.Join(dir, "catalog.sqlite"))
	require.NoError(t, err)
	for _, statement := range []string{
		"DROP TABLE sessions", "DROP TABLE tokens", "DROP TABLE links", "DROP TABLE audit", "DROP TABLE users", "UPDATE catalog_version SET version = 7",
	} {
		_, err = db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())

	c = open(t, dir)
	defer func() { require.NoError(t, c.Close()) }()
	sources, err := c.Sources(t.Context())
	require.NoError(t, err)
	require.Len(t, sources, 1)
	some, err := catalog.NewAccounts(c).HasUsers(t.Context())
	require.NoError(t, err)
	require.False(t, some)
}
