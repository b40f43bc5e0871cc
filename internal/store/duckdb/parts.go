package duckdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/store"
)

var _ store.Snapshotter = (*Store)(nil)

// notInParts are the tables that are no part of the state: numbers for values, and what follows from other tables. Of
// sessions there is a part a day, which the reports that are not folded yet are merged into.
var notInParts = []string{"schema_version", devicesTable.name, tariffSetsTable.name, "reports", "sessions", "viewers", "rollups", "rolled_days", "applied"}

// partColumns are what parts hold in the place of columns that would differ between stores with the same contents.
var partColumns = map[string]map[string]string{
	"erasures": {"rewritten": "true"}, // a store that was loaded has never held the account
}

// partsDir is what the names of the directories for parts begin with.
const partsDir = "parts-"

// dropParts removes parts that an interruption left in the data directory.
func dropParts(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), partsDir) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return err
}

// snapshot is an open transaction, which sees one moment.
type snapshot struct {
	tx     *sql.Tx
	end    context.CancelFunc
	store  *Store
	schema int
}

// Snapshot begins a transaction; see store.Snapshotter.
func (s *Store) Snapshot(ctx context.Context) (store.State, error) {
	// The snapshot outlives ctx, which is only that of its beginning.
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	tx, err := s.db.BeginTx(lasting, nil)
	if err != nil {
		end()
		return nil, unavailable("begin a snapshot", err)
	}
	snap := &snapshot{tx: tx, end: end, store: s}
	// The engine fixes the moment at the first read.
	if err := tx.QueryRowContext(ctx, `SELECT max(version) FROM schema_version`).Scan(&snap.schema); err != nil {
		return nil, errors.Join(unavailable("begin a snapshot", err), snap.Close())
	}
	return snap, nil
}

// Close ends the transaction.
func (s *snapshot) Close() error {
	defer s.end()
	return s.tx.Rollback()
}

