package duckdb

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	peersDir    = flag.String("peers", "", "directory that TestPeers keeps its store, that of ClickHouse and what it measured in; without it the test is skipped")
	peersPython = flag.String("peers-python", "python3", "Python with chdb, for TestPeers")
	peersRounds = flag.Int("peers-rounds", 5, "how often TestPeers asks each question of each engine")
	peersPage   = flag.String("peers-page", "", "page whose table TestPeers writes anew")
)

const (
	peerThreads   = 2
	peersMeasured = "measured.json"
)

// peer is an engine that is asked, and how long it takes.
type peer struct {
	name string
	ask  func(context.Context, peerQuestion) ([]figureRow, time.Duration, error)
}

// TestPeers asks tvstats, plain SQL on tvstats' own file, and ClickHouse in process the same of the same sessions, in turn, and compares
// what they return. `make peers` runs it.
func TestPeers(t *testing.T) {
	if *peersDir == "" {
		t.Skip("without a directory for the stores: make peers")
	}
	s := peerStore(t)
	clickhouse := startClickHouse(t)
	clickhouse.load(t, s)
	peers := []peer{{"tvstats", s.askPeer}, {"DuckDB", plainDuckDB(t, s)}, {"ClickHouse", clickhouse.askPeer}}
	measured := readMeasured(t)
	measured.Versions = [2]string{duckdbVersion(t, s), strings.TrimSpace(clickhouse.must(t, "SELECT version()"))}
	for _, q := range peerQuestions {
		t.Run(q.name, func(t *testing.T) {
			times := askAll(t, q, peers, *peersRounds)
			measured.Times[q.name] = times
			t.Log(tableRow(q, times))
		})
	}
	writeMeasured(t, measured)
	if *peersPage != "" {
		writeTable(t, *peersPage, peersTable(measured))
	}
}

