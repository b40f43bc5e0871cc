package duckdb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/measure"
)

// statement is a query for measures on its way to SQL. It is a row of common table expressions, each made of the one before:
// cut, with a row for each session in each cell; what sums these up in parts; figures, with a row for each cell.
type statement struct {
	query    measure.Query
	sessions source
	ids      *idRange // nil = accounts are not bitmaps, and sessions are grouped by account where a measure asks for it
}

func (s statement) text() string {
	columns := make([]string, 0, len(s.query.GroupBy)+len(s.query.Measures))
	for _, d := range s.query.GroupBy {
		columns = append(columns, cmp.Or(dimensions[d].value, dimensions[d].key))
	}
	for _, m := range s.query.Measures {
		columns = append(columns, m.String()+"::BIGINT")
	}
	limit := ""
	if s.query.Most > 0 {
		limit = fmt.Sprintf(" LIMIT %d", s.query.Most+1)
	}
	ctes, figures := s.figures()
	return fmt.Sprintf("WITH %s%s%s%s\nSELECT %s FROM %s%s",
		s.sessions.with, s.slices(), s.cut()+s.rolled(), strings.TrimSuffix(ctes, ","), strings.Join(columns, ", "), figures, limit)
}

// figures sums up the sessions, and says what the columns of the result are selected from. With a median there are steps, few of a
// cell, which also give all that does not need groups by account: the far more numerous parts by account stay narrow.
func (s statement) figures() (ctes, from string) {
	isByAccount := func(m measure.Measure) bool { return s.expression(m).byAccount }
	byAccount := slices.ContainsFunc(s.query.Measures, isByAccount)
	switch keys := s.keys(); {
	case slices.Contains(s.query.Measures, measure.Median):
		others := slices.DeleteFunc(slices.Clone(s.query.Measures), isByAccount)
		ctes = s.parts("steps", "millis >> 16 AS step", append(others, measure.Sessions)) + fmt.Sprintf(medians, keys) +
			s.summed("figures", "steps", others)
		from = "figures JOIN medians USING (" + keys + ")"
		if byAccount {
			some := slices.DeleteFunc(slices.Clone(s.query.Measures), func(m measure.Measure) bool { return !isByAccount(m) })
			ctes += s.parts("accounts", "account_id", some) + s.summed("of_accounts", "accounts", some)
			from += " JOIN of_accounts USING (" + keys + ")"
		}
		return ctes, from
	case byAccount:
		return s.parts("accounts", "account_id", s.query.Measures) + s.summed("figures", "accounts", s.query.Measures), "figures"
	case s.ids != nil:
		return s.parts("parts", reachedColumn(s.query), s.query.Measures) + s.summed("figures", "parts", s.query.Measures), "figures"
	default:
		return s.parts("parts", "0", s.query.Measures) + s.summed("figures", "parts", s.query.Measures), "figures"
	}
}

// keys name what tells cells apart.
func (s statement) keys() string {
	keys := make([]string, len(s.query.GroupBy))
	for i, d := range s.query.GroupBy {
		keys[i] = dimensions[d].key
	}
	if len(keys) == 0 {
		return "everything" // a constant: where there is no session there is no row
	}
	return strings.Join(keys, ", ")
}

// parts sums up each cell's sessions, grouped by the expression by, as far as the measures need.
func (s statement) parts(name, by string, measures []measure.Measure) string {
	columns, sums := []string{s.keys(), by}, []string{s.keys(), by}
	for _, m := range measure.All() {
		if e := s.expression(m); e.ofSessions != "" && s.needed(m, measures) {
			columns = append(columns, e.ofSessions+" AS "+m.String())
			sums = append(sums, e.ofRollups)
		}
	}
	all := fmt.Sprintf("SELECT %s FROM cut GROUP BY ALL", strings.Join(columns, ", "))
	if s.sessions.rolled != "" {
		all += fmt.Sprintf(" UNION ALL SELECT %s FROM rolled GROUP BY ALL HAVING sum(sessions) > 0", strings.Join(sums, ", "))
	}
	return fmt.Sprintf("\n%s AS MATERIALIZED (%s),", name, all)
}

// needed reports whether the measures look at m of parts.
func (s statement) needed(m measure.Measure, measures []measure.Measure) bool {
	return slices.ContainsFunc(measures, func(asked measure.Measure) bool { return asked == m || s.expression(asked).needs == m })
}

// summed makes the measures of parts, with a row for each cell.
func (s statement) summed(name, parts string, measures []measure.Measure) string {
	var columns strings.Builder
	for _, m := range measures {
		if e := s.expression(m); e.ofParts != "" {
			fmt.Fprintf(&columns, ", %s AS %s", e.ofParts, m)
		}
	}
	return fmt.Sprintf("\n%s AS (SELECT %s%s FROM %s GROUP BY %[2]s),", name, s.keys(), columns.String(), parts)
}

