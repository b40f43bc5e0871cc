package cli

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// csvParser reads rows under a header.
func csvParser(header []byte, called columns) (eventParser, error) {
	names, err := csvFields(header)
	if err != nil {
		return nil, fmt.Errorf("the header is no CSV: %w", err)
	}
	bound, err := called.bind(names)
	if err != nil {
		return nil, fmt.Errorf("the header of the CSV %w; it names %.200q", err, names)
	}
	return func(text []byte) (*tvstatsv1.ViewEvent, error) {
		row, err := csvFields(text)
		if err != nil {
			return nil, err
		}
		if len(row) != len(names) {
			return nil, fmt.Errorf("%d fields where the header has %d", len(row), len(names))
		}
		return session(bound, func(b boundField) string { return row[b.index] })
	}, nil
}

// csvFields cuts one row into its fields, without the space around them.
func csvFields(text []byte) ([]string, error) {
	if !bytes.ContainsRune(text, '"') {
		fields := strings.Split(string(text), ",")
		for i, field := range fields {
			fields[i] = strings.TrimSpace(field)
		}
		return fields, nil
	}
	quoted := csv.NewReader(bytes.NewReader(text))
	quoted.TrimLeadingSpace = true
	fields, err := quoted.Read()
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return nil, fmt.Errorf("column %d: %w", parse.Column, parse.Err) // its line is always the first
	}
	return fields, err
}
