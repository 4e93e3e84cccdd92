package app

import (
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

// declare writes a source as it would be declared in the settings file.
func declare(ingest.Settings) ([]byte, error) {
	return nil, fault.New(fault.Unavailable, "not yet")
}