// TestPlainSQLReturnsTheSame: what TestPeers compares with is still the same question, without ClickHouse and on few sessions.
func TestPlainSQLReturnsTheSame(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	defer s.Close() //nolint:errcheck // its directory goes with it
	err := fillDays(t.Context(), s, filling{sessions: 30_000, accounts: 1000})
	if err == nil {
		err = s.rollUpMissing(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	peers := []peer{{"tvstats", s.askPeer}, {"DuckDB", plainDuckDB(t, s)}}
	for _, q := range peerQuestions {
		askAll(t, q, peers, 0)
	}
}

// askAll asks a question of each engine once, to compare what they return, and then in turn; times are by the name of the engine.
func askAll(t *testing.T, q peerQuestion, peers []peer, rounds int) map[string][]time.Duration {
	t.Helper()
	if q.sql == "" {
		peers = peers[:1]
	}
	times := map[string][]time.Duration{}
	var first []figureRow
	for round := range rounds + 1 {
		for i := range peers {
			p := peers[(i+round)%len(peers)] // nobody is always after the same one
			rows, took, err := p.ask(t.Context(), q)
			switch {
			case err != nil:
				t.Fatalf("%s, %s: %v", q.name, p.name, err)
			case round > 0:
				times[p.name] = append(times[p.name], took)
			case i == 0:
				first = sorted(rows)
			default:
				mustEqual(t, q.name, peers[0].name, first, p.name, sorted(rows))
			}
		}
	}
	return times
}

func sorted(rows []figureRow) []figureRow {
	slices.SortFunc(rows, slices.Compare)
	return rows
}

func mustEqual(t *testing.T, question, name string, rows []figureRow, other string, others []figureRow) {
	t.Helper()
	if len(rows) == 0 || len(rows) != len(others) {
		t.Fatalf("%s: %d rows of %s, %d of %s", question, len(rows), name, len(others), other)
	}
	for i := range rows {
		if !slices.Equal(rows[i], others[i]) {
			t.Fatalf("%s: %s says %v, %s says %v", question, name, rows[i], other, others[i])
		}
	}
}

// peerStore is filled once and kept.
func peerStore(t *testing.T) *Store {
	t.Helper()
	dir := filepath.Join(*peersDir, "store")
	filled := filepath.Join(*peersDir, fmt.Sprintf("filled-%d", *benchSessions))
	_, missing := os.Stat(filled)
	if missing != nil {
		if err := os.RemoveAll(*peersDir); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), Options{Dir: dir, Threads: peerThreads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // nothing was written since the checkpoint
	if missing != nil {
		begun := time.Now()
		err = fillDays(t.Context(), s, filling{sessions: *benchSessions, accounts: 100_000})
		t.Logf("%d sessions filled in %s", *benchSessions, time.Since(begun))
	}
	if err == nil {
		err = s.rollUpMissing(t.Context())
	}
	if err == nil && missing != nil {
		err = os.WriteFile(filled, nil, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Store) askPeer(ctx context.Context, q peerQuestion) ([]figureRow, time.Duration, error) {
	begun := time.Now()
	rows, err := q.tvstats(ctx, s)
	return rows, time.Since(begun), err
}

// plainDuckDB asks on a connection of its own to the store's database: the same file, memory and threads.
func plainDuckDB(t *testing.T, s *Store) func(context.Context, peerQuestion) ([]figureRow, time.Duration, error) {
	t.Helper()
	c, err := s.db.Conn(t.Context())
	if err == nil {
		_, err = c.ExecContext(t.Context(), `CREATE TEMP MACRO intDiv(a, b) AS a // b`)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // it has only read
	return func(ctx context.Context, q peerQuestion) ([]figureRow, time.Duration, error) {
		begun := time.Now()
		rows, err := collect(ctx, c, scanFigures, duckdbWords.Replace(q.sql))
		return rows, time.Since(begun), err
	}
}

func scanFigures(rows *sql.Rows, row *figureRow) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	*row = make(figureRow, len(columns))
	into := make([]any, len(columns))
	for i := range into {
		into[i] = &(*row)[i]
	}
	return rows.Scan(into...)
}

func duckdbVersion(t *testing.T, s *Store) (version string) {
	t.Helper()
	if err := s.db.QueryRowContext(t.Context(), `SELECT version()`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(version, "v")
}

// clickHouse is a process with ClickHouse in it.
type clickHouse struct {
	to   io.Writer
	from *bufio.Reader
}

func startClickHouse(t *testing.T) *clickHouse {
	t.Helper()
	process := exec.CommandContext(context.WithoutCancel(t.Context()), *peersPython, "testdata/clickhouse.py", filepath.Join(*peersDir, "clickhouse"))
	process.Stderr = os.Stderr
	to, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	from, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		to.Close() //nolint:errcheck // it ends with its input
		if err := process.Wait(); err != nil {
			t.Error(err)
		}
	})
	return &clickHouse{to, bufio.NewReader(from)}
}

// run returns the rows, tabs between their columns, and how long the statement took by the clock of that process.
func (c *clickHouse) run(statement string) (rows string, took time.Duration, err error) {
	if err := json.NewEncoder(c.to).Encode(statement); err != nil {
		return "", 0, err
	}
	line, err := c.from.ReadBytes('\n')
	if err != nil {
		return "", 0, fmt.Errorf("read what ClickHouse returned: %w", err)
	}
	var out struct {
		Seconds     float64
		Rows, Error string
	}
	if err := json.Unmarshal(line, &out); err != nil {
		return "", 0, err
	}
	if out.Error != "" {
		return "", 0, errors.New(out.Error)
	}
	return out.Rows, time.Duration(out.Seconds * float64(time.Second)), nil
}

func (c *clickHouse) must(t *testing.T, statement string) string {
	t.Helper()
	rows, _, err := c.run(statement)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// load copies what the questions need, once. Sessions are cut by day and ordered by client, channel and start.
func (c *clickHouse) load(t *testing.T, s *Store) {
	t.Helper()
	copied := filepath.Join(*peersDir, "copied")
	if _, err := os.Stat(copied); err == nil {
		return
	}
	for _, table := range []struct{ name, columns, order string }{
		{"sessions", "client_id, account_id, device_uid, device, channel_id, mode, programme_id, started_at, reported_at, watched_seconds, ended, tariff_set, position_at",
			`PARTITION BY intDiv(started_at, 86400000) ORDER BY (client_id, channel_id, started_at)`},
		{"accounts", "client_id, account_id, active, deleted", "ORDER BY (client_id, account_id)"},
		{"programmes", "client_id, programme_id, channel_id, start_at, end_at, deleted", "ORDER BY (client_id, channel_id, start_at)"},
	} {
		file := filepath.Join(*peersDir, table.name+".parquet")
		if _, err := s.db.ExecContext(t.Context(), fmt.Sprintf(`COPY (SELECT %s FROM %s) TO '%s'`, table.columns, table.name, file)); err != nil {
			t.Fatal(err)
		}
		types := clickHouseTypes(t, s, table.name, table.columns)
		c.must(t, fmt.Sprintf("CREATE OR REPLACE TABLE %s (%s) ENGINE = MergeTree %s", table.name, types, table.order))
		c.must(t, fmt.Sprintf("INSERT INTO %s SELECT * FROM file('%s')", table.name, file))
		c.must(t, fmt.Sprintf("OPTIMIZE TABLE %s FINAL", table.name))
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(copied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// clickHouseTypes are the columns with the types that they have in the store; only what may be missing may be NULL.
func clickHouseTypes(t *testing.T, s *Store, table, columns string) string {
	t.Helper()
	types := map[string]string{"VARCHAR": "String", "INTEGER": "Int32", "BIGINT": "Int64", "UTINYINT": "UInt8", "BOOLEAN": "Bool"}
	var all []string
	for column := range strings.SplitSeq(columns, ", ") {
		var kind string
		err := s.db.QueryRowContext(t.Context(), `SELECT data_type FROM duckdb_columns() WHERE table_name = ? AND column_name = ?`, table, column).Scan(&kind)
		if err != nil {
			t.Fatal(table, column, err)
		}
		if kind = types[kind]; column == "position_at" {
			kind = "Nullable(" + kind + ")"
		}
		all = append(all, column+" "+kind)
	}
	return strings.Join(all, ", ")
}

func (c *clickHouse) askPeer(_ context.Context, q peerQuestion) ([]figureRow, time.Duration, error) {
	text, took, err := c.run(fmt.Sprintf("%s SETTINGS max_threads = %d", clickhouseWords.Replace(cmp.Or(q.clickhouse, q.sql)), peerThreads))
	if err != nil {
		return nil, 0, err
	}
	var rows []figureRow
	for line := range strings.Lines(text) {
		var row figureRow
		for column := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\t") {
			figure, err := strconv.ParseInt(column, 10, 64)
			if err != nil {
				return nil, 0, err
			}
			row = append(row, figure)
		}
		rows = append(rows, row)
	}
	return rows, took, nil
}
