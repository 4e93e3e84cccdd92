package query

import (
	"encoding/json"
	"time"
)

// Past is a query that somebody ran.
type Past struct {
	ID        string          `json:"id"`
	SQL       string          `json:"sql"`
	Params    json.RawMessage `json:"params,omitempty" doc:"As they were given"`
	StartedAt time.Time       `json:"started_at"`
	ElapsedMS int64           `json:"elapsed_ms"`
	Rows      int64           `json:"rows"`
	Bytes     int64           `json:"bytes" doc:"Of the rows as they were sent"`
	Outcome   string          `json:"outcome" doc:"ok, or the code of the error"`
	Error     string          `json:"error,omitempty"`
	Owner     string          `json:"owner,omitempty" doc:"Who ran it: user: or token: and the id; absent for what was run without accounts"`
}

// Whose says whose past queries are meant.
type Whose struct {
	Owner     string // as Past has it
	Everybody bool   // all, whatever Owner says
}

// HistorySearch says which past queries to give, newest first.
type HistorySearch struct {
	Whose
	Text   string // somewhere in the SQL, in small or capital letters; "" for all
	Before string // the id of the one that the page before ended with; "" for the newest
	Limit  int
}
