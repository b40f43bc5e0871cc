package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// curve is the points of the channel.
func (w *world) curve(q *tvstatsv1.GetAudienceCurveRequest) []*tvstatsv1.AudienceCurvePoint {
	var sessions []*bruteSession
	for _, s := range w.sessions() {
		if s.ChannelId == q.ChannelId && s.Mode <= tvstatsv1.ViewMode_VIEW_MODE_LIVE && w.wants(q.Filter, s, true) {
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
				cmp.Compare(max(a.Mode, 1), max(b.Mode, 1)), cmp.Compare(a.ProgrammeId, b.ProgrammeId), cmp.Compare(a.seconds, b.seconds))
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
