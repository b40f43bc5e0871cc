// Package plaintext keeps characters that act on what shows them out of names and titles.
package plaintext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// WithoutControls replaces each control character, and each byte that is no UTF-8, by U+FFFD, and returns how many those
// were. White space is a control character too unless it is a space; so are those that have the text after them shown in
// another order. The marks of writing direction, which many languages need, stay.
func WithoutControls(text string) (clean string, replaced int) {
	var kept strings.Builder
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if unicode.IsControl(r) || reorders(r) || r == utf8.RuneError && size == 1 {
			r = utf8.RuneError
			replaced++
		}
		kept.WriteRune(r)
		rest = rest[size:]
	}
	return kept.String(), replaced
}

// reorders reports whether the character embeds, overrides or isolates a writing direction, or ends that. A name that holds one can
// show "gpj.exe" for what is "exe.jpg", and turns round what stands after it.
func reorders(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }

// ForTerminal replaces what a terminal could read as an order, or what changes the order in which it shows characters:
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
