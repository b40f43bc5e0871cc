package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.CatalogReader = (*Store)(nil)

// Clients returns all clients by id.
func (s *Store) Clients(ctx context.Context) ([]catalog.Client, error) {
	return collect(ctx, s.db, scanClient, selectClients+` ORDER BY client_id`)
}

// Client returns one client.
func (s *Store) Client(ctx context.Context, clientID int32) (catalog.Client, error) {
	clients, err := collect(ctx, s.db, scanClient, selectClients+` WHERE client_id = ?`, clientID)
	if err == nil && len(clients) == 0 {
		err = store.UnknownClient(clientID)
	}
	return only(clients, err, "client %d", clientID)
}

const selectClients = `SELECT client_id, name, time_zone, collection_enabled, coalesce(max_session_seconds, 0),
		coalesce(inactivity_seconds, 0), coalesce(one_channel_per_device, false), coalesce(min_session_seconds, 0), coalesce(revision, 0)
	FROM clients LEFT JOIN policies USING (client_id)`

func scanClient(rows *sql.Rows, c *catalog.Client) error {
	p := &c.Policy
	return rows.Scan(&c.ID, &c.Name, &c.TimeZone, &c.CollectionEnabled,
		&p.MaxSessionSeconds, &p.InactivitySeconds, &p.OneChannelPerDevice, &p.MinSessionSeconds, &c.PolicyRevision)
}

// Channels returns all channels of a client by id.
func (s *Store) Channels(ctx context.Context, clientID int32) ([]catalog.Channel, error) {
	return collect(ctx, s.db, func(rows *sql.Rows, c *catalog.Channel) error {
		return rows.Scan(&c.ID, &c.Name, &c.Number, (*intList)(&c.Categories), &c.Enabled, &c.Deleted)
	}, `SELECT channel_id, name, number, categories, enabled, deleted FROM channels WHERE client_id = ? ORDER BY channel_id`,
		clientID)
}

// Tariffs returns all tariffs of a client by id.
func (s *Store) Tariffs(ctx context.Context, clientID int32) ([]catalog.Tariff, error) {
	return collect(ctx, s.db, func(rows *sql.Rows, t *catalog.Tariff) error {
		return rows.Scan(&t.ID, &t.Name, &t.Deleted)
	}, `SELECT tariff_id, name, deleted FROM tariffs WHERE client_id = ? ORDER BY tariff_id`, clientID)
}

// Categories returns all categories of a client by id.
func (s *Store) Categories(ctx context.Context, clientID int32) ([]catalog.Category, error) {
	return collect(ctx, s.db, func(rows *sql.Rows, c *catalog.Category) error {
		return rows.Scan(&c.ID, &c.Name, &c.Deleted)
	}, `SELECT category_id, name, deleted FROM categories WHERE client_id = ? ORDER BY category_id`, clientID)
}

// Programmes returns a page of the guide; see store.CatalogReader.
func (s *Store) Programmes(ctx context.Context, query store.ProgrammeQuery) ([]catalog.Programme, error) {
	from, after := query.Starting.From, "true"
	if last := query.After; last != nil {
		from = max(from, last.Start) // lets the engine skip what lies before
		after = fmt.Sprintf(`(start_at, channel_id, programme_id) > (%d, %d, %d)`, last.Start, last.ChannelID, last.ID)
	}
	return collect(ctx, s.db, scanProgramme, fmt.Sprintf(selectProgrammes+
		` WHERE client_id = %d AND NOT deleted AND start_at >= %d AND start_at < %d AND %s AND %s
		ORDER BY start_at, channel_id, programme_id LIMIT %d`, query.ClientID, from, query.Starting.To,
		channelConditions(store.ChannelSet{Only: query.Channels}), after, query.Limit))
}

// Programme returns one programme; see store.CatalogReader.
func (s *Store) Programme(ctx context.Context, clientID int32, programmeID int64) (catalog.Programme, error) {
	found, err := collect(ctx, s.db, scanProgramme, selectProgrammes+` WHERE client_id = ? AND programme_id = ? AND NOT deleted`,
		clientID, programmeID)
	return only(found, err, "programme %d of client %d", programmeID, clientID)
}

const selectProgrammes = `SELECT programme_id, channel_id, title, start_at, end_at FROM programmes`

func scanProgramme(rows *sql.Rows, p *catalog.Programme) error {
	return rows.Scan(&p.ID, &p.ChannelID, &p.Title, &p.Start, &p.End)
}

// ProgrammeChannels finds programmes by their ids; see store.CatalogReader.
func (s *Store) ProgrammeChannels(ctx context.Context, clientID int32, ids []int64) (map[int64]int32, error) {
	channels := map[int64]int32{}
	err := eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var id int64
		var channel int32
		err := rows.Scan(&id, &channel)
		channels[id] = channel
		return err
	}, fmt.Sprintf(`SELECT programme_id, channel_id FROM programmes WHERE client_id = %d AND NOT deleted AND %s`,
		clientID, in("programme_id", ids)))
	if err != nil {
		return nil, fmt.Errorf("find programmes: %w", err)
	}
	return channels, nil
}

// Account returns the current state of an account; see store.CatalogReader.
func (s *Store) Account(ctx context.Context, clientID int32, accountID int64, now viewing.Millis) (catalog.Account, error) {
	states, err := collect(ctx, s.db, func(rows *sql.Rows, a *catalog.Account) error {
		return rows.Scan(&a.ID, &a.Active, (*intList)(&a.Tariffs), &a.RegisteredAt, &a.ChangedAt, &a.Excluded, &a.Deleted)
	}, fmt.Sprintf(`SELECT account_id, active, tariffs, registered_at, changed_at, excluded, deleted FROM accounts
		WHERE client_id = %[1]d AND account_id = %[2]d AND changed_at <= %[3]d
		UNION ALL SELECT account_id, active, tariffs, registered_at, changed_at, excluded, deleted FROM (%[4]s)`,
		clientID, accountID, now, latestStates(clientID, fmt.Sprintf(`account_id = %d AND %s`, accountID, comeBy(clientID, now)))))
	if len(states) > 0 && states[0].Deleted {
		states = nil
	}
	return only(states, err, "account %d of client %d", accountID, clientID)
}
