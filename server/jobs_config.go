package main

import (
	"errors"
	"time"

	"github.com/tvstats/tvstats/internal/flags"
)

// jobsConfig is how much long work there may be.
type jobsConfig struct {
	JobWorkers   int           `group:"Jobs" default:"2" help:"Jobs that run at once in this process, 0 to 64; 0 leaves them to other replicas."`
	JobQueue     int           `group:"Jobs" default:"1000" help:"Jobs that may wait; at the limit no more are taken. 1 to 100000."`
	JobRetention time.Duration `group:"Jobs" default:"720h" help:"How long jobs that have ended are kept. 1m to 87600h."`
}

func (c *jobsConfig) check() error {
	return errors.Join(
		flags.Within("--job-workers", c.JobWorkers, 0, 64),
		flags.Within("--job-queue", c.JobQueue, 1, 100_000),
		flags.Within("--job-retention", c.JobRetention, time.Minute, 10*365*24*time.Hour),
	)
}
