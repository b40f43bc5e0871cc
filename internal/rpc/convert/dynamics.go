package convert

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// DaysOf is the days that a request names; validate has read them before.
func DaysOf(req DayRange) (from, to viewing.Day) {
	from, _ = viewing.ParseDay(req.GetFromDay())
	to, _ = viewing.ParseDay(req.GetToDay())
	return from, to
}

// SeriesWindow is the window of a series. A period that begins less than a millisecond before the end is in it.
func SeriesWindow(req *tvstatsv1.GetCustomersDynamicRequest) viewing.Window {
	return viewing.Window{
		From: viewing.At(req.From.AsTime()), To: viewing.At(req.To.AsTime().Add(time.Millisecond - time.Nanosecond)),
	}
}

func healedDayProto(healed dynamics.ClientDay) *tvstatsv1.HealedDay {
	return &tvstatsv1.HealedDay{ClientId: healed.ClientID, Day: healed.Day.String()}
}

// failedClients names clients whose figures could not be kept. explain is what callers may read of an error.
func failedClients(failures []dynamics.Failure, explain func(error) string) []*tvstatsv1.FailedClient {
	return All(failures, func(failure dynamics.Failure) *tvstatsv1.FailedClient {
		return &tvstatsv1.FailedClient{ClientId: failure.ClientID, Message: explain(failure.Err)}
	})
}

// DataFrom is from when on nothing is missing, absent where nothing is.
func DataFrom(c dynamics.Cover) *timestamppb.Timestamp {
	if c.Coverage != viewing.Expired {
		return nil
	}
	return Time(c.DataFrom)
}

// MaxOnline is the greatest numbers online of a day as a message.
func MaxOnline(day viewing.Day, m dynamics.MaxOnline, c dynamics.Cover) *tvstatsv1.MaxOnlineDay {
	return &tvstatsv1.MaxOnlineDay{
		Coverage: tvstatsv1.Coverage(c.Coverage), DataFrom: DataFrom(c),
		Day: day.String(), MaxAccounts: m.Accounts.Count, MaxAccountsAt: peakTimeProto(m.Accounts),
		MaxDevices: m.Devices.Count, MaxDevicesAt: peakTimeProto(m.Devices),
	}
}

func peakTimeProto(peak store.Peak) *timestamppb.Timestamp {
	if peak.Count == 0 {
		return nil
	}
	return Time(peak.At)
}

// Stats is the figures of a dashboard as a message; today and ever say how complete the greatest numbers online are.
func Stats(q dynamics.Question, asOf viewing.Millis, s dynamics.Stats, today, ever dynamics.Cover) *tvstatsv1.Stats {
	return &tvstatsv1.Stats{
		ClientId: q.ClientID, AsOf: Time(asOf),
		TotalAccounts: s.Total, ActiveAccounts: s.Active, InactiveAccounts: s.Total - s.Active,
		NewAccountsToday: s.NewToday, NewAccounts_7Days: s.NewIn7Days, NewAccounts_30Days: s.NewIn30Days,
		OnlineAccounts: s.Online.Accounts, OnlineDevices: s.Online.Devices,
		MaxOnlineToday: MaxOnline(q.Calendar.Day(asOf), s.MaxToday, today), MaxOnlineEver: MaxOnline(s.MaxEverDay, s.MaxEver, ever),
		ViewingAccounts_24Hours: s.Viewers.In24Hours.Accounts, ViewingDevices_24Hours: s.Viewers.In24Hours.Devices,
		ViewingAccounts_7Days: s.Viewers.In7Days.Accounts, ViewingDevices_7Days: s.Viewers.In7Days.Devices,
		ViewingAccounts_30Days: s.Viewers.In30Days.Accounts, ViewingDevices_30Days: s.Viewers.In30Days.Devices,
		ActiveByTariff: tariffsProto(s.ActiveByTariff),
		ViewingByDevice: sortedProto(s.Viewers.ByDevice, func(device string, accounts int64) *tvstatsv1.DeviceAccounts {
			return &tvstatsv1.DeviceAccounts{Device: device, Accounts: accounts}
		}),
		PaymentsToday: s.PaymentsToday.Count, PaymentSumsToday: sumsProto(s.PaymentsToday), PaidAccountsToday: s.PaymentsToday.Accounts,
	}
}

