package duckdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/store"
)

// Load makes a store in the directory, which must not hold one, from the parts of a manifest; see store.Loader. It is
// written under another name and gets its own at the very end: whatever interrupts it, there is no store then, and it may
// be begun again. What is damaged is store.ErrDamaged and names the part, what is newer store.ErrNewerSchema.
func Load(ctx context.Context, options Options, manifest store.Manifest, open func(store.Part) (io.ReadCloser, error)) error {
	options = options.withDefaults()
	if err := CheckManifest(manifest); err != nil {
		return err
	}
	if err := mayLoad(options); err != nil {
		return err
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	l := &loading{store: &Store{options: options, file: filepath.Join(dir, options.File)}, manifest: manifest, open: open}
	if err := l.load(ctx); err != nil {
		return errors.Join(err, l.store.dropNew())
	}
	return l.store.takeNew()
}

// CheckManifest refuses what this program cannot load, before anything of it is read.
func CheckManifest(manifest store.Manifest) error {
	if manifest.Format > store.PartsFormat || manifest.Schema > schemaVersion() {
		return fmt.Errorf("%w: it has format %d and schema version %d, this program knows up to %d and %d; "+
			"use the version that wrote it or a later one",
			store.ErrNewerSchema, manifest.Format, manifest.Schema, store.PartsFormat, schemaVersion())
	}
	if manifest.Format < 1 || manifest.Schema < 1 {
		return fmt.Errorf("%w: the manifest names no format and schema version", store.ErrDamaged)
	}
	return nil
}

// mayLoad refuses a directory with a store, or with a piece of one.
func mayLoad(options Options) error {
	entries, err := os.ReadDir(options.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name == options.File || name == options.File+".wal" {
			return fmt.Errorf("%w: there is %s already; choose another directory", store.ErrNotEmpty, filepath.Join(options.Dir, name))
		}
	}
	return nil
}

// loading is a store on its way into a new file.
type loading struct {
	store    *Store
	manifest store.Manifest
	open     func(store.Part) (io.ReadCloser, error)
	db       *sql.DB
	dir      string // of the part that is read
}

func (l *loading) load(ctx context.Context) (err error) {
	if err := l.store.dropNew(); err != nil {
		return err
	}
	if l.dir, err = os.MkdirTemp(filepath.Dir(l.store.file), partsDir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(l.dir)) }()
	fresh := &Store{options: l.store.options, file: l.store.rewritten()}
	if err := fresh.openFile(); err != nil {
		return err
	}
	l.db = fresh.db
	defer func() { err = errors.Join(err, l.db.Close()) }()
	if err := migrateTo(ctx, l.db, l.manifest.Schema); err != nil {
		return err
	}
	tables, err := tableColumns(ctx, l.db)
	if err != nil {
		return err
	}
	for _, part := range l.manifest.Parts {
		if err := l.loadPart(ctx, tables, part); err != nil {
			return fmt.Errorf("load %s: %w", part.Name, err)
		}
	}
	_, err = l.db.ExecContext(ctx, `CHECKPOINT`)
	return err
}

func (l *loading) loadPart(ctx context.Context, tables map[string][]string, part store.Part) error {
	table := strings.TrimSuffix(part.Name, ".parquet")
	if part.IsSessions() {
		table = "sessions"
	}
	if _, known := tables[table]; !known || (table != "sessions" && slices.Contains(notInParts, table)) {
		return fmt.Errorf("%w: schema version %d has no such table", store.ErrDamaged, l.manifest.Schema)
	}
	// A name of its own for each: the engine takes a file of the same name, size and second for one that it has read already.
	file := filepath.Join(l.dir, part.SHA256)
	if err := l.fetch(part, file); err != nil {
		return err
	}
	defer os.Remove(file) //nolint:errcheck // the directory goes in the end
	source := fmt.Sprintf(`read_parquet(%s)`, literal(file))
	for _, statement := range loadStatements(table, tables[table], source) {
		outcome, err := l.db.ExecContext(ctx, statement)
		if err != nil {
			return err
		}
		rows, err := outcome.RowsAffected()
		if err != nil {
			return err
		}
		if strings.HasPrefix(statement, insertInto+table+" ") && rows != part.Rows {
			return fmt.Errorf("%w: %d rows in the place of %d", store.ErrDamaged, rows, part.Rows)
		}
	}
	return nil
}

const insertInto = `INSERT INTO `

// loadStatements add the rows of source to the table, and before them the values that it has numbers for.
func loadStatements(table string, columns []string, source string) (statements []string) {
	selected, joins := make([]string, len(columns)), ""
	for i, column := range columns {
		selected[i] = "part." + column
		switch column {
		case "device":
			statements = append(statements, insertInto+fmt.Sprintf(`devices SELECT (SELECT count(*) FROM devices) + row_number() OVER (ORDER BY device) - 1, device
				FROM (SELECT DISTINCT device FROM %s) WHERE device NOT IN (SELECT name FROM devices)`, source))
			selected[i] = `devices.device`
			joins += ` JOIN devices ON devices.name = part.device`
		case "tariff_set":
			statements = append(statements, insertInto+fmt.Sprintf(`tariff_sets SELECT (SELECT count(*) FROM tariff_sets) + row_number() OVER (ORDER BY tariff_set), tariff_set
				FROM (SELECT DISTINCT tariff_set FROM %s) WHERE len(tariff_set) > 0 AND tariff_set NOT IN (SELECT tariffs FROM tariff_sets)`, source))
			selected[i] = `coalesce(tariff_sets.tariff_set, 0)`
			joins += ` LEFT JOIN tariff_sets ON tariff_sets.tariffs = part.tariff_set`
		}
	}
	statement := insertInto + fmt.Sprintf(`%s (%s) SELECT %s FROM %s AS part%s`,
		table, strings.Join(columns, ", "), strings.Join(selected, ", "), source, joins)
	if table != "sessions" {
		return append(statements, statement)
	}
	return append(statements, statement+` ORDER BY part.`+strings.Join(sessionOrder, ", part."),
		insertViewers(source+` AS part JOIN devices ON devices.name = part.device`, `devices.device`))
}

// fetch reads a part into a file and holds it to the manifest.
func (l *loading) fetch(part store.Part, file string) (err error) {
	content, err := l.open(part)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	written, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, written.Close()) }()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(written, hash), content)
	if err != nil {
		return err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != part.SHA256 || size != part.Bytes {
		return fmt.Errorf("%w: it has %d bytes with SHA-256 %s in the place of %d with %s", store.ErrDamaged, size, sum, part.Bytes, part.SHA256)
	}
	return nil
}
