package schema

import "slices"

// ignored copies a list of paths, each once and none nil.
func ignored(paths [][]string) [][]string {
	list := make([][]string, 0, len(paths))
	for _, path := range paths {
		if !slices.ContainsFunc(list, func(p []string) bool { return slices.Equal(p, path) }) {
			list = append(list, slices.Clone(path))
		}
	}
	return list
}

// pathSet makes a set of paths.
func pathSet(paths [][]string) map[string]bool {
	set := make(map[string]bool, len(paths))
	for _, path := range paths {
		set[pathKey(path)] = true
	}
	return set
}

// Ignores reports whether the field at path is read over: it, or an object that it is in, is among the ignored ones.
func (t *Table) Ignores(path []string) bool {
	return slices.ContainsFunc(t.Ignore, func(p []string) bool { return len(p) <= len(path) && slices.Equal(p, path[:len(p)]) })
}
