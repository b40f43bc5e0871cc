package storetest

import (
	"cmp"
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// twin computes what an engine must answer, in the plainest way: it keeps every session in memory, merged as it arrives, and
// looks at each of them for each question.
type twin struct {
	sessions   map[viewing.Identity]viewing.State
	channels   map[entity]catalog.Channel
	programmes map[entity]catalog.Programme
	now        viewing.Millis                                // the time of questions that do not tell one
	states     map[entity]map[viewing.Millis]catalog.Account // all states by changed_at
	payments   map[entity]catalog.Payment
	erased     map[entity]bool // accounts
}

// entity is what is known under an id at a client.
type entity struct {
	client int32
	id     int64
}

var _ interface {
	store.SessionWriter
	store.CatalogWriter
	ranker
} = (*twin)(nil)

func newTwin() *twin {
	return &twin{
		sessions:   map[viewing.Identity]viewing.State{},
		channels:   map[entity]catalog.Channel{},
		programmes: map[entity]catalog.Programme{},
		now:        endOfTime,
		states:     map[entity]map[viewing.Millis]catalog.Account{},
		payments:   map[entity]catalog.Payment{},
		erased:     map[entity]bool{},
	}
}

// AppendReports implements store.SessionWriter.
func (w *twin) AppendReports(_ context.Context, reports []viewing.Report) error {
	for _, report := range reports {
		if w.erased[entity{report.ClientID, report.AccountID}] {
			continue
		}
		state, known := w.sessions[report.Identity]
		if !known {
			state = report.State
		}
		w.sessions[report.Identity] = viewing.Merge(state, report.State)
	}
	return nil
}

// ApplyCatalog implements store.CatalogWriter for what figures depend on.
func (w *twin) ApplyCatalog(_ context.Context, batch catalog.Batch) error {
	for _, channel := range batch.Channels {
		w.channels[entity{batch.ClientID, int64(channel.ID)}] = channel
	}
	w.clearRanges(batch)
	for _, programme := range batch.Programmes {
		w.programmes[entity{batch.ClientID, programme.ID}] = programme
	}
	batch.Accounts = slices.DeleteFunc(slices.Clone(batch.Accounts), func(a catalog.Account) bool { return w.erased[entity{batch.ClientID, a.ID}] })
	batch.Payments = slices.DeleteFunc(slices.Clone(batch.Payments), func(p catalog.Payment) bool {
		return w.erased[entity{batch.ClientID, p.AccountID}]
	})
	for _, account := range batch.Accounts {
		key := entity{batch.ClientID, account.ID}
		if w.states[key] == nil {
			w.states[key] = map[viewing.Millis]catalog.Account{}
		}
		w.states[key][account.ChangedAt] = account
	}
	for _, payment := range batch.Payments {
		w.payments[entity{batch.ClientID, payment.ID}] = payment
	}
	return nil
}

// clearRanges deletes the programmes that a batch says are no longer there.
func (w *twin) clearRanges(batch catalog.Batch) {
	for key, stored := range w.programmes {
		named := slices.Contains(batch.Refused, key.id) ||
			slices.ContainsFunc(batch.Programmes, func(p catalog.Programme) bool { return p.ID == key.id })
		for _, part := range batch.GuideRanges {
			if key.client == batch.ClientID && !named && stored.ChannelID == part.ChannelID &&
				stored.Start >= part.Starting.From && stored.Start < part.Starting.To {
				w.programmes[key] = catalog.Programme{ID: key.id, Deleted: true}
			}
		}
	}
}

// passing answers the sessions that pass the filter, with their counted seconds.
func (w *twin) passing(filter viewing.Filter) []viewing.Report {
	var passing []viewing.Report
	for _, session := range w.counted(filter) {
		passing = append(passing, session.Report)
	}
	return passing
}

func (w *twin) counted(filter viewing.Filter) []counting {
	return slices.DeleteFunc(w.counts(filter.ClientID, filter.Policy), func(session counting) bool {
		return !w.passes(filter, session.Report)
	})
}

func (w *twin) passes(filter viewing.Filter, session viewing.Report) bool {
	return session.StartedAt >= filter.Window.From && session.StartedAt < filter.Window.To &&
		(len(filter.Devices) == 0 || slices.Contains(filter.Devices, session.Device)) &&
		(len(filter.Modes) == 0 || slices.Contains(filter.Modes, session.Mode)) &&
		(filter.Channels == nil || slices.Contains(filter.Channels, session.ChannelID)) &&
		(len(filter.Tariffs) == 0 || overlap(filter.Tariffs, session.Tariffs)) &&
		(!filter.ActiveOnly || w.active(session, filter.Now)) &&
		(filter.Excluded || !w.current(session.ClientID, session.AccountID, filter.Now).Excluded) &&
		int64(session.WatchedSeconds) >= filter.MinSeconds
}

func overlap(a, b []int32) bool {
	return slices.ContainsFunc(a, func(id int32) bool { return slices.Contains(b, id) })
}

// current is the state of an account that is current at now, the zero state where there is none.
func (w *twin) current(client int32, account int64, now viewing.Millis) catalog.Account {
	var current catalog.Account
	known := false
	for _, state := range w.states[entity{client, account}] {
		if state.ChangedAt <= now && (!known || state.ChangedAt > current.ChangedAt) {
			current, known = state, true
		}
	}
	return current
}

func (w *twin) active(session viewing.Report, now viewing.Millis) bool {
	account := w.current(session.ClientID, session.AccountID, now)
	return account.Active && !account.Deleted
}

func median(values []int64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return float64(values[middle])
	}
	return float64(values[middle-1]+values[middle]) / 2
}

