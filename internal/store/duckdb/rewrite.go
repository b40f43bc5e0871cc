package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What was deleted stays in a file until its space is used again, and the engine does not overwrite it. So after an erasure
// the file is written anew, when nobody else uses the store: before it is closed, or when it is opened after a crash. An
// interruption leaves the old file in force, and the new one is begun again.

// rewritten is the name of the new file while it is written.
func (s *Store) rewritten() string { return s.file + ".new" }

// mustRewrite reports whether accounts were erased since the file was written.
func (s *Store) mustRewrite(ctx context.Context) (must bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (FROM erasures WHERE NOT rewritten)`).Scan(&must)
	return must, err
}

// rewriteAfterErasures finishes what the last Close could not, if it was called at all.
func (s *Store) rewriteAfterErasures(ctx context.Context) error {
	must, err := s.mustRewrite(ctx)
	if err != nil || !must {
		return err
	}
	if err := s.writeNew(ctx); err != nil {
		return err
	}
	if err := s.db.Close(); err != nil {
		return err
	}
	if err := s.takeNew(); err != nil {
		return err
	}
	return s.openFile()
}

// writeNew writes all that is stored into a new file beside the old one.
func (s *Store) writeNew(ctx context.Context) error {
	if err := s.dropNew(); err != nil {
		return err
	}
	for _, statement := range []string{
		fmt.Sprintf(`ATTACH '%s' AS fresh`, strings.ReplaceAll(s.rewritten(), "'", "''")),
		fmt.Sprintf(`COPY FROM DATABASE %s TO fresh`, strings.TrimSuffix(s.options.File, filepath.Ext(s.options.File))),
		`UPDATE fresh.erasures SET rewritten = true`,
		`CHECKPOINT fresh`,
		`DETACH fresh`,
		`CHECKPOINT`, // leaves the old file without a log, which would not fit the new one
	} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// dropNew removes what an interruption left.
func (s *Store) dropNew() error {
	for _, file := range []string{s.rewritten(), s.rewritten() + ".wal"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// takeNew puts the new file in the place of the old one, which is closed.
func (s *Store) takeNew() error {
	if _, err := os.Stat(s.file + ".wal"); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s.wal is still there", s.file), err)
	}
	if err := syncFile(s.rewritten()); err != nil {
		return err
	}
	if err := dropMark(s.file); err != nil {
		return err
	}
	if err := os.Rename(s.rewritten(), s.file); err != nil {
		return err
	}
	return syncFile(filepath.Dir(s.file))
}

// syncFile waits until a file, or what a directory lists, is on the disk.
func syncFile(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
