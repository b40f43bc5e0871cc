package simulate

import "github.com/tvstats/tvstats/internal/viewing"

// session is what a box does between tuning in and leaving. Its times are true; only what it reports is by the box's
// clock.
type session struct {
	identity       viewing.Identity // without StartedAt, which follows from the clock
	start, end     viewing.Millis
	pause          viewing.Window // in which nothing plays; empty = none
	tunedIn        viewing.Millis // how far the box's clock was ahead when it tuned in …
	since          viewing.Millis // … and from the next report on
	withoutWatched bool           // reports carry no watched_seconds
}

// report is what the box reports about the session at a moment.
func (s *session) report(at viewing.Millis) viewing.Event {
	ahead := s.since
	if at == s.start {
		ahead = s.tunedIn
	}
	return viewing.Event{
		Identity:   s.identity,
		Started:    timestamp(s.start + s.tunedIn),
		Reported:   timestamp(at + ahead),
		Watched:    s.watched(at),
		WatchedSet: !s.withoutWatched,
		ModeNumber: int32(s.identity.Mode),
		Ended:      at == s.end,
	}
}

// watched is for how many whole seconds the session has played at a moment.
func (s *session) watched(at viewing.Millis) int64 {
	paused := max(0, min(at, s.pause.To)-s.pause.From)
	return int64(at-s.start-paused) / int64(second)
}

func timestamp(at viewing.Millis) viewing.Timestamp {
	t := at.Time()
	return viewing.Timestamp{Seconds: t.Unix(), Nanos: int32(t.Nanosecond()), Set: true}
}
