package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// This file finds ratings, curves and flows as brute_audience_test.go finds rows.

// ratings are those of all programmes that start in the span, by id.
func (w *world) ratings(q *tvstatsv1.GetProgrammeRatingsRequest, loc *time.Location) map[int64]*tvstatsv1.ProgrammeRating {
	ratings := map[int64]*tvstatsv1.ProgrammeRating{}
	universe := float64(w.universe(q))
	var sessions []*bruteSession
	for _, s := range w.sessions() {
		if w.wants(q.Filter, s, false) {
			sessions = append(sessions, s)
		}
	}
	for _, p := range w.programmes {
		start := p.Start.AsTime()
		if p.Deleted || start.Before(q.From.AsTime()) || !start.Before(q.To.AsTime()) || !oneOf(q.Filter.GetChannels(), p.ChannelId) ||
			!oneOf(q.Filter.GetCategories(), w.categories(p.ChannelId)...) {
			continue
		}
		rating := bruteRating(p, sessions, time.Duration(cmp.Or(q.ReachSeconds, 180))*time.Second, loc)
		if universe > 0 {
			rating.Rating = 100 * rating.AverageAudience / universe
		}
		ratings[p.ProgrammeId] = rating
	}
	return ratings
}

func isLive(s *bruteSession) bool { return s.Mode <= tvstatsv1.ViewMode_VIEW_MODE_LIVE }

// gave is what the session gave the programme.
func gave(s *bruteSession, p *tvstatsv1.Programme) time.Duration {
	switch {
	case s.ProgrammeId == p.ProgrammeId:
		return time.Duration(s.seconds) * time.Second
	case s.ProgrammeId == 0 && isLive(s) && s.ChannelId == p.ChannelId:
		return s.time().overlap(p.Start.AsTime(), p.End.AsTime())
	default:
		return 0
	}
}

func bruteRating(p *tvstatsv1.Programme, sessions []*bruteSession, reach time.Duration, loc *time.Location) *tvstatsv1.ProgrammeRating {
	rating := &tvstatsv1.ProgrammeRating{ProgrammeId: p.ProgrammeId, ChannelId: p.ChannelId, Title: p.Title, Start: p.Start, End: p.End}
	start, end := p.Start.AsTime(), p.End.AsTime()
	var allLive time.Duration
	parts := map[*int64]time.Duration{}
	accounts, reached := map[int64]bool{}, map[int64]bool{}
	for _, s := range sessions {
		if isLive(s) {
			allLive += s.time().overlap(start, end)
		}
		part := gave(s, p)
		if part == 0 {
			continue
		}
		accounts[s.AccountId] = true
		if part >= reach {
			reached[s.AccountId] = true
		}
		started := s.StartedAt.AsTime()
		sameDay := started.In(loc).Format(time.DateOnly) == start.In(loc).Format(time.DateOnly)
		for field, counts := range map[*int64]bool{
			&rating.WatchSeconds: true, &rating.LiveSeconds: isLive(s), &rating.SameDaySeconds: isLive(s) || sameDay,
			&rating.SevenDaySeconds:       isLive(s) || started.Sub(start) < 7*24*time.Hour,
			&rating.TwentyeightDaySeconds: isLive(s) || started.Sub(start) < 28*24*time.Hour,
		} {
			if counts {
				parts[field] += part
			}
		}
	}
	for field, total := range parts {
		*field = int64(total / time.Second)
	}
	length := float64(end.Sub(start))
	rating.AverageAudience, rating.LiveAverageAudience = float64(parts[&rating.WatchSeconds])/length, float64(parts[&rating.LiveSeconds])/length
	if allLive > 0 {
		rating.Share = 100 * float64(parts[&rating.LiveSeconds]) / float64(allLive)
	}
	rating.Accounts, rating.Reach = int64(len(accounts)), int64(len(reached))
	return rating
}