// WriteParts writes each part into a file beside the store, from which it is read; see store.State.
func (s *snapshot) WriteParts(ctx context.Context, use func(store.Part, io.Reader) error) (manifest store.Manifest, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(s.store.file), partsDir)
	if err != nil {
		return manifest, unavailable("write parts", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	manifest = store.Manifest{Format: store.PartsFormat, Schema: s.schema, Engine: engineVersion()}
	if err := s.sumUp(ctx, &manifest); err != nil {
		return manifest, err
	}
	write := func(part store.Part, query string) error {
		err := s.writePart(ctx, filepath.Join(dir, "part"), &part, query, use)
		if err != nil {
			return fmt.Errorf("write %s: %w", part.Name, err)
		}
		manifest.Parts = append(manifest.Parts, part)
		return nil
	}
	tables, err := tableColumns(ctx, s.tx)
	if err != nil {
		return manifest, err
	}
	if err := writeTables(tables, write); err != nil {
		return manifest, err
	}
	return manifest, s.eachDay(ctx, tables["sessions"], write)
}

// sumUp fills in what a manifest says of the whole.
func (s *snapshot) sumUp(ctx context.Context, m *store.Manifest) error {
	err := s.tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT
		(SELECT coalesce(sum(changes), 0) FROM versions WHERE kind = %d)::BIGINT + (SELECT count(*) FROM reports),
		coalesce(min(started_at), 0), coalesce(max(started_at), 0)
		FROM (SELECT started_at FROM sessions UNION ALL SELECT started_at FROM reports)`, viewingChanges),
	).Scan(&m.Reports, &m.First, &m.Last)
	if err != nil {
		return unavailable("sum up the state", err)
	}
	return nil
}

// Rows counts; see store.State.
func (s *snapshot) Rows(ctx context.Context) (rows int64, err error) {
	tables, err := tableColumns(ctx, s.tx)
	if err != nil {
		return 0, err
	}
	counted := []string{"(SELECT count(*) FROM sessions)", "(SELECT count(*) FROM reports)"}
	for name := range tables {
		if !slices.Contains(notInParts, name) {
			counted = append(counted, fmt.Sprintf("(SELECT count(*) FROM %s)", name))
		}
	}
	err = s.tx.QueryRowContext(ctx, `SELECT `+strings.Join(counted, " + ")).Scan(&rows)
	if err != nil {
		return 0, unavailable("count the records", err)
	}
	return rows, nil
}

// writeTables writes the tables that are parts as they are, and the versions as folding would leave them.
func writeTables(tables map[string][]string, write func(part store.Part, query string) error) error {
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if slices.Contains(notInParts, name) {
			continue
		}
		v := values{table: name, columns: tables[name], source: name}
		if name == "versions" {
			v.source = fmt.Sprintf(`(SELECT client_id, kind, hour, sum(changes)::BIGINT AS changes FROM (
				SELECT client_id, kind, hour, changes FROM versions
				UNION ALL SELECT client_id, %d, %s, count(*) FROM reports GROUP BY ALL) GROUP BY ALL)`,
				viewingChanges, hourOf("started_at"))
		}
		if err := write(store.Part{Name: name + ".parquet"}, v.query()); err != nil {
			return err
		}
	}
	return nil
}

// tableColumns are the tables of the store with their columns, in the order of their definition.
func tableColumns(ctx context.Context, q querier) (map[string][]string, error) {
	tables := map[string][]string{}
	err := eachRow(ctx, q, func(rows *sql.Rows) error {
		var table, column string
		err := rows.Scan(&table, &column)
		tables[table] = append(tables[table], column)
		return err
	}, `SELECT table_name, column_name FROM duckdb_columns()
		WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal ORDER BY table_name, column_index`)
	if err != nil {
		return nil, fmt.Errorf("read the columns of the tables: %w", err)
	}
	return tables, nil
}

// values is a query for the rows of a part.
type values struct {
	table   string
	columns []string
	source  string   // of the rows, in parentheses where it is a query
	tariffs string   // column of source that is the list of tariffs; "" = it has the number of a set
	first   []string // columns that the rows are sorted by before all others
}

// query selects the columns, with values in the place of numbers, in an order that depends on nothing but these values.
func (v values) query() string {
	selected, joins := make([]string, len(v.columns)), ""
	for i, column := range v.columns {
		selected[i] = "source." + column
		switch replaced := partColumns[v.table][column]; {
		case replaced != "":
			selected[i] = replaced + " AS " + column
		case column == "device":
			selected[i] = `devices.name AS device`
			joins += ` JOIN devices ON devices.device = source.device`
		case column == "tariff_set" && v.tariffs != "":
			selected[i] = "source." + v.tariffs + " AS tariff_set"
		case column == "tariff_set":
			selected[i] = `coalesce(tariff_sets.tariffs, []) AS tariff_set` // set 0 has no row
			joins += ` LEFT JOIN tariff_sets ON tariff_sets.tariff_set = source.tariff_set`
		}
	}
	order := slices.Clone(v.first)
	for _, column := range v.columns {
		if !slices.Contains(v.first, column) {
			order = append(order, column)
		}
	}
	return fmt.Sprintf(`SELECT * FROM (SELECT %s FROM %s AS source%s) ORDER BY %s`,
		strings.Join(selected, ", "), v.source, joins, strings.Join(order, ", "))
}

// sessionOrder is what sessions are sorted by before all else, as they are in their table.
var sessionOrder = []string{"client_id", "account_id", "started_at", "device_uid", "channel_id"}

// eachDay has write write the sessions of each day. Those of days with reports are merged, as folding would.
func (s *snapshot) eachDay(ctx context.Context, columns []string, write func(part store.Part, query string) error) error {
	all, err := days(ctx, s.tx, fmt.Sprintf(
		`SELECT DISTINCT %s AS day FROM (SELECT started_at FROM sessions UNION ALL SELECT started_at FROM reports) ORDER BY day`, dayOf))
	if err != nil {
		return fmt.Errorf("find the days of sessions: %w", err)
	}
	pending, err := days(ctx, s.tx, fmt.Sprintf(`SELECT DISTINCT %s AS day FROM reports ORDER BY day`, dayOf))
	if err != nil {
		return fmt.Errorf("find days that are not folded: %w", err)
	}
	changes, err := s.changes(ctx)
	if err != nil {
		return err
	}
	for _, day := range all {
		where := within(day.Window())
		v := values{table: "sessions", columns: columns, source: `(FROM sessions WHERE ` + where + `)`, first: sessionOrder}
		if slices.Contains(pending, day) {
			v.source, v.tariffs = mergedSource(where), "united"
		}
		if err := write(store.Part{Name: store.SessionsPart(day), Changes: changes[day]}, v.query()); err != nil {
			return err
		}
	}
	return nil
}

// mergedSource merges the sessions and the reports that are not folded. Where the reports of a session carry different sets
// of tariffs it gets their union, which may have no number yet: each union is made once.
func mergedSource(where string) string {
	return fmt.Sprintf(`(WITH merged AS MATERIALIZED (
			SELECT %s, %s, list_sort(list(DISTINCT tariff_set)) AS sets
			FROM (FROM sessions WHERE %[3]s UNION ALL BY NAME FROM reports WHERE %[3]s) GROUP BY %[1]s),
		unions AS (SELECT sets, list_sort(list_distinct(flatten(list(coalesce(tariffs, []))))) AS united
			FROM (SELECT sets, unnest(sets) AS number FROM (SELECT DISTINCT sets FROM merged))
			LEFT JOIN tariff_sets ON tariff_set = number GROUP BY sets)
		SELECT merged.*, united FROM merged JOIN unions USING (sets))`, identity, mergedState, where)
}

// rowGroup is how many rows of a part are compressed together, as many as in the engine's own file.
const rowGroup = 122_880

// writePart writes the rows of the query into a file, describes it, hands it over and removes it.
func (s *snapshot) writePart(
	ctx context.Context, file string, part *store.Part, query string, use func(store.Part, io.Reader) error,
) (err error) {
	outcome, err := s.tx.ExecContext(ctx, fmt.Sprintf(
		`COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d, USE_TMP_FILE false)`, query, literal(file), rowGroup))
	if err != nil {
		return unavailable("write", err)
	}
	if part.Rows, err = outcome.RowsAffected(); err != nil {
		return err
	}
	written, err := os.Open(file) //nolint:gosec // it was just written
	if err != nil {
		return unavailable("read", err)
	}
	defer func() { err = errors.Join(err, written.Close(), os.Remove(file)) }()
	hash := sha256.New()
	if part.Bytes, err = io.Copy(hash, written); err != nil {
		return unavailable("read", err)
	}
	part.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if _, err = written.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return use(*part, written)
}

// literal is the text as a string of a statement.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
