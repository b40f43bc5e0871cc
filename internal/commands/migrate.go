package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tvstats/tvstats/internal/app"
	"github.com/tvstats/tvstats/internal/cli"
)

// MigrateCommand prepares a database for this version of the program.
type MigrateCommand struct {
	app.MongoDB
	cli.OldSettings

	DryRun bool `help:"Only say what would be done."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *MigrateCommand) Validate() error { return c.Check() }

// Run migrates what the configuration names.
func (c *MigrateCommand) Run(ctx context.Context) error {
	c.Note()
	return c.Migrate(ctx, os.Stdout)
}

// Migrate migrates, or says what it would do, and writes each step to out.
func (c *MigrateCommand) Migrate(ctx context.Context, out io.Writer) (err error) {
	if !c.Enabled() {
		_, err := fmt.Fprintln(out, "Neither MONGODB_HOST nor MONGODB_URI is set. The embedded store needs no migrating: it does that itself when it is served.")
		return err
	}
	db, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	fmt.Fprintln(out, db.Describe())
	steps := 0
	if err := db.Migrate(ctx, c.DryRun, func(step string) {
		steps++
		fmt.Fprintln(out, " ", step)
	}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, c.outcome(steps))
	return err
}

func (c *MigrateCommand) outcome(steps int) string {
	switch {
	case steps == 0:
		return "Nothing to do."
	case c.DryRun:
		return "Nothing of this was done: --dry-run."
	default:
		return "Done."
	}
}
