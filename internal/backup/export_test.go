package backup

// WithRangeRows makes a service divide tables into small ranges.
func WithRangeRows(d Deps, most int64) Deps {
	d.most = most
	return d
}
