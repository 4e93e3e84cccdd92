package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/helios-sql/helios/internal/backup"
)

// Backups makes and lists backups. A place that is "" is the one of the settings.
type Backups interface {
	Start(ctx context.Context, to string) error
	Status() backup.Status
	List(ctx context.Context, at string) ([]backup.Backup, error)
}

// listing is how long the list of a place may take: many small files are read, some of them far away.
const listing = 45 * time.Second

type backupList struct {
	Body struct {
		backup.Status
		Backups []backup.Backup `json:"backups"`
	}
}

func (s *server) backupRoutes() {
	tags := []string{"system"}
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/backups", OperationID: "list-backups", Tags: tags,
		Summary: "List the backups at a place, the newest first, and tell how this server's are doing",
	}, []int{http.StatusBadRequest, http.StatusNotFound, http.StatusBadGateway, http.StatusGatewayTimeout}, func(ctx context.Context, in *struct {
		To string `query:"to" maxLength:"2000" doc:"An absolute directory of the server's machine, or s3://BUCKET/PREFIX; without it the one of the settings"`
	},
	) (*backupList, error) {
		ctx, cancel := context.WithTimeout(ctx, listing)
		defer cancel()
		out := &backupList{}
		out.Body.Status = s.Backups.Status()
		if in.To == "" && out.Body.Schedule == nil {
			out.Body.Backups = []backup.Backup{}
			return out, nil
		}
		list, err := s.Backups.List(ctx, in.To)
		out.Body.Backups = some(list)
		return out, err
	})
	register(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/v1/backups/status", OperationID: "backup-status", Tags: tags,
		Summary: "Tell how this server's backups are doing: when, the last one, one that is being made, a failure",
	}, nil, func(context.Context, *struct{}) (*output[backup.Status], error) {
		return answered(s.Backups.Status(), nil)
	})
	register(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/backups", OperationID: "start-backup", Tags: tags, DefaultStatus: http.StatusAccepted,
		Summary:     "Start a backup",
		Description: "It is made while everything goes on; its status tells how far it is. One is made at a time.",
	}, []int{http.StatusConflict}, func(ctx context.Context, in *struct {
		Body struct {
			To string `json:"to,omitempty" maxLength:"2000" doc:"An absolute directory of the server's machine, or s3://BUCKET/PREFIX, without credentials; absent: the one of the settings"`
		}
	},
	) (*output[backup.Status], error) {
		if err := s.Backups.Start(ctx, in.Body.To); err != nil {
			return nil, err
		}
		status := s.Backups.Status()
		if status.Running != nil {
			tell(ctx, status.Running.To, nil)
		}
		return answered(status, nil)
	})
}
