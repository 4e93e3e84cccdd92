package backup

// WithRangeRows makes a service divide tables into small ranges.
func WithRangeRows(d Deps, most int64) Deps {
	d.most = most
	return d
}

// InRounds makes a service begin a new round with every range.
func InRounds(d Deps) Deps {
	d.round = 1
	return d
}
