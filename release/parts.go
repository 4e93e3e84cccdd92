package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// part is something of others that is inside.
type part struct {
	name    string
	version string // "" if it has none
	purl    string // package URL
	spdx    string // what its licence is called, if it says so itself
	dir     string // where its files are; "" if only its licence is here
	texts   []text
}

// text is a licence or a notice, as it has to be handed on.
type text struct{ file, content string }

// engine is the module that DuckDB's libraries come in, one for each platform.
const engine = "github.com/duckdb/duckdb-go-bindings/lib/"

// inOrder sorts parts and drops those that both executables have.
func inOrder(parts []part) []part {
	slices.SortStableFunc(parts, func(a, b part) int { return strings.Compare(a.purl, b.purl) })
	return slices.CompactFunc(parts, func(a, b part) bool { return a.purl == b.purl })
}

// goModules are the modules that are linked into an executable, Go's own library among them.
func goModules(ctx context.Context, executable string) ([]part, error) {
	info, err := buildinfo.ReadFile(executable)
	if err != nil {
		return nil, fmt.Errorf("what %s is made of: %w", executable, err)
	}
	if info.GoVersion != runtime.Version() {
		return nil, fmt.Errorf("%s was built with %s, and here is %s", executable, info.GoVersion, runtime.Version())
	}
	root, err := goCommand(ctx, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	version := strings.TrimPrefix(info.GoVersion, "go")
	parts := []part{{name: "Go", version: version, purl: "pkg:golang/std@" + version, spdx: "BSD-3-Clause", dir: strings.TrimSpace(string(root))}}
	if parts[0].texts, err = licencesIn(parts[0].dir, false); err != nil {
		return nil, fmt.Errorf("the library of Go: %w", err)
	}
	query := []string{"list", "-m", "-json=Path,Version,Dir"}
	for _, m := range info.Deps {
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced in %s: a release is made of published modules", m.Path, executable)
		}
		query = append(query, m.Path)
	}
	listed, err := goCommand(ctx, query...)
	if err != nil {
		return nil, err
	}
	for list := json.NewDecoder(bytes.NewReader(listed)); list.More(); {
		var m struct {
			Path    string `json:"Path"`
			Version string `json:"Version"`
			Dir     string `json:"Dir"`
		}
		if err := list.Decode(&m); err != nil {
			return nil, err
		}
		p := part{name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version, dir: m.Dir}
		if p.texts, err = licencesIn(m.Dir, true); err != nil {
			return nil, fmt.Errorf("the module %s: %w", m.Path, err)
		}
		parts = append(parts, p)
	}
	for _, m := range info.Deps {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == m.Path && p.version == m.Version }) {
			return nil, fmt.Errorf("%s was built with %s %s, and go.mod has another: build it again", executable, m.Path, m.Version)
		}
	}
	return parts, nil
}

func goCommand(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}

// linked are the libraries in the directives of DuckDB's modules.
var linked = regexp.MustCompile(`-l(\w+)`)

// engineParts are DuckDB, and what of others its libraries bring. DuckDB publishes no licences with them: their texts are in dir,
// named after the library. A library without one is not shipped.
func engineParts(modules []part, dir string) ([]part, error) {
	i := slices.IndexFunc(modules, func(p part) bool { return strings.HasPrefix(p.name, engine) })
	if i < 0 {
		return nil, fmt.Errorf("no module of %s is linked", engine)
	}
	version, err := engineVersion(modules[i].version)
	if err != nil {
		return nil, err
	}
	directives, err := os.ReadFile(filepath.Join(modules[i].dir, "prebuilt.go"))
	if err != nil {
		return nil, err
	}
	ours := []string{"generated_extension_loader", "autocomplete_extension", "core_functions_extension", "json_extension", "parquet_extension"}
	for _, match := range linked.FindAllSubmatch(directives, -1) {
		library := strings.TrimPrefix(string(match[1]), "duckdb_")
		if slices.Contains([]string{"stdc++", "stdc", "m", "dl"}, library) || slices.Contains(ours, library) {
			continue // of the system, or DuckDB's own
		}
		if _, err := os.Stat(filepath.Join(dir, library+".txt")); err != nil {
			return nil, fmt.Errorf("DuckDB brings the library %s, and its licence is not there: %w", library, err)
		}
	}
	texts, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, entry := range texts {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(entry.Name(), ".txt")
		p := part{name: name + " (in DuckDB)", purl: "pkg:generic/duckdb/" + name + "?vcs_version=v" + version, texts: []text{{entry.Name(), string(content)}}}
		if name == "static" {
			p.name, p.version, p.purl, p.spdx = "duckdb", version, "pkg:github/duckdb/duckdb@v"+version, "MIT"
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// engineVersion is the version of DuckDB in a version of its module: v0.10506.0 has DuckDB 1.5.6, as its README says.
func engineVersion(module string) (string, error) {
	fields := strings.Split(module, ".")
	if len(fields) != 3 {
		return "", fmt.Errorf("%s is no version of DuckDB's module", module)
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil || n < 10000 {
		return "", fmt.Errorf("%s does not tell the version of DuckDB", module)
	}
	return fmt.Sprintf("%d.%d.%d", n/10000, n/100%100, n%100), nil
}

// consoleParts are the packages in the console's bundle, which the bundler has noted beside it. Texts has licences of those that
// were published without theirs.
func consoleParts(console, ui, texts string) ([]part, error) {
	noted, err := os.ReadFile(filepath.Join(console, "packages.json"))
	if err != nil {
		return nil, fmt.Errorf("the console is not built: %w", err)
	}
	var dirs []string
	if err := json.Unmarshal(noted, &dirs); err != nil {
		return nil, fmt.Errorf("packages.json: %w", err)
	}
	var parts []part
	for _, dir := range dirs {
		dir = filepath.Join(ui, filepath.FromSlash(dir))
		described, err := os.ReadFile(filepath.Join(dir, "package.json"))
		if err != nil {
			return nil, err
		}
		var about struct {
			Name    string `json:"name"`
			Version string `json:"version"`
			License string `json:"license"`
		}
		if err := json.Unmarshal(described, &about); err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		p := part{name: about.Name, version: about.Version, spdx: about.License, dir: dir}
		p.purl = "pkg:npm/" + strings.Replace(about.Name, "@", "%40", 1) + "@" + about.Version
		p.texts, err = licencesIn(dir, true)
		if errors.Is(err, errNoLicence) {
			name := strings.ReplaceAll(about.Name, "/", "__") + ".txt"
			if content, missing := os.ReadFile(filepath.Join(texts, name)); missing == nil {
				p.texts, err = []text{{name, string(content)}}, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("the npm package %s: %w", about.Name, err)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

var (
	errNoLicence = errors.New("there is no licence in it: find its text before it is shipped")
	licenceName  = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying|notice|patents)s?([.-].*)?$`)
	codeName     = regexp.MustCompile(`(?i)\.(go|[cm]?js|ts|json|html|py|sh)$`)
)

// licencesIn are the licences and notices of a package: those of its own directory, of which there must be one, and if it is to
// be deep those of what it has copied from others.
func licencesIn(dir string, deep bool) ([]text, error) {
	var texts []text
	own := false
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (!deep || entry.Name() == "node_modules" || entry.Name() == "testdata"):
			return fs.SkipDir
		case !entry.Type().IsRegular() || !licenceName.MatchString(entry.Name()) || codeName.MatchString(entry.Name()):
			return nil
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		own = own || path.Dir(name) == "."
		texts = append(texts, text{name, string(content)})
		return nil
	})
	if err == nil && !own {
		return nil, errNoLicence
	}
	return texts, err
}
