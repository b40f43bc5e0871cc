package dynamics

import (
	"context"
	"math"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// payments is the series of payments of hours, days or months.
func (d *Dynamics) payments(kind store.FigureKind) series[store.Payments] {
	return series[store.Payments]{
		kind: kind, stamp: paymentsStamp, mostPeriods: 3660, mostReports: math.MaxInt64,
		version: func(c clock, period viewing.Window) int64 { return c.of(period).Payments },
		empty:   func(p store.Payments) bool { return p.Count == 0 },
		compute: d.paid,
	}
}

func (d *Dynamics) paid(ctx context.Context, clientID int32, periods []viewing.Window) ([]store.Payments, error) {
	boundaries, numbers := boundariesOf(periods)
	all, err := d.source.PaymentsByPeriod(ctx, clientID, boundaries)
	if err != nil {
		return nil, err
	}
	payments := make([]store.Payments, len(periods))
	for i, number := range numbers {
		payments[i] = all[number]
	}
	return payments, nil
}
