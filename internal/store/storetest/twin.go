package storetest

import (
	"cmp"
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Twin computes what an engine must return, in the plainest way: it keeps every session in memory, merged as it arrives, and
// looks at each of them for each question.
type Twin struct {
	sessions   map[viewing.Identity]viewing.State
	channels   map[entity]catalog.Channel
	programmes map[entity]catalog.Programme
	now        viewing.Millis                                // the time of queries that have none
	known      viewing.Millis                                // up to when states of accounts count in the ledger
	states     map[entity]map[viewing.Millis]catalog.Account // all states by changed_at
	payments   map[entity]catalog.Payment
	erased     map[entity]bool // accounts
	policies   map[int32]catalog.Client
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
} = (*Twin)(nil)

func newTwin() *Twin {
	return &Twin{
		sessions:   map[viewing.Identity]viewing.State{},
		channels:   map[entity]catalog.Channel{},
		programmes: map[entity]catalog.Programme{},
		now:        EndOfTime,
		known:      EndOfTime,
		states:     map[entity]map[viewing.Millis]catalog.Account{},
		payments:   map[entity]catalog.Payment{},
		erased:     map[entity]bool{},
		policies:   map[int32]catalog.Client{},
	}
}

// AppendReports implements store.SessionWriter.
func (w *Twin) AppendReports(_ context.Context, reports []viewing.Report) error {
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
func (w *Twin) ApplyCatalog(_ context.Context, batch catalog.Batch) error {
	if client := w.policies[batch.ClientID]; batch.Policy != nil && *batch.Policy != client.Policy {
		w.policies[batch.ClientID] = catalog.Client{Policy: *batch.Policy, PolicyRevision: client.PolicyRevision + 1}
	}
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
func (w *Twin) clearRanges(batch catalog.Batch) {
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

// passing returns the sessions that pass the filter, with their counted seconds.
func (w *Twin) passing(filter viewing.Filter) []viewing.Report {
	var passing []viewing.Report
	for _, session := range w.counted(filter) {
		passing = append(passing, session.Report)
	}
	return passing
}

func (w *Twin) counted(filter viewing.Filter) []counting {
	return slices.DeleteFunc(w.counts(filter.ClientID, filter.Policy), func(session counting) bool {
		return !w.passes(filter, session.Report)
	})
}

func (w *Twin) passes(filter viewing.Filter, session viewing.Report) bool {
	return session.StartedAt >= filter.Window.From && session.StartedAt < filter.Window.To &&
		(filter.Channels == nil || slices.Contains(filter.Channels, session.ChannelID)) &&
		(filter.Account == 0 || session.AccountID == filter.Account) &&
		(filter.DeviceUID == "" || session.DeviceUID == filter.DeviceUID) &&
		(filter.Without == 0 || session.AccountID != filter.Without) &&
		(filter.Excluded || !w.current(session.ClientID, session.AccountID, filter.Now).Excluded) &&
		w.chosen(filter, session)
}

func overlap(a, b []int32) bool {
	return slices.ContainsFunc(a, func(id int32) bool { return slices.Contains(b, id) })
}

// current is the state of an account that is current at now, the zero state where there is none.
func (w *Twin) current(client int32, account int64, now viewing.Millis) catalog.Account {
	var current catalog.Account
	known := false
	for _, state := range w.states[entity{client, account}] {
		if state.ChangedAt <= now && (!known || state.ChangedAt > current.ChangedAt) {
			current, known = state, true
		}
	}
	return current
}

// registered is when the account came, by the states that have taken effect: what the latest of them that has it says, else when the
// earliest one did.
func (w *Twin) registered(client int32, account int64, now viewing.Millis) viewing.Millis {
	first, latest, registered := store.Never, -store.Never, viewing.Millis(0)
	for _, state := range w.states[entity{client, account}] {
		if state.ChangedAt > now {
			continue
		}
		first = min(first, state.ChangedAt)
		if state.RegisteredAt != 0 && state.ChangedAt > latest {
			latest, registered = state.ChangedAt, state.RegisteredAt
		}
	}
	return cmp.Or(registered, first)
}

func (w *Twin) active(session viewing.Report, now viewing.Millis) bool {
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
func (w *Twin) ProgrammeWatch(_ context.Context, q store.ProgrammeWatchQuery) (store.ProgrammesWatched, error) {
	sessions := w.passing(q.Filter)
	var watched store.ProgrammesWatched
	for _, session := range w.counted(q.Filter) {
		watched.Watch += viewing.Millis(session.WatchedSeconds) * 1000
		watched.Cut += viewing.Millis(session.reported-session.WatchedSeconds) * 1000
	}
	for _, programme := range w.guide(q.Filter.ClientID, q.Channels) {
		watch := w.watchOf(sessions, programme, q.Reach)
		if watch.Sessions > 0 && (q.Programmes == nil || slices.Contains(q.Programmes, programme.ID)) {
			watched.Programmes = append(watched.Programmes, watch)
		}
	}
	watched.Programmes = first(watched.Programmes, q.Limit, func(a, b viewing.ProgrammeWatch) int {
		if low := a.Accounts < q.MinAccounts; low != (b.Accounts < q.MinAccounts) {
			if low {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(scoreOf(b, q.Score), scoreOf(a, q.Score)), cmp.Compare(b.Watch/1000, a.Watch/1000),
			cmp.Compare(b.Sessions, a.Sessions))
	})
	return watched, nil
}

func scoreOf(p viewing.ProgrammeWatch, score store.ProgrammeScore) float64 {
	return []float64{float64(p.Watch / 1000), float64(p.Sessions), float64(p.Reach), float64(p.Watch) / float64(p.Length)}[score]
}

// watchOf is how the sessions watched the programme.
func (w *Twin) watchOf(sessions []viewing.Report, programme catalog.Programme, reach viewing.Millis) viewing.ProgrammeWatch {
	watch := viewing.ProgrammeWatch{
		ProgrammeID: programme.ID, ChannelID: programme.ChannelID, Title: programme.Title, Start: programme.Start,
		Length: programme.End - programme.Start,
	}
	accounts, reached := map[int64]viewing.Millis{}, map[int64]bool{}
	for i := range sessions {
		given := w.attributed(&sessions[i], &programme)
		if given == 0 {
			continue
		}
		watch.Watch += given
		watch.Sessions++
		accounts[sessions[i].AccountID] += given
		if given >= reach {
			reached[sessions[i].AccountID] = true
		}
	}
	watch.Accounts, watch.Reach = int64(len(accounts)), int64(len(reached))
	watch.TopAccount, watch.Greatest = top(accounts)
	return watch
}

// attributed is the time that the session gave the programme.
func (w *Twin) attributed(session *viewing.Report, programme *catalog.Programme) viewing.Millis {
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

// guide returns the client's programmes on the channels.
func (w *Twin) guide(client int32, channels store.ChannelSet) []catalog.Programme {
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

// SilentDevices implements store.SilenceFinder.
func (w *Twin) SilentDevices(_ context.Context, filter viewing.Filter, since viewing.Millis) (int64, error) {
	type device struct {
		account int64
		uid     string
	}
	heard, silent := map[device]bool{}, map[device]bool{}
	for identity, state := range w.sessions {
		if identity.ClientID == filter.ClientID && identity.StartedAt < filter.Window.To && state.At >= since {
			heard[device{identity.AccountID, identity.DeviceUID}] = true
		}
	}
	for _, session := range w.passing(filter) {
		if of := (device{session.AccountID, session.DeviceUID}); !heard[of] {
			silent[of] = true
		}
	}
	return int64(len(silent)), nil
}

// LatestProgrammes implements store.ProgrammeRanker.
func (w *Twin) LatestProgrammes(
	_ context.Context, clientID int32, starting viewing.Window, channels store.ChannelSet, limit int,
) ([]catalog.Programme, error) {
	guide := slices.DeleteFunc(w.guide(clientID, channels), func(p catalog.Programme) bool {
		return p.Start < starting.From || p.Start >= starting.To
	})
	return first(guide, limit, func(a, b catalog.Programme) int { return cmp.Compare(b.Start, a.Start) }), nil
}

// first returns the limit first ones in the order, and all that equal the last of these.
func first[T any](all []T, limit int, order func(a, b T) int) []T {
	slices.SortFunc(all, order)
	end := min(limit, len(all))
	for end > 0 && end < len(all) && order(all[end-1], all[end]) == 0 {
		end++
	}
	return all[:end]
}
