package config

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/helios-sql/helios/internal/fault"
)

// Backup says where the server puts backups of itself, and how often. Without To it makes none by itself.
type Backup struct {
	To    string // an absolute directory, or s3://BUCKET/PREFIX
	Every time.Duration
	Keep  int // the newest; older ones are removed
}

// shortestEvery is how often backups may be made: each reads all that came since the one before.
const shortestEvery = time.Minute

func backupSettings() []setting {
	return []setting{
		{"backup.to", func(c *Config, v string) (err error) { c.Backup.To, err = BackupPlace(v); return err }},
		{"backup.every", func(c *Config, v string) error { return every(&c.Backup.Every, v) }},
		{"backup.keep", func(c *Config, v string) error { return count(&c.Backup.Keep, v, 1) }},
	}
}

func every(to *time.Duration, v string) error {
	d, err := Age(v)
	if err != nil {
		return fault.New(fault.Invalid, "%q is not a length of time", v).WithHint("write it as 15m, 1h or 1d")
	}
	if d < shortestEvery {
		return fault.New(fault.Invalid, "%q is less than a minute", v).WithHint("write it as 15m, 1h or 1d")
	}
	*to = d
	return nil
}

// bucketName is what S3 takes for the name of a bucket:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// BackupPlace is a place for backups as it is written everywhere: an absolute directory, or s3://BUCKET/PREFIX. An error is
// fault.Invalid, and does not repeat a URL: a secret may be in it.
func BackupPlace(text string) (string, error) {
	looks := "a place is a directory as in /srv/backups, or s3://BUCKET/PREFIX"
	if strings.TrimSpace(text) == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fault.New(fault.Invalid, "no place for backups is named").WithHint("%s", looks)
	}
	if !strings.Contains(text, "://") {
		var dir string
		if err := directory(&dir, text); err != nil {
			return "", err
		}
		if !filepath.IsAbs(dir) {
			return "", fault.New(fault.Invalid, "%q is a relative path, and backups must not depend on where a server was started", text).WithHint("%s", looks)
		}
		return filepath.Clean(dir), nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "s3":
		return "", fault.New(fault.Invalid, "this is not a place for backups").WithHint("%s", looks)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fault.New(fault.Invalid, "a place for backups holds no credentials, no query and no fragment").
			WithHint("credentials come from the AWS SDK's standard chain, an endpoint from AWS_ENDPOINT_URL_S3; %s", looks)
	case !bucketName.MatchString(u.Host):
		return "", fault.New(fault.Invalid, "S3 has no bucket of such a name: 3 to 63 small letters, digits, hyphens and dots").WithHint("%s", looks)
	}
	var parts []string
	for part := range strings.SplitSeq(u.Path, "/") {
		switch part {
		case "":
		case ".", "..":
			return "", fault.New(fault.Invalid, "the prefix of a place in S3 is no path: %q leads nowhere", part).WithHint("%s", looks)
		default:
			parts = append(parts, part)
		}
	}
	return strings.TrimSuffix("s3://"+u.Host+"/"+strings.Join(parts, "/"), "/"), nil
}

// ApartFrom says what is wrong with a place that lies inside the data directory, or nil: a backup must not go when that goes, and
// must not become a part of what is backed up.
func ApartFrom(data, place string) error {
	if strings.Contains(place, "://") {
		return nil
	}
	dir, err := resolved(data)
	if err != nil {
		return err
	}
	to, err := resolved(place)
	if err != nil {
		return err
	}
	if dir == to || strings.HasPrefix(to, dir+string(filepath.Separator)) {
		return fault.New(fault.Invalid, "%s is inside the data directory %s: whoever loses one loses both", place, data).
			WithHint("name a directory on another disk, or s3://BUCKET/PREFIX")
	}
	return nil
}

// resolved is a path without links, as far as it exists.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fault.New(fault.Environment, "cannot tell where %s is: %w", path, err)
	}
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if found, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(found, rest), nil
		} else if !os.IsNotExist(err) || at == filepath.Dir(at) {
			return path, nil // it cannot be looked at; whoever uses it says why
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}
