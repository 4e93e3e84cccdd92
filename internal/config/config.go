// Package config holds Helios's settings: their defaults, where they come from, and what values they may have. A flag wins
// over the environment (HELIOS_…), the environment over helios.yaml, and that over the default. It is the only package that
// reads the environment.
package config

import (
	"cmp"
	"net/netip"
	"os"
	"strings"
	"time"
)

// DefaultFile is the settings file that is read when none is named; it may be missing.
const DefaultFile = "helios.yaml"

// Config are the settings of a server.
type Config struct {
	Listen string // HOST:PORT of the API
	Data   string // the directory that holds everything
	Log    Log
	Query  Query
	Limits Limits
	Ingest Ingest
	Store  Store
	Admin  Admin
	Audit  Audit
	OIDC   OIDC

	CloudWatch CloudWatch
	Backup     Backup

	TLS          TLS
	InsecureHTTP bool           // a proxy in front speaks TLS
	PublicURL    string         // by which people reach the server, without a path; "": by its address
	Proxies      []netip.Prefix // those in front, whose X-Forwarded-For and X-Forwarded-Proto are believed

	Sources []Source // that must exist: those that are missing are added at the start

	Queries    []SavedQuery // that are kept at the start if they are declared anew
	Dashboards []Dashboard  // as the queries; they show nothing but those
}

// Log says what is logged, and how.
type Log struct {
	Level  string // debug, info, warn or error
	Format string // text, json, or auto: text on a terminal, else json
}

// Query are the limits of queries.
type Query struct {
	Timeout       time.Duration // of a query that names none
	MaxTimeout    time.Duration // the longest that a query may name
	MaxRows       int64         // of a query that names none
	MaxConcurrent int           // that run at once; others wait
}

// Limits are those of each user and each token by itself. As long as there are no accounts nobody has them.
type Limits struct {
	QueriesAtOnce    int   // others of theirs wait; 0: one fewer than Query.MaxConcurrent
	QueriesPerMinute int   // those beyond are refused
	ResultBytes      int64 // of one result, as it is sent
}

// Ingest says how events are committed.
type Ingest struct {
	Group      time.Duration // how long batches may wait for company under load
	QueueBytes int64         // what may wait for a commit, over all sources
}

// Store are the bounds of the embedded database.
type Store struct {
	Threads     int   // 0: one for each core
	MemoryLimit int64 // bytes; 0: three fifths of the memory of the machine or its cgroup
}

// Admin is the first account, which is made at the start if there is none. Without it, whoever reaches the server is let in until
// somebody makes one.
type Admin struct {
	Email        string
	PasswordFile string // a file of one line, so that the password is in no environment and no list of processes
}

// Audit says how long entries of the audit log are kept.
type Audit struct {
	Retention time.Duration
}

// CloudWatch says whether the log has lines that CloudWatch makes metrics of.
type CloudWatch struct {
	Deployment string // the name of the deployment, which the metrics bear; "": no such lines
}

// Source is a source declared in the settings file, with the keys of a source added over the API.
type Source struct {
	Stream     string     `yaml:"stream"`
	Table      string     `yaml:"table"`
	Name       string     `yaml:"name"` // "" for the table's
	Region     string     `yaml:"region"`
	Endpoint   string     `yaml:"endpoint"`
	Profile    string     `yaml:"profile"`
	RoleARN    string     `yaml:"role_arn"`
	From       string     `yaml:"from"` // horizon, latest or a time, RFC 3339; "" for the default
	Evolve     string     `yaml:"evolve"`
	Aggregates string     `yaml:"aggregates"`
	Read       string     `yaml:"read"`
	MaxDepth   int        `yaml:"max_depth"`
	MaxColumns int        `yaml:"max_columns"`
	Columns    []Column   `yaml:"columns"`     // instead of inferring them from a sample
	Ignore     [][]string `yaml:"ignore,flow"` // paths of fields that are read over
	EventTime  string     `yaml:"event_time"`  // the TIMESTAMP column that says when an event happened

	Retain           string `yaml:"retain"` // how long or how much to keep, as in "30d, 200GB"; "" for the default
	RetainQuarantine string `yaml:"retain_quarantine"`
}

// Column is a column of a declared source.
type Column struct {
	Name   string   `yaml:"name"`
	Type   string   `yaml:"type"`
	Path   []string `yaml:"path,flow"` // of the field in the event; without it the field of the column's name
	Format string   `yaml:"format"`
}

// Default are the settings without file, environment and flags.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:8080",
		Data:   "./helios-data",
		Log:    Log{Level: "info", Format: "auto"},
		Query:  Query{Timeout: 30 * time.Second, MaxTimeout: 10 * time.Minute, MaxRows: 10_000, MaxConcurrent: 4},
		Limits: Limits{QueriesPerMinute: 600, ResultBytes: 1 << 30},
		Ingest: Ingest{Group: 100 * time.Millisecond, QueueBytes: 64 << 20},
		Audit:  Audit{Retention: 90 * day},
		OIDC:   OIDC{GroupsClaim: "groups"},
		Backup: Backup{Every: time.Hour, Keep: 48},
	}
}

// Environment looks up a variable, as os.LookupEnv does.
type Environment func(name string) (value string, ok bool)

// Variables are those of this process, as NAME=VALUE.
func Variables() []string { return os.Environ() }

// OS is the environment of this process.
func OS() Environment { return os.LookupEnv }

// DefaultURL is where a server listens unless told otherwise.
const DefaultURL = "http://127.0.0.1:8080"

// URL is the address of the server that commands talk to: the flag, else HELIOS_URL, else that of the last login, else DefaultURL.
func URL(flag string, env Environment, login string) string {
	variable, _ := env("HELIOS_URL")
	return cmp.Or(flag, variable, login, DefaultURL)
}

// Fingerprint is of the only certificate that the server may show: HELIOS_FINGERPRINT, as somebody wrote it; "" for one that an
// authority vouches for.
func Fingerprint(env Environment) string {
	text, _ := env("HELIOS_FINGERPRINT")
	return strings.TrimSpace(text)
}

// Token is the token that commands show the server: HELIOS_TOKEN; "" if there is none.
func Token(env Environment) string {
	token, _ := env("HELIOS_TOKEN")
	return strings.TrimSpace(token)
}
