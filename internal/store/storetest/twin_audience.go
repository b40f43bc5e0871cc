package storetest

import (
	"cmp"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// This file is the part of the twin that finds audiences: it looks at each session for each programme, step and device.

// endOf is where the time of a session ends.
func endOf(s *viewing.Report) viewing.Millis {
	return s.StartedAt + viewing.Millis(s.WatchedSeconds)*1000
}

// subscribers is what store.SubscriberCounter says.
func (w *Twin) subscribers(client int32, at viewing.Millis, tariffs []int32, now viewing.Millis) int64 {
	latest := map[int64]change{}
	for _, c := range w.changes(client, now) {
		if before, known := latest[c.account]; c.at <= at && (!known || c.at >= before.at) {
			latest[c.account] = c
		}
	}
	var count int64
	for account, c := range latest {
		if c.is.Active && (len(tariffs) == 0 || overlap(tariffs, c.is.Tariffs)) && !w.current(client, account, now).Excluded {
			count++
		}
	}
	return count
}

// ratings is what store.ProgrammeRater says.
func (w *Twin) ratings(q store.RatingQuery) store.Ratings {
	q.Filter.Window = AnyTime
	var sessions []viewing.Report
	given := map[viewing.Identity]bool{}
	lost := map[viewing.Identity]viewing.Millis{}
	for _, session := range w.counted(q.Filter) {
		sessions = append(sessions, session.Report)
		lost[session.Identity] = viewing.Millis(session.reported-session.WatchedSeconds) * 1000
	}
	var all store.Ratings
	for _, programme := range w.guide(q.Filter.ClientID, q.Channels) {
		if programme.Start >= q.Starting.From && programme.Start < q.Starting.To {
			all.Programmes = append(all.Programmes, w.rating(sessions, programme, q))
			for _, s := range sessions {
				if w.attributed(&s, &programme) > 0 && !given[s.Identity] {
					given[s.Identity] = true
					all.Cut += lost[s.Identity]
				}
			}
		}
	}
	return all
}

func (w *Twin) rating(sessions []viewing.Report, programme catalog.Programme, q store.RatingQuery) store.Rating {
	rating := store.Rating{Programme: programme}
	accounts, reached := map[int64]bool{}, map[int64]bool{}
	i := slices.IndexFunc(q.Days, func(day viewing.Window) bool { return programme.Start >= day.From && programme.Start < day.To })
	for _, s := range sessions {
		if s.Mode == viewing.Live {
			rating.AllLive += max(0, min(endOf(&s), programme.End)-max(s.StartedAt, programme.Start))
		}
		given := w.attributed(&s, &programme)
		if given == 0 {
			continue
		}
		accounts[s.AccountID] = true
		if given >= q.Reach {
			reached[s.AccountID] = true
		}
		lag := s.StartedAt - programme.Start
		if s.PositionAt != viewing.Unknown {
			lag = s.StartedAt - s.PositionAt
		}
		live := s.Mode == viewing.Live
		for _, part := range []struct {
			counts bool
			into   *viewing.Millis
		}{
			{true, &rating.Watch}, {live, &rating.Live},
			{live || s.StartedAt >= q.Days[i].From && s.StartedAt < q.Days[i].To, &rating.SameDay},
			{live || lag < 7*viewing.DayLength, &rating.SevenDays}, {live || lag < 28*viewing.DayLength, &rating.TwentyEightDays},
		} {
			if part.counts {
				*part.into += given
			}
		}
	}
	rating.Accounts, rating.Reach = int64(len(accounts)), int64(len(reached))
	return rating
}

// curve is what store.CurveReader says.
func (w *Twin) curve(filter viewing.Filter, length viewing.Millis) []store.CurveStep {
	window := filter.Window
	filter.Window = AnyTime
	sessions := w.passing(filter)
	var steps []store.CurveStep
	for from := window.From; from < window.To; from += length {
		to := min(from+length, window.To)
		var step store.CurveStep
		instants := []viewing.Millis{from}
		for _, s := range sessions {
			step.Watch += max(0, min(endOf(&s), to)-max(s.StartedAt, from))
			if s.StartedAt >= from && s.StartedAt < to {
				step.Joined++
				instants = append(instants, s.StartedAt)
			}
			if end := endOf(&s); end >= from && end < to {
				step.Left++
			}
		}
		for _, instant := range instants {
			on := map[int64]bool{}
			for _, s := range sessions {
				if s.StartedAt <= instant && instant < endOf(&s) {
					on[s.AccountID] = true
				}
			}
			step.Accounts = max(step.Accounts, int64(len(on)))
		}
		steps = append(steps, step)
	}
	return steps
}

// channelFlows is what store.FlowReader says.
func (w *Twin) channelFlows(filter viewing.Filter, gap viewing.Millis, channel int32) []store.Flow {
	type device struct {
		account int64
		uid     string
	}
	devices := map[device][]viewing.Report{}
	for _, s := range w.passing(filter) {
		key := device{s.AccountID, s.DeviceUID}
		devices[key] = append(devices[key], s)
	}
	switches, accounts := map[[2]int32]int64{}, map[[2]int32]map[int64]bool{}
	went := func(account int64, from, to int32) {
		key := [2]int32{from, to}
		if from == to || channel != 0 && from != channel && to != channel {
			return
		}
		if accounts[key] == nil {
			accounts[key] = map[int64]bool{}
		}
		switches[key]++
		accounts[key][account] = true
	}
	for key, sessions := range devices {
		slices.SortFunc(sessions, inOrder)
		went(key.account, 0, sessions[0].ChannelID)
		for i := range sessions[1:] {
			one, next := &sessions[i], &sessions[i+1]
			if next.StartedAt-endOf(one) <= gap {
				went(key.account, one.ChannelID, next.ChannelID)
				continue
			}
			went(key.account, one.ChannelID, 0)
			went(key.account, 0, next.ChannelID)
		}
		went(key.account, sessions[len(sessions)-1].ChannelID, 0)
	}
	flows := make([]store.Flow, 0, len(switches))
	for key, count := range switches {
		flows = append(flows, store.Flow{From: key[0], To: key[1], Switches: count, Accounts: int64(len(accounts[key]))})
	}
	return flows
}

// inOrder is the order of the sessions of one device.
func inOrder(a, b viewing.Report) int {
	return cmp.Or(cmp.Compare(a.StartedAt, b.StartedAt), cmp.Compare(a.ChannelID, b.ChannelID), cmp.Compare(a.Mode, b.Mode),
		cmp.Compare(a.ProgrammeID, b.ProgrammeID), cmp.Compare(a.Device, b.Device))
}