// expression is how the measure is computed in this statement.
func (s statement) expression(m measure.Measure) expression {
	if s.ids != nil {
		if e, bits := s.ids.expressions()[m]; bits {
			return e
		}
	}
	e := expressions[m]
	switch {
	case m == measure.Reach:
		e.ofParts = fmt.Sprintf(e.ofParts, s.query.Reach)
	case m == measure.Cut && !s.cutsWhole():
		return expression{ofParts: "0"} // by time addCuts computes it
	}
	return e
}

// cells are the keys that tell cells apart, the columns that they are made of, and the joins with what else they are made of.
func (s statement) cells() (keys string, columns []string, joins string) {
	var all []string
	for _, dimension := range s.query.GroupBy {
		d := dimensions[dimension]
		key := d.key
		if d.join != "" {
			joins += fmt.Sprintf(d.join, s.query.Filter.ClientID, s.sessions.carried)
			key = fmt.Sprintf(keyOrNone, d.key)
		}
		all = append(all, key)
		if d.column != "" && !slices.Contains(columns, d.column) {
			columns = append(columns, d.column)
		}
	}
	if len(all) == 0 {
		all = []string{"0 AS everything"}
	}
	return strings.Join(all, ", "), columns, joins
}

// rolled is the sums of rollups in their cells: keys, watch and sessions.
func (s statement) rolled() string {
	if s.sessions.rolled == "" {
		return ""
	}
	keys, columns, joins := s.cells()
	from := s.sessions.rolled
	switch {
	case s.query.Even():
		columns = append(columns, fmt.Sprintf("%d + %s AS period", s.query.Slices[0].Period, s.step("counted_at")))
	case len(s.query.Slices) > 0:
		columns, from = append(columns, "period"), from+" JOIN places ON "+s.place("counted_at")
	}
	return fmt.Sprintf("\nrolled AS NOT MATERIALIZED (SELECT %s, watch, sessions FROM (SELECT %s FROM %s)%s),",
		keys, strings.Join(append(columns, "watch", "sessions"), ", "), from, joins)
}

// cut is the sessions in their cells: keys, account_id, millis, stretch, lost and ends.
func (s statement) cut() string {
	keys, columns, joins := s.cells()
	whole, more := s.ofWhole()
	columns = append(append(columns, "account_id"), more...)
	return fmt.Sprintf("\ncut AS NOT MATERIALIZED (SELECT %s, account_id, millis, stretch%s FROM (%s)%s),",
		keys, whole, s.timed(strings.Join(columns, ", ")), joins)
}

// ofWhole is what measures of whole sessions need of each, and the columns that it is made of.
func (s statement) ofWhole() (expressions string, columns []string) {
	told := "watched_seconds"
	if s.cutsWhole() {
		expressions, told = ", told_seconds * 1000::BIGINT - millis AS lost", "told_seconds"
		columns = append(columns, told)
	}
	if slices.Contains(s.query.Measures, measure.End) {
		expressions += fmt.Sprintf(", started_at + %s * 1000::BIGINT AS ends", told)
		columns = append(columns, "started_at", "watched_seconds")
	}
	return expressions, columns
}

// cutsWhole reports whether the policy cuts sessions that count whole.
func (s statement) cutsWhole() bool {
	return s.query.Count == measure.ByStart && s.query.Filter.Policy.Cuts()
}

// timed is the sessions with their time that counts, once for each period that they have some in.
func (s statement) timed(columns string) string {
	switch {
	case s.query.Count == measure.ByTime && s.query.Even():
		return s.crossingEven(columns)
	case s.query.Count == measure.ByTime && len(s.query.Slices) > 0:
		return s.crossing(columns)
	case s.query.Count == measure.ByTime:
		return fmt.Sprintf("SELECT %s, to_at - from_at AS millis, millis AS stretch FROM %s", columns, s.within(columns))
	case s.query.Even():
		return fmt.Sprintf("SELECT %s, %d + %s AS period, watched_seconds * 1000::BIGINT AS millis, millis AS stretch FROM %s",
			columns, s.query.Slices[0].Period, s.step("started_at"), s.sessions.relation)
	case len(s.query.Slices) > 0:
		return fmt.Sprintf(`SELECT %s, period, watched_seconds * 1000::BIGINT AS millis, millis AS stretch
			FROM %s JOIN places ON %s`, columns, s.sessions.relation, s.place("started_at"))
	default:
		return fmt.Sprintf("SELECT %s, watched_seconds * 1000::BIGINT AS millis, millis AS stretch FROM %s", columns, s.sessions.relation)
	}
}

