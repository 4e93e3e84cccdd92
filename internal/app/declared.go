package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/catalog"
	"github.com/helios-sql/helios/internal/certs"
	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// Check finds what is wrong with what the settings declare and name, without looking at any stream.
func Check(c config.Config) error {
	if _, err := declarations(c.Sources); err != nil {
		return err
	}
	if _, err := declaredBoards(&c); err != nil {
		return err
	}
	if _, _, err := provider(&c.OIDC); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(c.Data, catalog.File)); c.Admin.Email != "" && errors.Is(err, fs.ErrNotExist) { // else there may be accounts
		if _, err := firstPassword(&c.Admin); err != nil {
			return err
		}
	}
	if c.TLS.CertFile != "" {
		return certs.Check(c.TLS.CertFile, c.TLS.KeyFile)
	}
	return nil
}

// declarations are the sources of the settings file as the service wants them. The error names every source that cannot be.
func declarations(declared []config.Source) ([]ingest.Settings, error) {
	var all []ingest.Settings
	var wrong []string
	var hint string
	for i := range declared {
		s, err := declaration(&declared[i])
		if err != nil {
			wrong = append(wrong, "source "+declared[i].Name+": "+err.Error())
			hint = fault.HintOf(err)
			continue
		}
		all = append(all, s)
	}
	switch {
	case len(wrong) == 0:
		return all, nil
	case len(wrong) > 1 || hint == "":
		return nil, fault.New(fault.Invalid, "%s", strings.Join(wrong, "; "))
	}
	return nil, fault.New(fault.Invalid, "%s", wrong[0]).WithHint("%s", hint)
}

func declaration(d *config.Source) (ingest.Settings, error) {
	from, err := event.ParseStart(d.From)
	if err != nil {
		return ingest.Settings{}, err
	}
	s := ingest.Settings{
		Name: d.Name, Stream: d.Stream, Table: d.Table, From: from,
		Connection: ingest.Connection{Region: d.Region, Endpoint: d.Endpoint, Profile: d.Profile, RoleARN: d.RoleARN},
		Evolve:     schema.Evolve(d.Evolve), Aggregates: unpack.Mode(d.Aggregates), Read: ingest.ReadMode(d.Read), MaxDepth: d.MaxDepth, MaxColumns: d.MaxColumns,
		Ignore: d.Ignore, EventTime: d.EventTime,
	}
	if s.Retain, err = ingest.ParseRetain("retain", d.Retain); err != nil {
		return s, err
	}
	if s.RetainQuarantine, err = ingest.ParseRetain("retain_quarantine", d.RetainQuarantine); err != nil {
		return s, err
	}
	for _, c := range d.Columns {
		if len(c.Path) == 0 {
			c.Path = []string{c.Name}
		}
		s.Columns = append(s.Columns, schema.Column{Name: c.Name, Type: schema.Type(c.Type), Path: c.Path, Format: schema.Format(c.Format)})
	}
	return s.Complete()
}

// declare writes a source as it would be declared in the settings file, so that declaration reads the same settings from it.
// What is at its default is left out; that a source is paused is nothing to declare.
func declare(s ingest.Settings) ([]byte, error) {
	d := config.Source{
		Stream: s.Stream, Table: s.Table, Name: unless(s.Name, s.Table),
		Region: s.Connection.Region, Endpoint: s.Connection.Endpoint, Profile: s.Connection.Profile, RoleARN: s.Connection.RoleARN,
		Evolve: string(unless(s.Evolve, schema.EvolveAdd)), Aggregates: string(unless(s.Aggregates, unpack.Auto)), Read: string(unless(s.Read, ingest.ReadAuto)),
		MaxDepth: unless(s.MaxDepth, schema.DefaultMaxDepth), MaxColumns: unless(s.MaxColumns, schema.DefaultMaxColumns),
		Ignore: s.Ignore, EventTime: s.EventTime, Retain: s.Retain.String(), RetainQuarantine: s.RetainQuarantine.String(),
	}
	switch s.From.Kind {
	case event.FromTimestamp:
		d.From = s.From.At.Format(time.RFC3339Nano)
	default:
		d.From = string(unless(s.From.Kind, event.FromHorizon))
	}
	for _, c := range s.Columns {
		if slices.Equal(c.Path, []string{c.Name}) {
			c.Path = nil
		}
		d.Columns = append(d.Columns, config.Column{Name: c.Name, Type: string(c.Type), Path: c.Path, Format: string(c.Format)})
	}
	return config.WriteSources([]config.Source{d})
}

// unless is the value, or nothing when it is the default.
func unless[T comparable](value, standard T) T {
	if value == standard {
		var nothing T
		return nothing
	}
	return value
}
