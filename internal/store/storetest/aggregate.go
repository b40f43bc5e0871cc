package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

var aggregateTests = Tests{
	"random queries":                  testRandomAggregates,
	"random sums":                     testRandomSums,
	"what crosses slices and ends":    testCrossing,
	"queries that cannot be computed": testBadQueries,
	"bounded queries":                 testBoundedQueries,
}

// byChannel is the query for all measures of each channel.
func byChannel(filter viewing.Filter) measure.Query {
	return measure.Query{
		Filter: filter, GroupBy: []measure.Dimension{measure.Channel}, Measures: measure.All(), Reach: 180_000,
	}
}

// testRandomAggregates asks random queries of random worlds, with reports that are folded, partly folded and not folded.
func testRandomAggregates(t *testing.T, factory Factory) {
	for _, seed := range Seeds(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for client := range int32(WorldClients) {
				s.Apply(w.lineup(client + 1))
				s.Apply(w.accounts(client + 1))
			}
			s.arrive(w, slices.Concat(w.Sessions(400)...), func() { s.checkAggregates(w.aggregates(Rounds(4))...) })
			s.Fold()
			s.checkAggregates(w.aggregates(Rounds(40))...)
		})
	}
}

// testRandomSums compares random queries for what adds up, of which stores may keep sums for days that are folded: while such days change,
// accounts are excluded, and one is erased.
func testRandomSums(t *testing.T, factory Factory) {
	for _, seed := range Seeds(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for client := range int32(WorldClients) {
				s.Apply(w.lineup(client + 1))
			}
			reports := slices.Concat(w.Sessions(300)...)
			Shuffle(w, reports)
			for i, batch := range Batches(w, reports) {
				s.Append(batch...)
				s.Must(s.Store.Maintain(t.Context(), w.Instant()))
				if i == 1 {
					s.Apply(w.accounts(1))
				}
				s.checkAggregates(w.sums(Rounds(8))...)
			}
			s.Fold()
			s.checkAggregates(w.sums(Rounds(40))...)
			s.erase(1, 1, EndOfTime)
			s.checkAggregates(w.sums(Rounds(20))...)
			s.Fold()
			s.checkAggregates(w.sums(Rounds(20))...)
		})
	}
}

// sums are random queries for what adds up, most of them of whole sessions and of whole days.
func (w *World) sums(n int) []measure.Query {
	queries := w.aggregates(n)
	for i := range queries {
		q := &queries[i]
		q.Measures = some(w, []measure.Measure{measure.Watch, measure.Sessions, measure.Cut}, 60)
		if len(q.Measures) == 0 {
			q.Measures = []measure.Measure{measure.Sessions}
		}
		if w.Chance(80) {
			q.Filter.MinSeconds, q.Filter.Policy = 0, viewing.Policy{}
		}
		if w.Chance(80) {
			w.wholeDays(q)
		}
	}
	return queries
}

// wholeDays makes the window and the slices of the query of whole days.
func (w *World) wholeDays(q *measure.Query) {
	var days []viewing.Millis
	for day := range viewing.Millis(WorldDays + 1) {
		if day == 0 || day == WorldDays || w.Chance(60) {
			days = append(days, w.From+day*viewing.DayLength)
		}
	}
	days = days[w.IntN(len(days)-1):]
	q.Filter.Window = viewing.Window{From: days[0], To: days[len(days)-1]}
	if len(q.Slices) == 0 {
		return
	}
	q.Slices = measure.Slices(days)
	if w.Chance(30) {
		for i := range q.Slices {
			q.Slices[i].Period = i % 2
		}
	}
}

// lineup makes channels in several categories, in one and in none, and some that are deleted.
func (w *World) lineup(client int32) catalog.Batch {
	batch := catalog.Batch{ClientID: client}
	for _, id := range some(w, numbers(worldChannels+1), 80) {
		batch.Channels = append(batch.Channels, catalog.Channel{
			ID: id, Name: fmt.Sprint("channel ", id), Categories: some(w, numbers(3), 40), Enabled: w.Chance(80), Deleted: w.Chance(15),
		})
	}
	return batch
}

// aggregates makes random queries.
func (w *World) aggregates(n int) []measure.Query {
	dimensions := []measure.Dimension{measure.Channel, measure.Category, measure.Tariff, measure.Device, measure.Mode}
	queries := make([]measure.Query, n)
	for i, question := range w.questions(n) {
		q := measure.Query{Filter: question.filter, GroupBy: some(w, dimensions, 30), Measures: some(w, measure.All(), 60)}
		q.Filter.Channels = question.channels.Only
		q.Reach = Pick(w, []viewing.Millis{0, 1000, 600_000, 5_000_000})
		if w.Chance(60) {
			q.Count = measure.ByTime
			q.Measures = slices.DeleteFunc(q.Measures, func(m measure.Measure) bool { return m == measure.Median || m == measure.End })
		}
		if w.Chance(60) {
			q.GroupBy, q.Slices = append(q.GroupBy, measure.Period), w.slices()
			q.Filter.Window = viewing.Window{From: q.Slices[0].From, To: q.Slices[len(q.Slices)-1].To}
		}
		if len(q.Measures) == 0 {
			q.Measures = []measure.Measure{measure.Watch}
		}
		Shuffle(w, q.GroupBy)
		Shuffle(w, q.Measures)
		queries[i] = q
	}
	return queries
}

// steps are instants as far from each other, but for the last one.
func (w *World) steps(from, to viewing.Millis) []viewing.Millis {
	length := Pick(w, []viewing.Millis{viewing.HourLength, 7 * viewing.HourLength, viewing.DayLength})
	var steps []viewing.Millis
	for at := from; at < to; at += length {
		steps = append(steps, at)
	}
	return append(steps, to)
}

