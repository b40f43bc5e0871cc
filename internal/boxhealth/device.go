package boxhealth

import (
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// remembered is how many sessions of a device are known at most, those that were reported last.
const remembered = 16

// device is what is known of one. Its reports may come in any order.
type device struct {
	sessions []session      // in the order of their last reports
	newest   viewing.Millis // greatest start of a session that was counted in its hour
	inHour   int            // sessions that began in the hour of newest
}

// session is a view session, [started, at), as far as reports of it came.
type session struct {
	channel   int32
	mode      viewing.Mode
	programme int64
	started   viewing.Millis
	at        viewing.Millis
	ended     bool
}

// is reports whether the report is of the session; all of a device are of one account.
func (s *session) is(r *viewing.Report) bool {
	return s.started == r.StartedAt && s.channel == r.ChannelID && s.mode == r.Mode && s.programme == r.ProgrammeID
}

// seen is what one report adds to the counts.
type seen struct {
	begun    bool // it is the first of its session
	silence  bool
	above    bool
	channels viewing.Millis // time in which the device is now known to be on several channels, and was not before
	sessions viewing.Millis // the same of several sessions on one channel
}

// take takes a report in.
func (d *device) take(r *viewing.Report) (found seen) {
	s, begun := d.session(r)
	if begun {
		found.begun, found.above = true, d.begin(r.StartedAt)
	} else {
		found.silence = r.At-s.at > viewing.Millis(Silence.Milliseconds())
	}
	if r.At > s.at {
		found.channels, found.sessions = d.atOnce(s.channel, s.at, r.At)
		s.at = r.At
	}
	s.ended = s.ended || r.Ended
	return found
}

// session returns the session of the report, which becomes the last one, and whether it is new.
func (d *device) session(r *viewing.Report) (s *session, begun bool) {
	last := len(d.sessions) - 1
	for i := last; i >= 0; i-- {
		if d.sessions[i].is(r) {
			for ; i < last; i++ {
				d.sessions[i], d.sessions[i+1] = d.sessions[i+1], d.sessions[i]
			}
			return &d.sessions[last], false
		}
	}
	if len(d.sessions) == remembered {
		d.sessions = slices.Delete(d.sessions, 0, 1)
	}
	d.sessions = append(d.sessions, session{
		channel: r.ChannelID, mode: r.Mode, programme: r.ProgrammeID, started: r.StartedAt, at: r.StartedAt,
	})
	return &d.sessions[len(d.sessions)-1], true
}

// begin counts a session in its hour, and returns whether there are too many. One that began before another that was counted may
// have been counted itself and is passed over.
func (d *device) begin(started viewing.Millis) (above bool) {
	if started <= d.newest {
		return false
	}
	if viewing.ByHour.Start(started) != viewing.ByHour.Start(d.newest) {
		d.inHour = 0
	}
	d.newest = started
	d.inHour++
	return d.inHour > SessionsInHour
}

// atOnce is how much of [from, to), which a session on the channel is about to get, lies within sessions of exactly one other
// channel, and how much within exactly one other session on the same. What lies within more was counted before.
func (d *device) atOnce(channel int32, from, to viewing.Millis) (channels, sessions viewing.Millis) {
	if len(d.sessions) == 1 || !slices.ContainsFunc(d.sessions, func(s session) bool { return s.started < to && s.at > from }) {
		return 0, 0
	}
	cuts := []viewing.Millis{from, to}
	for _, s := range d.sessions {
		if s.started < to && s.at > from {
			cuts = append(cuts, max(s.started, from), min(s.at, to))
		}
	}
	slices.Sort(cuts)
	for i, cut := range cuts[1:] {
		length := cut - cuts[i]
		same, others := d.within(channel, cuts[i])
		if same == 1 {
			sessions += length
		}
		if same == 0 && others == 1 {
			channels += length
		}
	}
	return channels, sessions
}

// within returns of how many sessions on the channel the instant is part, and of how many other channels.
func (d *device) within(channel int32, instant viewing.Millis) (same, others int) {
	var known []int32
	for _, s := range d.sessions {
		switch {
		case instant < s.started || instant >= s.at:
		case s.channel == channel:
			same++
		case !slices.Contains(known, s.channel):
			known = append(known, s.channel)
		}
	}
	return same, len(known)
}

// latest is the session with the greatest report.
func (d *device) latest() (last session) {
	for _, s := range d.sessions {
		if s.at >= last.at {
			last = s
		}
	}
	return last
}
