package duckdb

import (
	"errors"
	"os"
	"path/filepath"
)

// Remove removes the store that the options name, which nobody has opened.
func Remove(options Options) error {
	file := filepath.Join(options.Dir, options.withDefaults().File)
	failed := dropMark(file)
	for _, name := range []string{file, file + ".wal"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
