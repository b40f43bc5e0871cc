package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Export has the commands that take figures along, into spreadsheets and other programs.
type Export struct {
	Sorting    exportSorting    `cmd:"" help:"Export a sorting of channels."`
	Selection  exportSelection  `cmd:"" help:"Export a selection of channels or programmes."`
	DailyStats exportDailyStats `cmd:"" name:"daily-stats" help:"Export the records of days: the ledger, payments, viewing."`
	Dynamics   exportDynamics   `cmd:"" help:"Export the series of a chart."`
}

// exported is what all exports have in common.
type exported struct {
	Connection
	Format string `enum:"csv,xlsx,json," default:"" help:"csv, xlsx or json; by default what the file's name ends with, else csv. JSON is what grpcurl prints."`
	Out    string `short:"o" default:"-" type:"path" placeholder:"FILE" help:"File to write, - for standard output."`
}

// contents are an answer of the service, and the same as rows.
type contents struct {
	answer proto.Message
	sheet  sheet
}

// run asks for the contents and writes them. A file that is there already is replaced once all is written.
func (e *exported) run(ctx context.Context, ask func(context.Context, *grpc.ClientConn) (contents, error)) error {
	connection, err := e.Dial()
	if err != nil {
		return err
	}
	defer connection.Close() //nolint:errcheck // nothing is under way any more
	asked, err := ask(ctx, connection)
	if err != nil {
		return err
	}
	if e.Out == "-" {
		return e.write(os.Stdout, asked)
	}
	return replaceFile("--out", e.Out, func(file io.Writer) error { return e.write(file, asked) })
}

func (e *exported) write(out io.Writer, asked contents) error {
	switch format := cmp.Or(e.Format, strings.TrimPrefix(filepath.Ext(e.Out), ".")); format {
	case "json":
		return printJSON(out, asked.answer)
	case "xlsx":
		return asked.sheet.writeXLSX(out)
	default:
		return asked.sheet.writeCSV(out)
	}
}

// replaceFile writes a file beside the one that it then takes the place of, so that nobody ever reads half of it.
func replaceFile(flag, name string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	err = errors.Join(write(file), file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", flag, errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
