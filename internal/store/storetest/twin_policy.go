package storetest

import (
	"cmp"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// This file is the part of the twin that computes what of a session counts: it puts all sessions of a device in order and goes
// through them one by one.

// counting is a session with its counted seconds as WatchedSeconds.
type counting struct {
	viewing.Report
	reported int32 // its watched seconds
}

// counts returns all sessions of a client as they count by the policy.
func (w *Twin) counts(client int32, policy viewing.Policy) []counting {
	type device struct {
		account int64
		uid     string
	}
	devices := map[device][]viewing.Report{}
	for identity, state := range w.sessions {
		if identity.ClientID == client {
			key := device{identity.AccountID, identity.DeviceUID}
			devices[key] = append(devices[key], viewing.Report{Identity: identity, State: state})
		}
	}
	var all []counting
	for _, sessions := range devices {
		slices.SortFunc(sessions, byPlaceOnDevice)
		if policy.OneChannelPerDevice {
			sessions = joinDrifting(sessions)
		}
		for i, session := range sessions {
			next := year9999
			if policy.OneChannelPerDevice && i+1 < len(sessions) {
				next = sessions[i+1].StartedAt
			}
			reported := session.WatchedSeconds
			session.WatchedSeconds = int32(countedTime(session, policy, next) / 1000)
			all = append(all, counting{session, reported})
		}
	}
	return all
}

func byPlaceOnDevice(a, b viewing.Report) int {
	return cmp.Or(cmp.Compare(a.StartedAt, b.StartedAt), cmp.Compare(a.ChannelID, b.ChannelID), cmp.Compare(a.Mode, b.Mode),
		cmp.Compare(a.ProgrammeID, b.ProgrammeID), cmp.Compare(a.Device, b.Device))
}

func countedTime(session viewing.Report, policy viewing.Policy, next viewing.Millis) viewing.Millis {
	counted := min(viewing.Millis(session.WatchedSeconds)*1000, next-session.StartedAt)
	if policy.MaxSessionSeconds > 0 {
		counted = min(counted, viewing.Millis(policy.MaxSessionSeconds)*1000)
	}
	if policy.InactivitySeconds > 0 && session.LastActivityAt != viewing.Unknown {
		active := max(session.LastActivityAt, session.StartedAt) - session.StartedAt
		counted = min(counted, active+viewing.Millis(policy.InactivitySeconds)*1000)
	}
	return counted
}

// joinDrifting makes one session of neighbours of which the second begins before the first ended.
func joinDrifting(sessions []viewing.Report) []viewing.Report {
	var joined []viewing.Report
	var end viewing.Millis // the greatest so far of the last one
	for _, session := range sessions {
		last := len(joined) - 1
		ends := session.StartedAt + viewing.Millis(session.WatchedSeconds)*1000
		if last < 0 || joined[last].ChannelID != session.ChannelID || joined[last].Mode != session.Mode ||
			joined[last].ProgrammeID != session.ProgrammeID || session.StartedAt >= end {
			joined, end = append(joined, session), ends
			continue
		}
		end = max(end, ends)
		first := &joined[last]
		first.WatchedSeconds = int32((end - first.StartedAt) / 1000)
		if first.LastActivityAt == viewing.Unknown || session.LastActivityAt != viewing.Unknown && session.LastActivityAt > first.LastActivityAt {
			first.LastActivityAt = session.LastActivityAt
		}
		first.Tariffs = viewing.Distinct(slices.Concat(first.Tariffs, session.Tariffs))
	}
	return joined
}
