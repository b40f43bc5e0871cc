// Package duckdb is the embedded engine: one file in a directory that one process owns.
//
// Viewing takes this way: AppendReports adds rows to the table reports (writer.go), queries merge the days that have such
// rows while they read (sessions.go), and Maintain folds those days into the table sessions (fold.go), after which reading
// them is a plain scan.
package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	engine "github.com/duckdb/duckdb-go/v2"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/erasure"
)

const fileName = "tvstats.duckdb"

// Options say where the store is and what it may use.
type Options struct {
	Dir         string // made where it is missing
	MemoryLimit string // for all queries together, for example "2GB"; what exceeds it spills into Dir; "" = 2GB
	Threads     int    // 0 = one per CPU
	// FoldReports is the number of reports that a day may gather before Maintain folds it although it has not ended; it
	// bounds what a query has to merge. 0 = 4 million.
	FoldReports int64
	// AcceptLoss opens a store of which a part is missing with what is left; otherwise that is store.ErrLoss.
	AcceptLoss bool
	// File is the file's name in Dir; "" = tvstats.duckdb.
	File string
	// Log is of what is not as the store left it; nil = nothing is logged.
	Log *slog.Logger
	// Replica is for a store that a log is applied to: leases of jobs are not void when it is opened, since others hold them.
	Replica bool
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MemoryLimit == "" {
		o.MemoryLimit = "2GB"
	}
	if o.File == "" {
		o.File = fileName
	}
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.FoldReports == 0 {
		o.FoldReports = 4_000_000
	}
	return o
}

// settings of the database instance. Extensions would be fetched from the internet: none is needed, none is allowed.
func (o Options) settings() map[string]string {
	return map[string]string{
		"duckdb_api":                   "go", // what the driver sets, and part of what makes an instance the same
		"threads":                      strconv.Itoa(o.Threads),
		"memory_limit":                 o.MemoryLimit,
		"autoinstall_known_extensions": "false",
		"autoload_known_extensions":    "false",
	}
}

// Store is the embedded engine. It serves any number of goroutines.
type Store struct {
	options    Options
	file       string
	db         *sql.DB // everything but the appending of reports
	damage     *damage // set with db
	reports    *writer
	dictionary *dictionary
	marker     *marker
	folding    sync.Mutex // one Maintain at a time
	applying   sync.Mutex // one ApplyCatalog at a time
	saving     sync.Mutex // one change of results at a time
	leasing    sync.Mutex // one change of jobs at a time
	caching    sync.Mutex // one SaveFigures at a time

	erasing sync.RWMutex // shared by AppendReports; EraseAccount takes it alone
	erased  atomic.Pointer[erasure.Set]
}

var _ store.Store = (*Store)(nil)

// Open opens the store in the directory, after a crash too, and brings its schema forward. A directory that another
// process holds is store.ErrInUse, a machine that lacks something store.ErrUnavailable.
func Open(ctx context.Context, options Options) (_ *Store, err error) {
	defer func() { err = unlessOfMachine(err) }()
	options = options.withDefaults()
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{options: options, file: filepath.Join(dir, options.File)}
	if _, err := dataSource(s.file, options.settings()); err != nil { // before anything is made there
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := dropParts(dir); err != nil {
		return nil, err
	}
	before, err := readMark(s.file, options.Log)
	if err != nil {
		return nil, err
	}
	if options.AcceptLoss {
		before = nil
	}
	if err := before.checkFiles(s.file); err != nil {
		return nil, err
	}
	if err := s.openFile(); err != nil {
		return nil, err
	}
	if err := s.start(ctx, before); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", s.file, err), s.db.Close())
	}
	return s, nil
}

func (s *Store) openFile() error {
	source, err := dataSource(s.file, s.options.settings())
	if err != nil {
		return err
	}
	made, err := engine.NewConnector(source, nil)
	if err != nil {
		return openError(filepath.Dir(s.file), err)
	}
	s.damage = &damage{file: s.file}
	s.db = sql.OpenDB(connector{made, s.damage})
	return nil
}

func (s *Store) start(ctx context.Context, before *mark) error {
	err := migrate(ctx, s.db)
	if err != nil {
		return err
	}
	if err := s.rewriteAfterErasures(ctx); err != nil {
		return fmt.Errorf("write the file anew after an erasure: %w", err)
	}
	erased, err := loadErased(ctx, s.db)
	if err != nil {
		return fmt.Errorf("load erasures: %w", err)
	}
	s.erased.Store(erased)
	if !s.options.Replica {
		if err = releaseLeases(ctx, s.db); err != nil {
			return fmt.Errorf("release jobs: %w", err)
		}
	}
	if s.dictionary, err = loadDictionary(ctx, s.db); err != nil {
		return err
	}
	received, err := s.received(ctx)
	if err == nil {
		err = before.checkReports(received)
	}
	if err != nil {
		return err
	}
	if s.reports, err = newWriter(s.file, s.options.settings()); err != nil {
		return err
	}
	if s.marker, err = startMarker(s.file, before, received); err != nil {
		s.reports.close()
	}
	return err
}

// dataSource is the file with its settings, as the driver takes it: it reads a URL, and would take part of some paths for settings.
func dataSource(file string, settings map[string]string) (string, error) {
	values := url.Values{}
	for name, value := range settings {
		values.Set(name, value)
	}
	source := file + "?" + values.Encode()
	if parsed, err := url.Parse(source); err != nil || parsed.RawQuery != values.Encode() {
		return "", fmt.Errorf("the store cannot be in %s: a path with # or ?, or with %% before what is no number, cannot be opened; choose another --data-dir",
			filepath.Dir(file))
	}
	return source, nil
}

func openError(dir string, err error) error {
	if strings.Contains(err.Error(), "Could not set lock") {
		return fmt.Errorf("%w: another process holds the data directory %s; stop it, or choose another --data-dir (%w)",
			store.ErrInUse, dir, err)
	}
	return fmt.Errorf("open the store in %s: %w", dir, err)
}

// Close ends all work, writes the file anew if an account was erased, and lets go of the directory.
func (s *Store) Close() error {
	s.marker.stop()
	s.reports.close()
	must, err := s.mustRewrite(context.Background())
	if err == nil && must {
		err = s.writeNew(context.Background())
	}
	err = errors.Join(err, s.db.Close())
	if err == nil && must {
		err = s.takeNew()
	}
	if err != nil {
		return errors.Join(err, s.marker.content.Close())
	}
	return s.marker.last()
}

// Ping reports whether the store can read.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `SELECT version FROM schema_version LIMIT 1`); err != nil {
		return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, s.file, err)
	}
	if err := s.marker.err(); err != nil {
		return fmt.Errorf("%w: %s cannot be written to: %w", store.ErrUnavailable, filepath.Dir(s.file), err)
	}
	if err := s.damage.err(); err != nil {
		return fmt.Errorf("%w: %w; what does not need it is served, restore a backup", store.ErrUnavailable, err)
	}
	return nil
}

// Size is the size of the database and its log on disk.
func (s *Store) Size(context.Context) (int64, error) {
	var size int64
	for _, file := range []string{s.file, s.file + ".wal"} {
		info, err := os.Stat(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // the log comes and goes
		}
		if err != nil {
			return 0, fmt.Errorf("%w: size of the store: %w", store.ErrUnavailable, err)
		}
		size += info.Size()
	}
	return size, nil
}

// Describe names the engine and its file.
func (s *Store) Describe() string { return "duckdb " + s.file }
