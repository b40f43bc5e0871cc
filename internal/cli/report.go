package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// imported is what commands that import files have in common.
type imported struct {
	Rejected    string `type:"path" placeholder:"FILE" help:"Write every line that was not imported to this file: its number and why. Without it the first 20 are shown."`
	MaxRejected int64  `default:"0" placeholder:"N" help:"How many lines may be rejected, because they cannot be read or by the server, without this being an error: with more the exit code is 4, after the rest was sent."`
}

// Validate reports a flag that cannot work.
func (f *imported) Validate() error { return flags.Within("--max-rejected", f.MaxRejected, 0, 1<<62) }

// open starts the report of an import.
func (f *imported) open(shown *Progress) (*report, error) {
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

// verdict is the error of an import that ran to its end but did not do what was requested. What the server refused was sent.
func (f *imported) verdict(sent, rejected int64) error {
	switch {
	case sent == 0 && rejected > 0:
		return &Unsatisfied{ExitNothing, fmt.Sprintf("nothing was sent, %s rejected (exit code %d)", Count(rejected), ExitNothing)}
	case rejected > f.MaxRejected:
		return &Unsatisfied{ExitRejected, fmt.Sprintf("%s rejected, more than --max-rejected=%d; the rest was sent (exit code %d)",
			Count(rejected), f.MaxRejected, ExitRejected)}
	case sent == 0:
		return &Unsatisfied{ExitNothing, fmt.Sprintf("nothing was sent: the input is empty, or the lines above say why (exit code %d)", ExitNothing)}
	default:
		return nil
	}
}

// Exit codes of imports, besides those of all commands.
const (
	ExitNothing  = 3 // nothing was sent
	ExitRejected = 4 // more was rejected than --max-rejected allows; the rest was sent
)

// Unsatisfied is the error of a command that did its work, and did less than was requested.
type Unsatisfied struct {
	Code int // to exit with
	text string
}

// Error states what was not done.
func (u *Unsatisfied) Error() string { return u.text }

// report collects which lines of a file were not imported. It serves any number of goroutines.
type report struct {
	shown *Progress
	file  *os.File // nil where none is wanted
	out   *bufio.Writer

	mu       sync.Mutex
	rejected int64 // lines
	printed  int   // lines, and what is to be known of others
}

// maxPrinted lines are shown; a file has them all.
const maxPrinted = 20

// reject records why a line was not imported.
func (r *report) reject(line int, why string) {
	r.mu.Lock()
	r.rejected++
	r.mu.Unlock()
	r.note(line, why)
}

// note records a note on a line; on none where it is 0.
func (r *report) note(line int, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.printed++
	what = plaintext.ForTerminal(what)
	if line > 0 {
		what = fmt.Sprintf("line %d: %s", line, what)
	}
	if r.out != nil {
		fmt.Fprintln(r.out, what)
	}
	switch {
	case r.printed <= maxPrinted:
		r.shown.Note("%s", what)
	case r.printed == maxPrinted+1:
		r.shown.Note("There is more to be said; --rejected FILE lists all of it.")
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