// within is the sessions with what of their time [from_at, to_at) lies in the window.
func (s statement) within(columns string) string {
	window := s.query.Filter.Window
	return fmt.Sprintf(`(SELECT %s, greatest(started_at, %d) AS from_at, least(started_at + watched_seconds * 1000::BIGINT, %d) AS to_at
		FROM %s WHERE watched_seconds > 0 AND started_at + watched_seconds * 1000::BIGINT > %[2]d AND greatest(started_at, %[2]d) < %[3]d)`,
		columns, window.From, window.To, s.sessions.relation)
}

// crossing cuts sessions where slices end. Most lie in one slice and need no more than to find it; the time of the others
// is taken apart and, where a period has several slices, put together again for each period.
func (s statement) crossing(columns string) string {
	const piece = "least(to_at, ends) - greatest(from_at, begins)"
	pieces, session, together := piece+" AS millis, millis AS stretch", "", ""
	if s.query.Recurs() {
		pieces, session = fmt.Sprintf("sum(%s)::BIGINT, max(%[1]s)", piece), ", row_number() OVER () AS session"
		together = fmt.Sprintf(" GROUP BY %s, period, session", columns)
	}
	return fmt.Sprintf(`SELECT %[1]s, period, to_at - from_at AS millis, millis AS stretch
		FROM %[2]s JOIN places ON %[3]s WHERE to_at <= ends
		UNION ALL
		SELECT %[1]s, period, %[5]s
		FROM (SELECT *, unnest(range(first, last + 1)) AS number FROM (
			SELECT %[1]s, from_at, to_at, one.number AS first, other.number AS last%[6]s
			FROM (SELECT %[1]s, from_at, to_at, number FROM %[2]s JOIN places ON %[3]s WHERE to_at > ends) one
			JOIN places AS other ON %[4]s))
		JOIN slices USING (number)%[7]s`,
		columns, s.within(columns), s.place("from_at"), s.place("to_at - 1"), pieces, session, together)
}

// crossingEven is crossing for slices of one length, which need not be looked up: what lies in the first slice of a session, in the last
// one, and in those between.
func (s statement) crossingEven(columns string) string {
	from, length := s.query.Slices[0].From, s.query.Slices[0].To-s.query.Slices[0].From
	first, last := s.step("from_at"), s.step("to_at - 1")
	return fmt.Sprintf(`SELECT %[1]s, %[2]d + %[3]s AS period, least(to_at, %[5]d + (%[3]s + 1) * %[6]d) - from_at AS millis, millis AS stretch FROM %[7]s
		UNION ALL
		SELECT %[1]s, %[2]d + %[4]s, to_at - (%[5]d + %[4]s * %[6]d) AS millis, millis FROM %[7]s WHERE %[3]s < %[4]s
		UNION ALL
		SELECT %[1]s, %[2]d + unnest(range(%[3]s + 1, %[4]s)), %[6]d, %[6]d FROM %[7]s WHERE %[3]s + 1 < %[4]s`,
		columns, s.query.Slices[0].Period, first, last, from, length, s.within(columns))
}

// step counts the slices of one length, of which the instant must lie in one, from 0.
func (s statement) step(instant string) string {
	first := s.query.Slices[0]
	return fmt.Sprintf("((%s - %d) // %d)", instant, first.From, first.To-first.From)
}

// slices are the slices of time, and places, which finds them: instants are shifted to a place, of which each has one slice
// or few, so that the slice of an instant is found by a hash join.
func (s statement) slices() string {
	if len(s.query.Slices) == 0 || s.query.Even() { // step counts even ones
		return ""
	}
	var rows strings.Builder
	for i, slice := range s.query.Slices {
		if i > 0 {
			rows.WriteString(", ")
		}
		fmt.Fprintf(&rows, "(%d, %d, %d::BIGINT, %d::BIGINT)", i, slice.Period, slice.From, slice.To)
	}
	return fmt.Sprintf(`
		slices AS MATERIALIZED (FROM (VALUES %s) slices(number, period, begins, ends)),
		places AS MATERIALIZED (SELECT *, unnest(range(begins >> %d, ((ends - 1) >> %[2]d) + 1)) AS place FROM slices),`,
		rows.String(), s.shift())
}

// place is the condition that the instant lies in a slice of places.
func (s statement) place(instant string) string {
	return fmt.Sprintf("place = (%s) >> %d AND %[1]s >= begins AND %[1]s < ends", instant, s.shift())
}

// mostPlaces bounds how many places there are, whatever the length of the window.
const mostPlaces = 1 << 15

// shift makes places of half an hour, or of more where these would be too many.
func (s statement) shift() int {
	shift, length := 21, s.query.Filter.Window.To-s.query.Filter.Window.From
	for length>>shift > mostPlaces {
		shift++
	}
	return shift
}
