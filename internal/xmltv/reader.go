package xmltv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/tvstats/tvstats/internal/plaintext"
)

// errEnough means that no more elements are wanted.
var errEnough = errors.New("no more elements are wanted")

// reader is one reading of a guide.
type reader struct {
	tokens *html.Tokenizer
	line   int // on which the token ends
	zone   *time.Location
	yield  func(Element, error) bool

	found   bool         // <tv>
	inside  bool         // of <tv>
	element *openElement // nil between elements
	field   string       // of the element, whose text is being read; empty outside of one
	text    bytes.Buffer // of the field
}

// openElement is a channel or a programme of which more is to come.
type openElement struct {
	name   string
	line   int
	attrs  map[string]string
	names  []string
	title  string
	broken int
}

// maxText is how many bytes of a name or a title are kept. No name is as long.
const maxText = 4 << 10

// maxNames is how many names of a channel are kept.
const maxNames = 100

func (r *reader) read() error {
	for {
		kind := r.tokens.Next()
		began := r.line
		r.line += bytes.Count(r.tokens.Raw(), []byte("\n"))
		if kind == html.ErrorToken {
			return r.end()
		}
		if err := r.take(kind, began); err != nil {
			return err
		}
	}
}

// end says why there are no more tokens, if that is wrong.
func (r *reader) end() error {
	err := r.tokens.Err()
	switch {
	case errors.Is(err, html.ErrBufferExceeded):
		return fmt.Errorf("line %d: what begins there is longer than %d bytes", r.line, maxToken)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("line %d: %w", r.line, err)
	case !r.found:
		return errors.New("it is no XMLTV guide: it has no <tv>")
	case r.inside:
		return fmt.Errorf("line %d: the guide ends without </tv>: it was cut off", r.line)
	default:
		return nil
	}
}

// take takes one token, which begins on a line.
func (r *reader) take(kind html.TokenType, line int) error {
	switch kind {
	case html.TextToken:
		r.takeText()
	case html.StartTagToken, html.SelfClosingTagToken:
		r.tokens.NextIsNotRawText() // <title> is special in HTML only
		name, more := r.tokens.TagName()
		return r.start(string(name), more, line, kind == html.SelfClosingTagToken)
	case html.EndTagToken:
		name, _ := r.tokens.TagName()
		return r.close(string(name))
	default: // comments and declarations
	}
	return nil
}

// cdata is how a text begins in which nothing is an entity.
var cdata = []byte("<![CDATA[")

func (r *reader) takeText() {
	if r.field == "" {
		return
	}
	text, is := bytes.CutPrefix(r.tokens.Raw(), cdata)
	if is {
		text = bytes.TrimSuffix(text, []byte("]]>"))
	} else {
		text = r.tokens.Text()
	}
	r.text.Write(text[:min(len(text), maxText-r.text.Len())])
}

func (r *reader) start(name string, attributes bool, line int, empty bool) error {
	if !r.found && name != "tv" {
		return fmt.Errorf("it is no XMLTV guide: it begins with <%.40s>, not with <tv>", name)
	}
	switch name {
	case "tv": // again in guides that were put one behind the other
		r.found, r.inside = true, !empty
	case "channel", "programme":
		if err := r.finish(); err != nil { // the one before was not closed
			return err
		}
		r.element = &openElement{name: name, line: line, attrs: map[string]string{}}
		for attributes {
			var key, value []byte
			key, value, attributes = r.tokens.TagAttr()
			r.element.attrs[string(key)] = string(value)
		}
		if empty {
			return r.finish()
		}
	case "title", "display-name":
		if r.element != nil && !empty {
			r.endField()
			r.field = name
		}
	default:
		if r.element != nil && r.field != "" {
			r.text.WriteByte(' ') // something inside of a title
		}
	}
	return nil
}

func (r *reader) close(name string) error {
	switch name {
	case "tv":
		r.inside = false
		return r.finish()
	case "channel", "programme":
		return r.finish()
	case r.field:
		r.endField()
	}
	return nil
}

// endField keeps the text of the field that has ended.
func (r *reader) endField() {
	words := strings.FieldsFunc(r.text.String(), func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' })
	text, broken := plaintext.WithoutControls(strings.Join(words, " "))
	field := r.field
	r.field = ""
	r.text.Reset()
	switch {
	case field == "" || text == "":
		return
	case field == "display-name":
		if len(r.element.names) < maxNames {
			r.element.names = append(r.element.names, text)
		}
	case r.element.title == "":
		r.element.title = text
	default:
		return // a title in another language
	}
	r.element.broken += broken
}

// finish hands over the element that is open, if there is one.
func (r *reader) finish() error {
	open := r.element
	if open == nil {
		return nil
	}
	r.endField()
	r.element = nil
	element, err := open.parse(r.zone)
	if err != nil {
		err = &BadElement{open.line, err}
	}
	if !r.yield(element, err) {
		return errEnough
	}
	return nil
}

func (o *openElement) parse(zone *time.Location) (Element, error) {
	element := Element{Line: o.line, Replaced: o.broken}
	if o.name == "channel" {
		element.Channel = &Channel{ID: strings.TrimSpace(o.attrs["id"]), Names: o.names}
		if element.Channel.ID == "" {
			return Element{}, errors.New("the channel has no id")
		}
		return element, nil
	}
	programme := &Programme{Channel: strings.TrimSpace(o.attrs["channel"]), Title: o.title, Clump: clumpOf(o.attrs["clumpidx"])}
	var err error
	if programme.Start, err = parseTime(o.attrs["start"], zone); err != nil {
		return Element{}, fmt.Errorf("start %w", err)
	}
	if stop, has := o.attrs["stop"]; has && strings.TrimSpace(stop) != "" {
		if programme.Stop, err = parseTime(stop, zone); err != nil {
			return Element{}, fmt.Errorf("stop %w", err)
		}
	}
	element.Programme = programme
	return element, nil
}

// clumpOf reads which part of a slot a programme has, for example "1/2". What is none is a slot of its own.
func clumpOf(text string) Clump {
	index, of, _ := strings.Cut(strings.TrimSpace(text), "/")
	i, errI := strconv.Atoi(index)
	n, errN := strconv.Atoi(of)
	if errI != nil || errN != nil || i < 0 || i >= n {
		return Clump{}
	}
	return Clump{i, n}
}
