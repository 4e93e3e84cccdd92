package api

import (
	"context"
	"strings"

	"github.com/helios-sql/helios/internal/auth"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
)

// access is what a route needs.
type access struct {
	role auth.Role // at least; auth.NoRole: everybody may come, known or not

	// action is what the audit log calls a use of the route: those that change something, and those that read events. It is ""
	// for all others, and for what package auth takes note of itself.
	action string

	whole bool // it tells of all tables, so that who is limited to some may not come
}

// accesses say who may use which route, by method and path. A route that is not here is for admins alone.
var accesses = map[string]access{
	"GET /healthz":      {},
	"GET /readyz":       {}, // which sources fail is told only to who is known
	"GET /metrics":      {role: auth.Viewer, whole: true},
	"GET /openapi.json": {role: auth.Viewer},
	"GET /api/v1/about": {role: auth.Viewer},

	"GET /api/v1/backups":        {role: auth.Admin, whole: true}, // it reads where it is told to
	"GET /api/v1/backups/status": {role: auth.Viewer, whole: true},
	"POST /api/v1/backups":       {role: auth.Admin, whole: true, action: "backup.start"},

	// Who may come to the routes of accounts is decided here, and whose sessions and tokens they may touch in package auth, which
	// writes all of it into the audit log.
	"GET /api/v1/auth/state":             {},
	"GET " + startPath:                   {},
	"GET " + callbackPath:                {},
	"POST /api/v1/auth/sign-in":          {},
	"POST /api/v1/auth/sign-out":         {},
	"POST /api/v1/auth/link":             {},
	"POST /api/v1/auth/setup":            {},
	"POST /api/v1/auth/reset":            {},
	"POST /api/v1/auth/password":         {role: auth.Viewer},
	"GET /api/v1/auth/sessions":          {role: auth.Viewer},
	"DELETE /api/v1/auth/sessions":       {role: auth.Viewer},
	"DELETE /api/v1/auth/sessions/{id}":  {role: auth.Viewer},
	"GET /api/v1/tokens":                 {role: auth.Viewer}, // one's own
	"POST /api/v1/tokens":                {role: auth.Viewer},
	"DELETE /api/v1/tokens/{id}":         {role: auth.Viewer},
	"GET /api/v1/users":                  {role: auth.Admin},
	"POST /api/v1/users":                 {role: auth.Admin},
	"GET /api/v1/users/{id}":             {role: auth.Admin},
	"PATCH /api/v1/users/{id}":           {role: auth.Admin},
	"DELETE /api/v1/users/{id}":          {role: auth.Admin},
	"POST /api/v1/users/{id}/reset-link": {role: auth.Admin},
	"GET /api/v1/users/{id}/sessions":    {role: auth.Admin},
	"DELETE /api/v1/users/{id}/sessions": {role: auth.Admin},
	"GET /api/v1/audit":                  {role: auth.Admin},
	"GET /api/v1/audit/export":           {role: auth.Admin, action: "audit.export"},

	"GET /api/v1/sources":                  {role: auth.Viewer},
	"POST /api/v1/sources":                 {role: auth.Editor, action: "source.add", whole: true}, // a stream's events would become their table's
	"GET /api/v1/sources/{name}":           {role: auth.Viewer},
	"PATCH /api/v1/sources/{name}":         {role: auth.Editor, action: "source.change"},
	"DELETE /api/v1/sources/{name}":        {role: auth.Editor, action: "source.remove"},
	"POST /api/v1/sources/{name}/pause":    {role: auth.Editor, action: "source.pause"},
	"POST /api/v1/sources/{name}/resume":   {role: auth.Editor, action: "source.resume"},
	"GET /api/v1/sources/{name}/yaml":      {role: auth.Editor},
	"GET /api/v1/sources/{name}/history":   {role: auth.Viewer},
	"GET /api/v1/sources/{name}/tail":      {role: auth.Analyst, action: "source.tail"},
	"GET /api/v1/source-history":           {role: auth.Viewer},
	"GET /api/v1/aws":                      {role: auth.Editor, whole: true},
	"GET /api/v1/streams":                  {role: auth.Editor, whole: true},
	"GET /api/v1/streams/{name}":           {role: auth.Editor, whole: true},
	"GET /api/v1/streams/{name}/rate":      {role: auth.Editor, whole: true},
	"GET /api/v1/streams/{name}/sample":    {role: auth.Editor, whole: true, action: "stream.sample"},
	"POST /api/v1/schema/predict":          {role: auth.Editor, whole: true},
	"GET /api/v1/tables":                   {role: auth.Viewer},
	"GET /api/v1/tables/{table}":           {role: auth.Viewer},
	"GET /api/v1/tables/{table}/history":   {role: auth.Analyst},
	"POST /api/v1/tables/{table}/changes":  {role: auth.Editor, action: "table.change"},
	"GET /api/v1/quarantine":               {role: auth.Analyst},
	"GET /api/v1/quarantine-groups":        {role: auth.Analyst},
	"GET /api/v1/quarantine/{table}":       {role: auth.Analyst, action: "quarantine.read"},
	"DELETE /api/v1/quarantine/{table}":    {role: auth.Editor, action: "quarantine.delete"},
	"GET /api/v1/quarantine/{table}/mends": {role: auth.Editor},

	"POST /api/v1/quarantine/{table}/dry-run":     {role: auth.Editor},
	"POST /api/v1/quarantine/{table}/replay":      {role: auth.Editor, action: "quarantine.replay"},
	"GET /api/v1/tables/{table}/columns/{column}": {role: auth.Analyst, action: "column.read"},
	"POST /api/v1/query":                          {role: auth.Analyst}, // every query stands in the log by itself, with its text
	"GET /api/v1/queries":                         {role: auth.Viewer},  // one's own
	"DELETE /api/v1/queries/{id}":                 {role: auth.Viewer, action: "query.cancel"},
	"GET /api/v1/query-history":                   {role: auth.Analyst},
	"DELETE /api/v1/query-history":                {role: auth.Analyst},
	"DELETE /api/v1/query-history/{id}":           {role: auth.Analyst},
	"GET /api/v1/sql/dialect":                     {role: auth.Analyst},
	"POST /api/v1/sql/explain":                    {role: auth.Analyst},
	"GET /api/v1/saved-queries":                   {role: auth.Viewer},
	"POST /api/v1/saved-queries":                  {role: auth.Analyst, action: "saved_query.add"},
	"POST /api/v1/saved-queries/{id}/run":         {role: auth.Viewer}, // as any query
	"GET /api/v1/saved-queries/{id}":              {role: auth.Viewer},
	"PUT /api/v1/saved-queries/{id}":              {role: auth.Analyst, action: "saved_query.change"},
	"DELETE /api/v1/saved-queries/{id}":           {role: auth.Analyst, action: "saved_query.delete"},
	"GET /api/v1/dashboards":                      {role: auth.Viewer},
	"POST /api/v1/dashboards":                     {role: auth.Analyst, action: "dashboard.add"},
	"GET /api/v1/dashboards/{id}":                 {role: auth.Viewer},
	"PUT /api/v1/dashboards/{id}":                 {role: auth.Analyst, action: "dashboard.change"},
	"DELETE /api/v1/dashboards/{id}":              {role: auth.Analyst, action: "dashboard.delete"},
	"GET /api/v1/dashboards/{id}/export":          {role: auth.Analyst},
	"POST /api/v1/dashboards/import":              {role: auth.Analyst, action: "dashboard.import"},
}

