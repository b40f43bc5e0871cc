// Command tvstats takes in what set-top boxes report about viewing and returns popular channels and programmes.
package main

import (
	"os"

	"github.com/tvstats/tvstats/internal/commands"
)

// buildTime is set by builds that know it: -ldflags "-X main.buildTime=2026-03-01T12:00:00Z". Else it is when the program's
// file was written.
var buildTime string

func main() { os.Exit(commands.Run(os.Args[1:], buildTime)) }
