package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	engine "github.com/duckdb/duckdb-go/v2"
)

// leaving is a function of SQL that is called while a query runs, and makes whoever waits for it leave.
type leaving struct {
	leave  func()
	number engine.TypeInfo
}

func (l *leaving) Config() engine.ScalarFuncConfig {
	return engine.ScalarFuncConfig{InputTypeInfos: []engine.TypeInfo{l.number}, ResultTypeInfo: l.number}
}

func (l *leaving) Executor() engine.ScalarFuncExecutor {
	return engine.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		l.leave()
		return values[0], nil
	}}
}

// TestQueryEndsWithItsCaller: a query that would run for days ends when its context does, while it runs.
func TestQueryEndsWithItsCaller(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the test has ended
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	s.define(t, "leaving", leave)
	err = s.read(ctx, func(tx *sql.Tx) error {
		_, err := collect(ctx, tx, func(rows *sql.Rows, sum *float64) error { return rows.Scan(sum) },
			`SELECT sum(leaving(a.range) + b.range)::DOUBLE FROM range(10_000_000) a, range(10_000_000) b`)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// define makes the function in the engine, which all of its connections share.
func (s *Store) define(t *testing.T, name string, leave func()) {
	t.Helper()
	number, err := engine.NewTypeInfo(engine.TYPE_BIGINT)
	if err != nil {
		t.Fatal(err)
	}
	source, err := dataSource(s.file, s.options.settings())
	if err != nil {
		t.Fatal(err)
	}
	made, err := engine.NewConnector(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(made)
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // likewise
	if err := engine.RegisterScalarUDF(conn, name, &leaving{leave, number}); err != nil {
		t.Fatal(err)
	}
}
