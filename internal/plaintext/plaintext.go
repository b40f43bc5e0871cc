// Package plaintext keeps characters that act on what shows them out of names and titles.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// WithoutControls replaces each control character, and each byte that is no UTF-8, by U+FFFD, and returns how many those
// were. White space is a control character too unless it is a space.
func WithoutControls(text string) (clean string, replaced int) {
	var kept strings.Builder
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if unicode.IsControl(r) || r == utf8.RuneError && size == 1 {
			r = utf8.RuneError
			replaced++
		}
		kept.WriteRune(r)
		rest = rest[size:]
	}
	return kept.String(), replaced
}

// ForTerminal replaces what a terminal could take for an order, or what changes the order in which it shows characters:
// control and format characters, the marks of writing direction among them. What is left takes one line.
func ForTerminal(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != zeroWidthJoiner && r != zeroWidthNonJoiner ||
			r == lineSeparator || r == paragraphSeparator {
			return utf8.RuneError
		}
		return r
	}, text)
}

// The joiners belong to the spelling of some languages; the separators are no control characters but end lines.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	lineSeparator      = '\u2028'
	paragraphSeparator = '\u2029'
)
