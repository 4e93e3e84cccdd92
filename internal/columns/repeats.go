package columns

import (
	"hash/maphash"
	"slices"

	"github.com/helios-sql/helios/internal/jsonscan"
)

// maxNesting bounds how deep a document may be nested. It is beyond what unpack lets through, and there so that the
// decoder need not rely on that.
const maxNesting = 10_000

// repeats finds names that occur twice in an object. It compares hashes, with a seed that nobody outside knows: two names
// with the same hash only cost a second, exact look.
type repeats struct {
	seed    maphash.Seed
	hashes  []uint64 // of the objects that are being walked, outermost first
	scratch []byte
}

func (r *repeats) hash(m *jsonscan.Member) uint64 {
	if m.Escaped {
		r.scratch = jsonscan.Unescape(r.scratch[:0], m.Key)
		return maphash.Bytes(r.seed, r.scratch)
	}
	return maphash.Bytes(r.seed, m.Key)
}

// once judges the value at b[i] and reports whether it is valid and no name occurs twice in an object of it.
func (r *repeats) once(b []byte, i, depth int) (end int, ok bool) {
	r.hashes = r.hashes[:0]
	return r.value(b, i, jsonscan.KindAt(b, i), depth)
}

func (r *repeats) value(b []byte, i int, kind jsonscan.Kind, depth int) (end int, ok bool) {
	if depth < 1 {
		return 0, false
	}
	switch kind {
	case jsonscan.Object:
		return r.object(b, i, depth)
	case jsonscan.Array:
		elements := jsonscan.Elements(b, i)
		for {
			start, kind, err := elements.Next()
			if err != nil {
				return 0, false
			}
			if kind == jsonscan.Invalid {
				return elements.End(), true
			}
			if end, ok = r.value(b, start, kind, depth-1); !ok {
				return 0, false
			}
			elements.Resume(end)
		}
	default:
		end, err := jsonscan.Value(b, i, 1)
		return end, err == nil
	}
}

func (r *repeats) object(b []byte, i, depth int) (end int, ok bool) {
	outer := len(r.hashes)
	members := jsonscan.Members(b, i)
	for {
		m, err := members.Next()
		if err != nil {
			return 0, false
		}
		if m.Kind == jsonscan.Invalid {
			twice := anyTwice(r.hashes[outer:])
			r.hashes = r.hashes[:outer]
			return members.End(), !twice
		}
		r.hashes = append(r.hashes, r.hash(&m))
		if end, ok = r.value(b, m.Start, m.Kind, depth-1); !ok {
			return 0, false
		}
		members.Resume(end)
	}
}

// anyTwice reports whether a hash occurs twice. It may reorder them.
func anyTwice(hashes []uint64) bool {
	if len(hashes) > 16 {
		slices.Sort(hashes)
		for i := 1; i < len(hashes); i++ {
			if hashes[i] == hashes[i-1] {
				return true
			}
		}
		return false
	}
	for i, h := range hashes {
		if slices.Contains(hashes[:i], h) {
			return true
		}
	}
	return false
}

// withoutRepeats returns a valid document without the members that a later one of the same name replaces, and how many
// they were. All else stays as it is written; without any the document itself is returned.
func withoutRepeats(b []byte) ([]byte, int64) {
	var c cuts
	c.value(b, jsonscan.Space(b, 0))
	if len(c) == 0 {
		return b, 0
	}
	slices.SortFunc(c, func(x, y span) int { return x.start - y.start })
	var kept []byte
	var n int64
	from := 0
	for _, s := range c {
		if s.start < from { // inside one that is cut as a whole
			continue
		}
		kept = append(kept, b[from:s.start]...)
		from = s.end
		n++
	}
	return append(kept, b[from:]...), n
}

type span struct{ start, end int }

// cuts are the members to be left out, each with the comma after it: there always is one, since a later member follows.
type cuts []span

func (c *cuts) value(b []byte, i int) (end int) {
	switch jsonscan.KindAt(b, i) {
	case jsonscan.Object:
		return c.object(b, i)
	case jsonscan.Array:
		elements := jsonscan.Elements(b, i)
		for {
			start, kind, _ := elements.Next()
			if kind == jsonscan.Invalid {
				return elements.End()
			}
			elements.Resume(c.value(b, start))
		}
	default:
		end, _ = jsonscan.Value(b, i, 1)
		return end
	}
}

func (c *cuts) object(b []byte, i int) (end int) {
	var starts []int
	var replaced []int // indexes into starts
	last := map[string]int{}
	members := jsonscan.Members(b, i)
	for start := jsonscan.Space(b, i+1); ; {
		m, _ := members.Next()
		if m.Kind == jsonscan.Invalid {
			break
		}
		name := string(jsonscan.Unescape(nil, m.Key))
		if earlier, ok := last[name]; ok {
			replaced = append(replaced, earlier)
		}
		last[name] = len(starts)
		starts = append(starts, start)
		end := c.value(b, m.Start)
		members.Resume(end)
		start = jsonscan.Space(b, jsonscan.Space(b, end)+1) // past the comma
	}
	for _, k := range replaced {
		*c = append(*c, span{start: starts[k], end: starts[k+1]})
	}
	return members.End()
}
