package duckdb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/tvstats/tvstats/internal/viewing"
)

// dictionary mirrors in memory what every batch of reports needs: which clients there are, which of them collect viewing, the
// tariffs of their accounts, and the numbers that stand for kinds of device and sets of tariffs. The tables are the truth;
// the mirror is loaded at start and changed only after the table was.
type dictionary struct {
	db       *sql.DB
	mu       sync.RWMutex
	clients  map[int32]bool        // whether viewing is collected
	accounts map[accountKey]latest // every account that has a state
	earlier  map[accountKey][]held // histories of accounts whose latest state was still to come when they were requested
	adopted  uint64                // how often accounts changed
	devices  map[string]int32      // from name to number, from 0
	numbers  map[string]int32      // from setKey to number of a set of tariffs
	sets     [][]int32             // of tariffs, by number; set 0 is empty
}

// codes are the numbers under which the tables keep a report's kind of device and set of tariffs.
type codes struct {
	device, tariffSet int32
}

type accountKey struct {
	client  int32
	account int64
}

func loadDictionary(ctx context.Context, db *sql.DB) (*dictionary, error) {
	m := &dictionary{
		db: db, clients: map[int32]bool{}, accounts: map[accountKey]latest{}, earlier: map[accountKey][]held{},
		devices: map[string]int32{}, numbers: map[string]int32{"": 0}, sets: [][]int32{nil},
	}
	if err := m.loadDevices(ctx); err != nil {
		return nil, fmt.Errorf("load kinds of device: %w", err)
	}
	if err := m.loadSets(ctx); err != nil {
		return nil, fmt.Errorf("load sets of tariffs: %w", err)
	}
	if err := m.loadClients(ctx); err != nil {
		return nil, fmt.Errorf("load clients: %w", err)
	}
	if err := m.loadAccounts(ctx); err != nil {
		return nil, fmt.Errorf("load accounts: %w", err)
	}
	return m, nil
}

func (m *dictionary) loadDevices(ctx context.Context) error {
	return eachRow(ctx, m.db, func(rows *sql.Rows) error {
		var number int32
		var name string
		err := rows.Scan(&number, &name)
		m.devices[name] = number
		return err
	}, `SELECT device, name FROM devices`)
}

func (m *dictionary) loadSets(ctx context.Context) error {
	return eachRow(ctx, m.db, func(rows *sql.Rows) error {
		var number int32
		var set intList
		if err := rows.Scan(&number, &set); err != nil {
			return err
		}
		m.remember(number, set)
		return nil
	}, `SELECT tariff_set, tariffs FROM tariff_sets ORDER BY tariff_set`)
}

func (m *dictionary) loadClients(ctx context.Context) error {
	return eachRow(ctx, m.db, func(rows *sql.Rows) error {
		var id int32
		var collects bool
		if err := rows.Scan(&id, &collects); err != nil {
			return err
		}
		m.clients[id] = collects
		return nil
	}, `SELECT client_id, collection_enabled FROM clients`)
}

func (m *dictionary) loadAccounts(ctx context.Context) error {
	var keys []accountKey
	var froms []viewing.Millis
	var sets [][]int32
	err := eachRow(ctx, m.db, func(rows *sql.Rows) error {
		var key accountKey
		var from viewing.Millis
		var tariffs intList
		err := rows.Scan(&key.client, &key.account, &from, &tariffs)
		keys, froms, sets = append(keys, key), append(froms, from), append(sets, tariffs)
		return err
	}, `SELECT client_id, account_id, changed_at, CASE WHEN deleted THEN [] ELSE tariffs END FROM accounts`)
	if err != nil {
		return err
	}
	numbers, err := m.intern(ctx, sets)
	for i, number := range numbers {
		m.accounts[keys[i]] = latest{from: froms[i], set: number}
	}
	return err
}

// prepare makes the reports' clients exist and returns the codes of each report.
func (m *dictionary) prepare(ctx context.Context, reports []viewing.Report) ([]codes, error) {
	all := make([]codes, len(reports))
	for !m.lookUp(reports, all) {
		if err := m.addNew(ctx, reports); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// lookUp sets the codes and reports whether everything in the reports was known.
func (m *dictionary) lookUp(reports []viewing.Report, all []codes) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var key []byte
	for i := range reports {
		r := &reports[i]
		key = setKey(key[:0], r.Tariffs)
		device, deviceKnown := m.devices[r.Device]
		set, setKnown := m.numbers[string(key)]
		if _, clientKnown := m.clients[r.ClientID]; !clientKnown || !deviceKnown || !setKnown {
			return false
		}
		all[i] = codes{device: device, tariffSet: set}
	}
	return true
}

func (m *dictionary) remember(number int32, set []int32) {
	m.numbers[string(setKey(nil, set))] = number
	m.sets = append(m.sets, set)
}

// setKey appends a form of the set that maps can look up without allocating.
func setKey(key []byte, set []int32) []byte {
	for _, id := range set {
		key = binary.LittleEndian.AppendUint32(key, uint32(id))
	}
	return key
}

// deviceNumbers returns the numbers of those kinds of device that ever reported.
func (m *dictionary) deviceNumbers(names []string) []int32 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var numbers []int32
	for _, name := range names {
		if number, known := m.devices[name]; known {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// setsWithAny returns the numbers of the sets that hold any of the tariffs.
func (m *dictionary) setsWithAny(tariffs []int32) []int32 {
	wanted := make(map[int32]bool, len(tariffs))
	for _, id := range tariffs {
		wanted[id] = true
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var numbers []int32
	for number, set := range m.sets {
		for _, id := range set {
			if wanted[id] {
				numbers = append(numbers, int32(number))
				break
			}
		}
	}
	return numbers
}