// publicPaths are the paths that are there for everybody.
var publicPaths = func() map[string]bool {
	paths := map[string]bool{}
	for route, a := range accesses {
		if _, path, _ := strings.Cut(route, " "); a.role == auth.NoRole {
			paths[path] = true
		}
	}
	return paths
}()

// mayUse says why somebody may not use a route, or nil.
func mayUse(p auth.Principal, a access) error {
	switch {
	case p.Kind == auth.KindOpen:
		return nil
	case a.role != auth.NoRole && !p.May(a.role):
		return fault.New(fault.Forbidden, "this needs the role %s, and %s has the role %s", a.role, p.You(), p.Role).WithHint("ask an admin of this server")
	case a.whole && p.Tables != nil:
		return fault.New(fault.Forbidden, "this tells of all tables, and %s may read only some", p.You()).WithHint("ask an admin of this server")
	}
	return nil
}

// ownerOf tells people apart who run queries. A token is somebody of its own: it may be allowed less than its user, whose
// queries are not its business.
func ownerOf(ctx context.Context) string {
	p, _ := auth.From(ctx)
	if p.ID == "" {
		return ""
	}
	return string(p.Kind) + ":" + p.ID
}

// scopeOf is what who asks may read. Who is not known may read nothing.
func scopeOf(ctx context.Context) query.Scope {
	p, ok := auth.From(ctx)
	if !ok {
		return query.Scope{Tables: []string{}}
	}
	return query.Scope{Tables: p.Tables, System: true, Audit: p.May(auth.Admin)}
}
