// Package xmltv reads programme guides in the XMLTV format, one element at a time: guides of a month are large. It reads
// guides as they are, also those that an XML parser refuses: with bare ampersands, entities of HTML, characters that are
// none, elements that are not closed.
package xmltv

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"golang.org/x/net/html"
)

// Element is a channel or a programme; the other is nil.
type Element struct {
	Line      int // on which it begins
	Channel   *Channel
	Programme *Programme
	Replaced  int // characters of its names or title that could not be read and are U+FFFD now
}

// Channel is a channel by its name in the guide, for example "news.example.com".
type Channel struct {
	ID    string
	Names []string // often the number on the remote control is among them
}

// Programme is on air in [Start, Stop). Guides may leave Stop out; it is then the zero time.
type Programme struct {
	Channel     string
	Title       string // the first of several that is not empty
	Start, Stop time.Time
	Clump       Clump
}

// Clump says which of several programmes that share a slot one is, from 0. The zero value has a slot of its own.
type Clump struct{ Index, Of int }

// BadElement is an element that breaks the format; the guide goes on after it.
type BadElement struct {
	Line   int
	Reason error
}

// Error states where it is and why.
func (b *BadElement) Error() string { return fmt.Sprintf("line %d: %v", b.Line, b.Reason) }

// Read returns the channels and programmes of a guide, in their order. Zone is where times that name no zone, or one by
// letters that mean several, are wall clock times; nil refuses them. A *BadElement stands for an element that cannot be
// used; any other error is the last. What it keeps in memory has a bound, whatever the guide holds.
func Read(guide io.Reader, zone *time.Location) iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		text, err := decoded(guide)
		if err != nil {
			yield(Element{}, err)
			return
		}
		tokens := html.NewTokenizer(&shortened{in: text})
		tokens.AllowCDATA(true)
		tokens.SetMaxBuf(maxToken)
		r := &reader{tokens: tokens, line: 1, zone: zone, yield: yield}
		if err := r.read(); err != nil && !errors.Is(err, errEnough) {
			yield(Element{}, err)
		}
	}
}
