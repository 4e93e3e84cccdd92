package schema

// Infer proposes a table for a sample of events.
func Infer(docs [][]byte, o Options) Inference { return Inference{Events: len(docs)} }
