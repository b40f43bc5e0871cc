// Package reload keeps what was read from files up to date: it is read again when they change, and stays as it was where
// the new files are no good. So certificates and tokens are replaced without a restart.
package reload

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// maxFile is far more than any file that is read here needs.
const maxFile = 1 << 20

// Value is what parse makes of the contents of files. It serves any number of goroutines.
type Value[T any] struct {
	files []string
	parse func(contents [][]byte) (T, error)
	log   *slog.Logger
	mu    sync.Mutex
	seen  []os.FileInfo // as they were when they were last read, with success or not
	value T
}

// New reads the files for the first time; parse gets their contents in the same order.
func New[T any](log *slog.Logger, parse func(contents [][]byte) (T, error), files ...string) (*Value[T], error) {
	v := &Value[T]{files: files, parse: parse, log: log, seen: make([]os.FileInfo, len(files))}
	v.changed()
	err := v.read()
	return v, err
}

// Get returns the value that goes with the files as they are now, or the last good one. To look at the files each time
// costs a microsecond, and a change is noticed at once.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.changed() {
		return v.value
	}
	if err := v.read(); err != nil {
		v.log.Error("a changed file cannot be used; what was read before stays in force", "error", err)
	} else {
		v.log.Info("read again after a change", "files", v.files)
	}
	return v.value
}

// changed looks at the files and reports whether any is not as it was. A file that is gone counts as unchanged once that
// was reported.
func (v *Value[T]) changed() bool {
	changed := false
	for i, file := range v.files {
		info, err := os.Stat(file)
		if err != nil {
			info = nil
		}
		changed = changed || !same(info, v.seen[i])
		v.seen[i] = info
	}
	return changed
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func (v *Value[T]) read() error {
	contents := make([][]byte, len(v.files))
	for i, file := range v.files {
		content, err := readFile(file)
		if err != nil {
			return err
		}
		contents[i] = content
	}
	value, err := v.parse(contents)
	if err == nil {
		v.value = value
	}
	return err
}

// readFile reads a regular file of reasonable size; a pipe would block, and a device never end.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is a %s; a regular file is needed", name, kind(info))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	return content, err
}

func kind(info os.FileInfo) string {
	if info.IsDir() {
		return "directory"
	}
	return "pipe, socket or device"
}
