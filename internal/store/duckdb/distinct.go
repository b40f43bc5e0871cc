package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
)

// idRange is what the ids of the accounts of a query lie between, both ends included, where they lie so close together that the accounts
// of a cell can be a string of bits. To set a bit for each session is several times as fast as to tell sessions apart by account.
type idRange struct{ from, to int64 }

// expressions are of the measures that need no more of accounts than whether they are there, from parts that reached tells apart: one with
// the sessions that were on for the query's reach, and one with the others.
func (r idRange) expressions() map[measure.Measure]expression {
	return map[measure.Measure]expression{
		measure.Accounts: {ofSessions: fmt.Sprintf("bitstring_agg(account_id, %d, %d)", r.from, r.to), ofParts: "bit_count(bit_or(accounts))"},
		measure.Reach:    {needs: measure.Accounts, ofParts: "coalesce(bit_count(bit_or(accounts) FILTER (reached = 1)), 0)"},
	}
}

// reached tells the parts of cells apart whose accounts are strings of bits.
func reached(query measure.Query) string {
	if slices.Contains(query.Measures, measure.Reach) {
		return fmt.Sprintf("CASE WHEN stretch >= %d THEN 1 ELSE 0 END AS reached", query.Reach) // grouped by faster than a boolean
	}
	return "0"
}

// What bounds the strings of all cells, two of each for each thread.
const (
	mostBits = 1 << 31 // 256 MiB

	// Few sessions are told apart by account sooner: to make and to count so many bits takes about as long as to do so with one session.
	bitsPerSession = 128

	// Strings cannot be spilled, and some exist several times: by byte of the memory limit.
	bitsPerByte = 2
)

// apart reports whether sessions have to be told apart by account, or by length, though the accounts were strings of bits.
func apart(query measure.Query) bool {
	return slices.ContainsFunc(query.Measures, func(m measure.Measure) bool {
		return m == measure.Median || expressions[m].byAccount && m != measure.Accounts && m != measure.Reach
	})
}

// idsOf finds the range, nil where accounts are told apart anyway or not asked for, or where the strings of all cells might be too long.
// It looks at all sessions of the query's time, whatever the filter leaves out.
func idsOf(ctx context.Context, tx *sql.Tx, query measure.Query) (*idRange, error) {
	asked := func(m measure.Measure) bool { return expressions[m].byAccount }
	if apart(query) || !slices.ContainsFunc(query.Measures, asked) {
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
		return nil, nil //nolint:nilnil // too long, or no session at all
	}
	return &found, err
}
