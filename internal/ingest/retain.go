package ingest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Retain says how long rows are kept: until they are older than Age or the table larger than Bytes, whichever comes first.
// The zero Retain is nobody's choice, and leaves it to the default. In JSON and YAML it is its text, such as "30d, 200GB".
type Retain struct {
	Age     time.Duration `json:"-"` // 0 for any
	Bytes   int64         `json:"-"` // 0 for any
	Forever bool          `json:"-"` // chosen, and not only left out
}

// DefaultQuarantineRetain is how long quarantined events are kept when nobody says: long enough to notice and replay them,
// and not so long that a producer gone wrong fills the disk.
var DefaultQuarantineRetain = Retain{Age: 30 * 24 * time.Hour}

const (
	kept     = "forever"
	longest  = 100 * 365 * 24 * time.Hour
	largest  = 1 << 50
	smallest = 100e6 // what a file occupies besides rows must not count
	retainBy = "write a length of time, a size or both, as 30d, 200GB or \"30d, 200GB\"; the units are h, d, w, MB, GB, TB, MiB, GiB and TiB; forever keeps all"
)

// The units, in the order in which one is chosen to write a Retain; nothing is left for w.
var (
	agesBy  = []unit{{"d", int64(24 * time.Hour)}, {"h", int64(time.Hour)}, {"w", int64(7 * 24 * time.Hour)}}
	sizesBy = []unit{{"TB", 1e12}, {"TiB", 1 << 40}, {"GB", 1e9}, {"GiB", 1 << 30}, {"MB", 1e6}, {"MiB", 1 << 20}}
)

type unit struct {
	name string
	size int64
}

// ParseRetain reads "30d", "200GB", "30d, 200GB" or "forever"; "" gives the zero Retain. Errors name the setting. Minutes are
// no unit: what is deleted does not come back, and 30m could be meant for months.
func ParseRetain(setting, text string) (Retain, error) {
	var r Retain
	switch text = strings.TrimSpace(text); {
	case text == "":
		return r, nil
	case strings.EqualFold(text, kept):
		return Retain{Forever: true}, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		n, err := strconv.ParseInt(part[:digits], 10, 64)
		name := strings.TrimSpace(part[digits:])
		into, size, most := (*int64)(&r.Age), sizeOf(agesBy, name), int64(longest)
		if size == 0 {
			into, size, most = &r.Bytes, sizeOf(sizesBy, name), largest
		}
		switch {
		case err != nil || n == 0 || size == 0:
			return Retain{}, fault.New(fault.Invalid, "%s: %q says neither for how long nor how much to keep", setting, part).WithHint(retainBy)
		case n > most/size:
			return Retain{}, fault.New(fault.Invalid, "%s: %q is more than there can be", setting, part).WithHint("write forever to keep all")
		case into == &r.Bytes && n*size < smallest:
			return Retain{}, fault.New(fault.Invalid, "%s: %q is too little", setting, part).WithHint("the least is 100MB")
		case *into != 0:
			return Retain{}, fault.New(fault.Invalid, "%s: %q says the same thing twice", setting, text).WithHint(retainBy)
		}
		*into = n * size
	}
	return r, nil
}

func sizeOf(units []unit, name string) int64 {
	for _, u := range units {
		if strings.EqualFold(u.name, name) {
			return u.size
		}
	}
	return 0
}

// String writes it as ParseRetain reads it.
func (r Retain) String() string {
	if r.Forever {
		return kept
	}
	var parts []string
	for _, p := range []struct {
		n     int64
		units []unit
	}{{int64(r.Age), agesBy}, {r.Bytes, sizesBy}} {
		for _, u := range p.units {
			if p.n > 0 && p.n%u.size == 0 {
				parts = append(parts, fmt.Sprint(p.n/u.size)+u.name)
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}

// MarshalText writes it as ParseRetain reads it.
func (r Retain) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads it as ParseRetain does.
func (r *Retain) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRetain("retain", string(text))
	return err
}

// or gives the default where nobody has chosen.
func (r Retain) or(standard Retain) Retain {
	if r == (Retain{}) {
		return standard
	}
	return r
}

// Changes are the settings that may be changed while a source is there. What is nil stays as it is.
type Changes struct {
	Retain           *Retain
	RetainQuarantine *Retain
	Read             *ReadMode
	EventTime        *string // "": _arrived_at
}

func (c Changes) apply(s *Settings) {
	if c.Retain != nil {
		s.Retain = *c.Retain
	}
	if c.RetainQuarantine != nil {
		s.RetainQuarantine = *c.RetainQuarantine
	}
	if c.Read != nil {
		s.Read = *c.Read
	}
	if c.EventTime != nil {
		s.EventTime = *c.EventTime
	}
}

// changes are those that make another source's settings like these, as far as somebody has chosen them.
func (s Settings) changes() Changes {
	var c Changes
	if s.Retain != (Retain{}) {
		c.Retain = &s.Retain
	}
	if s.RetainQuarantine != (Retain{}) {
		c.RetainQuarantine = &s.RetainQuarantine
	}
	return c
}
