package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

func environment(vars map[string]string) config.Environment {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "helios.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestAFlagWinsOverTheEnvironmentAndThatOverTheFile(t *testing.T) {
	file := write(t, "listen: 127.0.0.1:1\ndata: /from/file\nlog:\n  level: debug\nquery: {timeout: 5s, max_rows: 7}\nstore:\n  memory_limit: 4GB\n  threads: 3\n")
	env := environment(map[string]string{"HELIOS_LISTEN": "127.0.0.1:2", "HELIOS_DATA": "/from/env", "HELIOS_INGEST_GROUP": "20ms", "HELIOS_INGEST_QUEUE_BYTES": "128MiB"})
	got, err := config.Load(file, env, map[string]string{"listen": "[::1]:3"})
	require.NoError(t, err)
	want := config.Default()
	want.Listen, want.Data, want.Log.Level = "[::1]:3", "/from/env", "debug"
	want.Query.Timeout, want.Query.MaxRows = 5*time.Second, 7
	want.Store.MemoryLimit, want.Store.Threads = 4_000_000_000, 3
	want.Ingest.Group, want.Ingest.QueueBytes = 20*time.Millisecond, 128<<20
	require.Equal(t, want, got)
}

func TestTheDefaultFileMayBeMissingButANamedOneNot(t *testing.T) {
	t.Chdir(t.TempDir())
	got, err := config.Load("", environment(nil), nil)
	require.NoError(t, err)
	require.Equal(t, config.Default(), got)

	require.NoError(t, os.WriteFile(config.DefaultFile, []byte("# only a comment\n"), 0o600))
	got, err = config.Load("", environment(nil), nil)
	require.NoError(t, err)
	require.Equal(t, config.Default(), got)

	_, err = config.Load("other.yaml", environment(nil), nil)
	require.Equal(t, fault.Environment, fault.CodeOf(err))
}

func TestDeclaredSourcesHaveTheKeysOfTheAPI(t *testing.T) {
	got, err := config.Load(write(t, `
sources:
  - stream: clicks
    table: clicks
    from: 2026-01-02T03:04:05Z
    endpoint: http://127.0.0.1:4567
    columns:
      - {name: at, type: TIMESTAMP, path: [at], format: epoch_ms}
  - {stream: clicks, table: copy, name: second, max_depth: 2, ignore: [[debug], [user, ssn]]}
`), environment(nil), nil)
	require.NoError(t, err)
	require.Equal(t, []config.Source{
		{
			Stream: "clicks", Table: "clicks", Name: "clicks", From: "2026-01-02T03:04:05Z", Endpoint: "http://127.0.0.1:4567",
			Columns: []config.Column{{Name: "at", Type: "TIMESTAMP", Path: []string{"at"}, Format: "epoch_ms"}},
		},
		{Stream: "clicks", Table: "copy", Name: "second", MaxDepth: 2, Ignore: [][]string{{"debug"}, {"user", "ssn"}}},
	}, got.Sources)
}

func TestWhatIsWrongIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name, file string
		env, flags map[string]string
		want       string
	}{
		{"an unknown key", "data: x\nlisten_on: y\n", nil, nil, `:2: there is no setting "listen_on"`},
		{"an unknown key in a section", "query:\n  timeout: 3s\n  rows: 5\n", nil, nil, `:3: there is no setting "query.rows"`},
		{"an unknown key of a source", "sources:\n  - stream: a\n    table: b\n    tabel: c\n", nil, nil, `:4: a source has no key "tabel"`},
		{"a key given twice", "data: x\ndata: y\n", nil, nil, `:2: `},
		{"a section that is a scalar", "log: debug\n", nil, nil, `:1: log must be a mapping`},
		{"a scalar that is a section", "data:\n  dir: x\n", nil, nil, `:1: data takes one value`},
		{"a key without value", "data:\n", nil, nil, `:1: data has no value`},
		{"a file that is a list", "- a\n", nil, nil, `:1: the file must be a mapping`},
		{"broken YAML", "data: x\n  listen: [\n", nil, nil, `:1: mapping value is not allowed`},
		{"a bad duration", "query:\n  timeout: soon\n", nil, nil, `:2: query.timeout: "soon" is not a length of time`},
		{"a bad number", "query:\n  max_rows: 0\n", nil, nil, `:2: query.max_rows: "0" is not a whole number of 1 or more`},
		{"a size of nothing", "ingest:\n  queue_bytes: 5\n", nil, nil, `:2: ingest.queue_bytes: "5" is not a size`},
		{"a length in days", "audit: {retention: 90 days}\n", nil, nil, `:1: audit.retention: "90 days" is not a length of time`},
		{"too short for a log", "audit: {retention: 12h}\n", nil, nil, `:1: audit.retention: "12h" is less than a day`},
		{"no name of a deployment", "cloudwatch: {deployment: my stack}\n", nil, nil, `:1: cloudwatch.deployment: "my stack" is not the name of a deployment`},
		{"a deployment by its variable", "", map[string]string{"HELIOS_CLOUDWATCH_DEPLOYMENT": ":x"}, nil, `HELIOS_CLOUDWATCH_DEPLOYMENT: ":x" is not the name of a deployment`},
		{"a default above its bound", "query:\n  timeout: 20m\n", nil, nil, `query.timeout (20m0s) is longer than query.max_timeout (10m0s)`},
		{"a source without table", "sources:\n  - stream: a\n", nil, nil, `:2: a source needs a table`},
		{"two sources of a name", "sources:\n  - {stream: a, table: t}\n  - {stream: b, table: t}\n", nil, nil, `:3: there are two sources named "t"`},
		{"an unknown key of a column", "sources:\n  - stream: a\n    table: b\n    columns:\n      - {name: x, typ: BIGINT}\n", nil, nil, `:5: a column has no key "typ"`},
		{"an endpoint without protocol", "sources:\n  - stream: a\n    table: b\n    endpoint: 127.0.0.1:4567\n", nil, nil, `:4: endpoint: "127.0.0.1:4567" is not a URL`},
		{"a list for one value", "sources:\n  - stream: a\n    table: b\n    retain: [30d, 200GB]\n", nil, nil, `:4: this must be one value`},
		{"a word for a number", "sources:\n  - stream: a\n    table: b\n    max_depth: deep\n", nil, nil, `:4: this must be a whole number`},
		{"a source that is no mapping", "sources:\n  - clicks\n", nil, nil, `:2: `},
		{"sources that are no list", "sources:\n  stream: a\n", nil, nil, `:2: sources must be a list`},
		{"a place that is a relative path", "backup: {to: backups}\n", nil, nil, `:1: backup.to: "backups" is a relative path`},
		{"a place inside the data directory", "data: /srv/helios\nbackup: {to: /srv/helios/backups}\n", nil, nil, `:2: /srv/helios/backups is inside the data directory /srv/helios`},
		{"a place with credentials", "backup: {to: 's3://key:word@bucket/x'}\n", nil, nil, `:1: backup.to: a place for backups holds no credentials`},
		{"a place of another kind", "backup: {to: 'https://bucket.example.com'}\n", nil, nil, `:1: backup.to: this is not a place for backups`},
		{"no bucket", "backup: {to: 's3:///x'}\n", nil, nil, `:1: backup.to: S3 has no bucket of such a name`},
		{"a prefix that climbs", "backup: {to: 's3://bucket/x/../y'}\n", nil, nil, `:1: backup.to: the prefix of a place in S3 is no path`},
		{"backups all the time", "backup: {every: 10s}\n", nil, nil, `:1: backup.every: "10s" is less than a minute`},
		{"backups never", "backup: {every: never}\n", nil, nil, `:1: backup.every: "never" is not a length of time`},
		{"no backup kept", "backup: {keep: 0}\n", nil, nil, `:1: backup.keep: "0" is not a whole number of 1 or more`},
		{"a bad variable", "", map[string]string{"HELIOS_LOG_LEVEL": "loud"}, nil, `HELIOS_LOG_LEVEL: "loud" is none of debug, info, warn, error`},
		{"a bad flag", "", nil, map[string]string{"store.threads": "-1"}, `--store.threads: "-1" is not a whole number`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := config.Load(write(t, c.file), environment(c.env), c.flags)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, fault.Invalid, fault.CodeOf(err))
			require.NotContains(t, err.Error(), "\n", "an error is one paragraph")
		})
	}
}

