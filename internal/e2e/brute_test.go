package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// This file computes rankings the plain way, from the messages that were sent and the words of the contract, sharing
// nothing with the code that it checks.

// world is everything that was sent for one client.
type world struct {
	clientID   int32
	start      time.Time // of the first day with viewing; whole seconds
	days       int
	events     []*tvstatsv1.ViewEvent
	channels   []*tvstatsv1.Channel
	accounts   []*tvstatsv1.Account
	programmes []*tvstatsv1.Programme
	policy     *tvstatsv1.MeasurementPolicy // of which only the lengths of sessions are on
	revision   int64                        // of the policy, where it was changed several times
}

// bruteSession is a session as its reports make it.
type bruteSession struct {
	*tvstatsv1.ViewEvent
	seconds int64 // that count
	played  int64 // that were reported
	tariffs []int32
	latest  time.Time // of its reports
}

func (w *world) sessions() []*bruteSession {
	byKey := map[string]*bruteSession{}
	var sessions []*bruteSession
	for _, e := range w.events {
		key := fmt.Sprint(e.AccountId, e.DeviceUid, e.Device, e.ChannelId, max(e.Mode, 1), e.ProgrammeId, e.StartedAt.AsTime().UnixMilli())
		s := byKey[key]
		if s == nil {
			s = &bruteSession{ViewEvent: e}
			byKey[key], sessions = s, append(sessions, s)
		}
		seconds := e.At.AsTime().Sub(e.StartedAt.AsTime()).Milliseconds() / 1000
		if e.WatchedSeconds != nil {
			seconds = *e.WatchedSeconds
		}
		s.played = max(s.played, seconds)
		s.seconds = s.played
		if most := w.policy.GetMaxSessionSeconds(); most > 0 {
			s.seconds = min(s.played, most)
		}
		s.tariffs = append(s.tariffs, e.Tariffs...)
		if at := e.At.AsTime(); at.After(s.latest) {
			s.latest = at
		}
	}
	return sessions
}

// bruteQuery is what all three requests have in common.
type bruteQuery struct {
	from, to   time.Time
	devices    []string
	tariffs    []int32
	activeOnly bool
	minSeconds int64
	modes      []tvstatsv1.ViewMode

	criterion   tvstatsv1.Criterion
	reach       int64 // seconds
	minAccounts int64
}

func (w *world) passing(q bruteQuery) []*bruteSession {
	active := map[int64]bool{}
	for _, a := range w.accounts {
		active[a.AccountId] = a.Active && !a.Deleted
	}
	var passing []*bruteSession
	for _, s := range w.sessions() {
		started := s.StartedAt.AsTime()
		carries := len(q.tariffs) == 0
		for _, tariff := range s.tariffs {
			carries = carries || slices.Contains(q.tariffs, tariff)
		}
		if !started.Before(q.from) && started.Before(q.to) && carries && s.seconds >= cmp.Or(q.minSeconds, w.policy.GetMinSessionSeconds()) &&
			(len(q.devices) == 0 || slices.Contains(q.devices, s.Device)) &&
			(len(q.modes) == 0 || slices.ContainsFunc(q.modes, func(m tvstatsv1.ViewMode) bool { return max(m, 1) == max(s.Mode, 1) })) &&
			(!q.activeOnly || active[s.AccountId]) {
			passing = append(passing, s)
		}
	}
	return passing
}

// channel returns what the catalog says, and whether the channel may be ranked.
func (w *world) channel(id int32) (number int32, categories []int32, ranked bool) {
	for _, c := range w.channels {
		if c.ChannelId == id {
			return c.Number, c.Categories, !c.Deleted && (c.Enabled == nil || *c.Enabled)
		}
	}
	return 0, nil, true
}

// given is what one session gave to what is ranked.
type given struct {
	account int64
	time    time.Duration
}

// bruteFigures are those that channels and programmes have in common.
type bruteFigures struct {
	watch                      time.Duration
	accounts, reach            int64
	average, share, topAccount float64
}

// figures sums up what was given, of all that was watched at all; length is of the window or the programme.
func (q bruteQuery) figures(all []given, total, length time.Duration) bruteFigures {
	var f bruteFigures
	accounts, reached := map[int64]time.Duration{}, map[int64]bool{}
	for _, one := range all {
		f.watch += one.time
		accounts[one.account] += one.time
		if one.time >= time.Duration(cmp.Or(q.reach, 180))*time.Second {
			reached[one.account] = true
		}
	}
	f.accounts, f.reach = int64(len(accounts)), int64(len(reached))
	f.average = float64(f.watch.Milliseconds()) / float64(length.Milliseconds())
	if total > 0 {
		f.share = 100 * float64(f.watch.Milliseconds()) / float64(total.Milliseconds())
	}
	for _, of := range accounts {
		if of > 0 {
			f.topAccount = max(f.topAccount, 100*float64(of.Milliseconds())/float64(f.watch.Milliseconds()))
		}
	}
	return f
}

