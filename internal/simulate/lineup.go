package simulate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tvstats/tvstats/internal/catalog"
)

// Categories of channels; their numbers are ids in the catalog.
const (
	general int32 = iota + 1
	children
	news
	sport
	film
	music
	knowledge
	lastCategory = knowledge
)

func categories() []catalog.Category {
	return []catalog.Category{
		{ID: general, Name: "General"}, {ID: children, Name: "Children"}, {ID: news, Name: "News"},
		{ID: sport, Name: "Sport"}, {ID: film, Name: "Film and series"}, {ID: music, Name: "Music"},
		{ID: knowledge, Name: "Knowledge"},
	}
}

const lastTariff = 4

func tariffs() []catalog.Tariff {
	return []catalog.Tariff{
		{ID: 1, Name: "Basic"}, {ID: 2, Name: "Family"}, {ID: 3, Name: "Sport and film"}, {ID: lastTariff, Name: "Everything"},
	}
}

// station is a channel as viewers know it; its place in lineup is its number on the remote control.
type station struct {
	name     string
	category int32
}

var lineup = []station{
	{"First", general},
	{"Second", general},
	{"Meridian", general},
	{"Capital", general},
	{"Northern Light", general},
	{"Harbour", general},
	{"Regional", general},
	{"News Now", news},
	{"World Report", news},
	{"Chamber Live", news},
	{"Roads and Weather", news},
	{"Arena 1", sport},
	{"Arena 2", sport},
	{"Arena Football", sport},
	{"On Ice", sport},
	{"Pit Lane", sport},
	{"Grand Cinema", film},
	{"Opening Night", film},
	{"Series Club", film},
	{"Detective", film},
	{"Good Comedy", film},
	{"Old Reels", film},
	{"Late Picture", film},
	{"Kite", children},
	{"Puddle", children},
	{"Little Fox", children},
	{"Paper Boat", children},
	{"Backbeat", music},
	{"Vinyl", music},
	{"Concert House", music},
	{"Village Band", music},
	{"Wild", knowledge},
	{"Past Times", knowledge},
	{"Night Sky", knowledge},
	{"Workshop", knowledge},
	{"Kitchen Garden", knowledge},
	{"Journeys", knowledge},
	{"Subscriber Information", general},
}

// firstChannel is the id of the channel with number 1. Ids and numbers differ, as they do with any real operator.
const firstChannel = 101

// watchable is how many channels anybody watches. The last of the lineup, which shows the operator's own notices, has
// none, so that rankings have something to fill up with.
var watchable = len(lineup) - 1

func channels() []catalog.Channel {
	all := make([]catalog.Channel, len(lineup))
	for i, s := range lineup {
		all[i] = catalog.Channel{
			ID: channelID(i), Name: s.name, Number: int32(i + 1), Categories: []int32{s.category}, Enabled: true,
		}
	}
	return all
}

// channelID is the id of a channel by its place in the lineup.
func channelID(place int) int32 { return firstChannel + int32(place) }

// popularity draws channels as viewers do: one table of cumulated weights for each category that a household may prefer.
type popularity [lastCategory + 1][]float64

// zipf is how fast popularity falls from one channel to the next; audiences are measured between 0.8 and 1.
const zipf = 0.9

// preference is how much likelier a household tunes to a channel of the category it likes.
const preference = 3

// appeal is how soon channels of a category come in the order of popularity, on the whole.
var appeal = [...]float64{general: 6, children: 2, news: 2, sport: 3, film: 4, music: 1, knowledge: 1}

func newPopularity(r *rand.Rand) popularity {
	ranks := drawRanks(r)
	var p popularity
	for category := range p {
		total := 0.0
		for place, rank := range ranks {
			weight := math.Pow(float64(rank+1), -zipf)
			if lineup[place].category == int32(category) {
				weight *= preference
			}
			total += weight
			p[category] = append(p[category], total)
		}
	}
	return p
}

// drawRanks is the place in the order of popularity, from 0, of each channel by its place in the lineup. Channels draw lots
// in proportion to their appeal, one after the other.
func drawRanks(r *rand.Rand) []int {
	lots, order := make([]float64, watchable), make([]int, watchable)
	for place := range watchable {
		lots[place], order[place] = r.ExpFloat64()/appeal[lineup[place].category], place
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(lots[a], lots[b]) })
	ranks := make([]int, watchable)
	for rank, place := range order {
		ranks[place] = rank
	}
	return ranks
}

// draw picks a channel's place in the lineup for a household that likes the category.
func (p *popularity) draw(r *rand.Rand, category int32) int {
	cumulated := p[category]
	place, _ := slices.BinarySearch(cumulated, r.Float64()*cumulated[len(cumulated)-1])
	return min(place, len(cumulated)-1)
}
