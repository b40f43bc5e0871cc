package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"

	engine "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// writer appends reports through a connection of its own, straight into DuckDB's column vectors: a row at a time through
// the driver costs several times as much, and this is the busiest path of the service.
type writer struct {
	mu       sync.Mutex // one append at a time
	db       mapping.Database
	conn     mapping.Connection
	appender *appender // nil until the first append and after a failed one
}

func newWriter(file string, settings map[string]string) (*writer, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) == mapping.StateError {
		return nil, errors.New("cannot allocate the configuration")
	}
	defer mapping.DestroyConfig(&config)
	for name, value := range settings {
		if mapping.SetConfig(config, name, value) == mapping.StateError {
			return nil, fmt.Errorf("the engine refuses %s=%s", name, value)
		}
	}
	w := &writer{}
	var message string
	// The driver's cache returns the very instance that it opened itself: a second one could not lock the file.
	if mapping.GetOrCreateFromCache(engine.GetInstanceCache(), file, &w.db, config, &message) == mapping.StateError {
		return nil, errors.New(message)
	}
	if mapping.Connect(w.db, &w.conn) == mapping.StateError {
		mapping.Close(&w.db)
		return nil, errors.New("cannot connect")
	}
	return w, nil
}

func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop()
	mapping.Disconnect(&w.conn)
	mapping.Close(&w.db)
}

// drop forgets the appender, and with it what it received but did not commit.
func (w *writer) drop() {
	if w.appender != nil {
		w.appender.destroy()
		w.appender = nil
	}
}

// append commits the reports with their codes: durable when it returns nil, none of them when it does not. as, where it is
// not nil, is written in the same transaction.
func (w *writer) append(reports []viewing.Report, all []codes, as *applying) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	if as == nil {
		err = w.tryAppend(reports, all)
	} else {
		err = w.appendAs(reports, all, as)
	}
	if err != nil {
		w.drop()
		return fmt.Errorf("%w: append %d reports: %w", store.ErrUnavailable, len(reports), err)
	}
	return nil
}

// appendAs appends in a transaction with what the reports are applied as.
func (w *writer) appendAs(reports []viewing.Report, all []codes, as *applying) error {
	if err := w.execute(`BEGIN TRANSACTION`); err != nil {
		return err
	}
	err := w.tryAppend(reports, all)
	if err == nil {
		err = w.execute(strings.Join(as.statements(), "; ") + `; COMMIT`)
	}
	if err != nil {
		w.drop()
		return errors.Join(err, w.execute(`ROLLBACK`))
	}
	as.written = true
	return nil
}

func (w *writer) execute(statements string) error {
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.Query(w.conn, statements, &result) == mapping.StateError {
		return errors.New(mapping.ResultError(&result))
	}
	return nil
}

func (w *writer) tryAppend(reports []viewing.Report, all []codes) (err error) {
	if w.appender == nil {
		if w.appender, err = newAppender(w.conn); err != nil {
			return err
		}
	}
	size := int(mapping.VectorSize())
	for len(reports) > 0 {
		n := min(len(reports), size)
		if err := w.appender.add(reports[:n], all[:n]); err != nil {
			return err
		}
		reports, all = reports[n:], all[n:]
	}
	return w.appender.flush()
}

// appender holds DuckDB's appender for the table reports and the chunk that it is fed with.
type appender struct {
	handle mapping.Appender
	types  []mapping.LogicalType
	chunk  mapping.DataChunk
}

func newAppender(conn mapping.Connection) (*appender, error) {
	a := &appender{}
	if mapping.AppenderCreateExt(conn, "", "", "reports", &a.handle) == mapping.StateError {
		err := a.err()
		mapping.AppenderDestroy(&a.handle)
		return nil, err
	}
	for i := range mapping.AppenderColumnCount(a.handle) {
		a.types = append(a.types, mapping.AppenderColumnType(a.handle, i))
	}
	a.chunk = mapping.CreateDataChunk(a.types)
	return a, nil
}

