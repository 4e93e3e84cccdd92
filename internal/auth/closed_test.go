package auth_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
)

func TestAClosedHouseIsNeverOpen(t *testing.T) {
	w := newWorld(t)
	closed := auth.New(w.store, auth.Options{Now: w.clock.Now, Cost: cheap, Closed: true, Logger: slog.New(slog.DiscardHandler)})
	for _, accounts := range []bool{false, true} {
		if accounts {
			link, err := closed.SetupLink(w.machine())
			require.NoError(t, err)
			_, err = closed.Setup(w.from("192.0.2.7"), link.Secret, "admin@example.com", password)
			require.NoError(t, err)
		}
		open, err := closed.Open(t.Context())
		require.NoError(t, err)
		require.False(t, open)
		empty, err := closed.Empty(t.Context())
		require.NoError(t, err)
		require.Equal(t, !accounts, empty)
	}
}
