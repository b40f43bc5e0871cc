package ingest

import "time"

// Observer is told what happens, for metrics. Its methods are called from many goroutines and must not block.
type Observer interface {
	// Rejected is called for every event that is refused.
	Rejected(reason string)
	// Committed is called after every try to commit a group of so many reports; err is nil where they are durable.
	Committed(reports int, took time.Duration, err error)
}
