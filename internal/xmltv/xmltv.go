// Package xmltv reads programme guides in the XMLTV format, one element at a time: guides of a month are large.
package xmltv

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"golang.org/x/net/html/charset"
)

// Element is a channel or a programme; the other is nil.
type Element struct {
	Line      int // on which it begins
	Channel   *Channel
	Programme *Programme
}

// Channel is a channel by its name in the guide, for example "news.example.com".
type Channel struct {
	ID    string   `xml:"id,attr"`
	Names []string `xml:"display-name"` // often the number on the remote control is among them
}

// Programme is on air in [Start, Stop). Guides may leave Stop out; it is then the zero time.
type Programme struct {
	Channel     string
	Title       string // the first of several
	Start, Stop time.Time
}

// BadElement is an element that breaks the format; the guide goes on after it.
type BadElement struct {
	Line   int
	Reason error
}

// Error says where it is and why.
func (b *BadElement) Error() string { return fmt.Sprintf("line %d: %v", b.Line, b.Reason) }

// Read answers the channels and programmes of a guide, in their order. A *BadElement stands for one that is none; any
// other error is the last.
func Read(guide io.Reader) iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		decoder := xml.NewDecoder(guide)
		decoder.CharsetReader = charset.NewReaderLabel
		if err := enter(decoder); err != nil {
			yield(Element{}, err)
			return
		}
		for {
			element, err := next(decoder)
			if errors.Is(err, io.EOF) || !yield(element, err) {
				return
			}
			if bad := (*BadElement)(nil); err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

// enter goes into the element that holds all others.
func enter(decoder *xml.Decoder) error {
	for {
		token, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("it is no XMLTV guide: %w", err)
		}
		if root, is := token.(xml.StartElement); is && root.Name.Local == "tv" {
			return nil
		} else if is {
			return fmt.Errorf("it is no XMLTV guide: it begins with <%s>, not with <tv>", root.Name.Local)
		}
	}
}

// next reads the next channel or programme; io.EOF says that the guide is over.
func next(decoder *xml.Decoder) (Element, error) {
	for {
		token, err := decoder.Token()
		if err != nil {
			return Element{}, err // also where the file is cut off
		}
		line, _ := decoder.InputPos()
		switch t := token.(type) {
		case xml.EndElement:
			return Element{}, io.EOF
		case xml.StartElement:
			element, err := readElement(decoder, &t)
			element.Line = line
			if syntax := (*xml.SyntaxError)(nil); errors.As(err, &syntax) {
				return Element{}, err
			}
			if err != nil {
				return Element{}, &BadElement{line, err}
			}
			if element.Channel != nil || element.Programme != nil {
				return element, nil
			}
		}
	}
}

// readElement reads one element to its end; what is neither channel nor programme is passed over.
func readElement(decoder *xml.Decoder, start *xml.StartElement) (element Element, err error) {
	switch start.Name.Local {
	case "channel":
		element.Channel = &Channel{}
		err = decoder.DecodeElement(element.Channel, start)
		if err == nil && element.Channel.ID == "" {
			err = errors.New("the channel has no id")
		}
	case "programme":
		var raw rawProgramme
		if err = decoder.DecodeElement(&raw, start); err == nil {
			element.Programme, err = raw.parse()
		}
	default:
		err = decoder.Skip()
	}
	return element, err
}

// rawProgramme is a programme as it is written.
type rawProgramme struct {
	Start   string   `xml:"start,attr"`
	Stop    string   `xml:"stop,attr"`
	Channel string   `xml:"channel,attr"`
	Titles  []string `xml:"title"`
}

func (r rawProgramme) parse() (*Programme, error) {
	programme := &Programme{Channel: r.Channel}
	if len(r.Titles) > 0 {
		programme.Title = strings.TrimSpace(r.Titles[0])
	}
	var err error
	if programme.Start, err = parseTime(r.Start); err != nil {
		return nil, fmt.Errorf("start %w", err)
	}
	if r.Stop == "" {
		return programme, nil
	}
	if programme.Stop, err = parseTime(r.Stop); err != nil {
		return nil, fmt.Errorf("stop %w", err)
	}
	return programme, nil
}

// layouts are the times that the format allows: what is left out at the end is zero, and without a zone it is UTC.
var layouts = []string{
	"20060102150405 -0700", "200601021504 -0700", "20060102150405 MST", "20060102150405", "200601021504", "2006010215", "20060102",
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range layouts {
		t, err := time.Parse(layout, text)
		if err == nil && (!strings.HasSuffix(layout, "MST") || t.Location() == time.UTC) { // other names mean many zones
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time of XMLTV, for example 20260301200000 +0100", text)
}