// slices cut random time, into periods of one slice or of several.
func (w *World) slices() []measure.Slice {
	cut := measure.Slices(w.boundaries())
	if w.Chance(40) {
		cut = measure.Slices(w.steps(cut[0].From, cut[len(cut)-1].To))
	}
	if w.Chance(50) {
		for i := range cut {
			cut[i].Period = i % 4
		}
	}
	return cut
}

// checkAggregates compares what the store returns with the twin.
func (s *Subject) checkAggregates(queries ...measure.Query) {
	s.T.Helper()
	all, err := s.Store.AggregateAtOnce(s.T.Context(), queries...)
	if err != nil {
		s.T.Fatalf("%+v: %v", queries, err)
	}
	for i, q := range queries {
		if got, want := rowText(all[i]), rowText(s.Twin.aggregate(q)); got != want {
			s.T.Fatalf("%+v:\n%s", q, difference(got, want))
		}
	}
}

// rowText is the rows in order, one a line.
func rowText(rows []measure.Row) string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = fmt.Sprintf("%+v", row)
	}
	slices.SortFunc(lines, cmp.Compare)
	return strings.Join(lines, "\n")
}

// testCrossing puts sessions before, into, across and around slices, to the millisecond, and has periods of which a session
// touches several slices.
func testCrossing(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	const hour = 3_600_000
	account := int64(0)
	for _, started := range []viewing.Millis{Noon - 30*hour, Noon - hour, Noon - 1000, Noon - 1, Noon, Noon + 1, Noon + hour - 1, Noon + hour, Noon + 3*hour} {
		for _, seconds := range []int32{0, 1, 3599, 3600, 3601, 2 * 3600, 30 * 3600, 86_400} {
			account++
			s.Append(Watch(account%20+1, int32(account%2)+1, started, seconds))
		}
	}
	var queries []measure.Query
	for _, count := range []measure.Attribution{measure.ByStart, measure.ByTime} {
		for _, periods := range []int{1, 2, 100} {
			cut := measure.Slices([]viewing.Millis{Noon, Noon + 1, Noon + 1000, Noon + hour, Noon + 2*hour, Noon + 3*hour, Noon + 30*hour})
			for i := range cut {
				cut[i].Period = i % periods
			}
			for _, reach := range []viewing.Millis{1, 1000, hour, hour + 1} {
				queries = append(queries, measure.Query{
					Filter: viewing.Filter{ClientID: 1, Window: viewing.Window{From: Noon, To: Noon + 30*hour}}, Count: count, Slices: cut,
					GroupBy:  []measure.Dimension{measure.Period},
					Measures: []measure.Measure{measure.Watch, measure.Sessions, measure.Accounts, measure.Reach}, Reach: reach,
				})
			}
		}
	}
	s.checkAggregates(queries...)
	s.Fold()
	s.checkAggregates(queries...)
}

// testBoundedQueries: where there are too many rows, one more than allowed is returned; where there are not, all.
func testBoundedQueries(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	for channel := range int32(9) {
		s.Append(Watch(1, channel+1, Noon, 60))
	}
	s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{
		{ID: 1, ChannelID: 1, Start: Noon, End: Noon + 1}, {ID: 2, ChannelID: 1, Start: Noon, End: Noon + 1},
	}})
	for _, c := range []struct{ most, rows int }{{0, 9}, {4, 5}, {8, 9}, {9, 9}, {100, 9}} {
		q := byChannel(whole(1).filter)
		q.Most = c.most
		if rows, err := s.Store.Aggregate(t.Context(), q); err != nil || len(rows) != c.rows {
			t.Errorf("of at most %d: %d rows, want %d, %v", c.most, len(rows), c.rows, err)
		}
		rated := oneDay()
		rated.Most = c.most
		if got, err := s.Store.Ratings(t.Context(), rated); err != nil || len(got.Programmes) != 2 {
			t.Errorf("of at most %d: %v, %v", c.most, got, err)
		}
	}
}

func testBadQueries(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	good := byChannel(whole(1).filter)
	for name, spoil := range map[string]func(*measure.Query){
		"no measure":             func(q *measure.Query) { q.Measures = nil },
		"an unknown measure":     func(q *measure.Query) { q.Measures = []measure.Measure{99} },
		"an unknown dimension":   func(q *measure.Query) { q.GroupBy = []measure.Dimension{99} },
		"a dimension twice":      func(q *measure.Query) { q.GroupBy = []measure.Dimension{measure.Mode, measure.Mode} },
		"a median by time":       func(q *measure.Query) { q.Count = measure.ByTime },
		"periods without slices": func(q *measure.Query) { q.GroupBy = []measure.Dimension{measure.Period} },
		"slices with gaps": func(q *measure.Query) {
			q.GroupBy, q.Filter.Window = []measure.Dimension{measure.Period}, viewing.Window{From: 0, To: 3}
			q.Slices = append(measure.Slices([]viewing.Millis{0, 1}), measure.Slices([]viewing.Millis{2, 3})...)
		},
		"slices that end early": func(q *measure.Query) {
			q.GroupBy, q.Filter.Window = []measure.Dimension{measure.Period}, viewing.Window{From: 0, To: 3}
			q.Slices = measure.Slices([]viewing.Millis{0, 1})
		},
	} {
		q := good
		spoil(&q)
		if rows, err := s.Store.Aggregate(t.Context(), q); err == nil {
			t.Errorf("%s: got %v, want an error", name, rows)
		}
	}
}
