package dynamics

import (
	"context"
	"math"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Ledger is how accounts came and went in a period.
type Ledger struct {
	OpeningActive  int64           `json:"opening_active"` // accounts
	Flows          store.Flows     `json:"flows"`
	TotalAccounts  int64           `json:"total_accounts"`             // at the end, active or not
	ActiveByTariff map[int32]int64 `json:"active_by_tariff,omitempty"` // accounts at the end; of days only
}

// ClosingActive is how many accounts are active at the period's end.
func (l Ledger) ClosingActive() int64 { return l.OpeningActive + l.Flows.Active() }

// ledger is the series of ledgers of hours, days (with tariffs) or months.
func (d *Dynamics) ledger(kind store.FigureKind, tariffs bool) series[Ledger] {
	return series[Ledger]{
		kind: kind, stamp: ledgerStamp, mostPeriods: 3660, mostReports: math.MaxInt64,
		version: func(c clock, period viewing.Window) int64 { return c.of(period).Accounts | c.of(period).Pending },
		empty:   func(l Ledger) bool { return l.Flows == store.Flows{} },
		compute: func(ctx context.Context, clientID int32, periods []viewing.Window) ([]Ledger, error) {
			return d.ledgers(ctx, clientID, periods, tariffs)
		},
	}
}

func (d *Dynamics) ledgers(ctx context.Context, clientID int32, periods []viewing.Window, tariffs bool) ([]Ledger, error) {
	boundaries, numbers := boundariesOf(periods)
	before, flows, err := d.source.Flows(ctx, clientID, boundaries, d.known)
	if err != nil {
		return nil, err
	}
	ledgers := make([]Ledger, 0, len(periods))
	active, total := before.Active(), before.Existing()
	for i := range flows {
		opening := active
		active, total = active+flows[i].Active(), total+flows[i].Existing()
		if next := len(ledgers); next < len(numbers) && numbers[next] == i {
			ledgers = append(ledgers, Ledger{OpeningActive: opening, Flows: flows[i], TotalAccounts: total})
		}
	}
	if !tariffs {
		return ledgers, nil
	}
	ends := make([]viewing.Millis, len(periods))
	for i, period := range periods {
		ends[i] = period.To
	}
	levels, err := d.source.ActiveByTariff(ctx, clientID, ends, d.known)
	if err != nil {
		return nil, err
	}
	for i := range ledgers {
		ledgers[i].ActiveByTariff = levels[i]
	}
	return ledgers, nil
}

// ledgersOf returns the ledger of each of the periods, which have no gaps: where nothing happened it stays what it was.
func (d *Dynamics) ledgersOf(ctx context.Context, clientID int32, s series[Ledger], periods []viewing.Window) ([]Ledger, error) {
	candidates, err := s.look(ctx, d, clientID, periods)
	if err != nil || len(candidates) == 0 {
		return nil, err
	}
	candidates[0].quiet = false
	if err := s.fillAll(ctx, clientID, candidates); err != nil {
		return nil, err
	}
	ledgers := make([]Ledger, len(candidates))
	for i := range candidates {
		ledgers[i] = candidates[i].Figure
		if candidates[i].quiet {
			before := ledgers[i-1]
			ledgers[i] = Ledger{
				OpeningActive: before.ClosingActive(), TotalAccounts: before.TotalAccounts, ActiveByTariff: before.ActiveByTariff,
			}
		}
	}
	return ledgers, nil
}
