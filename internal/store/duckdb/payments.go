package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.PaymentReader = (*Store)(nil)

// paymentContents is what makes up the versions of the payments that are named.
func paymentContents(client int32) string {
	return fmt.Sprintf(`SELECT %s AS hour, payment_id, account_id, amount_minor, currency, paid_at FROM payments
		WHERE client_id = %d AND payment_id IN (FROM named) AND NOT deleted`, hourOf("paid_at"), client)
}

// PaymentsByPeriod sums up payments; see store.PaymentReader.
func (s *Store) PaymentsByPeriod(ctx context.Context, clientID int32, boundaries []viewing.Millis) ([]store.Payments, error) {
	periods := make([]store.Payments, len(boundaries)-1)
	for i := range periods {
		periods[i].Sums = map[string]int64{}
	}
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var number int
		var currency sql.Null[string] // absent in the row for all currencies together
		var count, accounts, sum int64
		if err := rows.Scan(&number, &currency, &count, &accounts, &sum); err != nil {
			return err
		}
		if period := &periods[number-1]; currency.Valid {
			period.Sums[currency.V] = sum
		} else {
			period.Count, period.Accounts = count, accounts
		}
		return nil
	}, fmt.Sprintf(`SELECT period, currency, count(*), count(DISTINCT account_id),
			CASE WHEN grouping(currency) = 0 THEN greatest(least(sum(amount_minor), %d), %d) ELSE 0 END::BIGINT
		FROM payments ASOF JOIN %s ON paid_at >= boundary
		WHERE client_id = %d AND NOT deleted AND paid_at >= %d AND paid_at < %d GROUP BY GROUPING SETS ((period), (period, currency))`,
		math.MaxInt64, math.MinInt64, periodTable(boundaries), clientID, boundaries[0], boundaries[len(boundaries)-1]))
	if err != nil {
		return nil, fmt.Errorf("sum up payments: %w", err)
	}
	return periods, nil
}
