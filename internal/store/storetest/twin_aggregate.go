package storetest

import (
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// tally is what the twin gathers of a cell.
type tally struct {
	watch    viewing.Millis
	cut      viewing.Millis
	end      viewing.Millis
	sessions int64
	lengths  []int64                  // of the sessions, in milliseconds
	longest  map[int64]viewing.Millis // by account: what one of its sessions was on in the cell without a break
	accounts map[int64]viewing.Millis // by account: the time of its sessions
}

// Aggregate implements store.Aggregator.
func (w *Twin) Aggregate(_ context.Context, q measure.Query) ([]measure.Row, error) {
	return w.aggregate(q), nil
}

// AggregateAtOnce is as store.Aggregator describes.
func (w *Twin) AggregateAtOnce(_ context.Context, queries ...measure.Query) ([][]measure.Row, error) {
	all := make([][]measure.Row, len(queries))
	for i, q := range queries {
		all[i] = w.aggregate(q)
	}
	return all, nil
}

// aggregate takes each session apart and adds it to each cell in which it has a part.
func (w *Twin) aggregate(q measure.Query) []measure.Row {
	cells := map[measure.Cell]*tally{}
	filter := q.Filter
	if q.Count == measure.ByTime {
		filter.Window = AnyTime
	}
	sessions := w.counted(filter)
	for _, session := range sessions {
		end := session.StartedAt + viewing.Millis(session.reported)*1000
		for period, stretches := range stretches(q, &session.Report) {
			for _, cell := range w.cellsOf(q.GroupBy, &session.Report, period) {
				if cells[cell] == nil {
					cells[cell] = &tally{longest: map[int64]viewing.Millis{}, accounts: map[int64]viewing.Millis{}, end: end}
				}
				cells[cell].end = max(cells[cell].end, end)
				cells[cell].add(&session.Report, stretches)
			}
		}
	}
	w.addCuts(q, sessions, cells)
	var rows []measure.Row
	for cell, t := range cells {
		rows = append(rows, measure.Row{Cell: cell, Values: t.values(q)})
	}
	return rows
}

// addCuts adds to each cell what of its sessions was reported and does not count.
func (w *Twin) addCuts(q measure.Query, sessions []counting, cells map[measure.Cell]*tally) {
	for _, session := range sessions {
		counted := stretches(q, &session.Report)
		whole := session.Report
		whole.WatchedSeconds = session.reported
		for period, reported := range stretches(q, &whole) {
			for _, cell := range w.cellsOf(q.GroupBy, &whole, period) {
				if cells[cell] != nil {
					cells[cell].cut += sum(reported) - sum(counted[period])
				}
			}
		}
	}
}

func sum(stretches []viewing.Millis) (length viewing.Millis) {
	for _, stretch := range stretches {
		length += stretch
	}
	return length
}

func (t *tally) add(session *viewing.Report, stretches []viewing.Millis) {
	length, longest := sum(stretches), slices.Max(stretches)
	t.watch += length
	t.accounts[session.AccountID] += length
	t.sessions++
	t.lengths = append(t.lengths, int64(length))
	t.longest[session.AccountID] = max(t.longest[session.AccountID], longest)
}

func (t *tally) values(q measure.Query) []int64 {
	values := make([]int64, len(q.Measures))
	for i, m := range q.Measures {
		switch m {
		case measure.Watch:
			values[i] = int64(t.watch)
		case measure.Sessions:
			values[i] = t.sessions
		case measure.Median:
			values[i] = int64(median(t.lengths))
		case measure.Accounts:
			values[i] = int64(len(t.longest))
		case measure.End:
			values[i] = int64(t.end)
		case measure.Cut:
			values[i] = int64(t.cut)
		case measure.Reach:
			for _, longest := range t.longest {
				if longest >= q.Reach {
					values[i]++
				}
			}
		case measure.Greatest:
			_, greatest := top(t.accounts)
			values[i] = int64(greatest)
		case measure.TopAccount:
			values[i], _ = top(t.accounts)
		}
	}
	return values
}

// top is the account with the most time, of several with as much the smallest.
func top(accounts map[int64]viewing.Millis) (account int64, most viewing.Millis) {
	for id, watch := range accounts {
		if account == 0 || watch > most || watch == most && id < account {
			account, most = id, watch
		}
	}
	return account, most
}

// stretches are the session's uninterrupted parts that count, by period; 0 is the only period where there are no slices.
func stretches(q measure.Query, session *viewing.Report) map[int][]viewing.Millis {
	cut := q.Slices
	if len(cut) == 0 {
		cut = []measure.Slice{{Window: q.Filter.Window}}
	}
	parts := map[int][]viewing.Millis{}
	begin, length := session.StartedAt, viewing.Millis(session.WatchedSeconds)*1000
	for _, slice := range cut {
		part := length
		if q.Count == measure.ByTime {
			part = min(begin+length, slice.To) - max(begin, slice.From)
		}
		if started := begin >= slice.From && begin < slice.To; q.Count == measure.ByStart && started || q.Count == measure.ByTime && part > 0 {
			parts[slice.Period] = append(parts[slice.Period], part)
		}
	}
	return parts
}

// cellsOf are the cells that the session is in during a period.
func (w *Twin) cellsOf(dimensions []measure.Dimension, session *viewing.Report, period int) []measure.Cell {
	cells := []measure.Cell{{}}
	for _, d := range dimensions {
		var more []measure.Cell
		for _, cell := range cells {
			switch d {
			case measure.Channel:
				cell.ChannelID = session.ChannelID
			case measure.Device:
				cell.Device = session.Device
			case measure.Mode:
				cell.Mode = session.Mode
			case measure.Period:
				cell.Period = period
			case measure.Category:
				for _, id := range orNone(w.channels[entity{session.ClientID, int64(session.ChannelID)}].Categories) {
					cell.CategoryID = id
					more = append(more, cell)
				}
				continue
			case measure.Tariff:
				for _, id := range orNone(session.Tariffs) {
					cell.TariffID = id
					more = append(more, cell)
				}
				continue
			}
			more = append(more, cell)
		}
		cells = more
	}
	return cells
}

// orNone is the ids, or 0 where there are none.
func orNone(ids []int32) []int32 {
	if len(ids) == 0 {
		return []int32{0}
	}
	return ids
}
