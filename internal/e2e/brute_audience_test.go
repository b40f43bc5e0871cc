package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// This file finds audiences the plain way, from the messages that were sent and the words of the contract, sharing nothing with the
// code that it checks. Time is looked at in pieces of a quarter of an hour, which no clock of the tests cuts.

// stretch is time without a break.
type stretch struct{ from, to time.Time }

func (s stretch) overlap(from, to time.Time) time.Duration {
	if s.from.After(from) {
		from = s.from
	}
	if s.to.Before(to) {
		to = s.to
	}
	return max(0, to.Sub(from))
}

// wants reports whether the session passes the filter, whose parts of channels are looked at only where channels says so.
func (w *world) wants(f *tvstatsv1.ViewingFilter, s *bruteSession, channels bool) bool {
	account := w.account(s.AccountId)
	categories := w.categories(s.ChannelId)
	return !account.GetExcluded() && (!f.GetAccountsActive() || account.GetActive()) && s.seconds >= cmp.Or(f.GetMinWatchSeconds(), w.policy.GetMinSessionSeconds()) &&
		oneOf(f.GetDevices(), s.Device) && oneOf(f.GetTariffs(), s.tariffs...) && (oneOf(f.GetModes(), s.Mode) || oneOf(f.GetModes(), live(s.Mode))) &&
		(!channels || oneOf(f.GetChannels(), s.ChannelId) && oneOf(f.GetCategories(), categories...))
}

// live is the other way to say of a mode that it is live.
func live(mode tvstatsv1.ViewMode) tvstatsv1.ViewMode {
	if mode <= tvstatsv1.ViewMode_VIEW_MODE_LIVE {
		return tvstatsv1.ViewMode_VIEW_MODE_LIVE - mode
	}
	return mode
}

// categories are those of the channel; the catalog forgets them with the channel.
func (w *world) categories(channel int32) []int32 {
	for _, c := range w.channels {
		if c.ChannelId == channel && !c.Deleted {
			return c.Categories
		}
	}
	return nil
}

// oneOf reports whether one of the values is among the wanted ones, or nothing is wanted.
func oneOf[T comparable](wanted []T, values ...T) bool {
	return len(wanted) == 0 || slices.ContainsFunc(values, func(value T) bool { return slices.Contains(wanted, value) })
}

func (w *world) account(id int64) *tvstatsv1.Account {
	for _, a := range w.accounts {
		if a.AccountId == id {
			return a
		}
	}
	return nil
}

// time is [started_at, started_at + watched time) of the session.
func (s *bruteSession) time() stretch {
	from := s.StartedAt.AsTime()
	return stretch{from, from.Add(time.Duration(s.seconds) * time.Second)}
}

// reported is the time that the device reported.
func (s *bruteSession) reported() stretch {
	from := s.StartedAt.AsTime()
	return stretch{from, from.Add(time.Duration(s.played) * time.Second)}
}

// bruteCell is what is gathered of a row.
type bruteCell struct {
	watch    time.Duration
	sessions int64
	accounts map[int64]time.Duration // the longest stretch of one session of each
}

// rows are all rows by the text of their keys, and how long the time of each is.
func (w *world) rows(q *tvstatsv1.GetAudienceRequest, loc *time.Location) (map[string]*tvstatsv1.AudienceRow, map[string]time.Duration) {
	cells, all := map[string]*bruteCell{}, map[string]time.Duration{}
	keys, lengths := map[string]*tvstatsv1.AudienceRow{}, map[string]time.Duration{}
	whole := map[string]time.Duration{} // by the text of keys, also of those without a row
	for key, parts := range periods(q, loc) {
		var length time.Duration
		for _, part := range parts {
			length += part.to.Sub(part.from)
		}
		for _, s := range w.sessions() {
			var watch, longest, reported time.Duration
			for _, part := range parts {
				on := s.time().overlap(part.from, part.to)
				watch, longest = watch+on, max(longest, on)
				reported += s.reported().overlap(part.from, part.to)
			}
			if reported > 0 && w.wants(q.Filter, s, true) {
				for _, row := range w.keysOf(q.GroupBy, s, key) {
					whole[row.String()] += reported
				}
			}
			if watch == 0 || !w.wants(q.Filter, s, false) {
				continue
			}
			for _, row := range w.keysOf(q.GroupBy, s, key) {
				text, base := row.String(), baseOf(row)
				if !seen(row, w.keysOf(q.GroupBy, s, key)) {
					all[base] += watch
				}
				if !w.wants(q.Filter, s, true) {
					continue
				}
				if cells[text] == nil {
					cells[text], keys[text], lengths[text] = &bruteCell{accounts: map[int64]time.Duration{}}, row, length
				}
				cells[text].watch += watch
				cells[text].sessions++
				cells[text].accounts[s.AccountId] = max(cells[text].accounts[s.AccountId], longest)
			}
		}
	}
	universe := w.universe(q)
	for text, cell := range cells {
		row := keys[text]
		row.Share = 100 * float64(cell.watch) / float64(all[baseOf(row)])
		row.WatchSecondsReported = int64(whole[text] / time.Second)
		cell.fill(row, lengths[text], time.Duration(cmp.Or(q.ReachSeconds, 180))*time.Second, universe)
	}
	return keys, lengths
}

