package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
)

var _ store.CatalogWriter = (*Store)(nil)

// ApplyCatalog upserts the batch in one transaction; see store.CatalogWriter.
func (s *Store) ApplyCatalog(ctx context.Context, batch catalog.Batch) error {
	s.applying.Lock()
	defer s.applying.Unlock()
	if err := s.applyCatalog(ctx, s.erased.Load().Batch(batch)); err != nil {
		return writeError(ctx, "apply the catalog", err)
	}
	return nil
}

func (s *Store) applyCatalog(ctx context.Context, batch catalog.Batch) error {
	// An event of a client that does not exist yet would make it exist, too: until this batch has, the event waits.
	isNew := !s.dictionary.knows(batch.ClientID)
	if isNew {
		s.dictionary.mu.Lock()
		defer s.dictionary.mu.Unlock()
	}
	tx, err := beginBulk(ctx, s.db)
	if err != nil {
		return err
	}
	defer tx.end()
	changes := mirrored{client: batch.Client}
	if client := catalog.NewClient(batch.ClientID); isNew && batch.Client == nil {
		changes.client = &client
	}
	if err := tx.applyEntities(ctx, batch, changes.client); err != nil {
		return err
	}
	if err := tx.applyPolicy(ctx, batch); err != nil {
		return err
	}
	if err := tx.applyPayments(ctx, batch.ClientID, batch.Payments); err != nil {
		return err
	}
	if changes.accounts, err = tx.applyAccounts(ctx, batch.ClientID, batch.Accounts); err != nil {
		return err
	}
	if !isNew {
		s.dictionary.mu.Lock()
		defer s.dictionary.mu.Unlock()
	}
	return s.dictionary.adopt(ctx, batch.ClientID, changes, tx.commit)
}

// applyEntities upserts all that is simply replaced by what is sent of it.
func (tx *bulkTx) applyEntities(ctx context.Context, batch catalog.Batch, client *catalog.Client) error {
	id := batch.ClientID
	var clients []row
	if client != nil {
		clients = []row{{id, client.Name, client.TimeZone, client.CollectionEnabled}}
	}
	for _, entities := range []struct {
		table table
		rows  []row
	}{
		{clientsTable, clients},
		{channelsTable, rowsOf(batch.Channels, func(c *catalog.Channel) row {
			return row{id, c.ID, c.Name, c.Number, c.Categories, c.Enabled, c.Deleted}
		})},
		{tariffsTable, rowsOf(batch.Tariffs, func(t *catalog.Tariff) row { return row{id, t.ID, t.Name, t.Deleted} })},
		{categoriesTable, rowsOf(batch.Categories, func(c *catalog.Category) row { return row{id, c.ID, c.Name, c.Deleted} })},
		{programmesTable, rowsOf(batch.Programmes, func(p *catalog.Programme) row {
			return row{id, p.ID, p.ChannelID, p.Title, int64(p.Start), int64(p.End), p.Deleted}
		})},
	} {
		if err := tx.upsert(ctx, entities.table, entities.rows); err != nil {
			return err
		}
	}
	return tx.clearGuide(ctx, batch)
}

// clearGuide deletes what the guide ranges of the batch do not name. The programmes of the batch are stored already.
func (tx *bulkTx) clearGuide(ctx context.Context, batch catalog.Batch) error {
	if len(batch.GuideRanges) == 0 {
		return nil
	}
	named := slices.Clone(batch.Refused)
	for i := range batch.Programmes {
		named = append(named, batch.Programmes[i].ID)
	}
	channels := make([]int32, len(batch.GuideRanges))
	from, to := make([]int64, len(channels)), make([]int64, len(channels))
	for i, part := range batch.GuideRanges {
		channels[i], from[i], to[i] = part.ChannelID, int64(part.Starting.From), int64(part.Starting.To)
	}
	_, err := tx.ExecContext(ctx, `UPDATE programmes SET channel_id = 0, title = '', start_at = 0, end_at = 0, deleted = true
		WHERE client_id = ? AND NOT deleted AND programme_id NOT IN (SELECT unnest(?::BIGINT[])) AND EXISTS (
			FROM (SELECT unnest(?::INTEGER[]) AS channel, unnest(?::BIGINT[]) AS since, unnest(?::BIGINT[]) AS until)
			WHERE channel = programmes.channel_id AND since <= programmes.start_at AND programmes.start_at < until)`,
		batch.ClientID, named, channels, from, to)
	return err
}

