// Package commands is the command line: the commands of the program, their flags and exit codes.
package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // time zones of the catalog are checked, also where the system has none

	"github.com/alecthomas/kong"

	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// Program is the command line. Flags win over environment variables, these over defaults.
type Program struct {
	Serve    serveCommand    `cmd:"" default:"withargs" help:"Serve gRPC; what happens when no command is given."`
	Migrate  MigrateCommand  `cmd:"" help:"Prepare a MongoDB, or bring it to what this version needs; may be repeated."`
	Copy     CopyCommand     `cmd:"" help:"Make a store of everything that another one holds, embedded or MongoDB, and compare them."`
	Backup   cli.Backup      `cmd:"" help:"Store everything that a running server has acknowledged as one file."`
	Restore  RestoreCommand  `cmd:"" help:"Make a store of a backup, in a directory or a MongoDB that holds none."`
	Demo     demoCommand     `cmd:"" help:"Show the whole service at work, in under a minute and without leaving a trace."`
	Simulate SimulateCommand `cmd:"" help:"Stream the viewing of simulated boxes to a running server."`
	Replay   cli.Viewing     `cmd:"" help:"The same as import viewing."`
	Import   cli.Import      `cmd:"" help:"Bring in what other systems have."`
	Export   cli.Export      `cmd:"" help:"Take figures along, as CSV, XLSX or JSON."`
	Token    tokenCommand    `cmd:"" help:"Make a token for a caller, and the line that puts it in force."`
	Jobs     cli.Jobs        `cmd:"" help:"Long work: list, show, watch and cancel it."`
	Results  cli.Results     `cmd:"" help:"Stored sortings and selections: list, show and delete them."`
	Policy   cli.Policy      `cmd:"" help:"How viewing is measured: show and set it."`
	Explain  cli.Explain     `cmd:"" help:"Say why a channel or programme has its place in a stored ranking."`
	Sessions cli.Sessions    `cmd:"" help:"List the view sessions of an account or a device; for support."`
	Health   cli.Health      `cmd:"" help:"Ask a running server whether it is ready; the exit code says it, 0 for yes."`
	Version  versionCommand  `cmd:"" help:"Say which version this is: commit and build time."`

	cli.Audiences
	cli.Management
}

// Validate refuses a command line that lacks flags, before their values are checked: what is not given has none to complain of.
func (*Program) Validate(line *kong.Context) error {
	var missing []string
	for _, part := range line.Path {
		for _, flag := range part.Flags {
			if flag.Required && !flag.Set {
				missing = append(missing, flag.Summary())
			}
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		return fmt.Errorf("missing flags: %s", strings.Join(missing, ", "))
	}
	return nil
}

// Exit codes, for scripts; those of imports are in cli.
const (
	ExitDone       = 0
	ExitRefused    = 1
	ExitWrongUsage = 2
)

// clock is the clock of the service that a command serves.
type clock func() time.Time

// Run does what the arguments say and returns the exit code. now is the clock of the service.
func Run(args []string, build Build, now func() time.Time) int {
	cli.Version = build.String()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once

	parser := NewParser(&Program{})
	args, err := cli.Arguments(parser.Model, args)
	if err != nil {
		return wrongUsage(err)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return wrongUsage(err)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(clock(now))
	if err := command.Run(); err != nil {
		code := ExitRefused
		if less := (*cli.Unsatisfied)(nil); errors.As(err, &less) {
			code = less.Code
		}
		return complain(code, "%v", cli.Readable(err))
	}
	return ExitDone
}

// NewParser makes what parses a command line into p.
func NewParser(p *Program) *kong.Kong {
	return kong.Must(p, kong.Name("tvstats"), kong.DefaultEnvars("TVSTATS"), cli.Vars(),
		kong.Description("Statistics of television viewing: boxes report, the middleware asks for rankings."))
}

// wrongUsage says what is wrong, then only what helps with that: the flags that it is about.
func wrongUsage(err error) int {
	code, help := complain(ExitWrongUsage, "%v", err), "tvstats --help"
	if parse := (*kong.ParseError)(nil); errors.As(err, &parse) {
		if selected := parse.Context.Selected(); selected != nil {
			help = selected.FullPath() + " --help"
			fmt.Fprint(os.Stderr, cli.FlagHelp(selected, err.Error()))
		}
	}
	fmt.Fprintf(os.Stderr, "See %s.\n", help)
	return code
}

func complain(code int, format string, args ...any) int {
	for line := range strings.Lines(fmt.Sprintf("tvstats: "+format, args...)) {
		fmt.Fprintln(os.Stderr, plaintext.ForTerminal(strings.TrimRight(line, "\n")))
	}
	return code
}
