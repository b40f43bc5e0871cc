package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/jobs"
)

// jobsConfig is how much long work there may be.
type jobsConfig struct {
	JobWorkers   int           `group:"Jobs" default:"2" help:"Jobs that run at once in this process, 0 to 64; 0 leaves them to other replicas."`
	JobQueue     int           `group:"Jobs" default:"1000" help:"Jobs that may wait; at the limit no more are taken. 1 to 100000."`
	JobRetention time.Duration `group:"Jobs" default:"720h" help:"How long jobs that have ended are kept. 1m to 87600h."`
	Schedule     string        `group:"Jobs" help:"When jobs start by themselves: entries name=cron, separated by semicolons, five fields in UTC. Entries that are not named stay as they are; name=off removes one, off alone removes all. By default collect_daily_stats is daily (5 0 * * *), cache_customers_dynamic, cache_max_online and save_stats are hourly (0 * * * *)."`
}

func (c *jobsConfig) check() error {
	_, scheduleErr := c.schedule()
	return errors.Join(
		flags.Within("--job-workers", c.JobWorkers, 0, 64),
		flags.Within("--job-queue", c.JobQueue, 1, 100_000),
		flags.Within("--job-retention", c.JobRetention, time.Minute, 10*365*24*time.Hour),
		scheduleErr,
	)
}

// schedule is when jobs are started by themselves.
func (c *jobsConfig) schedule() (jobs.Schedule, error) {
	schedule, err := DefaultSchedule.With(c.Schedule)
	if err != nil {
		return nil, fmt.Errorf("--schedule: %w", err)
	}
	return schedule, nil
}

// startJobs runs jobs, and adds those of the schedule, until the returned function is called.
func (c *jobsConfig) startJobs(
	queue *jobs.Queue, clock clockwork.Clock, does jobs.Work, observer *jobObserver,
) (stop func(), err error) {
	schedule, err := c.schedule()
	if err != nil {
		return nil, err
	}
	endSchedule, err := keepSchedule(schedule, queue, clock, observer.log)
	if err != nil {
		return nil, err
	}
	endRunning := inBackground(func(ctx context.Context) {
		jobs.NewRunner(queue, newID(), does, observer).Run(ctx, c.JobWorkers)
	})
	return func() {
		endSchedule()
		endRunning()
	}, nil
}
