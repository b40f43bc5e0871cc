package commands

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/tvstats/tvstats/internal/cli"
)

// Build is what is known of how the program was built; empty is unknown.
type Build struct {
	Version string // semantic
	Commit  string // else the one that Go notes
	Time    string // RFC 3339; else when the program's file was written
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	_, err := fmt.Println("tvstats", cli.Version)
	return err
}

// String is the program's version, where it has one, the commit that it was built of, when, and with what.
func (b Build) String() string {
	details := fmt.Sprintf("commit %s, built %s, %s %s/%s", cmp.Or(b.Commit, notedCommit()), cmp.Or(b.Time, fileWritten()),
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if b.Version != "" {
		return b.Version + ", " + details
	}
	return details
}

func notedCommit() string {
	commit, changed := "unknown", ""
	if info, known := debug.ReadBuildInfo(); known {
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				commit = setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				changed = " (changed since)"
			}
		}
	}
	return commit + changed
}

func fileWritten() string {
	if file, err := os.Executable(); err == nil {
		if info, err := os.Stat(file); err == nil {
			return info.ModTime().UTC().Format(time.RFC3339)
		}
	}
	return "at an unknown time"
}
