package duckdb

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// newEntries are what the mirror lacks, each once. It is stored in one transaction however much it is: a commit for each would
// hold up all streams for seconds when a catalog of many different sets of tariffs arrives.
type newEntries struct {
	clients map[int32]bool
	devices map[string]bool
	sets    map[string][]int32 // of tariffs, by setKey
}

func noEntries() *newEntries {
	return &newEntries{clients: map[int32]bool{}, devices: map[string]bool{}, sets: map[string][]int32{}}
}

// addNew is the rare way of prepare, for batches with a client, a device or a set of tariffs that was never seen.
func (m *dictionary) addNew(ctx context.Context, reports []viewing.Report) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	fresh := noEntries()
	for i := range reports {
		r := &reports[i]
		if _, known := m.clients[r.ClientID]; !known {
			fresh.clients[r.ClientID] = true
		}
		if _, known := m.devices[r.Device]; !known {
			fresh.devices[strings.Clone(r.Device)] = true // a report's name is part of a whole message
		}
		m.lacks(fresh, r.Tariffs)
	}
	return m.add(ctx, fresh)
}

// intern returns the numbers of sets of tariffs, of which it stores first those that are new. m.mu is held.
func (m *dictionary) intern(ctx context.Context, sets [][]int32) ([]int32, error) {
	fresh := noEntries()
	for _, set := range sets {
		m.lacks(fresh, set)
	}
	if err := m.add(ctx, fresh); err != nil {
		return nil, err
	}
	numbers := make([]int32, len(sets))
	for i, set := range sets {
		numbers[i] = m.numbers[string(setKey(nil, set))]
	}
	return numbers, nil
}

// lacks adds the set to what is unseen, where it is.
func (m *dictionary) lacks(fresh *newEntries, set []int32) {
	key := setKey(nil, set)
	if _, known := m.numbers[string(key)]; !known {
		fresh.sets[string(key)] = slices.Clone(set)
	}
}

// add stores what is unseen and then mirrors it. m.mu is held.
func (m *dictionary) add(ctx context.Context, fresh *newEntries) error {
	clients, devices := keys(fresh.clients), keys(fresh.devices)
	sets := slices.Collect(maps.Values(fresh.sets))
	if len(clients)+len(devices)+len(sets) == 0 {
		return nil
	}
	firstDevice, firstSet := len(m.devices), len(m.sets)
	tx, err := beginBulk(ctx, m.db)
	if err == nil {
		defer tx.end()
		err = tx.addUnseen(ctx, clients, numbered(firstDevice, devices), numbered(firstSet, sets))
	}
	if err != nil {
		return writeError(ctx, "add clients, devices or sets of tariffs", err)
	}
	for _, id := range clients {
		m.clients[id] = catalog.NewClient(id).CollectionEnabled
	}
	for i, name := range devices {
		m.devices[name] = int32(firstDevice + i)
	}
	for i, set := range sets {
		m.remember(int32(firstSet+i), set)
	}
	return nil
}

// numbered are rows of a number, counted up from first, and a value.
func numbered[T any](first int, values []T) []row {
	rows := make([]row, len(values))
	for i, value := range values {
		rows[i] = row{int32(first + i), value}
	}
	return rows
}

// addUnseen stores the rows and commits.
func (tx *bulkTx) addUnseen(ctx context.Context, clients []int32, devices, sets []row) error {
	for _, id := range clients {
		client := catalog.NewClient(id)
		_, err := tx.ExecContext(ctx, `INSERT INTO clients VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			client.ID, client.Name, client.TimeZone, client.CollectionEnabled)
		if err != nil {
			return err
		}
	}
	if err := tx.upsert(ctx, devicesTable, devices); err != nil {
		return err
	}
	if err := tx.upsert(ctx, tariffSetsTable, sets); err != nil {
		return err
	}
	return tx.commit(unnoted(ctx))
}
