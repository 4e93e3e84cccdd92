package traffic

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/localkinesis"
)

// stored is what a table and its quarantine hold, as the audit's queries give it.
type stored struct {
	rows, quarantined [][]string
	positions         map[string]string
}

// faithful is what Helios stores of traffic when it makes no mistake. Every tenth event is in quarantine.
func faithful(t *Traffic) (s stored) {
	for n, i := range t.of {
		e := t.entries[i]
		if n%10 == 0 {
			raw := hex.EncodeToString(fmt.Appendf(nil, `{"soak_id":%d,"x"`, n))
			s.quarantined = append(s.quarantined, []string{e.shard, e.sequence, strconv.FormatInt(int64(n)-e.first, 10), raw})
			continue
		}
		s.rows = append(s.rows, []string{e.shard, e.sequence, strconv.Itoa(n)})
	}
	s.positions = maps.Clone(t.last)
	return s
}

func (s stored) judge(t *Traffic) Audit {
	f := &finder{Traffic: t, seen: make([]uint8, len(t.of))}
	for _, r := range s.rows {
		f.row(place{r[0], r[1]}, r[2])
	}
	for _, r := range s.quarantined {
		f.quarantined(place{r[0], r[1]}, r[2], r[3])
	}
	f.finish(s.positions)
	return f.result
}

func TestAnAuditFindsWhatIsWrongAndNothingElse(t *testing.T) {
	kinesis := localkinesis.New(localkinesis.Options{KeepLimits: true}) // so that some are put again, out of turn
	require.NoError(t, kinesis.CreateStream("s", 2))
	traffic := New(kinesis, "s", 1)
	for range 4 {
		traffic.Drift()
		_, err := traffic.Publish(600)
		require.NoError(t, err)
	}
	events, records, _ := traffic.Published()
	require.Greater(t, events, records)

	for name, c := range map[string]struct {
		spoil func(*stored)
		want  Audit
	}{
		"nothing":                        {func(*stored) {}, Audit{}},
		"a lost row":                     {func(s *stored) { s.rows = s.rows[1:] }, Audit{Rows: -1, Lost: 1}},
		"a lost quarantined event":       {func(s *stored) { s.quarantined = s.quarantined[1:] }, Audit{Quarantined: -1, Lost: 1}},
		"a doubled row":                  {func(s *stored) { s.rows = append(s.rows, s.rows[0]) }, Audit{Rows: 1, Doubled: 1}},
		"a row at another place":         {func(s *stored) { s.rows[0][1] = "1" }, Audit{Strange: 1, Lost: 1}},
		"a row of nobody":                {func(s *stored) { s.rows[0][2] = "" }, Audit{Strange: 1, Lost: 1}},
		"a quarantined event of nobody":  {func(s *stored) { s.quarantined[0][2] = "1000" }, Audit{Strange: 1, Lost: 1}},
		"a quarantined event of another": {func(s *stored) { s.quarantined[0][3] = hex.EncodeToString([]byte(`{"soak_id":7}`)) }, Audit{Strange: 1, Lost: 1}},
		"a row that is in quarantine too": {func(s *stored) {
			e := traffic.entries[traffic.of[1]]
			s.quarantined = append(s.quarantined, []string{e.shard, e.sequence, strconv.FormatInt(1-e.first, 10), ""})
		}, Audit{Quarantined: 1, Doubled: 1}},
		"a position that lags": {func(s *stored) { s.positions[slices.Sorted(maps.Keys(s.positions))[0]] = "1" }, Audit{Positions: 1}},
	} {
		s := faithful(traffic)
		c.want.Published, c.want.Rows, c.want.Quarantined = events, c.want.Rows+len(s.rows), c.want.Quarantined+len(s.quarantined)
		c.spoil(&s)
		got := s.judge(traffic)
		if name == "nothing" {
			require.NoError(t, got.Err())
		} else {
			require.Error(t, got.Err(), name)
			require.NotEmpty(t, got.Findings, name)
		}
		got.Findings = nil
		require.Equal(t, c.want, got, name)
	}
}
