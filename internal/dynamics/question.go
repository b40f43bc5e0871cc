package dynamics

import (
	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Question is of whom, by which calendar and when a read asks.
type Question struct {
	ClientID int32
	Calendar viewing.Calendar
	Now      viewing.Millis
}

// Cover says how much of the viewing of its time a figure is of.
type Cover = coverage.Cover

// Covered is a figure with how much it is of.
type Covered[T any] struct {
	Figure T
	Cover
}

func (d *Dynamics) covered(q Question, period viewing.Window, e Extent) Cover {
	return e.Over(period, q.Now, d.longest)
}

// everFrom is before all data.
const everFrom = -store.Never / 2

// days are those that the calendar has from the first to the last.
func (q Question) days(from, to viewing.Day) []viewing.Window {
	var days []viewing.Window
	for day := from; day <= to; day++ {
		if w := q.Calendar.Window(day); w.From < w.To {
			days = append(days, w)
		}
	}
	return days
}

// kinds are the kinds under which commands keep a part of figures.
type kinds map[viewing.Granularity]store.FigureKind

var (
	ledgerKinds   = kinds{viewing.ByHour: store.LedgerHour, viewing.ByDay: store.LedgerDay}
	paymentsKinds = kinds{viewing.ByHour: store.PaymentsHour, viewing.ByDay: store.PaymentsDay}
	watchKinds    = kinds{viewing.ByHour: store.WatchHour, viewing.ByDay: store.WatchDay}
	onlineKinds   = kinds{viewing.ByDay: store.MaxOnlineDay}
	snapshotKinds = kinds{viewing.ByHour: store.Snapshot}
)

// kind is that under which the part is kept, 0 where it is not: commands compute by UTC.
func (q Question) kind(of kinds, g viewing.Granularity) store.FigureKind {
	if !q.Calendar.IsUTC() {
		return 0
	}
	return of[g]
}