// fill sets the figures of the row that follow from its cell alone.
func (c *bruteCell) fill(row *tvstatsv1.AudienceRow, length, reach time.Duration, universe int64) {
	row.WatchSeconds, row.WatchSessions, row.Accounts = int64(c.watch/time.Second), c.sessions, int64(len(c.accounts))
	for _, longest := range c.accounts {
		if longest >= reach {
			row.Reach++
		}
	}
	row.AverageAudience = float64(c.watch) / float64(length)
	if universe > 0 {
		row.Rating = 100 * row.AverageAudience / float64(universe)
	}
}

// baseOf is the keys of what the row's share is of.
func baseOf(row *tvstatsv1.AudienceRow) string {
	return fmt.Sprint(row.TariffId, row.Device, row.Mode, row.PeriodStart.AsTime(), row.HourOfDay, row.DayOfWeek)
}

// seen reports whether an earlier one of the rows of one session has the same base: it counts there once.
func seen(row *tvstatsv1.AudienceRow, rows []*tvstatsv1.AudienceRow) bool {
	first := slices.IndexFunc(rows, func(other *tvstatsv1.AudienceRow) bool { return baseOf(other) == baseOf(row) })
	return rows[first].String() != row.String()
}

// keysOf are the rows that the session counts in, of those with the keys of time.
func (w *world) keysOf(dimensions []tvstatsv1.Dimension, s *bruteSession, period periodKeys) []*tvstatsv1.AudienceRow {
	categories := w.categories(s.ChannelId)
	rows := []*tvstatsv1.AudienceRow{{}}
	each := func(ids []int32, set func(*tvstatsv1.AudienceRow, int32)) {
		ids = slices.Compact(slices.Sorted(slices.Values(ids)))
		if len(ids) == 0 {
			ids = []int32{0}
		}
		var more []*tvstatsv1.AudienceRow
		for _, row := range rows {
			for _, id := range ids {
				copied := &tvstatsv1.AudienceRow{ChannelId: row.ChannelId, CategoryId: row.CategoryId, TariffId: row.TariffId}
				set(copied, id)
				more = append(more, copied)
			}
		}
		rows = more
	}
	if slices.Contains(dimensions, tvstatsv1.Dimension_DIMENSION_CHANNEL) {
		each([]int32{s.ChannelId}, func(r *tvstatsv1.AudienceRow, id int32) { r.ChannelId = id })
	}
	if slices.Contains(dimensions, tvstatsv1.Dimension_DIMENSION_CATEGORY) {
		each(categories, func(r *tvstatsv1.AudienceRow, id int32) { r.CategoryId = id })
	}
	if slices.Contains(dimensions, tvstatsv1.Dimension_DIMENSION_TARIFF) {
		each(s.tariffs, func(r *tvstatsv1.AudienceRow, id int32) { r.TariffId = id })
	}
	for _, row := range rows {
		if slices.Contains(dimensions, tvstatsv1.Dimension_DIMENSION_DEVICE) {
			row.Device = s.Device
		}
		if slices.Contains(dimensions, tvstatsv1.Dimension_DIMENSION_MODE) {
			row.Mode = max(s.Mode, 1)
		}
		if !period.start.IsZero() {
			row.PeriodStart = timestamppb.New(period.start)
		}
		row.HourOfDay, row.DayOfWeek = period.hour, period.weekday
	}
	return rows
}

type periodKeys struct {
	start         time.Time
	hour, weekday int32
}

// periods are the stretches of the span that have the same keys of time.
func periods(q *tvstatsv1.GetAudienceRequest, loc *time.Location) map[periodKeys][]stretch {
	all := map[periodKeys][]stretch{}
	last := periodKeys{weekday: -1}
	for from := q.From.AsTime(); from.Before(q.To.AsTime()); {
		to := from.Truncate(15 * time.Minute).Add(15 * time.Minute)
		if to.After(q.To.AsTime()) {
			to = q.To.AsTime()
		}
		key := periodOf(q.GroupBy, from.In(loc))
		if parts := all[key]; key == last {
			parts[len(parts)-1].to = to
		} else {
			all[key] = append(parts, stretch{from, to})
		}
		last, from = key, to
	}
	return all
}

func periodOf(dimensions []tvstatsv1.Dimension, local time.Time) (key periodKeys) {
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	weekday := (int(local.Weekday()) + 6) % 7 // from Monday
	for _, d := range dimensions {
		switch d {
		case tvstatsv1.Dimension_DIMENSION_HOUR:
			into := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
			key.start = local.Add(-into).UTC()
		case tvstatsv1.Dimension_DIMENSION_DAY:
			key.start = midnight.UTC()
		case tvstatsv1.Dimension_DIMENSION_WEEK:
			key.start = midnight.AddDate(0, 0, -weekday).UTC()
		case tvstatsv1.Dimension_DIMENSION_MONTH:
			key.start = midnight.AddDate(0, 0, 1-local.Day()).UTC()
		case tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY:
			key.hour = int32(local.Hour())
		case tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK:
			key.weekday = int32(weekday + 1)
		default: // not of time
		}
	}
	return key
}

// universe is how many accounts are active at the end of the span, which is before now.
func (w *world) universe(q interface {
	GetFilter() *tvstatsv1.ViewingFilter
	GetTo() *timestamppb.Timestamp
}) (count int64) {
	for _, a := range w.accounts {
		if a.Active && !a.Excluded && !a.ChangedAt.AsTime().After(q.GetTo().AsTime()) && oneOf(q.GetFilter().GetTariffs(), a.Tariffs...) {
			count++
		}
	}
	return count
}
