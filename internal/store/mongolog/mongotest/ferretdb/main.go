// Command ferretdb serves MongoDB's protocol from SQLite while the command runs that it is given, and passes the address to that command in
// TVSTATS_TEST_MONGODB_URI.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command []string) (err error) {
	if len(command) == 0 {
		return errors.New("which command shall run?")
	}
	dir, err := os.MkdirTemp("", "ferretdb")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"}, Handler: "sqlite", SQLiteURL: "file:" + dir + "/",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx) }()
	defer func() {
		end()
		err = errors.Join(err, <-ended)
	}()
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Env = append(os.Environ(), "TVSTATS_TEST_MONGODB_URI="+db.MongoDBURI())
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	return child.Run()
}
