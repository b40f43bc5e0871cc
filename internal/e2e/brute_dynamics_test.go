package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// This file computes subscriber dynamics the plain way, from the messages that were sent and the words of the contract.

// subscribers is a world with histories of accounts and payments.
type subscribers struct {
	*world
	states   []*tvstatsv1.Account
	payments []*tvstatsv1.Payment
	zone     *time.Location // by whose wall clock days begin
	now      time.Time      // states that begin later have no effect
}

// midnight begins the day of an instant.
func (s *subscribers) midnight(at time.Time) time.Time {
	year, month, day := at.In(s.zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, s.zone)
}

func randomSubscribers(r *rand.Rand, clientID int32, now time.Time) *subscribers {
	s := &subscribers{world: randomWorld(r, clientID, now), zone: time.UTC, now: now.Truncate(time.Millisecond)}
	s.accounts = nil
	moment := func() time.Time {
		at := s.start.Add(time.Duration(r.Int64N(int64(s.days)*86_400_000)) * time.Millisecond)
		return at.Truncate([]time.Duration{time.Millisecond, time.Hour, 24 * time.Hour}[r.IntN(3)])
	}
	for id := range int64(12) {
		for range 1 + r.IntN(6) {
			state := &tvstatsv1.Account{
				AccountId: id + 1, Active: r.IntN(3) > 0, Deleted: r.IntN(7) == 0, Tariffs: randomIDs(r, 3, 5), ChangedAt: timestamppb.New(moment()),
			}
			if r.IntN(4) == 0 {
				state.RegisteredAt = timestamppb.New(moment())
			}
			if r.IntN(5) == 0 { // it is still to come: just now, later today, in days
				state.ChangedAt = timestamppb.New(s.now.Add([]time.Duration{0, time.Millisecond, time.Second, time.Hour, 100 * time.Hour}[r.IntN(5)]))
			}
			s.states = append(s.states, state)
		}
	}
	for id := range int64(60) {
		s.payments = append(s.payments, &tvstatsv1.Payment{
			PaymentId: id + 1, AccountId: 1 + r.Int64N(12), AmountMinor: []int64{0, -700, 1250, 999}[r.IntN(4)],
			Currency: []string{"EUR", "USD"}[r.IntN(2)], PaidAt: timestamppb.New(moment()), Deleted: r.IntN(9) == 0,
		})
	}
	return s
}

// standing is what an account is.
type standing struct {
	exists, active bool
	tariffs        []int32
}

// history returns from when on an account is what, in order; of several states with one changed_at the last sent holds.
func (s *subscribers) history(account int64) (from []time.Time, is []standing) {
	states := map[int64]*tvstatsv1.Account{}
	for _, state := range s.states {
		if state.AccountId == account && !state.ChangedAt.AsTime().After(s.now) {
			states[state.ChangedAt.AsTime().UnixMilli()] = state
		}
	}
	registered := time.Time{}
	for _, at := range slices.Sorted(maps.Keys(states)) {
		state := states[at]
		if state.RegisteredAt != nil && !state.Deleted { // a deletion has no other data
			registered = state.RegisteredAt.AsTime()
		}
		from = append(from, state.ChangedAt.AsTime())
		is = append(is, standing{exists: !state.Deleted, active: state.Active && !state.Deleted, tariffs: state.Tariffs})
	}
	if len(from) > 0 && !registered.IsZero() && registered.Before(from[0]) {
		from[0] = registered
	}
	return from, is
}

// holders are the accounts that were pushed.
func (s *subscribers) holders() map[int64]bool {
	all := map[int64]bool{}
	for _, state := range s.states {
		all[state.AccountId] = true
	}
	return all
}

// before returns what each account is after all that happened before the instant.
func (s *subscribers) before(at time.Time) map[int64]standing {
	all := map[int64]standing{}
	for account := range s.holders() {
		from, is := s.history(account)
		for i := range from {
			if from[i].Before(at) {
				all[account] = is[i]
			}
		}
	}
	return all
}

// instants are those in the period at which any account changes.
func (s *subscribers) instants(from, to time.Time) []time.Time {
	var instants []time.Time
	for account := range s.holders() {
		changes, _ := s.history(account)
		for _, at := range changes {
			if !at.Before(from) && at.Before(to) {
				instants = append(instants, at)
			}
		}
	}
	slices.SortFunc(instants, time.Time.Compare)
	return slices.Compact(instants)
}

func count(all map[int64]standing, chosen func(standing) bool) int64 {
	n := int64(0)
	for _, one := range all {
		if chosen(one) {
			n++
		}
	}
	return n
}

func isActive(s standing) bool { return s.active }

func exists(s standing) bool { return s.exists }

