package storetest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// This file is the part of the twin that computes subscriber dynamics: it looks at every session at every instant that
// matters, and walks through the states of every account.

// of returns the sessions of a client that count.
func (w *Twin) of(client int32) []viewing.Report {
	return w.passing(viewing.Filter{ClientID: client, Now: w.now, Window: AnyTime})
}

// all returns all sessions of a client.
func (w *Twin) all(client int32) []viewing.Report {
	return w.passing(viewing.Filter{ClientID: client, Window: AnyTime, Excluded: true})
}

// Peaks is what store.OnlineFinder says of Peaks.
func (w *Twin) Peaks(client int32, window viewing.Window) []store.DayPeak {
	sessions := w.of(client)
	var peaks []store.DayPeak
	for from := window.From; from < window.To; {
		day := from.Day()
		to := min(day.Window().To, window.To)
		peaks = append(peaks, store.DayPeak{
			Start:    day.Start(),
			Accounts: peak(sessions, from, to, func(s *viewing.Report) any { return s.AccountID }),
			Devices:  peak(sessions, from, to, func(s *viewing.Report) any { return s.DeviceUID }),
		})
		from = to
	}
	return peaks
}

// peak counts who is on at each instant at which the number can have grown: the beginning and each start of a session.
func peak(sessions []viewing.Report, from, to viewing.Millis, who func(*viewing.Report) any) store.Peak {
	instants := []viewing.Millis{from}
	var near []viewing.Report
	for _, s := range sessions {
		if s.StartedAt < to && s.At > from {
			near = append(near, s)
			instants = append(instants, max(from, s.StartedAt))
		}
	}
	slices.Sort(instants)
	var greatest store.Peak
	for _, instant := range slices.Compact(instants) {
		on := map[any]bool{}
		for i := range near {
			if near[i].StartedAt <= instant && instant < near[i].At {
				on[who(&near[i])] = true
			}
		}
		if count := int64(len(on)); count > greatest.Count {
			greatest = store.Peak{Count: count, At: instant}
		}
	}
	return greatest
}

// Online is what store.OnlineFinder says of Online.
func (w *Twin) Online(client int32, asOf viewing.Millis, timeout time.Duration) store.Viewers {
	return distinct(w.of(client), func(s *viewing.Report) bool {
		return s.StartedAt < asOf && s.At > asOf.Add(-timeout) && (!s.Ended || s.At > asOf)
	})
}

func distinct(sessions []viewing.Report, chosen func(*viewing.Report) bool) store.Viewers {
	accounts, devices := map[int64]bool{}, map[string]bool{}
	for i := range sessions {
		if s := &sessions[i]; chosen(s) {
			accounts[s.AccountID], devices[s.DeviceUID] = true, true
		}
	}
	return store.Viewers{Accounts: int64(len(accounts)), Devices: int64(len(devices))}
}

// ViewerCounts is what store.ViewerCounter returns.
func (w *Twin) ViewerCounts(client int32, asOf viewing.Millis) store.ViewerCounts {
	sessions := w.of(client)
	in := func(days viewing.Millis, device string) store.Viewers {
		return distinct(sessions, func(s *viewing.Report) bool {
			return s.StartedAt < asOf && s.StartedAt >= asOf-days*viewing.DayLength && (device == "" || s.Device == device)
		})
	}
	a := store.ViewerCounts{In24Hours: in(1, ""), In7Days: in(7, ""), In30Days: in(30, ""), ByDevice: map[string]int64{}}
	for _, s := range sessions {
		if accounts := in(30, s.Device).Accounts; accounts > 0 {
			a.ByDevice[s.Device] = accounts
		}
	}
	return a
}

// WatchByPeriod is the viewing of sessions that started in each period.
func (w *Twin) WatchByPeriod(client int32, boundaries []viewing.Millis) []store.Watch {
	periods := make([]store.Watch, len(boundaries)-1)
	for i := range periods {
		filter := viewing.Filter{
			ClientID: client, Now: w.now, Window: viewing.Window{From: boundaries[i], To: boundaries[i+1]}, Policy: w.policies[client].Policy,
		}
		sessions := w.counted(filter)
		all := distinct(w.passing(filter), func(*viewing.Report) bool { return true })
		periods[i] = store.Watch{Accounts: all.Accounts, Sessions: int64(len(sessions))}
		for _, s := range sessions {
			periods[i].Seconds += int64(s.WatchedSeconds)
			periods[i].Cut += int64(s.reported - s.WatchedSeconds)
		}
	}
	return periods
}

