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

var aggregateTests = []test{
	{"random queries", testRandomAggregates},
	{"what crosses slices and ends", testCrossing},
	{"queries without an answer", testBadQueries},
	{"bounded queries", testBoundedQueries},
}

// byChannel asks for all measures of each channel.
func byChannel(filter viewing.Filter) measure.Query {
	return measure.Query{
		Filter: filter, GroupBy: []measure.Dimension{measure.Channel}, Measures: measure.All(), Reach: 180_000,
	}
}

// testRandomAggregates asks random queries of random worlds, with reports that are folded, partly folded and not folded.
func testRandomAggregates(t *testing.T, factory Factory) {
	for _, seed := range Seeds(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			s := newSubject(t, factory)
			for client := range int32(worldClients) {
				s.apply(w.lineup(client + 1))
				s.apply(w.accounts(client + 1))
			}
			reports := slices.Concat(w.sessions(400)...)
			shuffle(w, reports)
			for _, batch := range batches(w, reports) {
				s.append(batch...)
				if w.chance(30) {
					s.must(s.store.Maintain(t.Context(), w.instant()))
				}
				s.checkAggregates(w.aggregates(Rounds(4))...)
			}
			s.fold()
			s.checkAggregates(w.aggregates(Rounds(40))...)
		})
	}
}

// lineup makes channels in several categories, in one and in none, and some that are deleted.
func (w *world) lineup(client int32) catalog.Batch {
	batch := catalog.Batch{ClientID: client}
	for _, id := range some(w, numbers(worldChannels+1), 80) {
		batch.Channels = append(batch.Channels, catalog.Channel{
			ID: id, Name: fmt.Sprint("channel ", id), Categories: some(w, numbers(3), 40), Enabled: w.chance(80), Deleted: w.chance(15),
		})
	}
	return batch
}

// aggregates makes random queries.
func (w *world) aggregates(n int) []measure.Query {
	dimensions := []measure.Dimension{measure.Channel, measure.Category, measure.Tariff, measure.Device, measure.Mode}
	queries := make([]measure.Query, n)
	for i, question := range w.questions(n) {
		q := measure.Query{Filter: question.filter, GroupBy: some(w, dimensions, 30), Measures: some(w, measure.All(), 60)}
		q.Filter.Channels = question.channels.Only
		q.Reach = pick(w, []viewing.Millis{0, 1000, 600_000, 5_000_000})
		if w.chance(60) {
			q.Count = measure.ByTime
			q.Measures = slices.DeleteFunc(q.Measures, func(m measure.Measure) bool { return m == measure.Median || m == measure.End })
		}
		if w.chance(60) {
			q.GroupBy, q.Slices = append(q.GroupBy, measure.Period), w.slices()
			q.Filter.Window = viewing.Window{From: q.Slices[0].From, To: q.Slices[len(q.Slices)-1].To}
		}
		if len(q.Measures) == 0 {
			q.Measures = []measure.Measure{measure.Watch}
		}
		shuffle(w, q.GroupBy)
		shuffle(w, q.Measures)
		queries[i] = q
	}
	return queries
}

// slices cut random time, into periods of one slice or of several.
func (w *world) slices() []measure.Slice {
	cut := measure.Slices(w.boundaries())
	if w.chance(50) {
		for i := range cut {
			cut[i].Period = i % 4
		}
	}
	return cut
}

// checkAggregates holds what the store answers against the twin.
func (s *subject) checkAggregates(queries ...measure.Query) {
	s.t.Helper()
	all, err := s.store.AggregateAtOnce(s.t.Context(), queries...)
	if err != nil {
		s.t.Fatalf("%+v: %v", queries, err)
	}
	for i, q := range queries {
		if got, want := rowText(all[i]), rowText(s.twin.aggregate(q)); got != want {
			s.t.Fatalf("%+v:\n%s", q, difference(got, want))
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
	s := newSubject(t, factory)
	const hour = 3_600_000
	account := int64(0)
	for _, started := range []viewing.Millis{noon - 30*hour, noon - hour, noon - 1000, noon - 1, noon, noon + 1, noon + hour - 1, noon + hour, noon + 3*hour} {
		for _, seconds := range []int32{0, 1, 3599, 3600, 3601, 2 * 3600, 30 * 3600, 86_400} {
			account++
			s.append(watch(account%20+1, int32(account%2)+1, started, seconds))
		}
	}
	var queries []measure.Query
	for _, count := range []measure.Attribution{measure.ByStart, measure.ByTime} {
		for _, periods := range []int{1, 2, 100} {
			cut := measure.Slices([]viewing.Millis{noon, noon + 1, noon + 1000, noon + hour, noon + 2*hour, noon + 3*hour, noon + 30*hour})
			for i := range cut {
				cut[i].Period = i % periods
			}
			for _, reach := range []viewing.Millis{1, 1000, hour, hour + 1} {
				queries = append(queries, measure.Query{
					Filter: viewing.Filter{ClientID: 1, Window: viewing.Window{From: noon, To: noon + 30*hour}}, Count: count, Slices: cut,
					GroupBy:  []measure.Dimension{measure.Period},
					Measures: []measure.Measure{measure.Watch, measure.Sessions, measure.Accounts, measure.Reach}, Reach: reach,
				})
			}
		}
	}
	s.checkAggregates(queries...)
	s.fold()
	s.checkAggregates(queries...)
}

// testBoundedQueries: of too many rows so many come that it can be told, and of no more than are allowed all.
func testBoundedQueries(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
	for channel := range int32(9) {
		s.append(watch(1, channel+1, noon, 60))
	}
	s.apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{
		{ID: 1, ChannelID: 1, Start: noon, End: noon + 1}, {ID: 2, ChannelID: 1, Start: noon, End: noon + 1},
	}})
	for _, c := range []struct{ most, rows int }{{0, 9}, {4, 5}, {8, 9}, {9, 9}, {100, 9}} {
		q := byChannel(whole(1).filter)
		q.Most = c.most
		if rows, err := s.store.Aggregate(t.Context(), q); err != nil || len(rows) != c.rows {
			t.Errorf("of at most %d: %d rows, want %d, %v", c.most, len(rows), c.rows, err)
		}
		rated := oneDay()
		rated.Most = c.most
		if got, err := s.store.Ratings(t.Context(), rated); err != nil || len(got.Programmes) != 2 {
			t.Errorf("of at most %d: %v, %v", c.most, got, err)
		}
	}
}

func testBadQueries(t *testing.T, factory Factory) {
	s := newSubject(t, factory)
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
		if rows, err := s.store.Aggregate(t.Context(), q); err == nil {
			t.Errorf("%s: got %v, want an error", name, rows)
		}
	}
}
