package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// columns says under which names a file has fields of an event; the others have the names of the contract.
type columns map[string]string

func (c columns) validate() error {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if !slices.ContainsFunc(eventFields, func(f eventField) bool { return f.name == name }) {
			return fmt.Errorf("--column: there is no field %q; there are %s", name, strings.Join(fieldNames(), ", "))
		}
	}
	return nil
}

func fieldNames() []string {
	var names []string
	for _, f := range eventFields {
		names = append(names, f.name)
	}
	return names
}

// boundField is a field that a file has, and where.
type boundField struct {
	eventField
	column string
	index  int
}

// bind finds the fields among the names of a file's columns.
func (c columns) bind(names []string) ([]boundField, error) {
	var bound []boundField
	found := map[string]bool{}
	for _, f := range eventFields {
		for _, column := range c.of(f) {
			if i := slices.Index(names, column); i >= 0 && !found[f.name] {
				found[f.name] = true
				bound = append(bound, boundField{f, column, i})
			}
		}
	}
	return bound, c.lacking(missing(found), names)
}

// of are the names that a field may have in the file, the best one first.
func (c columns) of(f eventField) []string {
	if column, named := c[f.name]; named {
		return []string{column}
	}
	if f.alias != "" {
		return []string{f.name, f.alias}
	}
	return []string{f.name}
}

// missing are the fields that an event cannot do without.
func missing(found map[string]bool) []string {
	var missing []string
	for _, required := range []string{"account_id", "channel_id", "started_at", "watched_seconds"} {
		if !found[required] && (required != "watched_seconds" || !found["at"]) {
			missing = append(missing, required)
		}
	}
	return missing
}

// lacking is the error of a file that lacks fields, if there are any, with what to give where it has them by other names.
func (c columns) lacking(fields, names []string) error {
	if len(fields) == 0 {
		return nil
	}
	var called, give []string
	for _, field := range fields {
		called = append(called, cmp.Or(c[field], field))
		if c[field] == "" {
			give = append(give, field+"=NAME")
		}
	}
	hint := ""
	if len(give) > 0 {
		hint = "; where it has them by other names, give --column " + strings.Join(give, ",")
		if slices.Contains(give, "watched_seconds=NAME") {
			hint += " (at=NAME in place of watched_seconds for a time of the end)"
		}
	}
	return fmt.Errorf("lacks %s; it names %.200q%s", strings.Join(called, ", "), names, hint)
}

// session is the one report that a row becomes: the last one, made when all of it had been watched.
func session(bound []boundField, times timeReader, text func(boundField) string) (*tvstatsv1.ViewEvent, error) {
	event := &tvstatsv1.ViewEvent{Ended: true}
	for _, b := range bound {
		field := text(b)
		if field == "" && b.optional {
			continue // as if there were no such column
		}
		if err := b.read(event, field, times); err != nil {
			return nil, fmt.Errorf("%s %.60q %w", b.column, field, err)
		}
	}
	if event.At == nil && event.WatchedSeconds == nil {
		return nil, errors.New("neither watched_seconds nor at says how long it was watched")
	}
	if event.At == nil {
		event.At = after(event.StartedAt, event.GetWatchedSeconds())
	}
	if !event.At.IsValid() {
		return nil, errors.New("the session ends after the year 9999")
	}
	return event, nil
}
