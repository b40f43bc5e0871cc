package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Maintain folds what is due and rolls up what is missing; see store.Maintainer.
func (s *Store) Maintain(ctx context.Context, closed viewing.Millis) error {
	if err := s.foldDue(ctx, closed); err != nil {
		return err
	}
	return s.rollUpMissing(ctx)
}

func (s *Store) foldDue(ctx context.Context, closed viewing.Millis) error {
	s.folding.Lock()
	defer s.folding.Unlock()
	due, err := days(ctx, s.db, fmt.Sprintf(
		`SELECT %s AS day FROM reports GROUP BY day HAVING day < %d OR count(*) > %d ORDER BY day`,
		dayOf, closed.Day(), s.options.FoldReports))
	if err != nil {
		return fmt.Errorf("find days to fold: %w", err)
	}
	for _, day := range due {
		if err := s.fold(ctx, day); err != nil {
			return fmt.Errorf("fold %s: %w", day, err)
		}
	}
	return nil
}

// fold moves the day's reports into its sessions, in one transaction: a reader sees all of it or nothing, and reports that
// arrive meanwhile stay for the next time.
func (s *Store) fold(ctx context.Context, day viewing.Day) error {
	where := within(day.Window())
	return inTx(ctx, s.db, func(tx *sql.Tx) error {
		tariffSet, err := s.unitedTariffs(ctx, tx, where)
		if err != nil {
			return err
		}
		statements := []string{
			fmt.Sprintf(`CREATE TEMP TABLE folded AS SELECT %s, %s, %s AS tariff_set FROM (
				FROM sessions WHERE %[4]s UNION ALL FROM reports WHERE %[4]s) GROUP BY %[1]s`,
				identity, mergedState, tariffSet, where),
			foldedReports(where),
			`DELETE FROM reports WHERE ` + where,
			`DELETE FROM sessions WHERE ` + where,
			`DELETE FROM viewers WHERE ` + where,
			`INSERT INTO sessions BY NAME FROM folded ORDER BY client_id, account_id, started_at, device_uid, channel_id`,
			insertViewers("folded", "device"),
		}
		statements = append(statements, rollUp(day, "folded", `SELECT DISTINCT client_id FROM folded`)...)
		if err := execute(ctx, tx, append(statements, `DROP TABLE folded`)...); err != nil {
			return unavailable("write", err)
		}
		return nil
	})
}

// insertViewers is the statement that writes who watched on one day, whose sessions are those of source.
func insertViewers(source, device string) string {
	return fmt.Sprintf(`INSERT INTO viewers SELECT client_id, account_id, device_uid, %s, max(started_at) FROM %s GROUP BY ALL
		ORDER BY client_id, account_id`, device, source)
}

// unitedTariffs is the aggregate that gives a session the number of the union of its reports' sets of tariffs. Almost
// always all reports of a session carry one set; the unions of the others are numbered first and then looked up.
func (s *Store) unitedTariffs(ctx context.Context, tx *sql.Tx, where string) (string, error) {
	var mixed [][]int32
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		var numbers intList
		err := rows.Scan(&numbers)
		mixed = append(mixed, numbers)
		return err
	}, fmt.Sprintf(`SELECT DISTINCT list_sort(list(DISTINCT tariff_set)) FROM (
		SELECT %s, tariff_set FROM sessions WHERE %[2]s UNION ALL SELECT %[1]s, tariff_set FROM reports WHERE %[2]s)
		GROUP BY %[1]s HAVING min(tariff_set) <> max(tariff_set)`, identity, where))
	if err != nil {
		return "", fmt.Errorf("find sessions with several sets of tariffs: %w", err)
	}
	if len(mixed) == 0 {
		return "min(tariff_set)", nil
	}
	unions, err := s.dictionary.unions(ctx, mixed)
	if err != nil {
		return "", err
	}
	var cases strings.Builder
	for i, numbers := range mixed {
		fmt.Fprintf(&cases, " WHEN %s THEN %d", list(numbers), unions[i])
	}
	return "CASE list_sort(list(DISTINCT tariff_set))" + cases.String() + " ELSE min(tariff_set) END", nil
}

// unions returns, for each group of numbered sets, the number of their union.
func (m *dictionary) unions(ctx context.Context, groups [][]int32) ([]int32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	united := make([][]int32, len(groups))
	for i, numbers := range groups {
		for _, number := range numbers {
			united[i] = append(united[i], m.sets[number]...)
		}
		united[i] = viewing.Distinct(united[i])
	}
	return m.intern(ctx, united)
}

// list is the numbers as a literal.
func list[T ~int32 | ~int64](numbers []T) string {
	var b []byte
	for i, number := range numbers {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(b, int64(number), 10)
	}
	return "[" + string(b) + "]"
}

var _ store.Maintainer = (*Store)(nil)
