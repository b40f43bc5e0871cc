package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// counts is how much there is of everything that a client has.
type counts struct {
	Channels, Tariffs, Categories, Programmes, AccountStates, Payments, Sessions, Results int64
}

// Size answers how many records a store holds.
func Size(ctx context.Context, s store.Store) (int64, error) {
	clients, err := s.Clients(ctx)
	size := int64(len(clients))
	for _, client := range clients {
		c, err := countsOf(ctx, s, client)
		if err != nil {
			return 0, err
		}
		size += c.Channels + c.Tariffs + c.Categories + c.Programmes + c.AccountStates + c.Payments + c.Sessions + c.Results
	}
	return size, err
}

func countsOf(ctx context.Context, s store.Store, client catalog.Client) (counts, error) {
	batch, err := lineup(ctx, s, client)
	if err != nil {
		return counts{}, err
	}
	c := counts{Channels: int64(len(batch.Channels)), Tariffs: int64(len(batch.Tariffs)), Categories: int64(len(batch.Categories))}
	channels, err := channelsOf(ctx, s, client)
	for _, channel := range channels {
		c.Sessions += channel.Values[0]
	}
	return c, errors.Join(err,
		eachProgrammes(ctx, s, client.ID, func(page []catalog.Programme) error { c.Programmes += int64(len(page)); return nil }),
		eachResults(ctx, s, client.ID, func(page []store.Result) error { c.Results += int64(len(page)); return nil }),
		s.EachAccountState(ctx, client.ID, func(catalog.Account) error { c.AccountStates++; return nil }),
		s.EachPayment(ctx, client.ID, func(catalog.Payment) error { c.Payments++; return nil }),
	)
}

// compare holds both stores' counts, payments and rankings of a client against each other.
func (t *Transfer) compare(ctx context.Context, client catalog.Client) error {
	want, err := summaryOf(ctx, t.From, client)
	if err != nil {
		return err
	}
	got, err := summaryOf(ctx, t.To, client)
	if err != nil {
		return err
	}
	for i := range max(len(want), len(got)) {
		if one, other := line(want, i), line(got, i); one != other {
			return fmt.Errorf("the stores differ: one has %s, the other %s; it held more before, or something was written meanwhile", one, other)
		}
	}
	return nil
}

func line(lines []string, i int) string {
	if i >= len(lines) {
		return "nothing"
	}
	return lines[i]
}

// summaryOf is what is compared of a client, as lines: itself, counts, sums of payments, and a ranking of all channels over all
// time with all figures.
func summaryOf(ctx context.Context, s store.Store, client catalog.Client) ([]string, error) {
	c, err := countsOf(ctx, s, client)
	if err != nil {
		return nil, err
	}
	payments, err := s.PaymentsByPeriod(ctx, client.ID, []viewing.Millis{always.From, always.To})
	if err != nil {
		return nil, err
	}
	told, err := s.Client(ctx, client.ID)
	if err != nil {
		return nil, err
	}
	channels, err := channelsOf(ctx, s, client)
	slices.SortFunc(channels, func(a, b measure.Row) int { return cmp.Compare(a.ChannelID, b.ChannelID) })
	lines := []string{fmt.Sprintf("%+v", told), fmt.Sprintf("%+v", c), fmt.Sprintf("payments %+v", payments)}
	for _, channel := range channels {
		lines = append(lines, fmt.Sprintf("%+v", channel))
	}
	return lines, err
}

// channelsOf is how the client's channels were watched of all time; the number of sessions is the first value.
func channelsOf(ctx context.Context, s store.Store, client catalog.Client) ([]measure.Row, error) {
	return s.Aggregate(ctx, measure.Query{
		Filter: viewing.Filter{ClientID: client.ID, Window: always, Excluded: true}, GroupBy: []measure.Dimension{measure.Channel},
		Measures: []measure.Measure{measure.Sessions, measure.Watch, measure.Median},
	})
}
