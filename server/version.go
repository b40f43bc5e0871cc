package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/tvstats/tvstats/internal/cli"
)

// What builds set that know it, as deploy/dist does: -ldflags "-X main.version=1.0.0 -X main.buildTime=2026-03-01T12:00:00Z".
var (
	version   string // else the program has none
	commit    string // else the one that Go notes
	buildTime string // else when the program's file was written
)

func init() { cli.Version = programVersion() }

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	_, err := fmt.Println("tvstats", programVersion())
	return err
}

// programVersion is the program's version, where it has one, the commit that it was built of, when, and with what.
func programVersion() string {
	told := fmt.Sprintf("commit %s, built %s, %s %s/%s", cmp.Or(commit, notedCommit()), builtAt(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if version != "" {
		return version + ", " + told
	}
	return told
}

func notedCommit() string {
	noted, changed := "unknown", ""
	if info, known := debug.ReadBuildInfo(); known {
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				noted = setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				changed = " (changed since)"
			}
		}
	}
	return noted + changed
}

func builtAt() string {
	if buildTime != "" {
		return buildTime
	}
	if file, err := os.Executable(); err == nil {
		if info, err := os.Stat(file); err == nil {
			return info.ModTime().UTC().Format(time.RFC3339)
		}
	}
	return "at an unknown time"
}
