// Command tvstats stores what set-top boxes report about viewing and returns popular channels and programmes.
package main

import (
	"os"
	"time"

	"github.com/tvstats/tvstats/internal/commands"
)

// What builds set that know it, as deploy/dist does: -ldflags "-X main.version=1.0.0 -X main.buildTime=2026-03-01T12:00:00Z".
var version, commit, buildTime string

func main() {
	os.Exit(commands.Run(os.Args[1:], commands.Build{Version: version, Commit: commit, Time: buildTime}, time.Now))
}
