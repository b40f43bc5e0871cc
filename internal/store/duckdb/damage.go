package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	engine "github.com/duckdb/duckdb-go/v2"

	"github.com/tvstats/tvstats/internal/store"
)

// damage is where the file was found to be other than it was written. The engine reads a block when a query needs it, and holds it
// to its checksum: what lies elsewhere goes on being served.
type damage struct {
	file  string
	found atomic.Pointer[error] // the first one
}

// note recognises an error of a damaged block, and remembers it.
func (d *damage) note(err error) error {
	if err == nil || !strings.Contains(err.Error(), "Corrupt database file") {
		return err
	}
	err = fmt.Errorf("%w: a block of %s: %w", store.ErrDamaged, d.file, err)
	d.found.CompareAndSwap(nil, &err)
	return err
}

// err is the damage that was found first; nil = none.
func (d *damage) err() error {
	if err := d.found.Load(); err != nil {
		return *err
	}
	return nil
}

// connector makes connections whose errors are looked at.
type connector struct {
	*engine.Connector
	damage *damage
}

// Connect connects.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, c.damage.note(err)
	}
	conn, ok := made.(*engine.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the engine's connection is a %T", made), made.Close())
	}
	return &connection{conn, c.damage}, nil
}

// connection is the engine's. All statements take one of these two ways, and read all that they return before they do.
type connection struct {
	*engine.Conn
	damage *damage
}

// QueryContext asks.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	return rows, c.damage.note(err)
}

// ExecContext changes.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.ExecContext(ctx, query, args)
	return result, c.damage.note(err)
}

// bare is the engine's own connection, which appenders need, in what sql.Conn.Raw gives.
func bare(conn any) driver.Conn {
	if ours, is := conn.(*connection); is {
		return ours.Conn
	}
	return nil // there is no other
}
