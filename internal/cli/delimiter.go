package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// delimiter is a flag that says what separates fields; 0 where it was not given.
type delimiter struct{ rune }

// UnmarshalText reads the flag.
func (d *delimiter) UnmarshalText(text []byte) error {
	switch word := string(text); word {
	case "tab", `\t`:
		d.rune = '\t'
		return nil
	default:
		r, size := utf8.DecodeRune(text)
		if size != len(text) || size == 0 || r == utf8.RuneError || strings.ContainsRune("\"\r\n", r) {
			return fmt.Errorf("%q is no delimiter; allowed are one character, or tab", word)
		}
		d.rune = r
		return nil
	}
}

// delimiters are what separates fields where it is not given, the most frequent one last: it wins over others that are as
// many.
var delimiters = []rune{'|', '\t', ';', ','}

// delimiterOf finds what separates the fields of a CSV by its header, which has names and so none of them by chance.
func delimiterOf(header string) rune {
	best, most := ',', 0
	for _, delimiter := range delimiters {
		if count := strings.Count(header, string(delimiter)); count > 0 && count >= most {
			best, most = delimiter, count
		}
	}
	return best
}
