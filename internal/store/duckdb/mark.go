package duckdb

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tvstats/tvstats/internal/store"
)

// The engine takes a log file that somebody deleted, cut or damaged for one that ends there, and opens with less than was
// acknowledged. So the store keeps a mark beside it, which says what a start must find at least. It is written once a second
// where reports came, and never waited for: it may lag a second behind, but never runs ahead.

// markOf is the file of the mark of a database file, beside it: tvstats.mark for tvstats.duckdb.
func markOf(file string) string { return strings.TrimSuffix(file, filepath.Ext(file)) + ".mark" }

// marksOf are that file and the mark before it, which says less and takes its place where it is gone or unreadable.
func marksOf(file string) []string { return []string{markOf(file), markOf(file) + ".old"} }

// markEvery is how often the mark is written.
const markEvery = time.Second

// mark is a lower bound of what the files hold.
type mark struct {
	Iteration uint64    `json:"iteration"` // of the engine's file: how often the log was moved into it
	Log       int64     `json:"log"`       // bytes of the log since then
	Reports   int64     `json:"reports"`   // ever received
	History   []marked  `json:"history"`   // when there were how many, about once a minute, ascending
	At        time.Time `json:"at"`        // when the mark was written
}

type marked struct {
	At      time.Time `json:"at"`
	Reports int64     `json:"reports"`
}

// maxHistory bounds how far back a loss can be dated.
const maxHistory = 24 * 60

// readMark reads the mark, or the one before it; nil where there is none that can be read, which costs no data.
func readMark(file string, log *slog.Logger) (*mark, error) {
	var wrong error
	for _, name := range marksOf(file) {
		text, err := os.ReadFile(name) //nolint:gosec // the store's own
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m := &mark{}
		if err := json.Unmarshal(text, m); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if name != markOf(file) {
			log.Warn("the mark of the store is missing or unreadable; the one before it is taken", "mark", name, "at", m.At, "error", wrong)
		}
		return m, nil
	}
	if wrong != nil {
		log.Warn("the mark of the store is unreadable: whether something is missing was not looked at", "error", wrong)
	}
	return nil, nil //nolint:nilnil // there is none
}

// checkFiles compares the files with the mark, before the engine changes them.
func (m *mark) checkFiles(file string) error {
	if m == nil {
		return nil
	}
	iteration, log, err := filesOf(file)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s cannot be read (%w); %d reports were in it at %s",
			store.ErrLoss, file, err, m.Reports, m.At.Format(time.RFC3339))
	case iteration < m.Iteration:
		return fmt.Errorf("%w: %s is older than the one that was there at %s, which held %d reports",
			store.ErrLoss, file, m.At.Format(time.RFC3339), m.Reports)
	case iteration == m.Iteration && log < m.Log:
		return fmt.Errorf("%w: %s.wal has %d bytes and had %d at %s: what was stored last is missing, %d reports were there",
			store.ErrLoss, file, log, m.Log, m.At.Format(time.RFC3339), m.Reports)
	}
	return nil
}

// checkReports compares what was found in the files.
func (m *mark) checkReports(found int64) error {
	if m == nil || found >= m.Reports {
		return nil
	}
	from := "the beginning"
	for _, h := range m.History {
		if h.Reports <= found {
			from = h.At.Format(time.RFC3339)
		}
	}
	return fmt.Errorf("%w: %d reports of %d are missing, which arrived from %s to %s",
		store.ErrLoss, m.Reports-found, m.Reports, from, m.At.Format(time.RFC3339))
}

// filesOf looks at a file that this process does not have open.
func filesOf(file string) (iteration uint64, log int64, err error) {
	content, err := os.Open(file) //nolint:gosec // the store's own
	if err != nil {
		return 0, 0, err
	}
	defer content.Close() //nolint:errcheck // it was only read
	return lookAt(content)
}

// lookAt returns how often the log was moved into the file, and how many bytes the log has.
func lookAt(content *os.File) (iteration uint64, log int64, err error) {
	for _, header := range []int64{4096, 8192} { // two, of which the later one is in force; each begins with a checksum
		var number [8]byte
		if _, err := content.ReadAt(number[:], header+8); err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, err
		}
		iteration = max(iteration, binary.LittleEndian.Uint64(number[:]))
	}
	info, err := os.Stat(content.Name() + ".wal")
	if errors.Is(err, os.ErrNotExist) {
		return iteration, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	return iteration, info.Size(), nil
}

