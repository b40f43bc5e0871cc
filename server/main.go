// Command tvstats takes in what set-top boxes report about viewing and answers with popular channels and programmes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones of the catalog are checked, also where the system has none

	"github.com/alecthomas/kong"

	"github.com/tvstats/tvstats/internal/cli"
)

// program is the command line. Flags win over environment variables, these over defaults.
type program struct {
	Serve    serveCommand    `cmd:"" default:"withargs" help:"Serve gRPC; what happens when no command is given."`
	Migrate  migrateCommand  `cmd:"" help:"Prepare a MongoDB, or bring it to what this version needs; may be repeated."`
	Copy     copyCommand     `cmd:"" help:"Copy everything from one store into another, embedded or MongoDB, and compare them."`
	Demo     demoCommand     `cmd:"" help:"Show the whole service at work, in under a minute and without leaving a trace."`
	Simulate simulateCommand `cmd:"" help:"Stream the viewing of simulated boxes to a running server."`
	Replay   cli.Viewing     `cmd:"" help:"The same as import viewing."`
	Import   cli.Import      `cmd:"" help:"Bring in what other systems have."`
	Export   cli.Export      `cmd:"" help:"Take figures along, as CSV, XLSX or JSON."`
	Token    tokenCommand    `cmd:"" help:"Make a token for a caller, and the line that puts it in force."`

	cli.Management
}

// Exit codes, for scripts; those of imports are in cli.
const (
	exitDone       = 0
	exitRefused    = 1
	exitWrongUsage = 2
)

func main() { os.Exit(run(os.Args[1:])) }

// run does what the arguments say and answers the exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	command, err := newParser(&program{}).Parse(args)
	if err != nil {
		return wrongUsage(err)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		code := exitRefused
		if less := (*cli.Unsatisfied)(nil); errors.As(err, &less) {
			code = less.Code
		}
		return complain(code, "%v", cli.Readable(err))
	}
	return exitDone
}

func newParser(p *program) *kong.Kong {
	return kong.Must(p, kong.Name("tvstats"), kong.DefaultEnvars("TVSTATS"),
		kong.Description("Statistics of television viewing: boxes report, the middleware asks for rankings."))
}

// wrongUsage shows the help of the command that was meant, then what is wrong. Where no command is named serve is meant, whose
// help is so long that it would hide what is wrong.
func wrongUsage(err error) int {
	if parse := (*kong.ParseError)(nil); errors.As(err, &parse) {
		if selected := parse.Context.Selected(); selected == nil || selected.Name == "serve" {
			fmt.Fprintln(os.Stderr, "See tvstats --help for the commands, tvstats serve --help for the flags of serving.")
		} else {
			parse.Context.Stdout = os.Stderr
			_ = parse.Context.PrintUsage(false) // to a terminal: nobody is left to tell
		}
	}
	return complain(exitWrongUsage, "%v", err)
}

func complain(code int, format string, args ...any) int {
	fmt.Fprintf(os.Stderr, "tvstats: "+format+"\n", args...)
	return code
}
