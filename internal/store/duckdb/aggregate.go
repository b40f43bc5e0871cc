package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Aggregator = (*Store)(nil)

// Aggregate computes measures; see store.Aggregator.
func (s *Store) Aggregate(ctx context.Context, query measure.Query) ([]measure.Row, error) {
	all, err := s.AggregateAtOnce(ctx, query)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// AggregateAtOnce computes measures of one moment; see store.Aggregator.
func (s *Store) AggregateAtOnce(ctx context.Context, queries ...measure.Query) ([][]measure.Row, error) {
	for _, query := range queries {
		if err := query.Check(); err != nil {
			return nil, err
		}
	}
	all := make([][]measure.Row, len(queries))
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		for i, query := range queries {
			if all[i], err = s.aggregateParts(ctx, tx, query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("aggregate sessions: %w", err)
	}
	return all, nil
}

// aggregateParts sums up the parts of a query one after the other, until there are more rows than the query allows.
func (s *Store) aggregateParts(ctx context.Context, tx *sql.Tx, query measure.Query) ([]measure.Row, error) {
	ids, err := idsOf(ctx, tx, query)
	if err != nil {
		return nil, err
	}
	parts := []measure.Query{query}
	if ids == nil {
		parts = inParts(query)
	}
	var all []measure.Row
	for _, part := range parts {
		rows, err := s.aggregate(ctx, tx, part, ids)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if query.Most > 0 && len(all) > query.Most {
			break
		}
	}
	return all, nil
}

// read runs queries that must see one moment of the store.
func (s *Store) read(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.db, do)
}

// mostAtOnce is the time that one statement covers where it groups sessions by account or by length: its memory grows with periods ×
// accounts. One by time must read what began long before its first period.
const mostAtOnce = 7 * viewing.DayLength

// inParts cuts a query whose periods are one slice each into several, if sessions are grouped by account or by length.
func inParts(query measure.Query) []measure.Query {
	byAccount := slices.ContainsFunc(query.Measures, func(m measure.Measure) bool { return expressions[m].byAccount })
	if len(query.Slices) == 0 || query.Recurs() || !byAccount && !needsGroups(query) {
		return []measure.Query{query}
	}
	var parts []measure.Query
	for left := query.Slices; len(left) > 0; {
		n, _ := slices.BinarySearchFunc(left, left[0].From+mostAtOnce, func(s measure.Slice, until viewing.Millis) int {
			return cmp.Compare(s.To, until+1)
		})
		n = max(n, 1)
		part := query
		part.Slices, part.Filter.Window = left[:n], viewing.Window{From: left[0].From, To: left[n-1].To}
		parts, left = append(parts, part), left[n:]
	}
	return parts
}

func (s *Store) aggregate(ctx context.Context, tx *sql.Tx, query measure.Query, ids *idRange) ([]measure.Row, error) {
	sessions, err := s.sessionsOf(ctx, tx, asking{
		Filter: query.Filter, reaching: query.Count == measure.ByTime, tariffs: slices.Contains(query.GroupBy, measure.Tariff), query: &query,
	})
	if err != nil {
		return nil, err
	}
	asked := statement{query, sessions, ids}
	rows, err := figures(ctx, tx, asked)
	if err != nil || query.Count == measure.ByStart || !query.Filter.Policy.Cuts() || !slices.Contains(query.Measures, measure.Cut) {
		return rows, err
	}
	return rows, addCuts(ctx, tx, asked, rows)
}

func figures(ctx context.Context, tx *sql.Tx, s statement) ([]measure.Row, error) {
	return collect(ctx, tx, func(rows *sql.Rows, row *measure.Row) error {
		return scanRow(rows, s.query, row)
	}, s.text())
}

// addCuts sets the measure Cut by time: where time does not count it lies beside the time that does, and may lie in other cells.
func addCuts(ctx context.Context, tx *sql.Tx, s statement, rows []measure.Row) error {
	at := slices.Index(s.query.Measures, measure.Cut)
	s.query.Measures = []measure.Measure{measure.Watch}
	s.sessions.relation = fmt.Sprintf(`(SELECT * REPLACE (started_at + watched_seconds * 1000::BIGINT AS started_at,
		told_seconds - watched_seconds AS watched_seconds) FROM %s)`, s.sessions.relation)
	found, err := figures(ctx, tx, s)
	if err != nil {
		return err
	}
	cuts := make(map[measure.Cell]int64, len(found))
	for _, row := range found {
		cuts[row.Cell] = row.Values[0]
	}
	for _, row := range rows {
		row.Values[at] = cuts[row.Cell]
	}
	return nil
}

// scanRow reads what statement.text selects: the dimensions, then the measures.
func scanRow(rows *sql.Rows, query measure.Query, row *measure.Row) error {
	fields := map[measure.Dimension]any{
		measure.Channel: &row.ChannelID, measure.Category: &row.CategoryID, measure.Tariff: &row.TariffID,
		measure.Device: &row.Device, measure.Mode: &row.Mode, measure.Period: &row.Period,
	}
	into := make([]any, 0, len(query.GroupBy)+len(query.Measures))
	for _, d := range query.GroupBy {
		into = append(into, fields[d])
	}
	row.Values = make([]int64, len(query.Measures))
	for i := range row.Values {
		into = append(into, &row.Values[i])
	}
	return rows.Scan(into...)
}
