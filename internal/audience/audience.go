// Package audience says how many watched what, when, for how long, and where they came from. Time counts where it falls: the time of
// a session is [started_at, started_at + counted seconds). It is summed in milliseconds.
package audience

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// ErrTooMany means that a result would have more rows than MostRows.
var ErrTooMany = errors.New("too many rows")

// MostRows is how many rows or programmes a result may have, on all its pages together: they are held in memory.
const MostRows = 1_000_000

// Source is what this needs of the store.
type Source interface {
	store.Aggregator
	store.SubscriberCounter
	store.ProgrammeRater
	store.CurveReader
	store.FlowReader
	coverage.Source
	Client(ctx context.Context, clientID int32) (catalog.Client, error)
	Channels(ctx context.Context, clientID int32) ([]catalog.Channel, error)
	Programme(ctx context.Context, clientID int32, programmeID int64) (catalog.Programme, error)
}

// Meter measures audiences. It serves any number of goroutines.
type Meter struct {
	source  Source
	longest time.Duration
}

// New measures what is in the source. No session is longer than longest.
func New(source Source, longest time.Duration) *Meter { return &Meter{source, longest} }

// Filter chooses sessions; what is empty lets all pass.
type Filter struct {
	viewing.Choice
	Channels   []int32
	Categories []int32 // of the channel, as the catalog holds it now: any of them
}

// Question is what all questions have in common.
type Question struct {
	ClientID int32
	Now      viewing.Millis
	Window   viewing.Window
	Filter   Filter
}

// Base is what all results have in common.
type Base struct {
	coverage.Cover

	PolicyRevision int64
	Cut            viewing.Millis // reported time that does not count, of the sessions that the result is made of
}

// asked is a question whose client is known.
type asked struct {
	*Meter
	Question

	client   catalog.Client
	calendar viewing.Calendar // of the client's time zone
	channels []int32          // those that pass the filter; nil = all
}

func (m *Meter) ask(ctx context.Context, q Question) (a asked, err error) {
	a = asked{Meter: m, Question: q}
	if a.client, err = m.source.Client(ctx, q.ClientID); err != nil {
		return a, err
	}
	zone, err := time.LoadLocation(a.client.TimeZone)
	if err != nil {
		return a, fmt.Errorf("time zone of client %d: %w", q.ClientID, err)
	}
	a.calendar = viewing.CalendarOf(zone)
	a.channels, err = m.channels(ctx, q)
	return a, err
}

// channels are those that the filter lets pass; nil where it lets all.
func (m *Meter) channels(ctx context.Context, q Question) ([]int32, error) {
	f := q.Filter
	if len(f.Categories) == 0 {
		if len(f.Channels) == 0 {
			return nil, nil
		}
		return f.Channels, nil
	}
	all, err := m.source.Channels(ctx, q.ClientID)
	if err != nil {
		return nil, err
	}
	passing := []int32{} // none of them lets nothing pass
	for i := range all {
		if all[i].Among(f.Categories, f.Channels) {
			passing = append(passing, all[i].ID)
		}
	}
	return passing, nil
}

// sessions is the filter of sessions on the channels, of which nil lets all pass.
func (a asked) sessions(channels []int32) viewing.Filter {
	policy := a.client.Policy
	return viewing.Filter{
		ClientID: a.ClientID, Now: a.Now, Window: a.Window, Choice: a.Filter.Under(policy), Channels: channels, Policy: policy,
	}
}

// universe is how many could have watched at the end of the window, or now, whichever is earlier.
func (a asked) universe(ctx context.Context) (int64, error) {
	return a.source.Subscribers(ctx, a.ClientID, min(a.Window.To, a.Now), a.Filter.Tariffs, a.Now)
}

// base is what a result states about itself, for figures of the period; extent reports what of its viewing was removed.
func (a asked) base(
	ctx context.Context, period viewing.Window,
	extent func(context.Context, coverage.Source, int32, viewing.Window) (coverage.Extent, error),
) (Base, error) {
	gone, err := extent(ctx, a.source, a.ClientID, period)
	return Base{Cover: gone.Over(period, a.Now, a.longest), PolicyRevision: a.client.PolicyRevision}, err
}