func (w *world) total(q bruteQuery) (total time.Duration) {
	for _, s := range w.passing(q) {
		total += time.Duration(s.seconds) * time.Second
	}
	return total
}

// cut is how many seconds of the sessions that count were reported and do not.
func (w *world) cut(q bruteQuery) (seconds int64) {
	for _, s := range w.passing(q) {
		seconds += s.played - s.seconds
	}
	return seconds
}

// silent counts the devices of the sessions that count which were silent for a day before the end.
func (w *world) silent(q bruteQuery) int64 {
	type device struct {
		account int64
		uid     string
	}
	heard, silent := map[device]bool{}, map[device]bool{}
	for _, s := range w.sessions() {
		if s.StartedAt.AsTime().Before(q.to) && !s.latest.Before(q.to.Add(-24*time.Hour)) {
			heard[device{s.AccountId, s.DeviceUid}] = true
		}
	}
	for _, s := range w.passing(q) {
		if of := (device{s.AccountId, s.DeviceUid}); !heard[of] {
			silent[of] = true
		}
	}
	return int64(len(silent))
}

func (w *world) rankChannels(q bruteQuery) []*tvstatsv1.RankedChannel {
	sessions := map[int32][]given{}
	for _, s := range w.passing(q) {
		sessions[s.ChannelId] = append(sessions[s.ChannelId], given{s.AccountId, time.Duration(s.seconds) * time.Second})
	}
	for _, c := range w.channels {
		if _, watched := sessions[c.ChannelId]; !watched {
			sessions[c.ChannelId] = nil
		}
	}
	var ranking []*tvstatsv1.RankedChannel
	for id, all := range sessions {
		if _, _, ranked := w.channel(id); ranked {
			ranking = append(ranking, q.bruteChannel(id, all, w.total(q)))
		}
	}
	slices.SortFunc(ranking, func(a, b *tvstatsv1.RankedChannel) int {
		numberA, _, _ := w.channel(a.ChannelId)
		numberB, _, _ := w.channel(b.ChannelId)
		return cmp.Or(last(!a.HasStatistics, !b.HasStatistics), last(a.LowBase, b.LowBase),
			cmp.Compare(b.Score, a.Score), cmp.Compare(b.WatchSeconds, a.WatchSeconds),
			cmp.Compare(b.WatchSessions, a.WatchSessions), cmp.Compare(numberA, numberB), cmp.Compare(a.ChannelId, b.ChannelId))
	})
	for i, c := range ranking {
		c.Rank = int32(i + 1)
	}
	return ranking
}

