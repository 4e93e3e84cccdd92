package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/query"
)

func TestTheTimesOfARangeAreBroughtToUTC(t *testing.T) {
	got, err := query.ParseParams([]byte(`{"from": "2026-01-31T12:00:00.25+02:00", "to": "2026-01-31T12:00:00Z", "at": "2026-01-31T12:00:00+02:00"}`))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"from": "2026-01-31T10:00:00.25Z", "to": "2026-01-31T12:00:00Z", "at": "2026-01-31T12:00:00+02:00"}, got)
	for _, other := range []string{`{"from":"Berlin"}`, `{"from":17}`, `{"from":null}`, `{"from":"2026-01-31"}`} {
		got, err = query.ParseParams([]byte(other))
		require.NoError(t, err)
		require.NotNil(t, got.(map[string]any), other)
		require.Len(t, got, 1)
	}
	require.Equal(t, map[string]any{"from": "2026-01-31"}, got)
}
