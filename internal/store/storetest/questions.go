package storetest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ranker is the roles that compute rankings; engines and the twin implement them.
type ranker interface {
	store.Aggregator
	store.ProgrammeRanker
	store.SilenceFinder
}

// question is what a build asks of a store.
type question struct {
	filter   viewing.Filter
	channels store.ChannelSet
	limit    int

	reach       viewing.Millis // of programmes, with what follows
	score       store.ProgrammeScore
	minAccounts int64
	programmes  []int64

	silence viewing.Millis // before the end of the window
}

// watched asks how programmes were watched.
func (q question) watched() store.ProgrammeWatchQuery {
	return store.ProgrammeWatchQuery{
		Filter: q.filter, Channels: q.channels, Programmes: q.programmes, Reach: q.reach, Score: q.score, MinAccounts: q.minAccounts,
		Limit: q.limit,
	}
}

// whole is the question for everything of a client.
func whole(client int32) question {
	const century = 36525 * viewing.DayLength
	return question{filter: viewing.Filter{ClientID: client, Now: EndOfTime, Window: viewing.Window{From: -century, To: 3 * century}}, limit: 1 << 20}
}

// answer is all that a ranker returns to a question, as text: equal results are equal byte for byte.
func answer(ctx context.Context, r ranker, q question) (string, error) {
	channels, err := r.Aggregate(ctx, byChannel(q.filter))
	if err != nil {
		return "", err
	}
	watched, err := r.ProgrammeWatch(ctx, q.watched())
	if err != nil {
		return "", err
	}
	latest, err := r.LatestProgrammes(ctx, q.filter.ClientID, q.filter.Window, q.channels, q.limit)
	if err != nil {
		return "", err
	}
	silent, err := r.SilentDevices(ctx, q.filter, q.filter.Window.To-q.silence)
	if err != nil {
		return "", err
	}
	slices.SortFunc(channels, func(a, b measure.Row) int { return cmp.Compare(a.ChannelID, b.ChannelID) })
	programmes := watched.Programmes
	slices.SortFunc(programmes, func(a, b viewing.ProgrammeWatch) int { return cmp.Compare(a.ProgrammeID, b.ProgrammeID) })
	slices.SortFunc(latest, func(a, b catalog.Programme) int { return cmp.Compare(a.ID, b.ID) })
	return text("channels", channels) + text("programmes", programmes) + text("all", []int64{int64(watched.Watch), int64(watched.Cut), silent}) + text("latest", latest), nil
}

func text[T any](name string, rows []T) string {
	var lines strings.Builder
	lines.WriteString(name + ":\n")
	for _, row := range rows {
		line, err := json.Marshal(row)
		if err != nil {
			line = []byte(err.Error())
		}
		lines.WriteString("  " + string(line) + "\n")
	}
	return lines.String()
}

// check compares the store's results with the twin's.
func (s *Subject) check(questions ...question) {
	s.T.Helper()
	for _, q := range questions {
		got, err := answer(s.T.Context(), s.Store, q)
		if err != nil {
			s.T.Fatalf("%+v: %v", q, err)
		}
		if want := s.Twin.answer(q); got != want {
			s.T.Fatalf("%+v:\n%s", q, difference(got, want))
		}
	}
}

// answer is what the engine must return.
func (w *Twin) answer(q question) string {
	text, err := answer(context.Background(), w, q)
	if err != nil {
		panic(err) // a twin has nothing that could fail
	}
	return text
}

// difference shows the lines in which two results differ.
func difference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	var differing strings.Builder
	for _, line := range gotLines {
		if !slices.Contains(wantLines, line) {
			fmt.Fprintf(&differing, " got %s\n", line)
		}
	}
	for _, line := range wantLines {
		if !slices.Contains(gotLines, line) {
			fmt.Fprintf(&differing, "want %s\n", line)
		}
	}
	return differing.String()
}

// Append gives the reports to store and twin.
func (s *Subject) Append(reports ...viewing.Report) {
	s.T.Helper()
	s.Must(s.Store.AppendReports(s.T.Context(), reports))
	s.Must(s.Twin.AppendReports(s.T.Context(), reports))
}

// Apply gives the batch to store and twin.
func (s *Subject) Apply(batch catalog.Batch) {
	s.T.Helper()
	s.Must(s.Store.ApplyCatalog(s.T.Context(), batch))
	s.Must(s.Twin.ApplyCatalog(s.T.Context(), batch))
}

// Fold lets the store fold every day that any of the tests uses.
func (s *Subject) Fold() {
	s.T.Helper()
	s.Must(s.Store.Maintain(s.T.Context(), whole(1).filter.Window.To))
}
