package ranking

import (
	"context"
	"fmt"

	"github.com/tvstats/tvstats/internal/store"
)

// Mistake is a question that cannot be asked.
type Mistake struct {
	Field  string // of the request
	Reason string
}

// Error states what is wrong.
func (m *Mistake) Error() string { return m.Field + ": " + m.Reason }

// ranks are the places of an earlier result, by channel or programme.
type ranks map[int64]int32

var kindNames = map[store.Kind]string{
	store.ChannelSorting: "sorting of channels", store.ChannelSelection: "selection of channels", store.ProgrammeSelection: "selection of programmes",
}

// previous returns the places to compare with: of the result that the question names, or of the ranking without the policy of a
// what-if; nil where there is nothing. A result of another client does not exist for this one.
func (b *Builder) previous(ctx context.Context, q Question) (ranks, error) {
	switch {
	case q.CompareTo != "":
		return b.earlier(ctx, q)
	case q.WhatIf != nil:
		q.WhatIf = nil
		q, lineup, err := b.prepare(ctx, q)
		if err != nil {
			return nil, err
		}
		own, err := b.rank(ctx, lineup, q)
		return ranksOf(own.channels, own.programmes), err
	default:
		return nil, nil
	}
}

func (b *Builder) earlier(ctx context.Context, q Question) (ranks, error) {
	result, err := b.source.Result(ctx, q.CompareTo, store.ChannelSorting, store.ChannelSelection, store.ProgrammeSelection)
	if err == nil && result.ClientID != q.ClientID {
		err = fmt.Errorf("result %q: %w", q.CompareTo, store.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("compare_to: client %d: %w", q.ClientID, err)
	}
	if result.Kind != q.Kind {
		return nil, &Mistake{"compare_to", fmt.Sprintf("%q is a %s; name a %s", result.ID, kindNames[result.Kind], kindNames[q.Kind])}
	}
	var earlier Selection // a sorting has its channels under the same name
	if err := decode(result, &earlier); err != nil {
		return nil, err
	}
	return ranksOf(earlier.Channels, earlier.Programmes), nil
}

func ranksOf(channels []RankedChannel, programmes []RankedProgramme) ranks {
	places := make(ranks, len(channels)+len(programmes))
	for i := range channels {
		places[int64(channels[i].ChannelID)] = channels[i].Rank
	}
	for i := range programmes {
		places[programmes[i].ProgrammeID] = programmes[i].Rank
	}
	return places
}

// note writes down where each place was before.
func (r ranks) note(all *built) {
	for i := range all.channels {
		all.channels[i].PreviousRank = r[int64(all.channels[i].ChannelID)]
	}
	for i := range all.programmes {
		all.programmes[i].PreviousRank = r[all.programmes[i].ProgrammeID]
	}
}
