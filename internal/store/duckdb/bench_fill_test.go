package duckdb

import (
	"context"
	"fmt"

	"github.com/tvstats/tvstats/internal/viewing"
)

// filling is what a store of the benchmarks holds: viewing of benchDays days, the same in every run.
type filling struct {
	sessions int
	accounts int
}

// world is one day of viewing: %[2]d is the start of the day, %[3]d how many sessions, %[4]d the greatest id of an account. Few channels
// have most of the viewing; one session of ten is of the day before, from the archive.
const world = `SELECT 1, account, printf('00:1a:79:%%02x:%%02x:%%02x', account // 65536, account // 256 %% 256, account %% 256),
		account %% 5, channel, CASE WHEN archive THEN 2 ELSE 1 END, 0, started, started + watched * 1000 + account %% 997, watched, true,
		account %% 7, NULL, CASE WHEN archive THEN started - 86400000 END
	FROM (SELECT (draw(number, 1) * %[4]d)::BIGINT AS account, 1 + (draw(number, 2) * draw(number, 3) * 499)::INT AS channel,
			%[2]d + (draw(number, 4) * 86399000)::BIGINT AS started, (-ln(draw(number, 5) + 1e-9) * 1200)::INT %% 30000 AS watched, draw(number, 6) < 0.1 AS archive
		FROM range(%[3]d) sessions(number))
	ORDER BY account, started`

// fillDays makes the days as folding leaves them, but for rollups, which rollUpMissing makes, and the catalog: a guide of half hours on 500
// channels for the first ten days. Taking in and folding as many reports takes several times as long.
func fillDays(ctx context.Context, s *Store, of filling) error {
	run := func(format string, args ...any) error {
		_, err := s.db.ExecContext(ctx, fmt.Sprintf(format, args...))
		return err
	}
	catalog := []string{
		`INSERT INTO devices SELECT id, 'device ' || id FROM range(5) t(id)`,
		`INSERT INTO tariff_sets SELECT id, [id] FROM range(1, 7) t(id)`,
		fmt.Sprintf(`INSERT INTO accounts SELECT 1, id, 0, id %% 10 > 0, [], 0, false, false FROM range(%d) t(id)`, of.accounts+1),
		fmt.Sprintf(`INSERT INTO programmes SELECT 1, channel * 1000 + slot, channel, 'programme', %d + slot * 1800000,
			%[1]d + (slot + 1) * 1800000, false FROM range(1, 501) c(channel), range(480) t(slot)`, benchFirst),
	}
	for _, statement := range catalog {
		if err := run("%s", statement); err != nil {
			return err
		}
	}
	for n := range benchDays {
		if err := fillDay(run, (benchFirst + viewing.Millis(n)*viewing.DayLength).Day(), of.sessions/benchDays, of.accounts); err != nil {
			return err
		}
	}
	var err error
	if s.dictionary, err = loadDictionary(ctx, s.db); err != nil {
		return err
	}
	return run(`CHECKPOINT`)
}

// fillDay makes one day.
func fillDay(run func(string, ...any) error, day viewing.Day, sessions, accounts int) error {
	for _, statement := range []string{
		dayOfViewing("sessions", day, sessions, accounts),
		insertViewers("(FROM sessions WHERE "+within(day.Window())+")", "device"),
		fmt.Sprintf(`INSERT INTO versions VALUES (1, %d, %d, %d)`, viewingChanges, day.Start(), sessions),
	} {
		if err := run("%s", statement); err != nil {
			return err
		}
	}
	return nil
}

// dayOfViewing is the statement that adds a day to a table. Random numbers are digests, since the engine's own depend on its threads.
func dayOfViewing(to string, day viewing.Day, sessions, accounts int) string {
	return fmt.Sprintf(`CREATE OR REPLACE TEMP MACRO draw(number, what) AS hash((%d::BIGINT * 1000000000 + number) * 8 + what) / 18446744073709551616;
		INSERT INTO %[5]s `+world, day, day.Start(), sessions, accounts, to)
}
