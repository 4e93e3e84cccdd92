package stack

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// object is a mapping whose keys keep their order.
type object = yaml.MapSlice

// pair is a key of an object with its value.
func pair(key string, value any) yaml.MapItem { return yaml.MapItem{Key: key, Value: value} }

// written is a value as it stands in the template: an intrinsic function of CloudFormation in its short form, on one line.
type written string

// MarshalYAML implements yaml.BytesMarshaler.
func (w written) MarshalYAML() ([]byte, error) { return []byte(w), nil }

func ref(id string) written { return written("!Ref " + scalar(id)) }

func attribute(id, name string) written { return written("!GetAtt " + id + "." + name) }

func sub(text string) written { return written("!Sub " + quote(text)) }

// either is one value if a condition of the template holds, and else another: both are written, or text.
func either(condition string, then, otherwise any) written {
	return written("!If [" + condition + ", " + inline(then) + ", " + inline(otherwise) + "]")
}

var noValue = ref("AWS::NoValue")

func inline(value any) string {
	if w, ok := value.(written); ok {
		return string(w)
	}
	return scalar(value.(string))
}

var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

func scalar(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return quote(text)
}

// quote writes text in double quotes. What Go escapes YAML escapes in the same way; CloudFormation keeps ASCII alone unharmed.
func quote(text string) string { return strconv.QuoteToASCII(text) }

// simple is two or more printable lines, none of which ends in white space, the first of which begins with something.
var simple = regexp.MustCompile(`^[!-~]([\t -~]*[!-~])?(\n([\t -~]*[!-~])?)*\n[\t -~]*[!-~]\n?$`)

// text is a string that may hold anything: lines where it can be read like that, and else quoted.
func text(s string) any {
	if simple.MatchString(s) {
		return s
	}
	return written(quote(s))
}

// section is a part of the template with a name, whose entries stand apart and may have a comment above them.
type section struct {
	name    string
	entries []entry
}

type entry struct {
	comment string
	id      string
	body    any
}

// write makes YAML of sections, none of which is empty.
func write(sections []section) ([]byte, error) {
	var out strings.Builder
	for i, s := range sections {
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(s.name + ":\n")
		for j, e := range s.entries {
			block, err := yaml.MarshalWithOptions(object{pair(e.id, e.body)}, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
			if err != nil {
				return nil, err
			}
			if j > 0 && strings.Count(string(block), "\n") > 1 {
				out.WriteString("\n")
			}
			if e.comment != "" {
				out.WriteString("  # " + e.comment + "\n")
			}
			for line := range strings.Lines(string(block)) {
				out.WriteString(strings.TrimRight("  "+line, " \n") + "\n")
			}
		}
	}
	return []byte(out.String()), nil
}
