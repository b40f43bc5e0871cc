// Package faultydisk comes between a program and its disk, in tests: writes of the engine, which is C++, become slow or fail.
// Those of Go itself go by it.
package faultydisk

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed testdata/faults.c
var source []byte

// Mode is what happens to writes.
type Mode byte

// The modes.
const (
	Normal   Mode = 'n'
	Slow     Mode = 's'
	Full     Mode = 'f' // a part of what is written still finds room
	ReadOnly Mode = 'r'
)

// Disk is the disk of a program that is started with Env.
type Disk struct {
	library string // testdata/faults.c
	mode    string // the file that the library looks at
}

// New builds what it takes, or skips the test.
func New(tb testing.TB) *Disk {
	tb.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		tb.Skip("faults of the disk need a C compiler: ", err)
	}
	dir := tb.TempDir()
	d := &Disk{library: filepath.Join(dir, "faults.so"), mode: filepath.Join(dir, "mode")}
	text := filepath.Join(dir, "faults.c")
	if err := os.WriteFile(text, source, 0o600); err != nil {
		tb.Fatal(err)
	}
	output, err := exec.CommandContext(tb.Context(), compiler, "-shared", "-fPIC", "-O1", "-o", d.library, text, "-ldl").CombinedOutput()
	if err != nil {
		tb.Skipf("faults of the disk cannot be built here: %v: %s", err, output)
	}
	d.Set(tb, Normal)
	return d
}

// modeEnv names the file whose first byte is the mode.
const modeEnv = "TVSTATS_TEST_FAULTS"

// Env is what the program's environment needs besides.
func (d *Disk) Env() []string { return []string{"LD_PRELOAD=" + d.library, modeEnv + "=" + d.mode} }

// Own is the disk of this process, where it was started with Env.
func Own() (d *Disk, is bool) {
	mode := os.Getenv(modeEnv)
	return &Disk{mode: mode}, mode != ""
}

// Set has writes go as the mode says from now on.
func (d *Disk) Set(tb testing.TB, mode Mode) {
	tb.Helper()
	file, err := os.OpenFile(d.mode, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := file.Write([]byte{byte(mode)}); err != nil {
		tb.Fatal(err)
	}
	if err := file.Close(); err != nil {
		tb.Fatal(err)
	}
}
