package e2e

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// clockEnv moves the clock of the program that a test starts, by a duration.
const clockEnv = "TVSTATS_TEST_CLOCK"

// moveClock does what clockEnv says.
func moveClock() {
	if by, err := time.ParseDuration(os.Getenv(clockEnv)); err == nil {
		app.WallClock = func() time.Time { return time.Now().Add(by) }
	}
}

// faulty is a program whose process, disk and clock the test has in its hands. It listens on one address, however often it
// is started.
type faultyProgram struct {
	t       *testing.T
	address string
	dir     string // of the store
	library string // testdata/faults.c
	mode    string // the file that the library looks at
	process *exec.Cmd
	log     *rpctest.Log
	logged  sync.WaitGroup
}

// newFaultyProgram builds what it takes, or skips the test.
func newFaultyProgram(t *testing.T) *faultyProgram {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("faults of the disk need a C compiler: ", err)
	}
	dir := t.TempDir()
	p := &faultyProgram{
		t: t, address: freeAddress(t), dir: t.TempDir(), library: filepath.Join(dir, "faults.so"), mode: filepath.Join(dir, "mode"),
	}
	output, err := exec.CommandContext(t.Context(), compiler, "-shared", "-fPIC", "-O1", "-o", p.library, "testdata/faults.c", "-ldl").CombinedOutput()
	if err != nil {
		t.Skipf("faults of the disk cannot be built here: %v: %s", err, output)
	}
	p.disk('n')
	return p
}

// disk lets writes be normal ('n'), slow ('s') or fail for want of space ('f') from now on.
func (p *faultyProgram) disk(mode byte) {
	p.t.Helper()
	file, err := os.OpenFile(p.mode, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := file.Write([]byte{mode}); err != nil {
		p.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// start starts the process, its clock moved, and returns when it serves.
func (p *faultyProgram) start(clock time.Duration) {
	p.t.Helper()
	p.process = programCommand(p.t.Context(), "serve", "--listen="+p.address, "--http-listen=127.0.0.1:0", "--data-dir="+p.dir)
	p.process.Env = append(p.process.Env, "LD_PRELOAD="+p.library, "TVSTATS_TEST_FAULTS="+p.mode, clockEnv+"="+clock.String())
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

// readLog keeps the log until it ends, and tells whether the program came to serve.
func readLog(from io.Reader, log *rpctest.Log, serving chan<- bool) {
	for scanner := bufio.NewScanner(from); scanner.Scan(); {
		_, _ = log.Write(append(scanner.Bytes(), '\n')) // it does not fail
		if strings.Contains(scanner.Text(), "msg=serving") {
			serving <- true
		}
	}
	select {
	case serving <- false:
	default: // it was told
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