// curve is the points of the channel.
func (w *world) curve(q *tvstatsv1.GetAudienceCurveRequest) []*tvstatsv1.AudienceCurvePoint {
	var sessions []*bruteSession
	for _, s := range w.sessions() {
		if s.ChannelId == q.ChannelId && isLive(s) && w.wants(q.Filter, s, true) {
			sessions = append(sessions, s)
		}
	}
	var points []*tvstatsv1.AudienceCurvePoint
	step := time.Duration(cmp.Or(q.StepSeconds, 60)) * time.Second
	for from := q.From.AsTime(); from.Before(q.To.AsTime()); from = from.Add(step) {
		to := from.Add(step)
		if to.After(q.To.AsTime()) {
			to = q.To.AsTime()
		}
		points = append(points, curvePoint(sessions, from, to))
	}
	return points
}

func curvePoint(sessions []*bruteSession, from, to time.Time) *tvstatsv1.AudienceCurvePoint {
	point := &tvstatsv1.AudienceCurvePoint{Start: timestamppb.New(from)}
	inside := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	var watch time.Duration
	instants := []time.Time{from}
	for _, s := range sessions {
		on := s.time()
		watch += on.overlap(from, to)
		if inside(on.from) {
			point.Joined++
			instants = append(instants, on.from)
		}
		if inside(on.to) {
			point.Left++
		}
	}
	for _, instant := range instants {
		accounts := map[int64]bool{}
		for _, s := range sessions {
			if on := s.time(); !on.from.After(instant) && on.to.After(instant) {
				accounts[s.AccountId] = true
			}
		}
		point.MaxAudience = max(point.MaxAudience, int64(len(accounts)))
	}
	point.AverageAudience = float64(watch) / float64(to.Sub(from))
	return point
}

// flows are those of all channels, in order.
func (w *world) flows(q *tvstatsv1.GetAudienceFlowRequest) []*tvstatsv1.AudienceFlow {
	devices := map[string][]*bruteSession{}
	for _, s := range w.sessions() {
		if started := s.StartedAt.AsTime(); !started.Before(q.From.AsTime()) && started.Before(q.To.AsTime()) && w.wants(q.Filter, s, true) {
			device := fmt.Sprint(s.AccountId, " ", s.DeviceUid)
			devices[device] = append(devices[device], s)
		}
	}
	flows, accounts := map[[2]int32]*tvstatsv1.AudienceFlow{}, map[string]bool{}
	went := func(s *bruteSession, from, to int32) {
		if flows[[2]int32{from, to}] == nil {
			flows[[2]int32{from, to}] = &tvstatsv1.AudienceFlow{FromChannelId: from, ToChannelId: to}
		}
		flow, account := flows[[2]int32{from, to}], fmt.Sprint(from, " ", to, " ", s.AccountId)
		flow.Switches++
		if !accounts[account] {
			accounts[account] = true
			flow.Accounts++
		}
	}
	for _, sessions := range devices {
		slices.SortFunc(sessions, func(a, b *bruteSession) int {
			return cmp.Or(a.StartedAt.AsTime().Compare(b.StartedAt.AsTime()), cmp.Compare(a.ChannelId, b.ChannelId),
				cmp.Compare(max(a.Mode, 1), max(b.Mode, 1)), cmp.Compare(a.ProgrammeId, b.ProgrammeId), cmp.Compare(a.Device, b.Device))
		})
		for i, s := range sessions {
			stays := i+1 < len(sessions) &&
				sessions[i+1].StartedAt.AsTime().Sub(s.time().to) <= time.Duration(cmp.Or(q.GapSeconds, 60))*time.Second
			came := i == 0 || s.StartedAt.AsTime().Sub(sessions[i-1].time().to) > time.Duration(cmp.Or(q.GapSeconds, 60))*time.Second
			if came {
				went(s, 0, s.ChannelId)
			}
			if !stays {
				went(s, s.ChannelId, 0)
			} else if next := sessions[i+1].ChannelId; next != s.ChannelId {
				went(s, s.ChannelId, next)
			}
		}
	}
	var all []*tvstatsv1.AudienceFlow
	for _, flow := range flows {
		if q.ChannelId == 0 || flow.FromChannelId == q.ChannelId || flow.ToChannelId == q.ChannelId {
			all = append(all, flow)
		}
	}
	slices.SortFunc(all, func(a, b *tvstatsv1.AudienceFlow) int {
		return cmp.Or(cmp.Compare(b.Switches, a.Switches), cmp.Compare(a.FromChannelId, b.FromChannelId), cmp.Compare(a.ToChannelId, b.ToChannelId))
	})
	return all
}
