package simulate

import (
	"errors"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

// week is the span that the tests simulate: Monday to Sunday, whole.
var week = viewing.Window{
	From: viewing.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)),
	To:   viewing.At(time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)),
}

// rules are those that the service has by default.
var rules = viewing.Rules{MaxSession: 24 * time.Hour, MaxAhead: 5 * time.Minute}

// seeds stand for all others; a failing test says which of them it was.
var seeds = []uint64{1, 2, 0xdeadbeef}

func found(seed uint64) *World {
	return New(Config{Seed: seed, ClientID: 7, Boxes: 200, Span: week})
}

func TestSameSeedSameWorld(t *testing.T) {
	for _, seed := range seeds {
		config := Config{Seed: seed, ClientID: 7, Boxes: 50, Span: week}
		a, b := New(config), New(config)
		if !reflect.DeepEqual(a.Catalog(), b.Catalog()) {
			t.Errorf("seed %d: two catalogs", seed)
		}
		if !equal(a.Guide(), b.Guide()) {
			t.Errorf("seed %d: two guides", seed)
		}
		if !equal(a.Arrivals(), b.Arrivals()) {
			t.Errorf("seed %d: two ways of viewing", seed)
		}
		if !equal(a.Arrivals(), a.Arrivals()) {
			t.Errorf("seed %d: the second look at a world differs from the first", seed)
		}
	}
}

func TestOtherSeedOtherWorld(t *testing.T) {
	a, b := found(1), found(2)
	if equal(a.Guide(), b.Guide()) {
		t.Error("two seeds have one guide")
	}
	if equal(a.Arrivals(), b.Arrivals()) {
		t.Error("two seeds have one way of viewing")
	}
}

func equal[T any](a, b iter.Seq[T]) bool {
	next, stop := iter.Pull(b)
	defer stop()
	for x := range a {
		if y, ok := next(); !ok || !reflect.DeepEqual(x, y) {
			return false
		}
	}
	_, more := next()
	return !more
}

func TestArrivalsAreInOrderAndInTheSpan(t *testing.T) {
	for _, seed := range seeds {
		last := week.From
		for arrival := range found(seed).Arrivals() {
			if arrival.At < last || arrival.At >= week.To {
				t.Fatalf("seed %d: a report arrives at %v after one at %v", seed, arrival.At.Time(), last.Time())
			}
			last = arrival.At
		}
	}
}

func TestReportsAreValidButForClocksSetBack(t *testing.T) {
	for _, seed := range seeds {
		reports, refused := 0, 0
		for arrival := range found(seed).Arrivals() {
			reports++
			_, err := arrival.Event.Report(rules, arrival.At)
			if err == nil {
				continue
			}
			refused++
			var why *viewing.Rejection
			if !errors.As(err, &why) || !contradicts(why.Message) {
				t.Fatalf("seed %d: %v is refused: %v", seed, arrival, err)
			}
		}
		if refused == 0 || refused > reports/1000 {
			t.Errorf("seed %d: %d of %d reports are refused; some should be, but very few", seed, refused, reports)
		}
	}
}

// contradicts reports whether a report was refused because its times contradict each other.
func contradicts(message string) bool {
	return message == "at is before started_at" || strings.Contains(message, "but at − started_at is only")
}

func TestReportsAreLostDoubledAndOutOfOrder(t *testing.T) {
	type key struct {
		id viewing.Identity
		at viewing.Millis
	}
	seen, last := map[key]bool{}, map[viewing.Identity]viewing.Millis{}
	doubled, disordered := 0, 0
	for arrival := range found(1).Arrivals() {
		report, err := arrival.Event.Report(rules, arrival.At)
		if err != nil {
			continue
		}
		if seen[key{report.Identity, report.At}] {
			doubled++
		} else if report.At < last[report.Identity] {
			disordered++
		}
		seen[key{report.Identity, report.At}] = true
		last[report.Identity] = max(last[report.Identity], report.At)
	}
	if doubled == 0 || disordered == 0 {
		t.Errorf("%d reports came twice and %d out of order; both should happen", doubled, disordered)
	}
	open := 0
	for _, state := range viewed(1) {
		if !state.Ended {
			open++
		}
	}
	if all := len(last); open == 0 || open > all/10 {
		t.Errorf("%d of %d sessions have lost their last report; some should, but few", open, all)
	}
}

func TestLongSpansCostOnlyWhatIsTakenOfThem(t *testing.T) {
	w := New(Config{Seed: 1, ClientID: 1, Boxes: 200, Span: viewing.Window{From: week.From, To: week.From + 3650*viewing.DayLength}})
	seen := 0
	for range w.Arrivals() { // ten years are there for those who want them, and cost nothing to those who don't
		seen++
		if seen == 1000 {
			return
		}
	}
	t.Errorf("only %d reports in ten years", seen)
}

func TestBoxesAreAsManyAsAskedFor(t *testing.T) {
	for boxes := range 20 {
		w := New(Config{Seed: 3, ClientID: 1, Boxes: boxes, Span: week})
		uids := 0
		for _, h := range w.households {
			uids += h.boxes
		}
		if uids != boxes {
			t.Errorf("%d boxes where %d were asked for", uids, boxes)
		}
	}
}

func TestCatalogHoldsTogether(t *testing.T) {
	batch := found(1).Catalog()
	if batch.ClientID != 7 || batch.Client == nil || batch.Client.ID != 7 || !batch.Client.CollectionEnabled {
		t.Errorf("the client is %+v", batch.Client)
	}
	numbers := map[int32]bool{}
	for _, channel := range batch.Channels {
		if numbers[channel.Number] || !slices.ContainsFunc(batch.Categories, func(c catalog.Category) bool {
			return slices.Contains(channel.Categories, c.ID)
		}) {
			t.Errorf("channel %+v shares its number, or has no known category", channel)
		}
		numbers[channel.Number] = true
	}
	active := map[int64]bool{}
	for _, account := range batch.Accounts { // states of one account stand in the order of time
		active[account.ID] = account.Active
		if len(account.Tariffs) == 0 || account.RegisteredAt > account.ChangedAt || account.ChangedAt >= week.To {
			t.Errorf("account %+v", account)
		}
	}
	inactive := 0
	for _, isActive := range active {
		if !isActive {
			inactive++
		}
	}
	if inactive == 0 || inactive > len(active)/4 {
		t.Errorf("%d of %d accounts are inactive; some should be, but few", inactive, len(active))
	}
}
