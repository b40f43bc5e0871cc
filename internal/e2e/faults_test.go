package e2e

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/faultydisk"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// clockEnv moves the clock of the program that a test starts, by a duration, or stops it, at an instant.
const clockEnv = "TVSTATS_TEST_CLOCK"

// clockOfEnv is the clock of the program as clockEnv has it.
func clockOfEnv() func() time.Time {
	if by, err := time.ParseDuration(os.Getenv(clockEnv)); err == nil {
		return func() time.Time { return time.Now().Add(by) }
	}
	if at, err := time.Parse(time.RFC3339Nano, os.Getenv(clockEnv)); err == nil {
		return stoppedAt(at)
	}
	return time.Now
}

// stoppedAt is a clock that stands still: what is provisional does not change while a test compares.
func stoppedAt(at time.Time) func() time.Time { return func() time.Time { return at } }

// faulty is a program whose process, disk and clock the test has in its hands. It listens on one address, however often it
// is started.
type faultyProgram struct {
	t       *testing.T
	address string
	dir     string // of the store
	files   *faultydisk.Disk
	process *exec.Cmd
	log     *rpctest.Log
	logged  sync.WaitGroup
}

// newFaultyProgram builds what it takes, or skips the test.
func newFaultyProgram(t *testing.T) *faultyProgram {
	t.Helper()
	return &faultyProgram{t: t, address: freeAddress(t), dir: t.TempDir(), files: faultydisk.New(t)}
}

// disk has writes go as the mode says from now on.
func (p *faultyProgram) disk(mode faultydisk.Mode) {
	p.t.Helper()
	p.files.Set(p.t, mode)
}

// start starts the process, its clock moved, and returns when it serves.
func (p *faultyProgram) start(clock time.Duration) {
	p.t.Helper()
	p.process = programCommand(p.t.Context(), "serve", "--listen="+p.address, "--http-listen=127.0.0.1:0", "--web-listen=127.0.0.1:0",
		"--data-dir="+p.dir)
	p.process.Env = append(append(p.process.Env, p.files.Env()...), clockEnv+"="+clock.String())
	stderr, err := p.process.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
	log, serving := &rpctest.Log{}, make(chan bool, 1)
	p.log = log
	p.logged.Go(func() { readLog(stderr, log, serving) })
	if !<-serving {
		p.t.Fatalf("the program did not start: %v: %s", p.process.Wait(), log)
	}
}

// readLog keeps the log until it ends, and reports whether the program came to serve.
func readLog(from io.Reader, log *rpctest.Log, serving chan<- bool) {
	for scanner := bufio.NewScanner(from); scanner.Scan(); {
		_, _ = log.Write(append(scanner.Bytes(), '\n')) // it does not fail
		if strings.Contains(scanner.Text(), "msg=serving") {
			serving <- true
		}
	}
	select {
	case serving <- false:
	default: // it was reported
	}
}

// end sends the signal and waits for the end of the process.
func (p *faultyProgram) end(signal os.Signal) {
	p.t.Helper()
	if err := p.process.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	p.logged.Wait()
	if err := p.process.Wait(); err != nil && signal != os.Kill {
		p.t.Errorf("the program ended with %v: %s", err, p.log)
	}
}
