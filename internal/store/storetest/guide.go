package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var guideTests = Tests{
	"a guide that moved leaves no ghost":                            testGhost,
	"random guide ranges":                                           testGuideRanges,
	"programmes that were deleted after they were watched":          testDeletedProgramme,
	"what is watched from an archive counts where it was broadcast": testPosition,
}

// guideIs compares the whole guide of a client.
func (s *Subject) guideIs(client int32) {
	s.T.Helper()
	query := store.ProgrammeQuery{ClientID: client, Starting: AnyTime, Limit: 1 << 20}
	want := s.Twin.page(query)
	if got := s.pages(query); !slices.Equal(got, want) {
		s.T.Fatalf("guide of client %d:\n%s", client, difference(printed(got), printed(want)))
	}
	ids, channels := []int64{1 << 60}, map[int64]int32{}
	for id := range int64(len(want)) { // some that there are, and some that there are not
		ids = append(ids, id)
	}
	for i, programme := range want {
		if i%2 == 0 {
			ids = append(ids, programme.ID)
		}
		if slices.Contains(ids, programme.ID) {
			channels[programme.ID] = programme.ChannelID
		}
	}
	got, err := s.Store.ProgrammeChannels(s.T.Context(), client, ids)
	s.Must(err)
	s.Equal(fmt.Sprint("channels of programmes of client ", client), got, channels)
}

// testGhost pushes the same evening twice, as two imports do that number programmes by start: the second time the final
// begins later. All time of the channel belongs to one final.
func testGhost(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	const minute = 60_000
	part := catalog.GuideRange{ChannelID: 1, Starting: viewing.Window{From: Noon + 420*minute, To: Noon + 720*minute}} // from 19:00 to midnight
	evening := func(ids ...int64) []catalog.Programme {
		studio := catalog.Programme{ID: ids[0], ChannelID: 1, Title: "Studio", Start: Noon + 420*minute, End: Noon + 425*minute}
		final := catalog.Programme{ID: ids[1], ChannelID: 1, Title: "Final", Start: Noon + 425*minute, End: Noon + 545*minute}
		return []catalog.Programme{studio, final}
	}
	before := evening(10, 11)
	before[0].End, before[1].Start, before[1].End = Noon+420*minute+1, Noon+420*minute+1, Noon+540*minute
	s.Apply(catalog.Batch{ClientID: 1, Programmes: before, GuideRanges: []catalog.GuideRange{part}})
	s.Apply(catalog.Batch{ClientID: 1, Programmes: evening(20, 21), GuideRanges: []catalog.GuideRange{part}})
	s.Append(Watch(1, 1, Noon+420*minute, 125*60))
	s.guideIs(1)
	for range 2 {
		s.check(whole(1))
		watched, err := s.Store.ProgrammeWatch(t.Context(), whole(1).watched())
		s.Must(err)
		seconds := map[string]int64{}
		for _, programme := range watched.Programmes {
			seconds[programme.Title] += programme.Seconds()
		}
		if len(watched.Programmes) != 2 || seconds["Final"] != 7200 || seconds["Studio"] != 300 {
			t.Errorf("watched %+v, want one final of 7200 s and one studio of 300 s", watched)
		}
		s.Fold()
		s.Reopen()
	}
}

// testGuideRanges pushes parts of random guides with ranges of which some programmes were refused, others are not on the
// channel, not within the range, or named under other channels.
func testGuideRanges(t *testing.T, factory Factory) {
	for _, seed := range Seeds(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := NewWorld(t, seed)
			s := NewSubject(t, factory)
			for client := range int32(WorldClients) {
				s.Apply(w.guide(client + 1))
			}
			for _, reports := range w.Sessions(60) {
				s.Append(reports...)
			}
			for range Rounds(25) {
				batch := catalog.Batch{ClientID: w.Int32N(WorldClients) + 1}
				for range w.IntN(4) {
					batch.GuideRanges = append(batch.GuideRanges, w.guideRange())
				}
				batch.Programmes = some(w, w.guide(batch.ClientID).Programmes, 10)
				shift := Pick(w, []viewing.Millis{0, 0, 90_000, -3_600_000})
				for i := range batch.Programmes {
					batch.Programmes[i].Start += shift
					batch.Programmes[i].End += shift
				}
				for range w.IntN(20) {
					batch.Refused = append(batch.Refused, w.Int64N(600)+1)
				}
				for range Pick(w, []int{1, 1, 2}) { // again changes nothing
					s.Apply(batch)
				}
				s.guideIs(1)
				s.guideIs(2)
				s.check(w.questions(1)...)
			}
			s.Reopen()
			s.guideIs(1)
			s.guideIs(2)
		})
	}
}

