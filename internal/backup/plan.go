package backup

import (
	"cmp"
	"context"
	"slices"
	"time"
)

const (
	// rangeRows is how many rows a range has, about.
	rangeRows = 1_000_000

	// The steps of time in which rows are added up: coarse for all, fine where a coarse one has too many rows or is divided.
	coarse, fine = time.Minute, time.Second

	// unsettled is how long after their time rows may still be committed, as a rule: the newest get a range of their own, so
	// that what comes late changes a small one. What comes later still changes the range that it falls into, which is then
	// written again.
	unsettled = 2 * time.Minute
)

// planned is a range of the backup to be, and the one of the last backup that it still is, if any.
type planned struct {
	Span
	Print

	same *rangeRecord
}

func (s Span) holds(of Span) bool { return of.From >= s.From && of.To <= s.To }

// plan divides the rows of a table, as cells that no range of the last backup divides, into ranges. Those of the last backup
// keep their borders; what is new is divided into ranges of about `most` rows. At the end, a range that is not half full is taken
// into what follows once that is at least as large: so there are few of them, and a row is written again a few times at most.
func plan(last []rangeRecord, cells []Cell, most int64) []planned {
	ranges, free := revisit(last, cells)
	end := int64(0)
	if len(last) > 0 {
		end = last[len(last)-1].To
	}
	// What follows the last range, and what lies between others.
	first := slices.IndexFunc(free, func(c Cell) bool { return len(last) == 0 || c.From >= end })
	if first < 0 {
		first = len(free)
	}
	gaps, tail := free[:first], slices.Clone(free[first:])
	for n := len(ranges) - 1; n >= 0 && len(tail) > 0; n-- {
		r := ranges[n]
		if r.Rows > total(tail).Rows || r.same != nil && r.Rows > most/2 {
			break
		}
		if len(gaps) > 0 && gaps[len(gaps)-1].From >= r.To {
			break
		}
		tail = append(within(cells, r.Span), tail...)
		ranges = ranges[:n]
	}
	for len(gaps) > 0 {
		n := 1
		for n < len(gaps) && !divided(last, gaps[n-1].To, gaps[n].From) {
			n++
		}
		ranges = append(ranges, split(gaps[:n], most)...)
		gaps = gaps[n:]
	}
	if len(tail) > 0 {
		settled := tail[len(tail)-1].To - unsettled.Microseconds()
		n, _ := slices.BinarySearchFunc(tail, settled, func(c Cell, at int64) int { return cmp.Compare(c.From, at) })
		ranges = append(append(ranges, split(tail[:n], most)...), split(tail[n:], most)...)
	}
	for i := range ranges { // what was taken in, and divided as it was
		for j := range last {
			if ranges[i].Span == last[j].Span && ranges[i].Print == last[j].Print {
				ranges[i].same = &last[j]
			}
		}
	}
	slices.SortFunc(ranges, func(a, b planned) int { return cmp.Compare(a.From, b.From) })
	return ranges
}

// revisit adds up what is left of each range of the last backup, and gives the cells of none of them.
func revisit(last []rangeRecord, cells []Cell) (ranges []planned, free []Cell) {
	for i := range last {
		r := planned{Span: last[i].Span}
		for len(cells) > 0 && cells[0].From < r.To {
			if r.holds(cells[0].Span) {
				r.Print = r.Plus(cells[0].Print)
			} else {
				free = append(free, cells[0])
			}
			cells = cells[1:]
		}
		if r.Print == last[i].Print {
			r.same = &last[i]
		}
		if r.Rows > 0 {
			ranges = append(ranges, r)
		}
	}
	return ranges, append(free, cells...)
}

// split divides cells into ranges of up to `most` rows, unless a cell alone has more.
func split(cells []Cell, most int64) []planned {
	var ranges []planned
	for i, c := range cells {
		if n := len(ranges); i > 0 && ranges[n-1].Rows+c.Rows <= most {
			ranges[n-1].To, ranges[n-1].Print = c.To, ranges[n-1].Plus(c.Print)
		} else {
			ranges = append(ranges, planned{Span: c.Span, Print: c.Print})
		}
	}
	return ranges
}

func total(cells []Cell) Print {
	var sum Print
	for _, c := range cells {
		sum = sum.Plus(c.Print)
	}
	return sum
}

// within are the cells of a span.
func within(cells []Cell, span Span) []Cell {
	var in []Cell
	for _, c := range cells {
		if span.holds(c.Span) {
			in = append(in, c)
		}
	}
	return in
}

// divided tells whether a range lies between two moments.
func divided(ranges []rangeRecord, from, to int64) bool {
	return slices.ContainsFunc(ranges, func(r rangeRecord) bool { return r.From >= from && r.To <= to })
}

// refine adds up a table, finely where a minute has more rows than a range should, or is divided by a range of the last backup.
func refine(ctx context.Context, s Snapshot, t Table, last []rangeRecord, most int64) ([]Cell, error) {
	cells, err := s.Cells(ctx, t, Always, coarse)
	if err != nil {
		return nil, err
	}
	borders := make([]int64, 0, 2*len(last))
	for i := range last {
		borders = append(borders, last[i].From, last[i].To)
	}
	var spans []Span
	kept := slices.DeleteFunc(cells, func(c Cell) bool {
		n, _ := slices.BinarySearch(borders, c.From+1)
		if c.Rows <= most && (n == len(borders) || borders[n] >= c.To) {
			return false
		}
		if n := len(spans); n > 0 && spans[n-1].To == c.From {
			spans[n-1].To = c.To
		} else {
			spans = append(spans, c.Span)
		}
		return true
	})
	for _, span := range spans {
		finer, err := s.Cells(ctx, t, span, fine)
		if err != nil {
			return nil, err
		}
		kept = append(kept, finer...)
	}
	slices.SortFunc(kept, func(a, b Cell) int { return cmp.Compare(a.From, b.From) })
	return kept, nil
}

// usable gives the ranges of a table in the last backup, if they can be compared: their prints must be the engine's, and their
// borders such as Helios sets.
func usable(last *manifest, of Identity, t Table) []rangeRecord {
	if last == nil || last.Identity.Engine != of.Engine {
		return nil
	}
	for i := range last.Tables {
		if r := &last.Tables[i]; r.Kind == t.Kind && r.Name == t.Name {
			for _, r := range r.Ranges {
				if r.From%fine.Microseconds() != 0 || r.To%fine.Microseconds() != 0 {
					return nil
				}
			}
			return r.Ranges
		}
	}
	return nil
}