// ProgrammeWatch implements store.ProgrammeRanker.
func (w *twin) ProgrammeWatch(
	_ context.Context, filter viewing.Filter, channels store.ChannelSet, limit int,
) ([]viewing.ProgrammeWatch, error) {
	sessions := w.passing(filter)
	var programmes []viewing.ProgrammeWatch
	for _, programme := range w.guide(filter.ClientID, channels) {
		watch := viewing.ProgrammeWatch{
			ProgrammeID: programme.ID, ChannelID: programme.ChannelID, Title: programme.Title,
		}
		var millis viewing.Millis
		for i := range sessions {
			if given := w.attributed(&sessions[i], &programme); given > 0 {
				millis += given
				watch.Sessions++
			}
		}
		watch.Seconds = int64(millis / 1000)
		if watch.Sessions > 0 {
			programmes = append(programmes, watch)
		}
	}
	return first(programmes, limit, func(a, b viewing.ProgrammeWatch) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(b.Sessions, a.Sessions))
	}), nil
}

// attributed is the time that the session gave the programme.
func (w *twin) attributed(session *viewing.Report, programme *catalog.Programme) viewing.Millis {
	watched := viewing.Millis(session.WatchedSeconds) * 1000
	if session.ProgrammeID == programme.ID {
		return watched
	}
	from := session.PositionAt
	switch {
	case session.ProgrammeID != 0 && !w.programmes[entity{session.ClientID, session.ProgrammeID}].Deleted:
		return 0
	case session.Mode == viewing.Live && session.ProgrammeID == 0:
		from = session.StartedAt
	case from == viewing.Unknown:
		return 0
	}
	if session.ChannelID != programme.ChannelID {
		return 0
	}
	return max(0, min(from+watched, programme.End)-max(from, programme.Start))
}

// guide answers the client's programmes on the channels.
func (w *twin) guide(client int32, channels store.ChannelSet) []catalog.Programme {
	var guide []catalog.Programme
	for key, programme := range w.programmes {
		if key.client == client && !programme.Deleted &&
			(channels.Only == nil || slices.Contains(channels.Only, programme.ChannelID)) &&
			!slices.Contains(channels.Except, programme.ChannelID) {
			guide = append(guide, programme)
		}
	}
	return guide
}

// LatestProgrammes implements store.ProgrammeRanker.
func (w *twin) LatestProgrammes(
	_ context.Context, clientID int32, starting viewing.Window, channels store.ChannelSet, limit int,
) ([]catalog.Programme, error) {
	guide := slices.DeleteFunc(w.guide(clientID, channels), func(p catalog.Programme) bool {
		return p.Start < starting.From || p.Start >= starting.To
	})
	return first(guide, limit, func(a, b catalog.Programme) int { return cmp.Compare(b.Start, a.Start) }), nil
}

// first answers the limit first ones in the order, and all that equal the last of these.
func first[T any](all []T, limit int, order func(a, b T) int) []T {
	slices.SortFunc(all, order)
	end := min(limit, len(all))
	for end > 0 && end < len(all) && order(all[end-1], all[end]) == 0 {
		end++
	}
	return all[:end]
}