// DailyStats is the record of a day as a message.
func DailyStats(q dynamics.Question, r dynamics.Dated[dynamics.Record]) *tvstatsv1.DailyStats {
	f := r.Figure
	return &tvstatsv1.DailyStats{
		Coverage: tvstatsv1.Coverage(f.Coverage), DataFrom: DataFrom(f.Cover),
		Day: q.Calendar.Day(r.Period.From).String(), OpeningActive: f.OpeningActive,
		NewAccounts: f.Flows.New, NewActive: f.Flows.NewActive, Activated: f.Flows.Activated, Deactivated: f.Flows.Deactivated,
		RemovedAccounts: f.Flows.Removed, RemovedActive: f.Flows.RemovedActive,
		ClosingActive: f.ClosingActive(), TotalAccounts: f.TotalAccounts, ActiveByTariff: tariffsProto(f.ActiveByTariff),
		Payments: f.Payments.Count, PaymentSums: sumsProto(f.Payments), PaidAccounts: f.Payments.Accounts,
		ViewingAccounts: f.Watch.Accounts, WatchSeconds: f.Watch.Seconds, WatchSessions: f.Watch.Sessions, MaxOnline: f.MaxOnline,
		PolicyRevision: f.Revision, CutSeconds: f.Watch.Cut,
	}
}

// Point is a point of a series as a message.
func Point(p dynamics.Dated[dynamics.Point]) *tvstatsv1.CustomersDynamicPoint {
	f := p.Figure
	return &tvstatsv1.CustomersDynamicPoint{
		Coverage: tvstatsv1.Coverage(f.Coverage), DataFrom: DataFrom(f.Cover),
		Start: Time(p.Period.From), OpeningActive: f.OpeningActive,
		NewAccounts: f.Flows.New, NewActive: f.Flows.NewActive, Activated: f.Flows.Activated, Deactivated: f.Flows.Deactivated,
		RemovedAccounts: f.Flows.Removed, RemovedActive: f.Flows.RemovedActive,
		ClosingActive: f.ClosingActive(), TotalAccounts: f.TotalAccounts,
		Payments: f.Payments.Count, PaymentSums: sumsProto(f.Payments), PaidAccounts: f.Payments.Accounts,
		ViewingAccounts: f.Watch.Accounts, WatchSeconds: f.Watch.Seconds, WatchSessions: f.Watch.Sessions,
		PolicyRevision: f.Revision, CutSeconds: f.Watch.Cut,
	}
}

func tariffsProto(accounts map[int32]int64) []*tvstatsv1.TariffAccounts {
	return sortedProto(accounts, func(tariff int32, accounts int64) *tvstatsv1.TariffAccounts {
		return &tvstatsv1.TariffAccounts{TariffId: tariff, Accounts: accounts}
	})
}

func sumsProto(p store.Payments) []*tvstatsv1.CurrencySum {
	return sortedProto(p.Sums, func(currency string, sum int64) *tvstatsv1.CurrencySum {
		return &tvstatsv1.CurrencySum{Currency: currency, AmountMinor: sum}
	})
}

// sortedProto converts what is counted by key, in the order of the keys.
func sortedProto[K cmp.Ordered, P any](counts map[K]int64, convert func(K, int64) P) []P {
	converted := make([]P, 0, len(counts))
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		converted = append(converted, convert(key, counts[key]))
	}
	return converted
}

// DynamicsCommand is the command that a request describes.
func DynamicsCommand(req DynamicsRequest, now viewing.Millis) dynamics.Command {
	return dynamics.Command{ClientIDs: req.GetClientIds(), AsOf: TimeOr(req.GetAsOf(), now)}
}

// MaxOnlineCached is the response of a command. explain is what callers may read of an error, here and below.
func MaxOnlineCached(done dynamics.Done, explain func(error) string) *tvstatsv1.CacheMaxOnlineResponse {
	return &tvstatsv1.CacheMaxOnlineResponse{
		Clients: int32(done.Clients), DaysComputed: int32(done.Computed), DaysFresh: int32(done.Fresh),
		Failed: failedClients(done.Failed, explain),
	}
}

// StatsSaved is the response of a command.
func StatsSaved(done dynamics.Done, explain func(error) string) *tvstatsv1.SaveStatsResponse {
	return &tvstatsv1.SaveStatsResponse{
		Clients: int32(done.Clients), SnapshotsComputed: int32(done.Computed), SnapshotsFresh: int32(done.Fresh),
		Failed: failedClients(done.Failed, explain),
	}
}

// DailyStatsCollected is the response of a command.
func DailyStatsCollected(done dynamics.Done, explain func(error) string) *tvstatsv1.CollectDailyStatsResponse {
	return &tvstatsv1.CollectDailyStatsResponse{
		Clients: int32(done.Clients), DaysComputed: int32(done.Computed), DaysFresh: int32(done.Fresh),
		Healed: All(done.Healed, healedDayProto), Failed: failedClients(done.Failed, explain),
	}
}

// CustomersDynamicCached is the response of a command.
func CustomersDynamicCached(done dynamics.Done, explain func(error) string) *tvstatsv1.CacheCustomersDynamicResponse {
	return &tvstatsv1.CacheCustomersDynamicResponse{
		Clients: int32(done.Clients), HoursComputed: int32(done.Computed), HoursFresh: int32(done.Fresh),
		Failed: failedClients(done.Failed, explain),
	}
}
