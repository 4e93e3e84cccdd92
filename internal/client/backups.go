package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Backup is one backup at a place.
type Backup struct {
	ID            string    `json:"id"`
	At            time.Time `json:"at"` // the moment that it holds
	To            string    `json:"to"`
	Tables        int       `json:"tables"`
	Rows          int64     `json:"rows"` // in tables and in quarantine
	Bytes         int64     `json:"bytes"`
	UploadedBytes int64     `json:"uploaded_bytes"` // the rest was there already
	DurationMS    int64     `json:"duration_ms"`
	Version       string    `json:"version"`           // of Helios
	Damaged       string    `json:"damaged,omitempty"` // why it cannot be used: then only ID and To are known
}

// BackupStatus is how a server's backups are doing. What is not is nil.
type BackupStatus struct {
	Schedule *BackupSchedule `json:"schedule,omitempty"`
	Running  *BackupRunning  `json:"running,omitempty"`
	Last     *Backup         `json:"last,omitempty"`   // that succeeded
	Failed   *BackupFailed   `json:"failed,omitempty"` // the last one, if it failed
}

// BackupSchedule says when a server makes backups by itself.
type BackupSchedule struct {
	To     string    `json:"to"`
	Every  string    `json:"every"` // as in 1h0m0s
	Keep   int       `json:"keep"`
	NextAt time.Time `json:"next_at"`
}

// BackupRunning is a backup that is being made.
type BackupRunning struct {
	To            string    `json:"to"`
	StartedAt     time.Time `json:"started_at"`
	RowsDone      int64     `json:"rows_done"`
	Rows          int64     `json:"rows"` // 0 until they have been counted
	UploadedBytes int64     `json:"uploaded_bytes"`
}

// BackupFailed is a backup that failed.
type BackupFailed struct {
	At      time.Time `json:"at"`
	To      string    `json:"to"`
	Message string    `json:"message"`
}

// BackupStatus tells how the server's backups are doing.
func (c *Client) BackupStatus(ctx context.Context) (BackupStatus, error) {
	var r BackupStatus
	err := c.call(ctx, http.MethodGet, pathOf("backups", "status"), nil, nil, &r)
	return r, err
}

// Backups lists the backups at a place, the newest first; at "" the one of the server's settings.
func (c *Client) Backups(ctx context.Context, at string) ([]Backup, error) {
	q := url.Values{}
	if at != "" {
		q.Set("to", at)
	}
	var r struct {
		Backups []Backup `json:"backups"`
	}
	err := c.call(ctx, http.MethodGet, pathOf("backups"), q, nil, &r)
	return r.Backups, err
}

// StartBackup starts a backup to a place; to "" it goes to the one of the server's settings. BackupStatus tells how it is doing.
func (c *Client) StartBackup(ctx context.Context, to string) (BackupStatus, error) {
	body := map[string]string{}
	if to != "" {
		body["to"] = to
	}
	var r BackupStatus
	err := c.call(ctx, http.MethodPost, pathOf("backups"), nil, body, &r)
	return r, err
}
