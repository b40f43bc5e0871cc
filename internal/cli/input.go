package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"

	"golang.org/x/text/encoding/unicode"
)

// input is a file on its way in, unpacked where it is packed.
type input struct {
	file *os.File
	text *bufio.Reader
	size int64        // of the file as it is stored; -1 where that is not known
	read atomic.Int64 // of these bytes
}

// maxLine bounds the memory that a file without ends of lines can take.
const maxLine = 1 << 20

// openInput opens a file, or standard input for "-".
func openInput(name string) (*input, error) {
	in := &input{file: os.Stdin, size: -1}
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // to read the file that the user names is what this is for
		if err != nil {
			return nil, err
		}
		in.file = file
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			in.size = info.Size()
		}
	}
	text, err := unpack(in.file, &in.read)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), in.Close())
	}
	in.text = bufio.NewReaderSize(text, maxLine)
	switch { // spreadsheets put a mark before CSV
	case startsWith(in.text, "\ufeff"):
		_, _ = in.text.Discard(len("\ufeff"))
	case startsWith(in.text, "\xff\xfe") && !startsWith(in.text, "\xff\xfe\x00\x00"), startsWith(in.text, "\xfe\xff"):
		wide := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		in.text = bufio.NewReaderSize(wide.NewDecoder().Reader(in.text), maxLine)
	}
	return in, nil
}

// Position is how many bytes of the file have been read. It may be called while another goroutine reads.
func (in *input) Position() int64 { return in.read.Load() }

// Close closes the file.
func (in *input) Close() error { return in.file.Close() }

// line is a line of a file without its end; text is good until the next one.
type line struct {
	number int // from 1
	text   []byte
}

// badLine is why one line cannot be read; others can.
type badLine struct {
	number int
	reason error
}

// Error names the line.
func (b *badLine) Error() string { return fmt.Sprintf("line %d: %v", b.number, b.reason) }

// Lines are the lines that are not blank. An error that is no *badLine is the last.
func (in *input) Lines() iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		for number := 1; ; number++ {
			text, err := readLine(in.text)
			blank := len(bytes.TrimSpace(text)) == 0
			switch {
			case errors.Is(err, io.EOF) && blank:
				return
			case errors.Is(err, bufio.ErrBufferFull):
				err = &badLine{number, fmt.Errorf("it is longer than %d bytes", maxLine)}
			case errors.Is(err, io.EOF): // the last line has no end
				err = nil
			case err != nil:
				yield(line{}, fmt.Errorf("line %d: %w", number, err))
				return
			case blank:
				continue
			}
			if !yield(line{number, text}, err) {
				return
			}
		}
	}
}

// readLine reads to the end of a line also where the line is too long, which is bufio.ErrBufferFull.
func readLine(r *bufio.Reader) ([]byte, error) {
	text, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimRight(text, "\r\n"), err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return nil, bufio.ErrBufferFull
}
