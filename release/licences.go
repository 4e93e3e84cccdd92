package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// thirdParty is one file with the licences of all parts. A text that several parts share, letter by letter, is there once.
func thirdParty(parts []part) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("Helios is made of the work of others too. Each text below is the licence, or a notice, of what is named before it.\n")
	var order []string
	of := map[string][]string{}
	for _, p := range parts {
		if len(p.texts) == 0 {
			return nil, fmt.Errorf("%s: %w", p.name, errNoLicence)
		}
		for _, t := range p.texts {
			content := strings.TrimSpace(strings.ReplaceAll(t.content, "\r\n", "\n"))
			if content == "" {
				return nil, fmt.Errorf("%s: %w", p.name, errors.Join(errNoLicence, fmt.Errorf("%s is empty", t.file)))
			}
			if of[content] == nil {
				order = append(order, content)
			}
			of[content] = append(of[content], strings.TrimSpace(p.name+" "+p.version)+" ("+t.file+")")
		}
	}
	line := strings.Repeat("=", 100)
	for _, content := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", line, strings.Join(of[content], "\n"), line, content)
	}
	return b.Bytes(), nil
}
