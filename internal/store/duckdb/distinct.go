package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// idRange is what the ids of the accounts of a query lie between, both ends included, where they lie so close together that the accounts
// of a cell can be a string of bits. To set a bit for each session is several times as fast as to tell sessions apart by account.
type idRange struct{ from, to int64 }

// expressions are of the measures that need no more of accounts than whether they are there; reach is the query's.
func (r idRange) expressions(reach viewing.Millis) map[measure.Measure]expression {
	set := fmt.Sprintf("bitstring_agg(account_id, %d, %d)", r.from, r.to)
	return map[measure.Measure]expression{
		measure.Accounts: {ofSessions: set, ofParts: "bit_count(bit_or(accounts))"},
		measure.Reach:    {ofSessions: set + fmt.Sprintf(" FILTER (stretch >= %d)", reach), ofParts: "coalesce(bit_count(bit_or(reach)), 0)"},
	}
}

// mostBits bounds the strings of all cells of both measures, for each thread: 128 MiB.
const mostBits = 1 << 30

// idRange finds the range, nil where accounts are told apart anyway, or where the strings of all cells would be too long. It looks at all
// sessions of the query's time, whatever the filter leaves out.
func (s *Store) idRange(ctx context.Context, tx *sql.Tx, query measure.Query) (*idRange, error) {
	distinct := func(m measure.Measure) bool { return m == measure.Accounts || m == measure.Reach }
	otherwise := func(m measure.Measure) bool { return m == measure.Median || expressions[m].byAccount && !distinct(m) }
	if !slices.ContainsFunc(query.Measures, distinct) || slices.ContainsFunc(query.Measures, otherwise) {
		return nil, nil //nolint:nilnil // there is none
	}
	cells := []string{fmt.Sprintf("%d::DOUBLE", max(len(query.Slices), 1))}
	for _, dimension := range query.GroupBy {
		switch d := dimensions[dimension]; {
		case d.join != "":
			return nil, nil //nolint:nilnil // how many there are follows from more than sessions
		case d.column != "":
			cells = append(cells, fmt.Sprintf("approx_count_distinct(%s)", d.column))
		}
	}
	window := query.Filter.Window
	if query.Count == measure.ByTime {
		window.From = reachingFrom(window.From)
	}
	var found idRange
	err := tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT coalesce(min(account_id), 0), coalesce(max(account_id), 0)
		FROM (FROM sessions UNION ALL FROM reports) WHERE client_id = %d AND %s
		HAVING (max(account_id)::DOUBLE - min(account_id) + 1) * 2 * %s <= %d`,
		query.Filter.ClientID, within(window), strings.Join(cells, " * "), mostBits)).Scan(&found.from, &found.to)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // too long, or no session at all
	}
	return &found, err
}