// applyPayments upserts payments and counts what that changes.
func (tx *bulkTx) applyPayments(ctx context.Context, client int32, payments []catalog.Payment) error {
	if len(payments) == 0 {
		return nil
	}
	ids := make([]int64, len(payments))
	for i := range payments {
		ids[i] = payments[i].ID
	}
	rows := rowsOf(payments, func(p *catalog.Payment) row {
		return row{client, p.ID, p.AccountID, p.AmountMinor, p.Currency, int64(p.PaidAt), p.Deleted}
	})
	return tx.withChangesCounted(ctx, client, paymentsChanges, ids, paymentContents(client), func() error {
		return tx.upsert(ctx, paymentsTable, rows)
	})
}

// latestStates is the query for the rows of the table accounts as they follow from account_states, of those of the client's states
// and accounts that satisfy the condition. registered_at is that of the latest state that has one, else the changed_at of the
// earliest state.
func latestStates(client int32, condition string) string {
	return fmt.Sprintf(`SELECT client_id, account_id, max(changed_at) AS changed_at,
			arg_max(active, changed_at) AS active, arg_max(tariffs, changed_at) AS tariffs,
			coalesce(arg_max(registered_at, changed_at) FILTER (registered_at <> 0), min(changed_at)) AS registered_at,
			arg_max(deleted, changed_at) AS deleted, arg_max(excluded, changed_at) AS excluded
		FROM account_states WHERE client_id = %d AND %s GROUP BY client_id, account_id`, client, condition)
}

// ofNamed is the condition that an account is one of those that are named.
const ofNamed = `account_id IN (FROM named)`

// applyAccounts adds the states to the history of their accounts, brings the latest states and the ledger up to date, counts
// what that changes and returns what tariffs these accounts have by their latest states.
func (tx *bulkTx) applyAccounts(ctx context.Context, client int32, states []catalog.Account) (map[int64]held, error) {
	if len(states) == 0 {
		return nil, nil
	}
	accounts := make(map[int64]held, len(states))
	rows := rowsOf(states, func(a *catalog.Account) row {
		accounts[a.ID] = held{}
		return row{client, a.ID, int64(a.ChangedAt), a.Active, a.Tariffs, int64(a.RegisteredAt), a.Deleted, a.Excluded}
	})
	err := tx.withChangesCounted(ctx, client, accountChanges, keys(accounts), ledgerContents(client), func() error {
		err := tx.countingExclusions(ctx, client, states, func() error { return tx.upsert(ctx, accountStatesTable, rows) })
		if err != nil {
			return err
		}
		if err := tx.run(ctx, accountsTable.merge("("+latestStates(client, ofNamed)+") AS told"), rewriteLedger(client)); err != nil {
			return err
		}
		return eachRow(ctx, tx, func(rows *sql.Rows) error {
			var id int64
			var state held
			err := rows.Scan(&id, &state.from, (*intList)(&state.tariffs))
			accounts[id] = state
			return err
		}, `SELECT account_id, changed_at, CASE WHEN deleted THEN [] ELSE tariffs END FROM accounts
			WHERE client_id = ? AND account_id IN (FROM named)`, client)
	})
	return accounts, err
}

// mirrored is what a batch changes of what the dictionary mirrors.
type mirrored struct {
	client   *catalog.Client // nil = as it is
	accounts map[int64]held  // latest states of the accounts in the batch
}

// knows reports whether the client exists.
func (m *dictionary) knows(client int32) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, known := m.clients[client]
	return known
}

// adopt commits the changes and then mirrors them. All that can fail comes before the commit. m.mu is held.
func (m *dictionary) adopt(ctx context.Context, client int32, changes mirrored, commit func(context.Context) error) error {
	accounts := keys(changes.accounts)
	sets := make([][]int32, len(accounts))
	for i, account := range accounts {
		sets[i] = changes.accounts[account].tariffs
	}
	numbers, err := m.intern(context.WithoutCancel(ctx), sets)
	if err != nil {
		return err
	}
	if err := commit(ctx); err != nil {
		return err
	}
	if changes.client != nil {
		m.clients[client] = changes.client.CollectionEnabled
	}
	for i, account := range accounts {
		m.setLatest(accountKey{client, account}, latest{from: changes.accounts[account].from, set: numbers[i]})
	}
	return nil
}
