package ingest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/helios-sql/helios/internal/event"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/schema"
	"github.com/helios-sql/helios/internal/unpack"
)

// Complete fills in defaults and refuses, with fault.Invalid, what cannot be. It looks at nothing but the settings.
func (s Settings) Complete() (Settings, error) {
	if s.Stream == "" {
		return s, fault.New(fault.Invalid, "no stream is named").WithHint("name one of helios streams list")
	}
	if s.Table == "" {
		return s, fault.New(fault.Invalid, "no table is named for stream %s", s.Stream).WithHint("give the name of the table that is to hold its events")
	}
	s.Table = strings.ToLower(s.Table)
	if s.Name == "" {
		s.Name = s.Table
	}
	s.Name = strings.ToLower(s.Name)
	if err := schema.ValidTableName(s.Name); err != nil {
		return s, err
	}
	if err := s.Connection.Check(); err != nil {
		return s, err
	}
	if s.From.Kind == "" {
		s.From.Kind = event.FromHorizon
	}
	if s.Evolve == "" {
		s.Evolve = schema.EvolveAdd
	}
	if s.Aggregates == "" {
		s.Aggregates = unpack.Auto
	}
	if s.Read == "" {
		s.Read = ReadAuto
	}
	if s.MaxDepth == 0 {
		s.MaxDepth = schema.DefaultMaxDepth
	}
	if s.MaxColumns == 0 {
		s.MaxColumns = schema.DefaultMaxColumns
	}
	if !slices.Contains([]unpack.Mode{unpack.Auto, unpack.Keep, unpack.Drop}, s.Aggregates) {
		return s, fault.New(fault.Invalid, "aggregates is %q", s.Aggregates).WithHint("use auto, keep or drop")
	}
	if !s.Read.valid() {
		return s, fault.New(fault.Invalid, "read is %q", s.Read).WithHint("use auto, poll or fan_out")
	}
	t, err := schema.NewTable(s.Table, s.Columns, s.bounds())
	if err != nil || len(s.Columns) == 0 { // else the table tells, once there is one
		return s, err
	}
	s.EventTime, err = eventTime(s.EventTime, t)
	return s, err
}

// eventTime finds the column of a table that is to say when events happened; "" is none.
func eventTime(name string, t *schema.Table) (string, error) {
	if name == "" {
		return "", nil
	}
	var times []string
	for _, c := range t.Columns {
		switch {
		case c.Type != schema.Timestamp:
		case strings.EqualFold(c.Name, name):
			return c.Name, nil
		default:
			times = append(times, c.Name)
		}
	}
	return "", fault.New(fault.Invalid, "event_time: table %s has no TIMESTAMP column %q", t.Name, name).WithHint("it has %s", strings.Join(times, ", "))
}

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)

// Check refuses, with fault.Invalid, what cannot be.
func (c Connection) Check() error {
	if c.RoleARN == "" || roleARN.MatchString(c.RoleARN) {
		return nil
	}
	return fault.New(fault.Invalid, "role_arn: %q is not the ARN of a role", c.RoleARN).WithHint("it looks like arn:aws:iam::123456789012:role/name")
}

func (m ReadMode) valid() bool { return slices.Contains([]ReadMode{ReadAuto, ReadPoll, ReadFanOut}, m) }

// consumer is the name of the source's own consumer for fan-out, or "".
func (s Settings) consumer() string {
	if s.Read != ReadFanOut {
		return ""
	}
	return "helios-" + s.Name
}

// bounds are the settings that belong to the table.
func (s Settings) bounds() schema.Options {
	return schema.Options{Evolve: s.Evolve, MaxDepth: s.MaxDepth, MaxColumns: s.MaxColumns, Ignore: s.Ignore}
}
