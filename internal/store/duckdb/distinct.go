package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/measure"
)

// idRange is what the ids of the accounts of a query lie between, both ends included, where they lie so close together that the accounts
// of a cell can be a string of bits. To set a bit for each session is several times as fast as to tell sessions apart by account.
type idRange struct{ from, to int64 }

// expressions are of the measures that need no more of accounts than whether they are there, from parts that by tells apart: one with
// the sessions that were on for the query's reach, and one with the others.
func (r idRange) expressions() map[measure.Measure]expression {
	return map[measure.Measure]expression{
		measure.Accounts: {ofSessions: fmt.Sprintf("bitstring_agg(account_id, %d, %d)", r.from, r.to), ofParts: "bit_count(bit_or(accounts))"},
		measure.Reach:    {needs: measure.Accounts, ofParts: "coalesce(bit_count(bit_or(accounts) FILTER (reached)), 0)"},
	}
}

// by tells the parts of cells apart.
func (r idRange) by(query measure.Query) string {
	if slices.Contains(query.Measures, measure.Reach) {
		return fmt.Sprintf("stretch >= %d AS reached", query.Reach)
	}
	return "0"
}

// mostBits bounds the strings of all cells, two of each, for each thread: 128 MiB.
const mostBits = 1 << 30

// idRange finds the range, nil where accounts are told apart anyway, or where the strings of all cells would be too long. It looks at all
// sessions of the query's time, whatever the filter leaves out.
func (s *Store) idRange(ctx context.Context, tx *sql.Tx, query measure.Query) (*idRange, error) {
	distinct := func(m measure.Measure) bool { return m == measure.Accounts || m == measure.Reach }
	otherwise := func(m measure.Measure) bool { return m == measure.Median || expressions[m].byAccount && !distinct(m) }
	if !slices.ContainsFunc(query.Measures, distinct) || slices.ContainsFunc(query.Measures, otherwise) {
		return nil, nil //nolint:nilnil // there is none
	}
	// How many values a column has is at most what its least and greatest leave room for, which is known at once; counting takes longer.
	for _, most := range []string{"(max(%[1]s)::DOUBLE - min(%[1]s) + 1)", "approx_count_distinct(%[1]s)"} {
		cells := []string{fmt.Sprintf("%d::DOUBLE", max(len(query.Slices), 1))}
		for _, dimension := range query.GroupBy {
			switch d := dimensions[dimension]; {
			case d.join != "":
				return nil, nil //nolint:nilnil // how many there are follows from more than sessions
			case d.column != "":
				cells = append(cells, fmt.Sprintf(most, d.column))
			}
		}
		found, err := idsWithin(ctx, tx, query, strings.Join(cells, " * "))
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil //nolint:nilnil // too long, or no session at all
}

// idsWithin returns the range where the strings of so many cells are not too long.
func idsWithin(ctx context.Context, tx *sql.Tx, query measure.Query, cells string) (*idRange, error) {
	window := query.Filter.Window
	if query.Count == measure.ByTime {
		window.From = reachingFrom(window.From)
	}
	var found idRange
	err := tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT min(account_id), max(account_id)
		FROM (FROM sessions UNION ALL FROM reports) WHERE client_id = %d AND %s
		HAVING (max(account_id)::DOUBLE - min(account_id) + 1) * 2 * %s <= %d`,
		query.Filter.ClientID, within(window), cells, mostBits)).Scan(&found.from, &found.to)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // they are
	}
	return &found, err
}
