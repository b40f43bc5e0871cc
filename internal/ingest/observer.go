package ingest

import (
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Observer is notified of what happens, for metrics. Its methods are called from many goroutines and must not block.
type Observer interface {
	// Rejected is called for every event that is refused.
	Rejected(reason string)
	// Admitted is called with the reports of a batch that are valid, before they are durable; it must not keep them.
	Admitted(reports []viewing.Report)
	// Committed is called after every try to commit a group of so many reports; err is nil where they are durable.
	Committed(reports int, took time.Duration, err error)
}
