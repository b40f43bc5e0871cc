package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
)

// idRange is what the account ids of a query lie between, both ends included, where they lie so close together that the accounts of a
// cell can be a bitmap. To set a bit for each session is several times as fast as to group sessions by account.
type idRange struct{ from, to int64 }

// expressions are those of the measures that only count accounts. Each cell has up to two parts, by reachedColumn.
func (r idRange) expressions() map[measure.Measure]expression {
	return map[measure.Measure]expression{
		measure.Accounts: {ofSessions: fmt.Sprintf("bitstring_agg(account_id, %d, %d)", r.from, r.to), ofParts: "bit_count(bit_or(accounts))"},
		measure.Reach:    {needs: measure.Accounts, ofParts: "coalesce(bit_count(bit_or(accounts) FILTER (reached = 1)), 0)"},
	}
}

// reachedColumn groups the sessions of a cell into those that were on for the query's reach and the others.
func reachedColumn(query measure.Query) string {
	if slices.Contains(query.Measures, measure.Reach) {
		return fmt.Sprintf("CASE WHEN stretch >= %d THEN 1 ELSE 0 END AS reached", query.Reach) // grouped by faster than a boolean
	}
	return "0"
}

// What bounds the bitmaps of all cells, two of each for each thread.
const (
	mostBits = 1 << 31 // 256 MiB

	// With more bits a session, grouping by account is faster.
	bitsPerSession = 128

	// The engine cannot spill bitmaps, and copies some: for each byte of the memory limit.
	bitsPerByte = 2
)

// needsGroups reports whether sessions have to be grouped by account, or by length, even if accounts are bitmaps.
func needsGroups(query measure.Query) bool {
	return slices.ContainsFunc(query.Measures, func(m measure.Measure) bool {
		return m == measure.Median || expressions[m].byAccount && m != measure.Accounts && m != measure.Reach
	})
}

// idsOf finds the range; nil where sessions are grouped by account anyway, where no accounts are counted, or where the bitmaps of all
// cells might be too large. It looks at all sessions of the query's time, whatever the filter leaves out.
func idsOf(ctx context.Context, tx *sql.Tx, query measure.Query) (*idRange, error) {
	asked := func(m measure.Measure) bool { return expressions[m].byAccount }
	if needsGroups(query) || !slices.ContainsFunc(query.Measures, asked) {
		return nil, nil //nolint:nilnil // there is none
	}
	ends, cells := "count(*) AS sessions, min(account_id) AS first, max(account_id) AS last", fmt.Sprintf("%d::DOUBLE", max(len(query.Slices), 1))
	for _, dimension := range query.GroupBy {
		switch d := dimensions[dimension]; {
		case d.join != "":
			return nil, nil //nolint:nilnil // how many there are follows from more than sessions
		case d.column != "":
			ends += fmt.Sprintf(", min(%[1]s) AS first_%[1]s, max(%[1]s) AS last_%[1]s", d.column)
			cells += fmt.Sprintf(" * (max(last_%[1]s)::DOUBLE - min(first_%[1]s) + 1)", d.column)
		}
	}
	window := query.Filter.Window
	if query.Count == measure.ByTime {
		window.From = reachingFrom(window.From)
	}
	var found idRange
	err := tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT min(first), max(last) FROM (
			SELECT %[1]s FROM sessions WHERE client_id = %[2]d AND %[3]s UNION ALL SELECT %[1]s FROM reports WHERE client_id = %[2]d AND %[3]s)
		HAVING (max(last)::DOUBLE - min(first) + 1) * 2 * current_setting('threads') * %[4]s
			<= least(%[5]d, sum(sessions) * %[6]d, parse_formatted_bytes(current_setting('memory_limit')) * %[7]d)`,
		ends, query.Filter.ClientID, within(window), cells, mostBits, bitsPerSession, bitsPerByte)).Scan(&found.from, &found.to)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // too large, or no session at all
	}
	return &found, err
}