// point looks at every account just before and just after each instant at which any changes.
func (s *subscribers) point(from, to time.Time) *tvstatsv1.CustomersDynamicPoint {
	p := &tvstatsv1.CustomersDynamicPoint{
		Start: timestamppb.New(from), OpeningActive: count(s.before(from), isActive), ClosingActive: count(s.before(to), isActive),
		TotalAccounts: count(s.before(to), exists),
	}
	for _, at := range s.instants(from, to) {
		was, is := s.before(at), s.before(at.Add(time.Nanosecond))
		for account := range is {
			a, b := was[account], is[account]
			p.NewAccounts += one(!a.exists && b.exists)
			p.NewActive += one(!a.exists && b.active)
			p.Activated += one(a.exists && b.exists && !a.active && b.active)
			p.Deactivated += one(a.exists && b.exists && a.active && !b.active)
			p.RemovedAccounts += one(a.exists && !b.exists)
			p.RemovedActive += one(a.active && !b.exists)
		}
	}
	p.Payments, p.PaymentSums, p.PaidAccounts = s.paid(from, to)
	viewers := map[int64]bool{}
	for _, session := range s.sessions() {
		if started := session.StartedAt.AsTime(); !started.Before(from) && started.Before(to) {
			viewers[session.AccountId] = true
			p.WatchSeconds += session.seconds
			p.WatchSessions++
		}
	}
	p.ViewingAccounts = int64(len(viewers))
	return p
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func (s *subscribers) paid(from, to time.Time) (number int64, sums []*tvstatsv1.CurrencySum, accounts int64) {
	by, payers := map[string]int64{}, map[int64]bool{}
	for _, payment := range s.payments {
		if at := payment.PaidAt.AsTime(); !payment.Deleted && !at.Before(from) && at.Before(to) {
			number++
			by[payment.Currency] += payment.AmountMinor
			payers[payment.AccountId] = true
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(by)) {
		sums = append(sums, &tvstatsv1.CurrencySum{Currency: currency, AmountMinor: by[currency]})
	}
	return number, sums, int64(len(payers))
}

func (s *subscribers) activeByTariff(at time.Time) []*tvstatsv1.TariffAccounts {
	var active []*tvstatsv1.TariffAccounts
	for tariff := range int32(10) {
		holds := func(one standing) bool { return one.active && slices.Contains(one.tariffs, tariff) }
		if accounts := count(s.before(at), holds); accounts > 0 {
			active = append(active, &tvstatsv1.TariffAccounts{TariffId: tariff, Accounts: accounts})
		}
	}
	return active
}

// on returns from when to when sessions were on, as far as was reported.
func (s *subscribers) on() map[*bruteSession]time.Time {
	ends := map[string]time.Time{}
	key := func(e *tvstatsv1.ViewEvent) string {
		return fmt.Sprint(e.AccountId, e.DeviceUid, e.Device, e.ChannelId, max(e.Mode, 1), e.ProgrammeId, e.StartedAt.AsTime())
	}
	for _, e := range s.events {
		if at := e.At.AsTime(); at.After(ends[key(e)]) {
			ends[key(e)] = at
		}
	}
	on := map[*bruteSession]time.Time{}
	for _, session := range s.sessions() {
		on[session] = ends[key(session.ViewEvent)]
	}
	return on
}

// maxOnline counts at the beginning and at each start of a session.
func (s *subscribers) maxOnline(from, to time.Time) *tvstatsv1.MaxOnlineDay {
	on := s.on()
	instants := []time.Time{from}
	for session := range on {
		if started := session.StartedAt.AsTime(); started.After(from) && started.Before(to) {
			instants = append(instants, started)
		}
	}
	slices.SortFunc(instants, time.Time.Compare)
	day := &tvstatsv1.MaxOnlineDay{Day: from.Format(time.DateOnly)}
	for _, at := range instants {
		accounts, devices := map[int64]bool{}, map[string]bool{}
		for session, end := range on {
			if !session.StartedAt.AsTime().After(at) && end.After(at) && at.Before(to) {
				accounts[session.AccountId], devices[session.DeviceUid] = true, true
			}
		}
		if n := int64(len(accounts)); n > day.MaxAccounts {
			day.MaxAccounts, day.MaxAccountsAt = n, timestamppb.New(at)
		}
		if n := int64(len(devices)); n > day.MaxDevices {
			day.MaxDevices, day.MaxDevicesAt = n, timestamppb.New(at)
		}
	}
	return day
}

func (s *subscribers) daily(day time.Time) *tvstatsv1.DailyStats {
	end := day.AddDate(0, 0, 1)
	p := s.point(day, end)
	return &tvstatsv1.DailyStats{
		Day: day.Format(time.DateOnly), OpeningActive: p.OpeningActive, NewAccounts: p.NewAccounts, NewActive: p.NewActive,
		Activated: p.Activated, Deactivated: p.Deactivated, RemovedAccounts: p.RemovedAccounts, RemovedActive: p.RemovedActive,
		ClosingActive: p.ClosingActive, TotalAccounts: p.TotalAccounts, ActiveByTariff: s.activeByTariff(end), Payments: p.Payments,
		PaymentSums: p.PaymentSums, PaidAccounts: p.PaidAccounts, ViewingAccounts: p.ViewingAccounts, WatchSeconds: p.WatchSeconds,
		WatchSessions: p.WatchSessions, MaxOnline: s.maxOnline(day, end).MaxAccounts,
	}
}

// stats are the figures of a dashboard, where a device is online until its last report is five minutes old.
func (s *subscribers) stats(asOf time.Time) *tvstatsv1.Stats {
	midnight := s.midnight(asOf)
	newSince := func(from time.Time) int64 { return s.point(from, asOf).NewAccounts }
	stats := &tvstatsv1.Stats{
		ClientId: s.clientID, AsOf: timestamppb.New(asOf), TotalAccounts: count(s.before(asOf), exists),
		ActiveAccounts:   count(s.before(asOf), isActive),
		NewAccountsToday: newSince(midnight), NewAccounts_7Days: newSince(asOf.AddDate(0, 0, -7)), NewAccounts_30Days: newSince(asOf.AddDate(0, 0, -30)),
		MaxOnlineToday: s.maxOnline(midnight, asOf), MaxOnlineEver: &tvstatsv1.MaxOnlineDay{Day: midnight.Format(time.DateOnly)},
		ActiveByTariff: s.activeByTariff(asOf),
	}
	stats.InactiveAccounts = stats.TotalAccounts - stats.ActiveAccounts
	for day := s.midnight(s.start.AddDate(0, 0, -1)); day.Before(asOf); day = day.AddDate(0, 0, 1) {
		end := day.AddDate(0, 0, 1)
		if end.After(asOf) {
			end = asOf
		}
		ever, m := stats.MaxOnlineEver, s.maxOnline(day, end)
		if m.MaxAccounts > ever.MaxAccounts {
			ever.Day, ever.MaxAccounts, ever.MaxAccountsAt = m.Day, m.MaxAccounts, m.MaxAccountsAt
		}
		if m.MaxDevices > ever.MaxDevices {
			ever.MaxDevices, ever.MaxDevicesAt = m.MaxDevices, m.MaxDevicesAt
		}
	}
	s.addAudience(stats, asOf)
	stats.PaymentsToday, stats.PaymentSumsToday, stats.PaidAccountsToday = s.paid(midnight, asOf)
	return stats
}

func (s *subscribers) addAudience(stats *tvstatsv1.Stats, asOf time.Time) {
	distinct := func(chosen func(*bruteSession, time.Time) bool) (accounts, devices int64) {
		a, d := map[int64]bool{}, map[string]bool{}
		for session, end := range s.on() {
			if session.StartedAt.AsTime().Before(asOf) && chosen(session, end) {
				a[session.AccountId], d[session.DeviceUid] = true, true
			}
		}
		return int64(len(a)), int64(len(d))
	}
	in := func(days int, device string) (accounts, devices int64) {
		return distinct(func(session *bruteSession, _ time.Time) bool {
			return !session.StartedAt.AsTime().Before(asOf.AddDate(0, 0, -days)) && (device == "" || session.Device == device)
		})
	}
	stats.ViewingAccounts_24Hours, stats.ViewingDevices_24Hours = in(1, "")
	stats.ViewingAccounts_7Days, stats.ViewingDevices_7Days = in(7, "")
	stats.ViewingAccounts_30Days, stats.ViewingDevices_30Days = in(30, "")
	kinds := map[string]bool{}
	for _, e := range s.events {
		kinds[e.Device] = true
	}
	for _, device := range slices.Sorted(maps.Keys(kinds)) {
		if accounts, _ := in(30, device); accounts > 0 {
			stats.ViewingByDevice = append(stats.ViewingByDevice, &tvstatsv1.DeviceAccounts{Device: device, Accounts: accounts})
		}
	}
	ended := map[string]bool{}
	id := func(e *tvstatsv1.ViewEvent) string {
		return fmt.Sprint(cmp.Or(e.Mode, 1), e.ProgrammeId, e.AccountId, e.DeviceUid, e.Device, e.ChannelId, e.StartedAt.AsTime())
	}
	for _, e := range s.events {
		ended[id(e)] = ended[id(e)] || e.Ended
	}
	stats.OnlineAccounts, stats.OnlineDevices = distinct(func(session *bruteSession, end time.Time) bool {
		return end.After(asOf.Add(-5*time.Minute)) && (!ended[id(session.ViewEvent)] || end.After(asOf))
	})
}
