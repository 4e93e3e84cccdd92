package api_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
)

func TestBackupsAreStartedByAdminsWhichStandsInTheAuditLog(t *testing.T) {
	h := closedHouse(t)
	admin := h.as(auth.Admin)
	for _, role := range []auth.Role{auth.Viewer, auth.Editor} {
		who := h.as(role)
		problem(t, call(t, h, "POST", "/api/v1/backups", `{"to":"/srv/b"}`, who), 403, fault.Forbidden)
		problem(t, call(t, h, "GET", "/api/v1/backups?to=/etc", "", who), 403, fault.Forbidden)
		require.Equal(t, 200, call(t, h, "GET", "/api/v1/backups/status", "", who).Code)
	}
	problem(t, call(t, h, "GET", "/api/v1/backups/status", "", h.as(auth.Viewer, "clicks")), 403, fault.Forbidden)

	w := call(t, h, "POST", "/api/v1/backups", `{"to":"/srv/b"}`, admin)
	require.Equal(t, 202, w.Code, w.Body)
	var status backup.Status
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &status))
	require.Equal(t, "/srv/b", status.Running.To)
	problem(t, call(t, h, "POST", "/api/v1/backups", `{}`, admin), 409, fault.Conflict)

	told := h.told("backup.start")
	require.Len(t, told, 4)
	require.Equal(t, []string{"forbidden", "forbidden", "ok", "conflict"}, []string{told[0].Outcome, told[1].Outcome, told[2].Outcome, told[3].Outcome})
	require.Equal(t, "/srv/b", told[2].Target)
}

func TestWithoutAPlaceThereIsNothingToList(t *testing.T) {
	w := world()
	answer := call(t, w.Handler(), "GET", "/api/v1/backups", "")
	require.JSONEq(t, `{"backups":[]}`, answer.Body.String())
	require.Empty(t, w.Calls())
}