// marker keeps the mark while the store is open.
type marker struct {
	file string
	// content is the file as long as the engine has it open: to close any descriptor of it would let go of the engine's lock,
	// and another process could open it as well.
	content  *os.File
	received atomic.Int64 // reports, ever
	failed   atomic.Pointer[error]
	end      chan struct{}
	ended    sync.WaitGroup

	written   mark
	log       int64 // bytes that the log had a tick ago: by now they are committed
	iteration uint64
}

// startMarker writes the mark from now on.
func startMarker(file string, before *mark, received int64) (*marker, error) {
	content, err := os.Open(file) //nolint:gosec // the store's own
	if err != nil {
		return nil, err
	}
	m := &marker{file: file, content: content, end: make(chan struct{})}
	if before != nil {
		m.written.History = before.History
	} else if err := dropMark(file); err != nil { // the loss was accepted, or nothing can be read there
		return nil, errors.Join(err, content.Close())
	}
	m.received.Store(received)
	m.ended.Go(func() {
		tick := time.NewTicker(markEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				m.tick()
			case <-m.end:
				return
			}
		}
	})
	return m, nil
}

// last writes the mark of the file that the engine has closed.
func (m *marker) last() error {
	err := m.content.Close()
	m.content = nil
	m.tick()
	return err
}

// stop ends the writing.
func (m *marker) stop() {
	close(m.end)
	m.ended.Wait()
}

// took notes how taking in so many reports ended.
func (m *marker) took(reports int, err error) {
	switch {
	case err == nil:
		m.received.Add(int64(reports))
		m.failed.Store(nil)
	case errors.Is(err, store.ErrUnavailable): // else the caller has gone
		m.failed.Store(&err)
	}
}

// err is why the disk cannot be written to, as far as was seen; nil where it can.
func (m *marker) err() error {
	if err := m.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// tick writes the mark where it has changed, or where writing failed.
func (m *marker) tick() {
	reports := m.received.Load() // before the files are looked at: they hold at least these
	iteration, log, err := m.look()
	if err == nil {
		settled := int64(0)
		if iteration == m.iteration {
			settled = min(m.log, log)
		}
		m.iteration, m.log = iteration, log
		failed := m.failed.Load()
		if failed == nil && reports == m.written.Reports && iteration == m.written.Iteration && settled == m.written.Log {
			return
		}
		if err = m.write(mark{Iteration: iteration, Log: settled, Reports: reports}); err == nil {
			m.failed.CompareAndSwap(failed, nil)
		}
	}
	if err != nil && !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) { // of descriptors the disk has no lack
		m.failed.Store(&err)
	}
}

func (m *marker) look() (iteration uint64, log int64, err error) {
	if m.content == nil {
		return filesOf(m.file)
	}
	return lookAt(m.content)
}

// write puts the mark in the place of the one before, at once or not at all.
func (m *marker) write(next mark) error {
	next.At = time.Now().UTC()
	next.History = m.written.History
	if n := len(next.History); n == 0 || next.At.Sub(next.History[n-1].At) >= time.Minute {
		next.History = append(next.History, marked{next.At, next.Reports})
		next.History = next.History[max(0, len(next.History)-maxHistory):]
	}
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := replaceMark(markOf(m.file), text); err != nil {
		return err
	}
	m.written = next
	return nil
}

// replaceMark writes the mark and keeps the one before it. It is on the disk before it has its name: a machine that fails leaves one
// that can be read.
func replaceMark(name string, text []byte) error {
	file, err := os.OpenFile(name+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the store's own
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(name, name+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(name+".new", name)
}

// dropMark removes the mark and the one before it, before another file takes the place of the one that they are of.
func dropMark(file string) (failed error) {
	for _, name := range marksOf(file) {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// received counts the reports ever received.
func (s *Store) received(ctx context.Context) (total int64, err error) {
	err = s.db.QueryRowContext(ctx, fmt.Sprintf(`SELECT (SELECT coalesce(sum(changes), 0) FROM versions WHERE kind = %d)::BIGINT
		+ (SELECT count(*) FROM reports)`, viewingChanges)).Scan(&total)
	return total, err
}
