package commands

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/tvstats/tvstats/internal/cli"
)

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	_, err := fmt.Println("tvstats", cli.Version)
	return err
}

// programVersion is the commit that the program was built of, when, and with what. Where the build did not tell the time it is
// when the program's file was written.
func programVersion(buildTime string) string {
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
	return fmt.Sprintf("commit %s%s, built %s, %s %s/%s", commit, changed, builtAt(buildTime), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func builtAt(buildTime string) string {
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
