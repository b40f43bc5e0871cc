package cli

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// csvParser reads rows under a header.
func (r eventReader) csvParser(header []byte) (eventParser, error) {
	delimiter := cmp.Or(r.delimiter, delimiterOf(string(header)))
	names, err := csvFields(header, delimiter)
	if err != nil {
		return nil, fmt.Errorf("the header is no CSV: %w", err)
	}
	bound, err := r.columns.bind(names)
	if err != nil {
		return nil, fmt.Errorf("the header of the CSV %w", err)
	}
	if r.clientID == 0 && !slices.ContainsFunc(bound, func(b boundField) bool { return b.name == "client_id" }) {
		return nil, errNoClient
	}
	return func(text []byte) (*tvstatsv1.ViewEvent, error) {
		row, err := csvFields(text, delimiter)
		if err != nil {
			return nil, err
		}
		if len(row) != len(names) {
			return nil, fmt.Errorf("%d fields where the header has %d", len(row), len(names))
		}
		return session(bound, r.times, func(b boundField) string { return row[b.index] })
	}, nil
}

// csvFields cuts one row into its fields, without the space around them.
func csvFields(text []byte, delimiter rune) ([]string, error) {
	if !bytes.ContainsRune(text, '"') {
		fields := strings.Split(string(text), string(delimiter))
		for i, field := range fields {
			fields[i] = strings.TrimSpace(field)
		}
		return fields, nil
	}
	quoted := csv.NewReader(bytes.NewReader(text))
	quoted.Comma, quoted.TrimLeadingSpace = delimiter, true
	fields, err := quoted.Read()
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return nil, fmt.Errorf("column %d: %w", parse.Column, parse.Err) // its line is always the first
	}
	return fields, err
}
