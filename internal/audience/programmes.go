package audience

import (
	"cmp"
	"context"

	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Programme is the audience of a programme.
type Programme struct {
	store.Rating

	AverageAudience     float64
	LiveAverageAudience float64
	RatingPercent       float64 // of the universe that AverageAudience is
	Share               float64 // percent of the live time of all channels that its live time is
}

// Programmes are the audiences of programmes, in no order.
type Programmes struct {
	Base

	Programmes []Programme
	Universe   int64
}

// Rate measures the audience of each programme that starts in the question's window. Of the filter, channels and categories choose
// programmes, whose viewing counts wherever it was watched, and all else sessions.
func (m *Meter) Rate(ctx context.Context, q Question, reach viewing.Millis) (Programmes, error) {
	a, err := m.ask(ctx, q)
	if err != nil {
		return Programmes{}, err
	}
	found, err := m.source.Ratings(ctx, store.RatingQuery{
		Filter: a.sessions(nil), Starting: q.Window, Channels: store.ChannelSet{Only: a.channels},
		Days: a.calendar.Periods(viewing.ByDay, q.Window), Reach: reach, Most: MostRows,
	})
	if err == nil && len(found.Programmes) > MostRows {
		err = ErrTooMany
	}
	if err != nil {
		return Programmes{}, err
	}
	all := Programmes{}
	if all.Universe, err = a.universe(ctx); err != nil {
		return Programmes{}, err
	}
	airtime := q.Window
	for _, rating := range found.Programmes {
		airtime.To = max(airtime.To, rating.End)
		all.Programmes = append(all.Programmes, programmeOf(rating, all.Universe))
	}
	all.Base, err = a.base(ctx, airtime, coverage.OfTime)
	all.Cut = found.Cut
	return all, err
}

func programmeOf(rating store.Rating, universe int64) Programme {
	length := float64(rating.End - rating.Start)
	p := Programme{
		Rating: rating, AverageAudience: float64(rating.Watch) / length, LiveAverageAudience: float64(rating.Live) / length,
		Share: measure.Percent(float64(rating.Live), float64(rating.AllLive)),
	}
	p.RatingPercent = measure.Percent(p.AverageAudience, float64(universe))
	return p
}

func (p *Programme) value(by Metric) float64 {
	switch by {
	case WatchSeconds:
		return float64(p.Watch / 1000)
	case Accounts:
		return float64(p.Accounts)
	case Reach:
		return float64(p.Reach)
	case AverageAudience:
		return p.AverageAudience
	case Share:
		return p.Share
	case RatingPercent:
		return p.RatingPercent
	case LiveAverageAudience:
		return p.LiveAverageAudience
	case LiveSeconds:
		return float64(p.Live / 1000)
	case SameDaySeconds:
		return float64(p.SameDay / 1000)
	case SevenDaySeconds:
		return float64(p.SevenDays / 1000)
	case TwentyEightSeconds:
		return float64(p.TwentyEightDays / 1000)
	default:
		return 0
	}
}

// ProgrammeKey is a programme's place in an order.
type ProgrammeKey struct {
	Value       float64 // of the metric
	Start       viewing.Millis
	ChannelID   int32
	ProgrammeID int64
}

// Key is the programme's place where programmes are in order by the metric.
func (p *Programme) Key(by Metric) ProgrammeKey {
	return ProgrammeKey{p.value(by), p.Start, p.ChannelID, p.ID}
}

// Compare compares places: the greater value first, then by start, channel and id.
func (k ProgrammeKey) Compare(other ProgrammeKey) int {
	return cmp.Or(cmp.Compare(other.Value, k.Value), cmp.Compare(k.Start, other.Start),
		cmp.Compare(k.ChannelID, other.ChannelID), cmp.Compare(k.ProgrammeID, other.ProgrammeID))
}