func TestTheServersAddressComesFromTheFlagTheEnvironmentOrTheLogin(t *testing.T) {
	env := environment(map[string]string{"HELIOS_URL": "http://b"})
	require.Equal(t, "http://a", config.URL("http://a", env, "http://c"))
	require.Equal(t, "http://b", config.URL("", env, "http://c"))
	require.Equal(t, "http://c", config.URL("", environment(map[string]string{"HELIOS_URL": ""}), "http://c"))
	require.Equal(t, "http://127.0.0.1:8080", config.URL("", environment(nil), ""))
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	_, err := config.Load(write(t, "listen_on: x\nquery:\n  timeout: soon\nsources:\n  - stream: a\n    endpoint: maybe\n"),
		environment(map[string]string{"HELIOS_LOG_LEVEL": "loud"}), nil)
	mistakes, ok := errors.AsType[config.SettingErrors](err)
	require.True(t, ok)
	require.Len(t, mistakes, 5)
	for i, want := range []string{`:1: there is no setting`, `:3: query.timeout`, `:5: a source needs a table`, `:6: endpoint`, `HELIOS_LOG_LEVEL`} {
		require.ErrorContains(t, mistakes[i], want)
	}
}

func TestLengthsOfTimeInDaysAndWeeks(t *testing.T) {
	for text, want := range map[string]time.Duration{"1d": 24 * time.Hour, "12w": 84 * 24 * time.Hour, "36h": 36 * time.Hour, "9999999999d": 36_500 * 24 * time.Hour} {
		c, err := config.Load(write(t, "audit: {retention: "+text+"}\n"), environment(nil), nil)
		require.NoError(t, err, text)
		require.Equal(t, want, c.Audit.Retention, text)
	}
	for _, text := range []string{"", "d", "-1d", "0w", "1.5d", "1y", "99999999999999999999d"} {
		_, err := config.Age(text)
		require.Error(t, err, text)
	}
}

func TestATildeIsTheHomeDirectory(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	got, err := config.Load(write(t, "data: ~/helios\n"), environment(nil), nil)
	require.NoError(t, err)
	require.Equal(t, "/home/me/helios", got.Data)
}

func TestAVariableThatIsNoSettingIsNoticed(t *testing.T) {
	require.Equal(t, []string{"HELIOS_LISTN"}, config.Unknown([]string{"HELIOS_LISTN=x", "HELIOS_LISTEN=y", "HELIOS_URL=z", "HELIOS_TOKEN=t", "HELIOS_FINGERPRINT=f", "HELIOS_INGEST_GROUP=1s", "PATH=p"}))
}

func TestTheFirstAccountNeedsItsPasswordAndThatItsAccount(t *testing.T) {
	got, err := config.Load(write(t, ""), environment(map[string]string{"HELIOS_ADMIN_EMAIL": "me@example.com", "HELIOS_ADMIN_PASSWORD_FILE": "/run/password"}), nil)
	require.NoError(t, err)
	require.Equal(t, config.Admin{Email: "me@example.com", PasswordFile: "/run/password"}, got.Admin)
	for variable, value := range map[string]string{"HELIOS_ADMIN_EMAIL": "me@example.com", "HELIOS_ADMIN_PASSWORD_FILE": "/run/password"} {
		_, err := config.Load(write(t, ""), environment(map[string]string{variable: value}), nil)
		require.Equal(t, fault.Invalid, fault.CodeOf(err))
		require.ErrorContains(t, err, "go together")
	}
}

func TestAPlaceForBackupsIsWrittenInOneWay(t *testing.T) {
	for text, want := range map[string]string{
		"/srv/backups/": "/srv/backups", "/srv//a/../b": "/srv/b", "s3://bucket": "s3://bucket", "s3://bucket/": "s3://bucket", "s3://bucket//a/b/": "s3://bucket/a/b",
	} {
		got, err := config.BackupPlace(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := config.BackupPlace("s3://key:word@bucket/x")
	require.NotContains(t, err.Error(), "word", "a secret is not repeated")
}

func TestALinkIntoTheDataDirectoryIsNoPlaceForBackups(t *testing.T) {
	data, link := t.TempDir(), filepath.Join(t.TempDir(), "backups")
	require.NoError(t, os.Symlink(data, link))
	require.Equal(t, fault.Invalid, fault.CodeOf(config.ApartFrom(data, filepath.Join(link, "new", "deep"))))
	require.NoError(t, config.ApartFrom(data, data+"-backups"))
	require.NoError(t, config.ApartFrom(data, "s3://bucket/x"))
}