// change is what happened to an account at one instant.
type change struct {
	account    int64
	at         viewing.Millis
	was, is    catalog.Account // the zero account does not exist
	did, exist bool            // existed before, exists after
}

// AsOf is the twin for figures of an instant: of one that is later than the queries, with the states that take effect before it.
func (w *Twin) AsOf(instant viewing.Millis) *Twin {
	later := *w
	later.known = max(w.now, instant-1)
	return &later
}

// changes walks through those states of the client's accounts that have taken effect by the instant.
func (w *Twin) changes(client int32, known viewing.Millis) []change {
	var all []change
	for key, states := range w.states {
		sorted := slices.SortedFunc(maps.Values(states), func(a, b catalog.Account) int { return cmp.Compare(a.ChangedAt, b.ChangedAt) })
		if key.id > 0 { // below are erased accounts: what is left of them had happened by then, and questions come later
			sorted = slices.DeleteFunc(sorted, func(a catalog.Account) bool { return a.ChangedAt > known })
		}
		if key.client != client || len(sorted) == 0 {
			continue
		}
		first := sorted[0].ChangedAt
		for _, state := range slices.Backward(sorted) {
			if state.RegisteredAt != 0 {
				first = min(first, state.RegisteredAt)
				break
			}
		}
		before := change{}
		for i, state := range sorted {
			now := change{account: key.id, at: state.ChangedAt, was: before.is, is: state, did: before.exist, exist: !state.Deleted}
			if i == 0 {
				now.at = first
			}
			if state.Deleted {
				now.is = catalog.Account{}
			}
			all = append(all, now)
			before = now
		}
	}
	return all
}

// Flows is what store.LedgerReader says of Flows.
func (w *Twin) Flows(client int32, from, to viewing.Millis) store.Flows {
	var f store.Flows
	for _, c := range w.changes(client, w.known) {
		switch {
		case c.at < from || c.at >= to:
		case !c.did && c.exist:
			f.New++
			if c.is.Active {
				f.NewActive++
			}
		case c.did && !c.exist:
			f.Removed++
			if c.was.Active {
				f.RemovedActive++
			}
		case c.did && c.is.Active && !c.was.Active:
			f.Activated++
		case c.did && c.was.Active && !c.is.Active:
			f.Deactivated++
		}
	}
	return f
}

// ActiveByTariff looks up the state of each account at the instant.
func (w *Twin) ActiveByTariff(client int32, instant viewing.Millis) map[int32]int64 {
	latest := map[int64]change{}
	for _, c := range w.changes(client, w.known) {
		if before, known := latest[c.account]; c.at < instant && (!known || c.at >= before.at) {
			latest[c.account] = c
		}
	}
	active := map[int32]int64{}
	for _, c := range latest {
		if c.is.Active {
			for _, tariff := range c.is.Tariffs {
				active[tariff]++
			}
		}
	}
	return active
}

// PaymentsIn is what store.PaymentReader says of one period.
func (w *Twin) PaymentsIn(client int32, from, to viewing.Millis) store.Payments {
	p := store.Payments{Sums: map[string]int64{}}
	accounts := map[int64]bool{}
	for key, payment := range w.payments {
		if key.client == client && !payment.Deleted && payment.PaidAt >= from && payment.PaidAt < to {
			p.Count++
			p.Sums[payment.Currency] += payment.AmountMinor
			accounts[payment.AccountID] = true
		}
	}
	p.Accounts = int64(len(accounts))
	return p
}

// Beginning is the first instant of the client with any data; store.Never without any.
func (w *Twin) Beginning(client int32) viewing.Millis {
	first := store.Never
	for _, session := range w.all(client) {
		first = min(first, session.StartedAt)
	}
	for _, change := range w.changes(client, w.known) {
		if change.exist {
			first = min(first, change.at)
		}
	}
	for key, payment := range w.payments {
		if key.client == client && !payment.Deleted {
			first = min(first, payment.PaidAt)
		}
	}
	return first
}

// Policy is the client's policy, with its revision.
func (w *Twin) Policy(client int32) catalog.Client { return w.policies[client] }
