package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"
)

// rejectedFile is the flag of commands that import lines.
type rejectedFile struct {
	Rejected string `type:"path" placeholder:"FILE" help:"Write every line that was not imported to this file: its number and why. Without it the first 20 are shown."`
}

// open starts the report of an import.
func (f *rejectedFile) open(shown *Progress) (*report, error) {
	r := &report{shown: shown}
	if f.Rejected == "" {
		return r, nil
	}
	file, err := os.Create(f.Rejected)
	if err != nil {
		return nil, fmt.Errorf("--rejected: %w", err)
	}
	r.file, r.out = file, bufio.NewWriter(file)
	return r, nil
}

// report tells which lines of a file were not imported. It serves any number of goroutines.
type report struct {
	shown *Progress
	file  *os.File // nil where none is wanted
	out   *bufio.Writer

	mu   sync.Mutex
	told int
}

// maxTold lines are shown; a file has them all.
const maxTold = 20

func (r *report) tell(line int, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told++
	if r.out != nil {
		fmt.Fprintf(r.out, "line %d: %s\n", line, why)
	}
	switch {
	case r.told <= maxTold:
		r.shown.Note("line %d: %s", line, why)
	case r.told == maxTold+1:
		r.shown.Note("More lines were not imported; --rejected FILE lists them all.")
	}
}

// Close makes sure that the file has everything.
func (r *report) Close() error {
	if r.file == nil {
		return nil
	}
	if err := errors.Join(r.out.Flush(), r.file.Close()); err != nil {
		return fmt.Errorf("--rejected: %w", err)
	}
	return nil
}