func (a *appender) destroy() {
	mapping.AppenderClear(a.handle) // destroying would else try to flush what failed
	mapping.AppenderDestroy(&a.handle)
	mapping.DestroyDataChunk(&a.chunk)
	for i := range a.types {
		mapping.DestroyLogicalType(&a.types[i])
	}
}

func (a *appender) err() error { return errors.New(mapping.AppenderError(a.handle)) }

// add fills the chunk column by column, in the order of the table, and hands it over.
func (a *appender) add(reports []viewing.Report, all []codes) error {
	mapping.DataChunkReset(a.chunk)
	a.fill(reports, all)
	mapping.DataChunkSetSize(a.chunk, mapping.IdxT(len(reports)))
	if mapping.AppendDataChunk(a.handle, a.chunk) == mapping.StateError {
		return a.err()
	}
	return nil
}

func (a *appender) fill(reports []viewing.Report, all []codes) {
	n := len(reports)
	client, account := column[int32](a, 0, n), column[int64](a, 1, n)
	uid, device := a.vector(2), column[int32](a, 3, n)
	channel, mode, programme := column[int32](a, 4, n), column[uint8](a, 5, n), column[int64](a, 6, n)
	started, reported := column[int64](a, 7, n), column[int64](a, 8, n)
	watched, ended := column[int32](a, 9, n), column[bool](a, 10, n)
	tariffSet := column[int32](a, 11, n)
	activity, position := optional(a, 12, n), optional(a, 13, n)
	for i := range reports {
		r := &reports[i]
		client[i], account[i], channel[i] = r.ClientID, r.AccountID, r.ChannelID
		mapping.VectorAssignStringElementLen(uid, mapping.IdxT(i), stringBytes(r.DeviceUID))
		device[i], tariffSet[i] = all[i].device, all[i].tariffSet
		mode[i], programme[i] = uint8(r.Mode), r.ProgrammeID
		started[i], reported[i] = int64(r.StartedAt), int64(r.At)
		watched[i], ended[i] = r.WatchedSeconds, r.Ended
		activity.set(i, r.LastActivityAt)
		position.set(i, r.PositionAt)
	}
}

func (a *appender) vector(i int) mapping.Vector {
	return mapping.DataChunkGetVector(a.chunk, mapping.IdxT(i))
}

// flush commits what was added and waits until the log is on disk.
func (a *appender) flush() error {
	if mapping.AppenderFlush(a.handle) == mapping.StateError {
		return a.err()
	}
	return nil
}

// column is the memory of a column of fixed width, valid until the chunk is reset.
func column[T any](a *appender, i, n int) []T {
	return unsafe.Slice((*T)(mapping.VectorGetData(a.vector(i))), n)
}

// instants is the memory of a column of instants that may be unknown, which is NULL there.
type instants struct {
	values []int64
	known  []uint64 // a bit for each value
}

// optional is a column of which nothing is known yet.
func optional(a *appender, i, n int) instants {
	vector := a.vector(i)
	mapping.VectorEnsureValidityWritable(vector)
	known := unsafe.Slice((*uint64)(mapping.VectorGetValidity(vector)), (n+63)/64)
	clear(known)
	return instants{values: column[int64](a, i, n), known: known}
}

func (c instants) set(i int, at viewing.Millis) {
	if at != viewing.Unknown {
		c.values[i] = int64(at)
		c.known[i/64] |= 1 << (i % 64)
	}
}

// stringBytes reads a string as bytes without a copy; DuckDB copies them and does not write.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// AppendReports makes the reports durable; see store.SessionWriter.
func (s *Store) AppendReports(ctx context.Context, reports []viewing.Report) error {
	if err := ctx.Err(); err != nil || len(reports) == 0 {
		return err
	}
	s.erasing.RLock()
	defer s.erasing.RUnlock()
	if reports = s.erased.Load().Reports(reports); len(reports) == 0 {
		return nil
	}
	all, err := s.dictionary.prepare(ctx, reports)
	if err == nil {
		as, _ := ctx.Value(applyingKey{}).(*applying)
		err = s.reports.append(reports, all, as)
	}
	s.marker.took(len(reports), err)
	return err
}
