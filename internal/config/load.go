package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/helios-sql/helios/internal/fault"
)

// setting is one scalar setting. Its variable is HELIOS_ and its key in upper case, with _ for the dot.
type setting struct {
	key string
	set func(c *Config, value string) error
}

// settings are all scalar settings, in the order of the documentation.
func settings() []setting {
	return slices.Concat(networkSettings(), []setting{
		{"data", func(c *Config, v string) error { return directory(&c.Data, v) }},
		{"log.level", func(c *Config, v string) error { return oneOf(&c.Log.Level, v, "debug", "info", "warn", "error") }},
		{"log.format", func(c *Config, v string) error { return oneOf(&c.Log.Format, v, "auto", "text", "json") }},
		{"query.timeout", func(c *Config, v string) error { return duration(&c.Query.Timeout, v) }},
		{"query.max_timeout", func(c *Config, v string) error { return duration(&c.Query.MaxTimeout, v) }},
		{"query.max_rows", func(c *Config, v string) error { return count(&c.Query.MaxRows, v, 1) }},
		{"query.max_concurrent", func(c *Config, v string) error { return count(&c.Query.MaxConcurrent, v, 1) }},
		{"limits.queries_at_once", func(c *Config, v string) error { return count(&c.Limits.QueriesAtOnce, v, 1) }},
		{"limits.queries_per_minute", func(c *Config, v string) error { return count(&c.Limits.QueriesPerMinute, v, 1) }},
		{"limits.result_bytes", func(c *Config, v string) error { return size(&c.Limits.ResultBytes, v) }},
		{"ingest.group", func(c *Config, v string) error { return duration(&c.Ingest.Group, v) }},
		{"ingest.queue_bytes", func(c *Config, v string) error { return size(&c.Ingest.QueueBytes, v) }},
		{"store.threads", func(c *Config, v string) error { return count(&c.Store.Threads, v, 1) }},
		{"store.memory_limit", func(c *Config, v string) error { return size(&c.Store.MemoryLimit, v) }},
		{"audit.retention", func(c *Config, v string) error { return retention(&c.Audit.Retention, v) }},
		{"cloudwatch.deployment", func(c *Config, v string) error { return deployment(&c.CloudWatch.Deployment, v) }},
		{"admin.email", func(c *Config, v string) error { c.Admin.Email = v; return nil }},
		{"admin.password_file", func(c *Config, v string) error { return directory(&c.Admin.PasswordFile, v) }},
	}, oidcSettings(), backupSettings())
}

