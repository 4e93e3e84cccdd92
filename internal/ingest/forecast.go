package ingest

import "time"

// Usage is how much of the data file held something at a moment.
type Usage struct {
	At    time.Time
	Bytes int64
}

const (
	usageWindow   = 24 * time.Hour
	usageLeast    = time.Hour // no forecast from less
	forecastReach = 10 * 365 * 24 * time.Hour
)

// Forecast tells from the usage of the last day, oldest first, and from the free bytes when the disk will be full. The rate
// is the slope of the line that fits best (least squares): usage moves in steps, and falls when what has been deleted is
// given back.
func Forecast(usage []Usage, free int64) DiskStatus {
	v := DiskStatus{Free: free}
	if len(usage) == 0 {
		return v
	}
	first, last := usage[0], usage[len(usage)-1]
	v.Used = last.Bytes
	observed := last.At.Sub(first.At)
	v.Observed = int64(observed / time.Second)
	if observed < usageLeast {
		return v
	}
	var meanX, meanY float64
	for _, u := range usage {
		meanX += u.At.Sub(first.At).Seconds() / float64(len(usage))
		meanY += float64(u.Bytes-first.Bytes) / float64(len(usage))
	}
	var covariance, variance float64
	for _, u := range usage {
		x := u.At.Sub(first.At).Seconds() - meanX
		covariance += x * (float64(u.Bytes-first.Bytes) - meanY)
		variance += x * x
	}
	slope := covariance / variance // bytes a second
	v.BytesPerDay = new(int64(slope * (24 * time.Hour).Seconds()))
	if left := float64(free) / slope; slope > 0 && left < forecastReach.Seconds() {
		v.FullAt = new(last.At.Add(time.Duration(left * float64(time.Second))).Round(0))
	}
	return v
}
