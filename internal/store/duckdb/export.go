package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Exporter = (*Store)(nil)

// EachSession reads all sessions of a client; see store.Exporter. It folds every day first: then they are rows of a table.
func (s *Store) EachSession(ctx context.Context, clientID int32, use func(viewing.Report) error) error {
	if err := s.Maintain(ctx, math.MaxInt32*viewing.DayLength); err != nil {
		return err
	}
	devices := s.dictionary.deviceNames()
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var r viewing.Report
		var device, tariffs int32
		err := rows.Scan(&r.ClientID, &r.AccountID, &r.DeviceUID, &device, &r.ChannelID, &r.Mode, &r.ProgrammeID, &r.StartedAt,
			&r.At, &r.WatchedSeconds, &r.Ended, (*optionalMillis)(&r.LastActivityAt), (*optionalMillis)(&r.PositionAt), &tariffs)
		if err != nil {
			return err
		}
		r.Device, r.Tariffs = devices[device], s.dictionary.tariffSet(tariffs)
		return use(r)
	}, `SELECT `+sessionColumns+`, tariff_set FROM sessions WHERE client_id = ?`, clientID)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	return nil
}

// deviceNames returns the kinds of device by number.
func (m *dictionary) deviceNames() map[int32]string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	names := make(map[int32]string, len(m.devices))
	for name, number := range m.devices {
		names[number] = name
	}
	return names
}

func (m *dictionary) tariffSet(number int32) []int32 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.sets[number]
}

// EachAccountState reads the history of all accounts of a client; see store.Exporter.
func (s *Store) EachAccountState(ctx context.Context, clientID int32, use func(catalog.Account) error) error {
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var a catalog.Account
		if err := rows.Scan(&a.ID, &a.ChangedAt, &a.Active, (*intList)(&a.Tariffs), &a.RegisteredAt, &a.Excluded, &a.Deleted); err != nil {
			return err
		}
		return use(a)
	}, `SELECT account_id, changed_at, active, tariffs, registered_at, excluded, deleted FROM account_states WHERE client_id = ?`, clientID)
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	return nil
}

// EachPayment reads all payments of a client; see store.Exporter.
func (s *Store) EachPayment(ctx context.Context, clientID int32, use func(catalog.Payment) error) error {
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var p catalog.Payment
		if err := rows.Scan(&p.ID, &p.AccountID, &p.AmountMinor, &p.Currency, &p.PaidAt); err != nil {
			return err
		}
		return use(p)
	}, `SELECT payment_id, account_id, amount_minor, currency, paid_at FROM payments WHERE client_id = ? AND account_id >= 0 AND NOT deleted`, clientID)
	if err != nil {
		return fmt.Errorf("read payments: %w", err)
	}
	return nil
}
