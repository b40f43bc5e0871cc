package ranking

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/measure"
)

// TestOrderIsTotal draws channels with many equal figures and checks the order pair by pair, rule by rule.
func TestOrderIsTotal(t *testing.T) {
	t.Parallel()
	const seed = 11
	r := rand.New(rand.NewPCG(seed, 0))
	for round := range 200 {
		lineup, channels := lineup{}, []RankedChannel(nil)
		for id := range int32(30) {
			if r.IntN(4) > 0 {
				lineup[id+1] = catalog.Channel{ID: id + 1, Number: int32(r.IntN(3)), Enabled: true}
			}
			c := RankedChannel{ChannelID: id + 1}
			if r.IntN(3) > 0 {
				watch := measure.Row{Cell: measure.Cell{ChannelID: id + 1}, Values: []int64{r.Int64N(3) * 1000, 1 + r.Int64N(2), r.Int64N(3)}}
				measures := []measure.Measure{measure.Watch, measure.Sessions, measure.Accounts}
				c = score(watch, measures, Question{Criterion: Criterion(1 + r.IntN(3)), Scope: Scope{Days: 1, MinAccounts: 2}}, 1)
			}
			channels = append(channels, c)
		}
		r.Shuffle(len(channels), func(i, j int) { channels[i], channels[j] = channels[j], channels[i] })
		lineup.sort(channels)
		for i := range len(channels) - 1 {
			if a, b := channels[i], channels[i+1]; !precedes(lineup, a, b) {
				t.Fatalf("seed %d, round %d: %+v stands before %+v", seed, round, a, b)
			}
			if channels[i].Rank != int32(i+1) {
				t.Fatalf("seed %d, round %d: rank %d at place %d", seed, round, channels[i].Rank, i+1)
			}
		}
	}
}

// precedes is the contract's order in plain words.
func precedes(l lineup, a, b RankedChannel) bool {
	if a.HasStatistics != b.HasStatistics {
		return a.HasStatistics
	}
	if a.LowBase != b.LowBase {
		return b.LowBase
	}
	if a.Score != b.Score {
		return a.Score > b.Score
	}
	if a.WatchSeconds != b.WatchSeconds {
		return a.WatchSeconds > b.WatchSeconds
	}
	if a.WatchSessions != b.WatchSessions {
		return a.WatchSessions > b.WatchSessions
	}
	if l[a.ChannelID].Number != l[b.ChannelID].Number {
		return l[a.ChannelID].Number < l[b.ChannelID].Number
	}
	return a.ChannelID < b.ChannelID
}

func TestGuideChannels(t *testing.T) {
	t.Parallel()
	l := lineup{
		1: {ID: 1, Enabled: true, Categories: []int32{10}},
		2: {ID: 2, Enabled: true, Categories: []int32{10, 20}},
		3: {ID: 3, Enabled: false, Categories: []int32{20}},
		4: {ID: 4, Enabled: true, Deleted: true, Categories: []int32{10}},
		5: {ID: 5, Enabled: true},
	}
	for _, c := range []struct {
		name                 string
		categories, channels []int32
		only                 []int32 // nil = all
	}{
		{"all", nil, nil, nil},
		{"channels, also unknown ones", nil, []int32{9, 1}, []int32{9, 1}},
		{"a category", []int32{20}, nil, []int32{2, 3}},
		{"several categories", []int32{20, 10}, nil, []int32{1, 2, 3, 4}},
		{"both must pass", []int32{10}, []int32{2, 5, 9}, []int32{2}},
		{"a category without channels", []int32{30}, nil, []int32{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := l.guideChannels(c.categories, c.channels)
			if !slices.Equal(set.Only, c.only) || (set.Only == nil) != (c.only == nil) {
				t.Errorf("only %v, want %v", set.Only, c.only)
			}
			if !slices.Equal(set.Except, []int32{3, 4}) {
				t.Errorf("except %v, want the disabled and the deleted one", set.Except)
			}
		})
	}
}
