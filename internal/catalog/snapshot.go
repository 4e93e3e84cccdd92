package catalog

import (
	"context"

	"github.com/helios-sql/helios/internal/fault"
)

// Snapshot copies the catalog into a new file, as it is at one moment.
func (c *Catalog) Snapshot(context.Context, string) error {
	return fault.New(fault.Unavailable, "backups are not there yet")
}