// last puts what is behind what is not.
func last(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func (q bruteQuery) bruteChannel(id int32, all []given, total time.Duration) *tvstatsv1.RankedChannel {
	c := &tvstatsv1.RankedChannel{ChannelId: id}
	n := len(all)
	if n == 0 {
		return c
	}
	f := q.figures(all, total, q.to.Sub(q.from))
	slices.SortFunc(all, func(a, b given) int { return cmp.Compare(a.time, b.time) })
	c.WatchSeconds = int64(f.watch / time.Second)
	c.HasStatistics, c.WatchSessions = true, int64(n)
	c.AverageWatchSeconds = float64(c.WatchSeconds) / float64(n)
	c.MedianWatchSeconds = (all[(n-1)/2].time + all[n/2].time).Seconds() / 2
	c.Accounts, c.Reach, c.AverageAudience, c.Share, c.TopAccountShare = f.accounts, f.reach, f.average, f.share, f.topAccount
	c.LowBase = c.Accounts < q.minAccounts
	c.Score = map[tvstatsv1.Criterion]float64{
		tvstatsv1.Criterion_CRITERION_WATCH_TIME:         float64(c.WatchSeconds),
		tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS:     float64(c.WatchSessions),
		tvstatsv1.Criterion_CRITERION_AVERAGE_WATCH_TIME: c.AverageWatchSeconds,
		tvstatsv1.Criterion_CRITERION_MEDIAN_WATCH_TIME:  c.MedianWatchSeconds,
		tvstatsv1.Criterion_CRITERION_REACH:              float64(c.Reach),
		tvstatsv1.Criterion_CRITERION_AVERAGE_AUDIENCE:   c.AverageAudience,
	}[q.criterion]
	return c
}

func (w *world) rankProgrammes(q bruteQuery, categories, channels []int32, size int) []*tvstatsv1.RankedProgramme {
	passing, total := w.passing(q), w.total(q)
	var watched, fill []*tvstatsv1.RankedProgramme
	starts := map[int64]time.Time{}
	for _, p := range w.programmes {
		_, of, ranked := w.channel(p.ChannelId)
		inCategory := len(categories) == 0 || slices.ContainsFunc(of, func(id int32) bool { return slices.Contains(categories, id) })
		if p.Deleted || !ranked || !inCategory || (len(channels) > 0 && !slices.Contains(channels, p.ChannelId)) {
			continue
		}
		starts[p.ProgrammeId] = p.Start.AsTime()
		r := q.bruteProgramme(p, passing, total)
		if r.HasStatistics {
			watched = append(watched, r)
		} else if start := p.Start.AsTime(); !start.Before(q.from) && start.Before(q.to) {
			fill = append(fill, r)
		}
	}
	number := func(p *tvstatsv1.RankedProgramme) int32 { n, _, _ := w.channel(p.ChannelId); return n }
	slices.SortFunc(watched, func(a, b *tvstatsv1.RankedProgramme) int {
		return cmp.Or(last(a.LowBase, b.LowBase), cmp.Compare(b.Score, a.Score), cmp.Compare(b.WatchSeconds, a.WatchSeconds),
			cmp.Compare(b.WatchSessions, a.WatchSessions), cmp.Compare(number(a), number(b)), cmp.Compare(a.ProgrammeId, b.ProgrammeId))
	})
	slices.SortFunc(fill, func(a, b *tvstatsv1.RankedProgramme) int {
		return cmp.Or(starts[b.ProgrammeId].Compare(starts[a.ProgrammeId]),
			cmp.Compare(number(a), number(b)), cmp.Compare(a.ProgrammeId, b.ProgrammeId))
	})
	ranking := slices.Concat(watched, fill)
	ranking = ranking[:min(size, len(ranking))]
	for i, p := range ranking {
		p.Rank = int32(i + 1)
	}
	return ranking
}

func (q bruteQuery) bruteProgramme(p *tvstatsv1.Programme, sessions []*bruteSession, total time.Duration) *tvstatsv1.RankedProgramme {
	r := &tvstatsv1.RankedProgramme{ProgrammeId: p.ProgrammeId, ChannelId: p.ChannelId, Title: p.Title}
	var all []given
	for _, s := range sessions {
		if share := bruteShare(s, p); share > 0 {
			all = append(all, given{s.AccountId, share})
		}
	}
	if len(all) == 0 {
		return r
	}
	f := q.figures(all, total, p.End.AsTime().Sub(p.Start.AsTime()))
	r.HasStatistics, r.WatchSessions, r.WatchSeconds = true, int64(len(all)), int64(f.watch/time.Second)
	r.Accounts, r.Reach, r.AverageAudience, r.Share, r.TopAccountShare = f.accounts, f.reach, f.average, f.share, f.topAccount
	r.LowBase = r.Accounts < q.minAccounts
	r.Score = map[tvstatsv1.Criterion]float64{
		tvstatsv1.Criterion_CRITERION_UNSPECIFIED:      float64(r.WatchSeconds),
		tvstatsv1.Criterion_CRITERION_WATCH_TIME:       float64(r.WatchSeconds),
		tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS:   float64(r.WatchSessions),
		tvstatsv1.Criterion_CRITERION_REACH:            float64(r.Reach),
		tvstatsv1.Criterion_CRITERION_AVERAGE_AUDIENCE: r.AverageAudience,
	}[q.criterion]
	return r
}

// bruteShare is the time that the session gave the programme.
func bruteShare(s *bruteSession, p *tvstatsv1.Programme) time.Duration {
	watched := time.Duration(s.seconds) * time.Second
	switch {
	case s.ProgrammeId == p.ProgrammeId:
		return watched
	case s.ProgrammeId == 0 && s.Mode <= tvstatsv1.ViewMode_VIEW_MODE_LIVE && s.ChannelId == p.ChannelId:
		from, to := s.StartedAt.AsTime(), s.StartedAt.AsTime().Add(watched)
		if start := p.Start.AsTime(); start.After(from) {
			from = start
		}
		if end := p.End.AsTime(); end.Before(to) {
			to = end
		}
		return max(0, to.Sub(from))
	default:
		return 0
	}
}