func (s setting) variable() string {
	return "HELIOS_" + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

// Load gives the settings in force. The file is DefaultFile when path is "". Flags are the settings that the person gave on
// the command line, by key ("listen", "log.level"). An error is of code Environment for a file that cannot be read, or it is
// SettingErrors, which have the code Invalid or Refused and name the file and line, the variable or the flag.
func Load(path string, env Environment, flags map[string]string) (Config, error) {
	c := Default()
	places := map[string]string{}
	var wrong SettingErrors
	if err := c.readFile(path, places, &wrong); err != nil {
		return Config{}, err
	}
	if err := c.settle(env, flags, places, wrong); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Check finds what is wrong with the text of a settings file that is to be used elsewhere, together with the environment there.
// An error is as Load's.
func Check(name string, text []byte, env Environment) error {
	c := Default()
	places := map[string]string{}
	var wrong SettingErrors
	c.readText(name, text, places, &wrong)
	return c.settle(env, nil, places, wrong)
}

// settle adds to what the file says what else there is, and looks at the whole.
func (c *Config) settle(env Environment, flags, places map[string]string, wrong SettingErrors) error {
	for _, s := range settings() {
		if value, ok := env(s.variable()); ok && value != "" {
			places[s.key] = s.variable()
			note(&wrong, s.variable(), s.set(c, value))
		}
		if value, ok := flags[s.key]; ok {
			places[s.key] = "--" + Flag(s.key)
			note(&wrong, places[s.key], s.set(c, value))
		}
	}
	if len(wrong) == 0 {
		c.checkNetwork(places, &wrong)
	}
	if len(wrong) == 0 && c.Query.Timeout > c.Query.MaxTimeout {
		wrong = append(wrong, fault.New(fault.Invalid, "query.timeout (%s) is longer than query.max_timeout (%s)", c.Query.Timeout, c.Query.MaxTimeout))
	}
	if len(wrong) == 0 && (c.Admin.Email == "") != (c.Admin.PasswordFile == "") {
		wrong = append(wrong, fault.New(fault.Invalid, "admin.email and admin.password_file go together").
			WithHint("name both, or neither: HELIOS_ADMIN_EMAIL and HELIOS_ADMIN_PASSWORD_FILE are their variables"))
	}
	if err := c.OIDC.check(); len(wrong) == 0 && err != nil {
		wrong = append(wrong, err)
	}
	if len(wrong) == 0 && c.Backup.To != "" {
		note(&wrong, places["backup.to"], ApartFrom(c.Data, c.Backup.To))
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// SettingErrors are all that is wrong with the settings, in the order in which it was found; there is at least one.
type SettingErrors []error

// Error names them all.
func (m SettingErrors) Error() string {
	texts := make([]string, len(m))
	for i, err := range m {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives them to errors.Is and errors.As.
func (m SettingErrors) Unwrap() []error { return m }

// note adds an error, if it is one, with its place.
func note(wrong *SettingErrors, where string, err error) {
	if err != nil {
		*wrong = append(*wrong, at(where, err))
	}
}

// Unknown are the variables, such as os.Environ gives them, that look like settings and are none. It passes over what Kubernetes sets beside a service named helios, and what this repository's tests read.
func Unknown(environ []string) []string {
	known := []string{"HELIOS_URL", "HELIOS_TOKEN", "HELIOS_FINGERPRINT"}
	for _, s := range settings() {
		known = append(known, s.variable())
	}
	var unknown []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		foreign := strings.HasPrefix(name, "HELIOS_SERVICE_") || strings.HasPrefix(name, "HELIOS_PORT") || strings.HasPrefix(name, "HELIOS_TEST_")
		if strings.HasPrefix(name, "HELIOS_") && !foreign && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// readFile notes in places where the file sets what.
func (c *Config) readFile(path string, places map[string]string, wrong *SettingErrors) error {
	name := path
	if name == "" {
		name = DefaultFile
	}
	content, err := os.ReadFile(name)
	if path == "" && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Environment, "cannot read the settings: %w", err)
	}
	c.readText(name, content, places, wrong)
	return nil
}

func (c *Config) readText(name string, content []byte, places map[string]string, wrong *SettingErrors) {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		*wrong = append(*wrong, atToken(name, err))
		return
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		c.readSection(name, "", doc.Body, places, wrong)
	}
}

// readSection reads a mapping whose keys begin with prefix.
func (c *Config) readSection(file, prefix string, node ast.Node, places map[string]string, wrong *SettingErrors) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		note(wrong, place(file, node), fault.New(fault.Invalid, "%s must be a mapping of keys to values", orFile(prefix)))
		return
	}
	all := settings()
	for entries := mapping.MapRange(); entries.Next(); {
		where := place(file, entries.Key())
		key := prefix + entries.Key().GetToken().Value
		value := entries.Value()
		i := slices.IndexFunc(all, func(s setting) bool { return s.key == key })
		switch {
		case value.Type() == ast.NullType:
			note(wrong, where, fault.New(fault.Invalid, "%s has no value", key))
		case key == "sources":
			c.readSources(file, value, wrong)
		case key == "queries":
			c.readQueries(file, value, wrong)
		case key == "dashboards":
			c.readDashboards(file, value, wrong)
		case key == "oidc.roles":
			c.readOIDCRoles(file, value, wrong)
		case i >= 0:
			if text, ok := oneText(key, value); ok {
				places[key] = where
				note(wrong, where+": "+key, all[i].set(c, text))
			} else {
				note(wrong, where, fault.New(fault.Invalid, "%s takes one value", key))
			}
		case slices.ContainsFunc(all, func(s setting) bool { return strings.HasPrefix(s.key, key+".") }):
			c.readSection(file, key+".", value, places, wrong)
		default:
			note(wrong, where, fault.New(fault.Invalid, "there is no setting %q", key).WithHint("the settings are %s, oidc.roles, sources, queries and dashboards", known(all)))
		}
	}
}

// oneText is the text of a value; of a list, where there may be one, with commas.
func oneText(key string, value ast.Node) (string, bool) {
	if scalar, ok := value.(ast.ScalarNode); ok {
		return fmt.Sprint(scalar.GetValue()), true
	}
	list, ok := value.(*ast.SequenceNode)
	if !ok || !several(key) {
		return "", false
	}
	texts := make([]string, len(list.Values))
	for i, item := range list.Values {
		scalar, ok := item.(ast.ScalarNode)
		if !ok {
			return "", false
		}
		texts[i] = fmt.Sprint(scalar.GetValue())
	}
	return strings.Join(texts, ","), true
}

// at says where a value came from.
func at(where string, err error) error {
	located := fault.New(fault.CodeOf(err), "%s: %w", where, err)
	if hint := fault.HintOf(err); hint != "" {
		return located.WithHint("%s", hint)
	}
	return located
}

func atToken(file string, err error) error {
	if mismatch, ok := errors.AsType[*yaml.TypeError](err); ok && mismatch.Token != nil { // the parser names types of Go
		return at(fmt.Sprintf("%s:%d", file, mismatch.Token.Position.Line), fault.New(fault.Invalid, "%s", mistyped(mismatch)))
	}
	if located, ok := errors.AsType[yaml.Error](err); ok && located.GetToken() != nil {
		return at(fmt.Sprintf("%s:%d", file, located.GetToken().Position.Line), fault.New(fault.Invalid, "%s", located.GetMessage()))
	}
	return at(file, fault.New(fault.Invalid, "%w", err))
}

// mistyped says what kind of value must be there.
func mistyped(err *yaml.TypeError) string {
	if err.DstType.Kind() == reflect.Int {
		return "this must be a whole number"
	}
	return "this must be one value"
}

func place(file string, node ast.Node) string {
	return fmt.Sprintf("%s:%d", file, node.GetToken().Position.Line)
}

func orFile(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return strings.TrimSuffix(prefix, ".")
}

func known(all []setting) string {
	keys := make([]string, len(all))
	for i, s := range all {
		keys[i] = s.key
	}
	return strings.Join(keys, ", ")
}

// directory takes the path of a directory, or a file. No shell has seen one of a file, so that ~ is still the home directory.
func directory(to *string, v string) error {
	if strings.TrimSpace(v) == "" {
		return fault.New(fault.Invalid, "must not be empty")
	}
	if rest, of := strings.CutPrefix(v, "~"); of && (rest == "" || rest[0] == '/') {
		home, err := os.UserHomeDir()
		if err != nil {
			return fault.New(fault.Invalid, "there is no home directory for %q", v).WithHint("write the path in full")
		}
		v = filepath.Join(home, rest)
	}
	*to = v
	return nil
}

// deploymentName is what CloudFormation takes for the name of a stack.
var deploymentName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)

func deployment(to *string, v string) error {
	if !deploymentName.MatchString(v) {
		return fault.New(fault.Invalid, "%q is not the name of a deployment", v).WithHint("it begins with a letter, and has letters, digits and hyphens")
	}
	*to = v
	return nil
}

func oneOf(to *string, v string, allowed ...string) error {
	if !slices.Contains(allowed, v) {
		return fault.New(fault.Invalid, "%q is none of %s", v, strings.Join(allowed, ", "))
	}
	*to = v
	return nil
}

func duration(to *time.Duration, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return fault.New(fault.Invalid, "%q is not a length of time", v).WithHint("write it as 100ms, 30s or 5m")
	}
	*to = d
	return nil
}

