package cli

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/helios-sql/helios/internal/deploy"
	"github.com/helios-sql/helios/internal/fault"
)

// words are the parts of an answer, between commas and spaces.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

// networks are those of an answer. An address alone is a network of one.
func networks(text string) []string {
	all := words(text)
	for i, one := range all {
		if address, err := netip.ParseAddr(one); err == nil {
			all[i] = netip.PrefixFrom(address, address.BitLen()).String()
		}
	}
	return all
}

// pick reads which of some streams a person chose: by their numbers or names, with =TABLE behind them or without.
func pick(names []string, text string) ([]deploy.StreamWish, error) {
	chosen := words(text)
	if len(chosen) == 1 && strings.EqualFold(chosen[0], "all") {
		chosen = names
	}
	picked := []deploy.StreamWish{}
	for _, one := range chosen {
		name, table, named := strings.Cut(one, "=")
		if n, err := strconv.Atoi(name); err == nil && !slices.Contains(names, name) {
			if n < 1 || n > len(names) {
				return nil, fault.New(fault.Invalid, "there is no stream %d", n).WithHint("they have the numbers 1 to %d", len(names))
			}
			name = names[n-1]
		}
		if !slices.Contains(names, name) {
			return nil, fault.New(fault.Invalid, "there is no stream %s", name)
		}
		if named {
			name += "=" + table
		}
		wish, err := deploy.ParseStream(name)
		if err != nil {
			return nil, err
		}
		picked = append(picked, wish)
	}
	if len(picked) == 0 {
		return nil, fault.New(fault.Invalid, "no stream was chosen").WithHint("type 1 for the first one")
	}
	return picked, nil
}
