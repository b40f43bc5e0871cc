package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/jonboulle/clockwork"

	"github.com/tvstats/tvstats/internal/viewing"
)

// Schedule is when jobs are made without a request: cron expressions of five fields, in UTC, by the name of the entry.
type Schedule map[string]string

// off removes an entry, or all.
const off = "off"

// With returns the schedule as changed by text: "name=cron" entries, separated by ";", in which "off" removes an entry. An
// entry that is not named stays. "off" alone removes all.
func (s Schedule) With(text string) (Schedule, error) {
	if strings.TrimSpace(text) == off {
		return Schedule{}, nil
	}
	changed := maps.Clone(s)
	for entry := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		name, cron, err := s.parse(entry)
		if err != nil {
			return nil, fmt.Errorf("entry %q: %w", strings.TrimSpace(entry), err)
		}
		changed[name] = cron
	}
	maps.DeleteFunc(changed, func(_, cron string) bool { return cron == off })
	return changed, nil
}

func (s Schedule) parse(entry string) (name, cron string, err error) {
	name, cron, _ = strings.Cut(entry, "=")
	name, cron = strings.TrimSpace(name), strings.TrimSpace(cron)
	if _, known := s[name]; !known {
		return "", "", fmt.Errorf("there is no %q; the names are %s", name, strings.Join(slices.Sorted(maps.Keys(s)), ", "))
	}
	if cron != off && !validCron(cron) {
		return "", "", errors.New(`a name is followed by = and "off" or five fields, ` +
			`minute hour day-of-month month day-of-week, in UTC: for example "5 0 * * *" is every day at 00:05`)
	}
	return name, cron, nil
}

// validCron refuses what the scheduler would take beside five fields: other time zones, and intervals that begin with the
// program, at which no two replicas would agree.
func validCron(cron string) bool {
	_, err := parseCron(cron)
	return err == nil && len(strings.Fields(cron)) == 5
}

// parseCron also refuses times that never come.
func parseCron(cron string) (gocron.Cron, error) {
	times := gocron.NewDefaultCron(false)
	return times, times.IsValid(cron, time.UTC, time.Unix(0, 0))
}

// Upcoming is an entry of a schedule and the next time of it.
type Upcoming struct {
	Name, Cron string
	At         time.Time
}

// Upcoming returns every entry, by name, with the first of its times after now.
func (s Schedule) Upcoming(now time.Time) ([]Upcoming, error) {
	var all []Upcoming
	for _, entry := range slices.Sorted(maps.Keys(s)) {
		times, err := parseCron(s[entry])
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", entry, err)
		}
		all = append(all, Upcoming{entry, s[entry], times.Next(now.UTC())})
	}
	return all, nil
}

// Start calls tick at each time of each entry, with that time, until stop is called; ctx ends then, and stop waits for the
// calls. Times that passed before Start, or while the computer slept, are left out.
func (s Schedule) Start(
	clock clockwork.Clock, tick func(ctx context.Context, entry string, at viewing.Millis),
) (stop func() error, err error) {
	scheduler, err := gocron.NewScheduler(gocron.WithClock(clock), gocron.WithLocation(time.UTC))
	if err != nil {
		return nil, err
	}
	for entry, cron := range s {
		times, err := parseCron(cron)
		if err == nil {
			_, err = scheduler.NewJob(gocron.CronJob(cron, false), gocron.NewTask(func(ctx context.Context) {
				tick(ctx, entry, viewing.At(latest(times, clock.Now().Add(earliness))))
			}))
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("schedule %s: %w", entry, err), scheduler.Shutdown())
		}
	}
	scheduler.Start()
	return scheduler.Shutdown, nil
}

// earliness is how much too early a timer may be, where the clock was set back meanwhile.
const earliness = 30 * time.Second

// latest returns the last of the times up to now. A timer is never exact, but replicas must agree which time it was for.
func latest(times gocron.Cron, now time.Time) time.Time {
	for back := time.Minute; ; back *= 2 {
		last := times.Next(now.Add(-back))
		if last.After(now) {
			continue
		}
		for next := times.Next(last); !next.After(now); next = times.Next(next) {
			last = next
		}
		return last
	}
}
