package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Subscriptions = (*Store)(nil)

// latest is what is mirrored of an account: its latest state, which may be still to come.
type latest struct {
	from viewing.Millis // changed_at
	set  int32          // number of the set of tariffs
}

// held is what tariffs an account has from an instant on.
type held struct {
	from    viewing.Millis
	tariffs []int32
}

// CollectionEnabled reports whether the client's viewing may be stored.
func (s *Store) CollectionEnabled(_ context.Context, clientID int32) (bool, error) {
	s.dictionary.mu.RLock()
	defer s.dictionary.mu.RUnlock()
	enabled, known := s.dictionary.clients[clientID]
	return enabled || !known, nil
}

// StampTariffs gives reports without tariffs those of their accounts; see store.Subscriptions. Where the latest state of an
// account is still to come its history is looked at, which is then remembered.
func (s *Store) StampTariffs(ctx context.Context, reports []viewing.Report, now viewing.Millis) error {
	later, adopted := s.dictionary.stamp(reports, now)
	if len(later) == 0 {
		return nil
	}
	histories := map[accountKey][]held{}
	for client, accounts := range later {
		if err := readHeld(ctx, s.db, client, accounts, histories); err != nil {
			return fmt.Errorf("read tariffs of accounts: %w", err)
		}
	}
	for i := range reports {
		if r := &reports[i]; len(r.Tariffs) == 0 {
			r.Tariffs = heldAt(histories[accountKey{r.ClientID, r.AccountID}], now)
		}
	}
	s.dictionary.rememberHeld(histories, adopted)
	return nil
}

// stamp stamps what the mirror knows, and returns the other accounts by client, with the number of changes of the mirror.
func (m *dictionary) stamp(reports []viewing.Report, now viewing.Millis) (later map[int32][]int64, adopted uint64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if len(m.accounts) == 0 {
		return nil, 0
	}
	for i := range reports {
		r := &reports[i]
		if len(r.Tariffs) > 0 {
			continue
		}
		key := accountKey{r.ClientID, r.AccountID}
		account, known := m.accounts[key]
		switch {
		case !known:
		case account.from <= now:
			r.Tariffs = m.sets[account.set]
		default:
			history, known := m.earlier[key]
			if !known {
				if later == nil {
					later = map[int32][]int64{}
				}
				later[r.ClientID] = append(later[r.ClientID], r.AccountID)
			}
			r.Tariffs = heldAt(history, now)
		}
	}
	return later, m.adopted
}

// heldAt is the tariffs at an instant by a history, which ascends.
func heldAt(history []held, now viewing.Millis) []int32 {
	var tariffs []int32
	for _, state := range history {
		if state.from > now {
			break
		}
		tariffs = state.tariffs
	}
	return tariffs
}

// readHeld adds what tariffs the accounts have, and from when on.
func readHeld(ctx context.Context, q querier, client int32, accounts []int64, histories map[accountKey][]held) error {
	return eachRow(ctx, q, func(rows *sql.Rows) error {
		key := accountKey{client: client}
		var state held
		err := rows.Scan(&key.account, &state.from, (*intList)(&state.tariffs))
		histories[key] = append(histories[key], state)
		return err
	}, fmt.Sprintf(`SELECT account_id, changed_at, CASE WHEN deleted THEN [] ELSE tariffs END FROM account_states
		WHERE client_id = %d AND %s ORDER BY account_id, changed_at`, client, in("account_id", accounts)))
}

// rememberHeld keeps histories for the next time, unless accounts changed since they were read.
func (m *dictionary) rememberHeld(histories map[accountKey][]held, adopted uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.adopted == adopted {
		maps.Copy(m.earlier, histories)
	}
}

// setLatest mirrors the latest state of an account. m.mu is held.
func (m *dictionary) setLatest(account accountKey, state latest) {
	m.accounts[account] = state
	delete(m.earlier, account)
	m.adopted++
}

// forget takes the account out of the mirror.
func (m *dictionary) forget(account accountKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.accounts, account)
	delete(m.earlier, account)
	m.adopted++
}
