// Package coverage says how much of the viewing of its time a figure was computed from.
package coverage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Extent says whether viewing of a figure's time is gone without a figure that was kept of it.
type Extent struct {
	Expired  bool           `json:"expired,omitempty"`
	DataFrom viewing.Millis `json:"data_from,omitempty"` // from when on nothing is missing; only where Expired
}

// And is the extent of what is made of two figures.
func (e Extent) And(other Extent) Extent {
	if e.Expired && other.Expired {
		return Extent{Expired: true, DataFrom: max(e.DataFrom, other.DataFrom)}
	}
	if other.Expired {
		return other
	}
	return e
}

// Cover says how much of the viewing of its time a figure is of.
type Cover struct {
	Coverage viewing.Coverage `json:"coverage,omitempty"`
	DataFrom viewing.Millis   `json:"data_from,omitempty"` // only where it is viewing.Expired
}

// Over is the cover of a figure of the period at the time of the question. No session is longer than longest.
func (e Extent) Over(period viewing.Window, now viewing.Millis, longest time.Duration) Cover {
	switch {
	case e.Expired:
		return Cover{Coverage: viewing.Expired, DataFrom: e.DataFrom}
	case period.To > now.Add(-longest):
		return Cover{Coverage: viewing.Provisional}
	default:
		return Cover{Coverage: viewing.Complete}
	}
}

// ExtentOf is the extent of a figure of the period that was not kept; lost is in the order of hours, and either all of sessions
// that started, or all of who was online.
func ExtentOf(lost []store.Lost, period viewing.Window) (e Extent) {
	first, _ := slices.BinarySearchFunc(lost, viewing.ByHour.Start(period.From), func(l store.Lost, at viewing.Millis) int {
		return cmp.Compare(l.Hour, at)
	})
	for _, l := range lost[first:] {
		if l.Hour >= period.To {
			break
		}
		if l.In(period) {
			e = e.And(Extent{Expired: true, DataFrom: l.DataFrom})
		}
	}
	return e
}

// Source is what this needs of the store.
type Source interface {
	Lost(ctx context.Context, clientID int32, window viewing.Window) ([]store.Lost, error)
}

// OfTime is the extent of a figure of the time of sessions that lies in the period, and of which nothing is kept when they are gone.
func OfTime(ctx context.Context, source Source, clientID int32, period viewing.Window) (Extent, error) {
	return lostOf(ctx, source, clientID, period, true)
}

// OfStarts is the extent of a figure of the sessions that started in the period, and of which nothing is kept when they are gone.
func OfStarts(ctx context.Context, source Source, clientID int32, period viewing.Window) (Extent, error) {
	return lostOf(ctx, source, clientID, period, false)
}

// lostOf looks at what is gone of who was online, or of sessions that started.
func lostOf(ctx context.Context, source Source, clientID int32, period viewing.Window, online bool) (Extent, error) {
	lost, err := source.Lost(ctx, clientID, period)
	if err != nil {
		return Extent{}, fmt.Errorf("read what viewing of client %d is gone: %w", clientID, err)
	}
	return ExtentOf(slices.DeleteFunc(lost, func(l store.Lost) bool { return l.Online != online }), period), nil
}
