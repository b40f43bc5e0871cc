package simulate

import (
	"testing"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

func TestGuideHasNeitherGapsNorOverlaps(t *testing.T) {
	for _, seed := range seeds {
		ends, ids := map[int32]viewing.Millis{}, map[int64]bool{}
		for p := range found(seed).Guide() {
			begin, known := ends[p.ChannelID]
			if !known {
				begin = (week.From.Day() - archive).Start()
			}
			if p.Start != begin || p.End-p.Start < 10*minute || p.End-p.Start > 4*hour || p.Title == "" || ids[p.ID] {
				t.Fatalf("seed %d: %+v after %v", seed, p, begin.Time())
			}
			ends[p.ChannelID], ids[p.ID] = p.End, true
		}
		for _, channel := range channels() {
			if end := (week.To.Day() + 2).Start(); ends[channel.ID] != end {
				t.Errorf("seed %d: the guide of %s ends at %v, not %v", seed, channel.Name, ends[channel.ID].Time(), end.Time())
			}
		}
	}
}

func TestOnAirIsWhatTheGuideSays(t *testing.T) {
	w := found(1)
	for p := range w.Guide() {
		place := int(p.ChannelID - firstChannel)
		if first, last := w.onAir(place, p.Start), w.onAir(place, p.End-1); first != p || last != p {
			t.Fatalf("%+v is on air, the guide says %+v", []catalog.Programme{first, last}, p)
		}
	}
}

func TestGuidesOfTwoSpansAgree(t *testing.T) {
	later := New(Config{Seed: 1, ClientID: 7, Boxes: 1, Span: viewing.Window{From: week.From + viewing.DayLength, To: week.To + hour}})
	known := map[int64]catalog.Programme{}
	for p := range found(1).Guide() {
		known[p.ID] = p
	}
	shared := 0
	for p := range later.Guide() {
		if old, ok := known[p.ID]; ok {
			shared++
			if old != p {
				t.Fatalf("%+v was %+v", p, old)
			}
		}
	}
	if shared == 0 {
		t.Error("guides of spans that overlap share no programme")
	}
}
