package dynamics

import (
	"cmp"
	"context"
	"slices"

	"github.com/tvstats/tvstats/internal/coverage"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Extent says whether viewing of a figure's time is gone without a figure that was kept of it.
type Extent = coverage.Extent

// What is kept of a day or month before viewing of it is removed. Each begins with the end of its period: one of the same start
// that ends elsewhere is another one's, of a time zone that the client had.
type (
	goneWatch struct {
		To       viewing.Millis `json:"to"`
		Revision int64          `json:"revision"` // of the policy
		Watch    store.Watch    `json:"watch"`
		Extent
		Hours []goneHour `json:"hours"` // all of the day
	}
	goneHour struct {
		From  viewing.Millis `json:"from"`
		To    viewing.Millis `json:"to"`
		Watch store.Watch    `json:"watch"`
		Extent
	}
	goneOnline struct {
		To     viewing.Millis `json:"to"`
		Online MaxOnline      `json:"online"`
		Extent
	}
	goneMonth struct {
		To       viewing.Millis `json:"to"`
		Revision int64          `json:"revision"`
		Accounts int64          `json:"accounts"` // distinct, that watched
		Extent
	}
)

// gone is what is known of the viewing of a client that was removed.
type gone struct {
	watch  map[viewing.Window]Watch // of hours and days
	online map[viewing.Window]Online
	months map[viewing.Window]goneMonth
	hours  []viewing.Window      // of watch, by their beginning
	lost   map[bool][]store.Lost // by Online, then by hour

	around  viewing.Window // in which all of this is known
	removed []store.Lost   // what lost is made of
}

// settled calls read with what is known of removed viewing, and again where more was removed meanwhile: what was kept before a
// removal and what is stored after it must not be mixed.
func (d *Dynamics) settled(ctx context.Context, clientID int32, periods []viewing.Window, read func(*gone) error) error {
	for {
		gone, err := d.gone(ctx, clientID, periods)
		if err != nil {
			return err
		}
		if err := read(gone); err != nil {
			return err
		}
		removed, err := d.source.Lost(ctx, clientID, gone.around)
		if err != nil || slices.Equal(removed, gone.removed) {
			return err
		}
	}
}

// gone reads what matters for the periods. A client of which nothing was removed pays one look.
func (d *Dynamics) gone(ctx context.Context, clientID int32, periods []viewing.Window) (*gone, error) {
	g := &gone{
		watch: map[viewing.Window]Watch{}, online: map[viewing.Window]Online{}, months: map[viewing.Window]goneMonth{},
		lost: map[bool][]store.Lost{},
	}
	if len(periods) == 0 {
		return g, nil
	}
	around := hullOf(periods) // with the months that it touches
	around.From, around.To = around.From-33*viewing.DayLength, around.To+33*viewing.DayLength
	removed, err := d.source.Lost(ctx, clientID, around)
	g.around, g.removed = around, removed
	if err != nil || len(removed) == 0 {
		return g, err
	}
	for _, lost := range removed {
		g.lost[lost.Online] = append(g.lost[lost.Online], lost)
	}
	for _, kind := range store.GoneKinds {
		figures, err := d.source.Figures(ctx, kind, clientID, around)
		if err != nil {
			return nil, err
		}
		for _, figure := range figures {
			if err := g.add(figure); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(g.hours, func(a, b viewing.Window) int { return cmp.Compare(a.From, b.From) })
	return g, nil
}

func (g *gone) add(figure store.Figure) error {
	switch figure.Kind {
	case store.GoneWatchDay, store.GoneWatchClientDay:
		var day goneWatch
		if err := decode(figure, &day); err != nil {
			return err
		}
		g.watch[viewing.Window{From: figure.Start, To: day.To}] = Watch{day.Watch, day.Revision, day.Extent}
		for _, hour := range day.Hours {
			window := viewing.Window{From: hour.From, To: hour.To}
			g.watch[window], g.hours = Watch{hour.Watch, day.Revision, hour.Extent}, append(g.hours, window)
		}
	case store.GoneOnlineDay, store.GoneOnlineClientDay:
		var day goneOnline
		if err := decode(figure, &day); err != nil {
			return err
		}
		g.online[viewing.Window{From: figure.Start, To: day.To}] = Online{day.Online, day.Extent}
	default:
		var month goneMonth
		if err := decode(figure, &month); err != nil {
			return err
		}
		g.months[viewing.Window{From: figure.Start, To: month.To}] = month
	}
	return nil
}

// extent is that of a figure of the period that was not kept.
func (g *gone) extent(period viewing.Window, online bool) Extent {
	return coverage.ExtentOf(g.lost[online], period)
}

// longestHour is longer than an hour of any calendar.
const longestHour = 3 * viewing.HourLength

// reaches reports whether figures were kept of viewing in the period that is gone.
func (g *gone) reaches(period viewing.Window) bool {
	first, _ := slices.BinarySearchFunc(g.hours, period.From-longestHour, func(hour viewing.Window, at viewing.Millis) int {
		return cmp.Compare(hour.From, at)
	})
	for _, hour := range g.hours[first:] {
		if hour.From >= period.To {
			return false
		}
		if hour.To > period.From {
			return true
		}
	}
	return false
}