// guideRange is a range on a channel that may have no programmes.
func (w *World) guideRange() catalog.GuideRange {
	bounds := []viewing.Millis{w.Instant(), w.Instant()}
	slices.Sort(bounds)
	return catalog.GuideRange{ChannelID: w.Int32N(worldChannels+1) + 1, Starting: viewing.Window{From: bounds[0], To: bounds[1]}}
}

// archived is a catch-up session that shows what was broadcast at position.
func archived(account, programme int64, position viewing.Millis, seconds int32) viewing.Report {
	report := Watch(account, 1, Noon+viewing.DayLength, seconds)
	report.Mode, report.ProgrammeID, report.PositionAt = viewing.Catchup, programme, position
	return report
}

// testDeletedProgramme: time that a programme had, and that says where it was broadcast, falls to what is there instead once
// the programme is deleted, by itself or by a range, and comes back with it. A programme that never was has its time still.
func testDeletedProgramme(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	const hour = viewing.HourLength
	first := catalog.Programme{ID: 1, ChannelID: 1, Title: "as it was", Start: Noon, End: Noon + hour}
	instead := catalog.Programme{ID: 2, ChannelID: 1, Title: "instead", Start: Noon + hour/2, End: Noon + 2*hour}
	s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{first, instead}})
	live := Watch(4, 1, Noon, 900)
	live.ProgrammeID = 1
	s.Append(archived(1, 1, Noon, 3000), archived(2, 1, viewing.Unknown, 500), archived(3, 99, Noon, 700), live)
	part := catalog.GuideRange{ChannelID: 1, Starting: viewing.Window{From: Noon, To: Noon + 1}}
	for _, batch := range []catalog.Batch{
		{}, {Programmes: []catalog.Programme{{ID: 1, Deleted: true}}}, {Programmes: []catalog.Programme{first}},
		{GuideRanges: []catalog.GuideRange{part}}, {Programmes: []catalog.Programme{{ID: 99, Deleted: true}}},
		{Programmes: []catalog.Programme{{ID: 99, ChannelID: 2, Title: "came at last", Start: Noon, End: Noon + 1}}},
		{GuideRanges: []catalog.GuideRange{{ChannelID: 1, Starting: viewing.Window{From: Year1, To: year9999}}}},
	} {
		batch.ClientID = 1
		s.Apply(batch)
		s.check(whole(1))
		s.Fold()
		s.check(whole(1))
	}
}

// testPosition goes around the edges of a programme of long before the window of the sessions, and merges what reports say
// of one session.
func testPosition(t *testing.T, factory Factory) {
	s := NewSubject(t, factory)
	const hour = viewing.HourLength
	aired := Noon - 20*viewing.DayLength
	s.Apply(catalog.Batch{ClientID: 1, Programmes: []catalog.Programme{
		{ID: 1, ChannelID: 1, Title: "aired", Start: aired, End: aired + hour},
		{ID: 2, ChannelID: 1, Title: "for days", Start: aired - 3*viewing.DayLength, End: aired + 3*viewing.DayLength},
		{ID: 3, ChannelID: 2, Title: "elsewhere", Start: aired, End: aired + hour},
		{ID: 4, ChannelID: 1, Title: "while it was watched", Start: Noon + viewing.DayLength, End: Noon + viewing.DayLength + hour},
	}})
	account := int64(0)
	for _, position := range []viewing.Millis{viewing.Unknown, aired - 1, aired, aired + 1, aired + hour - 1, aired + hour, Noon} {
		for _, seconds := range []int32{0, 1, 3600, 3601, 86_400} {
			account++
			s.Append(archived(account, 0, position, seconds))
		}
	}
	merged := archived(500, 0, aired+9000, 60)
	for _, position := range []viewing.Millis{viewing.Unknown, aired + 5000, aired + 70_000, viewing.Unknown} {
		merged.PositionAt = position
		s.Append(merged)
	}
	recent := whole(1)
	recent.filter.Window = viewing.Window{From: Noon + viewing.DayLength, To: Noon + viewing.DayLength + 1}
	s.check(whole(1), recent)
	s.Fold()
	merged.PositionAt = aired + 3000
	s.Append(merged) // for a folded day
	s.check(whole(1), recent)
	s.Fold()
	s.check(whole(1), recent)
}
