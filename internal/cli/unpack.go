package cli

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"sync/atomic"

	"github.com/ulikunitz/xz"
)

// packing is a way in which files are compressed, known by its first bytes.
type packing struct {
	magic  string
	name   string
	unpack func(*bufio.Reader) (io.Reader, error) // nil where it is not read
}

// packings are those that people have. ZIP is none of them: it is read from its end.
var packings = []packing{
	{"\x1f\x8b", "gzip", func(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"\xfd7zXZ\x00", "xz", func(r *bufio.Reader) (io.Reader, error) { return xz.NewReader(r) }},
	{"BZh", "bzip2", func(r *bufio.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"\x28\xb5\x2f\xfd", "Zstandard", nil},
	{"7z\xbc\xaf\x27\x1c", "7-Zip", nil},
	{"Rar!\x1a\x07", "RAR", nil},
	{"\x04\x22\x4d\x18", "LZ4", nil},
}

// zipMagic is how a ZIP archive begins that holds anything.
const zipMagic = "PK\x03\x04"

// unpack reads through the compression of a file, which it knows by the content, and counts the bytes that it takes.
func unpack(file *os.File, read *atomic.Int64) (io.Reader, error) {
	packed := bufio.NewReader(&counted{file, read})
	if startsWith(packed, zipMagic) {
		return unzip(file, packed, read)
	}
	for _, p := range packings {
		switch {
		case !startsWith(packed, p.magic):
		case p.unpack == nil:
			return nil, fmt.Errorf("it is compressed with %s, which is not read; unpack it, or use gzip, xz, bzip2 or ZIP", p.name)
		default:
			text, err := p.unpack(packed)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			return text, nil
		}
	}
	return packed, nil
}

// startsWith looks at the first bytes without taking them. If reading fails, the next read returns why.
func startsWith(r *bufio.Reader, first string) bool {
	begin, _ := r.Peek(len(first))
	return bytes.Equal(begin, []byte(first))
}

// unzip reads the one file of an archive.
func unzip(file *os.File, begun io.Reader, read *atomic.Int64) (io.Reader, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	archived, size := io.ReaderAt(file), info.Size()
	if !info.Mode().IsRegular() { // the list of an archive stands at its end
		all, err := io.ReadAll(io.LimitReader(begun, maxPipedZip+1))
		if err != nil {
			return nil, err
		}
		if len(all) > maxPipedZip {
			return nil, fmt.Errorf("a ZIP archive of more than %d MiB is read from a file only", maxPipedZip>>20)
		}
		archived, size = bytes.NewReader(all), int64(len(all))
	}
	archive, err := zip.NewReader(archived, size)
	if err != nil {
		return nil, err
	}
	var names []string
	var one *zip.File
	for _, f := range archive.File {
		if !f.FileInfo().IsDir() && !strings.HasPrefix(f.Name, "__MACOSX/") && !strings.HasPrefix(path.Base(f.Name), ".") {
			one, names = f, append(names, f.Name)
		}
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("the ZIP archive has %d files, %.200q; it must have one", len(names), names)
	}
	text, err := one.Open()
	if err != nil {
		return nil, fmt.Errorf("ZIP: %s: %w", one.Name, err)
	}
	read.Store(size) // what has been read of it is not known
	return text, nil
}

// maxPipedZip bounds the memory that an archive from standard input takes.
const maxPipedZip = 256 << 20

// counted counts what is read through it.
type counted struct {
	io.Reader
	bytes *atomic.Int64
}

// Read reads and counts.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}
