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
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Export has the commands that take figures along, into spreadsheets and other programs.
type Export struct {
	Sorting       exportSorting       `cmd:"" help:"Export a sorting of channels."`
	Selection     exportSelection     `cmd:"" help:"Export a selection of channels or programmes."`
	DailyStats    exportDailyStats    `cmd:"" name:"daily-stats" help:"Export the records of days: the ledger, payments, viewing."`
	ChannelReport exportChannelReport `cmd:"" name:"channel-report" help:"Write a workbook for the rights holder of a channel: its days, its programmes, its place in its categories."`
	Dynamics      exportDynamics      `cmd:"" help:"Export the series of a chart."`
}

// exported is what all exports have in common.
type exported struct {
	Connection
	csvFlags
	Format string `aliases:"output" enum:"csv,xlsx,json," default:"" help:"csv, xlsx or json; by default what the file's name ends with, csv where there is none. JSON is what grpcurl prints."`
	Out    string `short:"o" default:"-" type:"path" placeholder:"FILE" help:"File to write, - for standard output."`
}

// contents are a response of the service, and the same as rows.
type contents struct {
	answer proto.Message
	asked  [][2]any // what was requested, where the response does not have it
	sheet  sheet
}

// formatsOf are the formats by the ends of names.
var formatsOf = map[string]string{".csv": "csv", ".xlsx": "xlsx", ".json": "json"}

// Validate reports every flag that cannot work.
func (e *exported) Validate() error { return errors.Join(e.Connection.Validate(), e.choose()) }

// choose finds the format.
func (e *exported) choose() error {
	end := strings.ToLower(filepath.Ext(e.Out))
	named := formatsOf[end]
	switch {
	case e.Out == "-":
		e.Format = cmp.Or(e.Format, "csv")
	case end == "" && e.Format != "":
	case end == "":
		return fmt.Errorf("--out=%s says no format; let it end with .csv, .xlsx or .json, or give --format", e.Out)
	case named == "":
		return fmt.Errorf("--out=%s: %s is no format; the name must end with .csv, .xlsx or .json", e.Out, end)
	case e.Format != "" && e.Format != named:
		return fmt.Errorf("--out=%s and --format=%s say different formats", e.Out, e.Format)
	default:
		e.Format = named
	}
	return nil
}

// run requests the contents and writes them. A file that is there already is replaced once all is written.
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
	switch e.Format {
	case "json":
		return printJSON(out, asked.answer)
	case "xlsx":
		return writeWorkbook(out, []sheet{asked.sheet, aboutSheet(asked.asked, asked.answer.ProtoReflect(), time.Now())})
	default:
		return asked.sheet.writeCSV(out, e.csvFlags)
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
