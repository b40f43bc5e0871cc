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

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// eachRow runs the query and calls scan for every row of the result.
func eachRow(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has all that closing could return
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// collect runs the query and gathers its rows.
func collect[T any](
	ctx context.Context, q querier, scan func(*sql.Rows, *T) error, query string, args ...any,
) ([]T, error) {
	var all []T
	err := eachRow(ctx, q, func(rows *sql.Rows) error {
		var one T
		err := scan(rows, &one)
		all = append(all, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return all, nil
}

// only returns the one that was found, or ErrNotFound with what was looked for.
func only[T any](found []T, err error, what string, ids ...any) (T, error) {
	if err == nil && len(found) == 0 {
		err = fmt.Errorf(what+": %w", append(ids, store.ErrNotFound)...)
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// optionalMillis reads an instant that is NULL where it is viewing.Unknown.
type optionalMillis viewing.Millis

// Scan implements sql.Scanner.
func (m *optionalMillis) Scan(value any) error {
	*m = optionalMillis(viewing.Unknown)
	if value == nil {
		return nil
	}
	at, ok := value.(int64)
	if !ok {
		return fmt.Errorf("expected an instant, got %T", value)
	}
	*m = optionalMillis(at)
	return nil
}

// intList reads an INTEGER[].
type intList []int32

// Scan implements sql.Scanner.
func (l *intList) Scan(value any) error {
	elements, ok := value.([]any)
	if !ok {
		return fmt.Errorf("expected a list of integers, got %T", value)
	}
	*l = make(intList, len(elements))
	for i, element := range elements {
		if (*l)[i], ok = element.(int32); !ok {
			return fmt.Errorf("expected a list of integers, got one of %T", element)
		}
	}
	return nil
}

// in is the condition that the column has one of the values; an empty list of values lets nothing pass.
func in[T ~uint8 | ~int32 | ~int64](column string, values []T) string {
	if len(values) == 0 {
		return "false"
	}
	literals := make([]string, len(values))
	for i, value := range values {
		literals[i] = strconv.FormatInt(int64(value), 10)
	}
	return column + " IN (" + strings.Join(literals, ", ") + ")"
}

// writeError is unavailable, but for writes that failed because their context ended.
func writeError(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	return unavailable(what, err)
}

// unavailable wraps a fault of the engine while it wrote.
func unavailable(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, what, err)
}
