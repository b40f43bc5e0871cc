package xmltv

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// declared finds the encoding that an XML declaration names.
var declared = regexp.MustCompile(`^\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']*)["']`)

// sniffed is how much of a guide is looked at to find its encoding.
const sniffed = 1024

// decoded is the guide in UTF-8. What its bytes are weighs more than what it says of itself: programs that write UTF-8
// below a declaration of UTF-16 are frequent.
func decoded(guide io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(guide, sniffed)
	begin, err := buffered.Peek(sniffed)
	if len(begin) == 0 && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if wide := wideEncoding(begin); wide != nil {
		return wide.NewDecoder().Reader(buffered), nil
	}
	if bytes.HasPrefix(begin, []byte("\ufeff")) {
		_, err := buffered.Discard(len("\ufeff"))
		return buffered, err
	}
	found := declared.FindSubmatch(begin)
	if found == nil {
		return buffered, nil
	}
	known, name := charset.Lookup(string(found[1]))
	switch {
	case known == nil:
		return nil, fmt.Errorf("the guide says that its encoding is %.40q, which is not known; convert it to UTF-8", found[1])
	case name == "utf-8" || name == "utf-16le" || name == "utf-16be":
		return buffered, nil
	}
	return known.NewDecoder().Reader(buffered), nil
}

// wideEncoding is the encoding of a text whose characters take two or four bytes, nil where they take one.
func wideEncoding(begin []byte) encoding.Encoding {
	starts := func(with string) bool { return bytes.HasPrefix(begin, []byte(with)) }
	switch {
	case starts("\xff\xfe\x00\x00"), starts("\x00\x00\xfe\xff"), starts("<\x00\x00\x00"), starts("\x00\x00\x00<"):
		order := utf32.LittleEndian
		if begin[0] == 0 {
			order = utf32.BigEndian
		}
		return utf32.UTF32(order, utf32.UseBOM)
	case starts("\xff\xfe"), starts("<\x00"):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case starts("\xfe\xff"), starts("\x00<"):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	default:
		return nil
	}
}
