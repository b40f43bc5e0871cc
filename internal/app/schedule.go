package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/tvstats/tvstats/internal/jobs"
	rpcjobs "github.com/tvstats/tvstats/internal/rpc/jobs"
	"github.com/tvstats/tvstats/internal/viewing"
)

// DefaultSchedule computes ahead of time what an operator's screens show. Entries are named as the commands are in
// StartJobRequest. A day is recorded some minutes after it has ended, when its last reports are in.
var DefaultSchedule = jobs.Schedule{
	"cache_customers_dynamic": "0 * * * *",
	"cache_max_online":        "0 * * * *",
	"save_stats":              "0 * * * *",
	"collect_daily_stats":     "5 0 * * *",
}

// scheduleTimeout is how long storing a job may take that is due.
const scheduleTimeout = 5 * time.Second

// keepSchedule adds the schedule's jobs to the queue until the returned function is called.
func keepSchedule(schedule jobs.Schedule, queue *jobs.Queue, clock clockwork.Clock, log *slog.Logger) (stop func(), err error) {
	end, err := schedule.Start(clock, func(ctx context.Context, entry string, at viewing.Millis) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), scheduleTimeout) // what is due is stored, at a stop too
		defer cancel()
		job, err := rpcjobs.Scheduled(entry, at)
		if err == nil {
			err = queue.Add(ctx, job)
		}
		if err != nil {
			log.Warn("the schedule could not start a job; the next one will do its work too", "schedule", entry, "error", err)
		}
	})
	return func() {
		if err := end(); err != nil {
			log.Warn("the schedule did not stop in order", "error", err)
		}
	}, err
}
