package board

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/helios-sql/helios/internal/fault"
)

// Bounds of ids, in characters.
const (
	maxSlug = 60 // of one that is made of a name
	maxID   = 80 // of one that was made unique, or that somebody chose
)

// Slug makes an id of a name: its letters and digits, in small letters, with a dash for all between them. A name that has
// none gives the fallback.
func Slug(name, fallback string) string {
	slug := dashed(name)
	if utf8.RuneCountInString(slug) > maxSlug {
		slug = strings.TrimRight(string([]rune(slug)[:maxSlug]), "-")
	}
	if slug == "" {
		return fallback
	}
	return slug
}

func dashed(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// Free is the first of id, id-2, id-3, … that is not taken.
func Free(id string, taken func(string) bool) string {
	free := id
	for n := 2; taken(free); n++ {
		free = id + "-" + strconv.Itoa(n)
	}
	return free
}

// identify gives the id of what has a name, or judges the one it has.
func identify(id, name, what string) (string, error) {
	if id == "" {
		return Slug(name, what), nil
	}
	if dashed(id) != id || utf8.RuneCountInString(id) > maxID {
		return id, fault.New(fault.Invalid, "%q is no id of a %s", id, what).
			WithHint("write it in small letters and digits with a dash between them, as in %s", Slug(id, what))
	}
	return id, nil
}
