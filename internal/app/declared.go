package app

import (
	"strings"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// Check finds what is wrong with what is declared by itself, without looking at any stream.
func Check(c config.Config) error {
	if _, err := declarations(c.Sources); err != nil {
		return err
	}
	_, err := declaredBoards(&c)
	return err
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
		Connection: ingest.Connection{Region: d.Region, Endpoint: d.Endpoint, Profile: d.Profile},
		Evolve:     schema.Evolve(d.Evolve), Aggregates: unpack.Mode(d.Aggregates), Read: ingest.ReadMode(d.Read), MaxDepth: d.MaxDepth, MaxColumns: d.MaxColumns,
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