const (
	day     = 24 * time.Hour
	longest = 100 * 365 * day
)

// Age reads a length of time in days or weeks too, as in 90d, 12w or 36h. It is fault.Invalid if it is none.
func Age(text string) (time.Duration, error) {
	age, err := time.ParseDuration(text)
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			var n int
			n, err = strconv.Atoi(number)
			age = time.Duration(min(n, int(longest/length))) * length
		}
	}
	if err != nil || age <= 0 {
		return 0, fault.New(fault.Invalid, "%q is not a length of time", text).WithHint("write it as 90d, 12w or 36h")
	}
	return min(age, longest), nil
}

func retention(to *time.Duration, v string) error {
	age, err := Age(v)
	if err == nil && age < day {
		err = fault.New(fault.Invalid, "%q is less than a day", v).WithHint("write it as 90d")
	}
	if err == nil {
		*to = age
	}
	return err
}

func count[N int | int64](to *N, v string, least int64) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least || int64(N(n)) != n {
		return fault.New(fault.Invalid, "%q is not a whole number of %d or more", v, least)
	}
	*to = N(n)
	return nil
}

func size(to *int64, v string) error {
	n, err := humanize.ParseBytes(v)
	if err != nil || n < 1<<20 || n > 1<<50 {
		return fault.New(fault.Invalid, "%q is not a size of 1 MiB or more", v).WithHint("write it as 64MiB or 4GB")
	}
	*to = int64(n)
	return nil
}
