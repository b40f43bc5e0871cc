package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// engineVersion names what writes parts.
var engineVersion = sync.OnceValue(func() string { return "duckdb " + mapping.LibraryVersion() })

// changes is how often viewing that began on each day changed, of all clients.
func (s *snapshot) changes(ctx context.Context) (map[viewing.Day]int64, error) {
	all := map[viewing.Day]int64{}
	err := eachRow(ctx, s.tx, func(rows *sql.Rows) error {
		var day viewing.Day
		var changes int64
		err := rows.Scan(&day, &changes)
		all[day] = changes
		return err
	}, fmt.Sprintf(`SELECT %s AS day, sum(changes)::BIGINT FROM (
			SELECT hour AS started_at, changes FROM versions WHERE kind = %d
			UNION ALL SELECT started_at, 1 FROM reports) GROUP BY day`, dayOf, viewingChanges))
	if err != nil {
		return nil, fmt.Errorf("count the changes of the days: %w", err)
	}
	return all, nil
}

// Differing compares days; see store.State. A day that has changed more often since is left out: it will be in a later manifest.
func (s *snapshot) Differing(ctx context.Context, manifest store.Manifest, look func(store.Part) bool) (names []string, err error) {
	if manifest.Engine != engineVersion() || manifest.Schema != s.schema {
		return nil, nil
	}
	theirs := map[string]store.Part{}
	for _, part := range manifest.Parts {
		if part.IsSessions() && look(part) {
			theirs[part.Name] = part
		}
	}
	dir, err := os.MkdirTemp(filepath.Dir(s.store.file), partsDir)
	if err != nil {
		return nil, unavailable("compare parts", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tables, err := tableColumns(ctx, s.tx)
	if err != nil {
		return nil, err
	}
	err = s.eachDay(ctx, tables["sessions"], func(ours store.Part, query string) error {
		part, compared := theirs[ours.Name]
		delete(theirs, ours.Name)
		if !compared || ours.Changes > part.Changes {
			return nil
		}
		err := s.writePart(ctx, filepath.Join(dir, "part"), &ours, query, func(store.Part, io.Reader) error { return nil })
		if err == nil && ours != part {
			names = append(names, part.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	missing, err := s.missing(ctx, theirs)
	return append(names, missing...), err
}

// missing are those of the parts whose days have no sessions here, although nothing was removed since.
func (s *snapshot) missing(ctx context.Context, parts map[string]store.Part) (names []string, err error) {
	if len(parts) == 0 {
		return nil, nil
	}
	changes, err := s.changes(ctx)
	byName := map[string]int64{}
	for day, count := range changes {
		byName[store.SessionsPart(day)] = count
	}
	for name, part := range parts {
		if byName[name] <= part.Changes {
			names = append(names, name)
		}
	}
	return names, err
}
