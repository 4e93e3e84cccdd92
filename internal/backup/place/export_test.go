package place

import (
	"time"

	"github.com/helios-sql/helios/internal/backup"
)

// Impatient makes a bucket wait less for what it reads.
func Impatient(p backup.Place, patience time.Duration) backup.Place {
	b := *p.(*Bucket)
	b.patience = patience
	return &b
}
