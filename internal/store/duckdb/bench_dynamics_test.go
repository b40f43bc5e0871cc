package duckdb

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/dynamics"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// benchSubscribers is benchStore with 24 months of history of its accounts, five states each, and 2 million payments. What
// dynamics keep beside sessions is made of them as a migration makes it.
func benchSubscribers(b *testing.B) *Store {
	b.Helper()
	s := benchStore(b)
	migration, err := migrations.ReadFile("migrations/0003_dynamics.sql")
	if err != nil {
		b.Fatal(err)
	}
	for _, statement := range []string{
		`DELETE FROM accounts`,
		`INSERT INTO account_states (client_id, account_id, changed_at, active, tariffs, registered_at, deleted)
			SELECT 1, id, 1637020800000 + (random() * 63072000000)::BIGINT, random() > 0.3, [id % 5 + 1], 0, random() < 0.02
			FROM range(1, 100001) accounts(id), range(5)`,
		`INSERT INTO accounts (client_id, account_id, changed_at, active, tariffs, registered_at, deleted)
			SELECT client_id, account_id, max(changed_at), arg_max(active, changed_at), arg_max(tariffs, changed_at),
			min(changed_at), arg_max(deleted, changed_at) FROM account_states GROUP BY client_id, account_id`,
		`INSERT INTO payments SELECT 1, id, 1 + (random() * 99999)::BIGINT, (random() * 2000)::BIGINT, CASE WHEN random() < 0.8 THEN 'EUR' ELSE 'USD' END,
			1637020800000 + (random() * 63072000000)::BIGINT, false FROM range(2000000) payments(id)`,
		`INSERT INTO clients (client_id, name, time_zone, collection_enabled) VALUES (1, '', 'UTC', true)`,
		`DROP TABLE ledger`, `DROP TABLE versions`, `DROP TABLE viewers`, `DROP TABLE figures`, string(migration), `CHECKPOINT`,
	} {
		if _, err := s.db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkDynamics runs the commands as of the end of the store's 30 days, the first time and again, and the read that
// depends on most.
func BenchmarkDynamics(b *testing.B) {
	s := benchSubscribers(b)
	size, err := s.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	end := benchFirst + benchDays*viewing.DayLength - 1
	d := dynamics.New(s, 5*time.Minute, 24*time.Hour).At(end)
	forget := func(from viewing.Millis, kinds ...store.FigureKind) func(*testing.B) {
		return func(b *testing.B) {
			b.Helper()
			_, err := s.db.ExecContext(b.Context(), fmt.Sprintf(`DELETE FROM figures WHERE %s AND start_at >= %d`, in("kind", kinds), from))
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	command := dynamics.Command{AsOf: end}
	series := func(ctx context.Context) (dynamics.Done, error) {
		return d.CacheCustomersDynamic(ctx, command, func(float64) {})
	}
	online := func(ctx context.Context) (dynamics.Done, error) {
		return d.CacheMaxOnline(ctx, command, func(float64) {})
	}
	records := func(ctx context.Context) (dynamics.Done, error) {
		return d.CollectDailyStats(ctx, command, func(float64) {})
	}
	stats := func(ctx context.Context) (dynamics.Done, error) {
		_, err := d.Stats(ctx, dynamics.Question{ClientID: 1, Now: end}, end)
		return dynamics.Done{}, err
	}
	for _, run := range []struct {
		name   string
		run    func(context.Context) (dynamics.Done, error)
		before func(*testing.B)
	}{
		{"CacheCustomersDynamic/first", series, forget(0, store.LedgerHour, store.PaymentsHour, store.WatchHour)},
		{"CacheCustomersDynamic/next", series, nil},
		{"CacheMaxOnline/30 days", online, forget(0, store.MaxOnlineDay)},
		{"CacheMaxOnline/one day", online, forget(end.Day().Start(), store.MaxOnlineDay)},
		{"CollectDailyStats/first", records, forget(0, store.LedgerDay, store.PaymentsDay, store.WatchDay, store.RecordOnline)},
		{"CollectDailyStats/next", records, nil},
		{"GetStats", stats, nil},
	} {
		b.Run(run.name, func(b *testing.B) {
			for b.Loop() {
				if run.before != nil {
					b.StopTimer()
					run.before(b)
					b.StartTimer()
				}
				if _, err := run.run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/float64(*benchSessions), "bytes/session")
		})
	}
}
