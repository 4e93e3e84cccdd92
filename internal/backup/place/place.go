// Package place keeps backups in a directory or in S3. It knows nothing of what is in them.
package place

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
)

const scheme = "s3://"

// Open opens a place by what people call it: a directory, or s3://bucket/prefix. It makes nothing there. Credentials, region
// and endpoint of S3 are those of the SDK's standard chain.
func Open(ctx context.Context, to string) (backup.Place, error) {
	switch rest, s3 := strings.CutPrefix(to, scheme); {
	case to == "":
		return nil, fault.New(fault.Invalid, "no place for backups is named").WithHint("name a directory, or s3://BUCKET/PREFIX")
	case s3:
		name, prefix, _ := strings.Cut(rest, "/")
		return openBucket(ctx, name, strings.Trim(prefix, "/"))
	case strings.Contains(to, "://"):
		return nil, fault.New(fault.Invalid, "%q is no place for backups", to).WithHint("name a directory, or s3://BUCKET/PREFIX")
	default:
		path, err := filepath.Abs(to)
		if err != nil {
			return nil, fault.New(fault.Environment, "the directory %s cannot be found: %w", to, err)
		}
		return &Directory{path: path}, nil
	}
}
