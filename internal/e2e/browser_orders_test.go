package e2e

import (
	"fmt"
	"strings"
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// tryOrders tries an order with another policy and without, compares it with the one in force, asks why a place is what it is,
// and stores it, as an editor does.
func (b *browser) tryOrders(t *testing.T, s *testServer) {
	listed := func() []*tvstatsv1.ChannelSorting {
		t.Helper()
		list, err := s.ListChannelSortings(rpctest.Context(t), &tvstatsv1.ListChannelSortingsRequest{ClientId: 1})
		if err != nil {
			t.Fatal(err)
		}
		return list.Sortings
	}
	inForce := listed()
	b.open(t, "orders?lang=en", 1280)
	const form = `form:has(input[name="days"])`
	set := func(expression string) {
		t.Helper()
		ask[bool](b, t, `(form => { `+expression+`; return true })(document.querySelector('`+form+`'))`)
	}
	tried := func() []map[string]string {
		t.Helper()
		b.click(t, form+` button[value="dry"]`)
		b.until(t, `document.querySelector(".places table") !== null && document.querySelector('`+form+` button.main').disabled === false`)
		return b.sheet(t, ask[string](b, t, `document.querySelector(".places h2").textContent`))
	}
	set(`form.days.value = 2; form.criterion.value = 2; form.policy.checked = true; form.max.value = 60; form.policy.closest("details").open = true`)
	for i, place := range tried() {
		if i == 0 && (place["Sessions"] == "0" || place["Score"] != place["Sessions"]) {
			t.Errorf("by sessions the first place has %v", place)
		}
	}
	b.check(t, "an order by another policy", axe(t))
	if stores := ask[int](b, t, `document.querySelectorAll(".places button.main").length`); stores != 0 {
		t.Error("what another policy gives can be stored")
	}
	b.click(t, ".places button")
	b.until(t, `document.querySelector(".places") === null`)
	set(`form.policy.checked = false`)
	places := tried()
	was := map[string]int32{}
	for _, place := range inForce[0].Channels {
		was[fmt.Sprint(place.ChannelId)] = place.Rank
	}
	for _, place := range places {
		wantCells(t, "a place", place, map[string]float64{"Change": float64(was[place["ID"]])})
	}
	if len(listed()) != len(inForce) {
		t.Error("an order that was tried is stored")
	}
	b.click(t, `.places button[aria-label^="Why is it here"]`)
	b.until(t, `document.querySelector('.places [data-figure="rank"]') !== null`)
	if rank := ask[string](b, t, `document.querySelector('.places [data-figure="rank"]').textContent`); rank != "1" {
		t.Errorf("the first place is explained as place %s", rank)
	}
	b.check(t, "an order that was tried", axe(t))
	b.picture(t, "tried")
	b.click(t, `.places button.main`)
	b.until(t, `location.hash.includes("order=sorting.") && document.querySelector(".places table") !== null && `+settled)
	stored := listed()[0]
	key := ask[string](b, t, `new URLSearchParams(location.hash.split("?")[1]).get("order")`)
	if key != "sorting."+stored.SortingId || stored.Criterion != tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS || len(stored.Channels) != len(places) {
		t.Fatalf("the page shows %s, the API has %v", key, stored)
	}
	for i, place := range b.sheet(t, "Sorting of channels: Sessions") {
		if place["ID"] != fmt.Sprint(stored.Channels[i].ChannelId) || place["ID"] != places[i]["ID"] {
			t.Errorf("place %d: tried %v, shown %v, stored %v", i+1, places[i], place, stored.Channels[i])
		}
	}
	b.explainStored(t, s, stored)
}

// explainStored holds the explanation of the second place of a stored order to the API's.
func (b *browser) explainStored(t *testing.T, s *testServer, stored *tvstatsv1.ChannelSorting) {
	t.Helper()
	second := stored.Channels[1]
	want, err := s.ExplainRank(rpctest.Context(t), &tvstatsv1.ExplainRankRequest{ResultId: stored.SortingId, ChannelId: second.ChannelId})
	if err != nil {
		t.Fatal(err)
	}
	ask[bool](b, t, `document.querySelectorAll('.places button[aria-label^="Why is it here"]')[1].click(), true`)
	b.until(t, `document.querySelector('.places [data-figure="rank"]')?.textContent === "2" && `+settled)
	rows := func(title string) [][]string {
		t.Helper()
		return ask[[][]string](b, t, `[...document.querySelectorAll('.places [aria-label="`+title+`"] tbody tr')].map(r => [...r.cells].map(c => c.textContent))`)
	}
	days := rows("At the end of")
	if len(days) != len(want.Days) {
		t.Fatalf("the page has the days %v, the API %v", days, want.Days)
	}
	for i, day := range want.Days {
		rank := cli.Count(int64(day.Rank))
		if day.Rank == 0 {
			rank = "none"
		}
		if days[i][1] != rank {
			t.Errorf("day %d: the page says %v, the API %v", i, days[i], day)
		}
	}
	filters := rows("Taken away by")
	for i, effect := range want.Filters {
		if filters[i][0] != effect.Filter || filters[i][1] != cli.Count(effect.Sessions) {
			t.Errorf("the page says %v, the API %v", filters[i], effect)
		}
	}
	if beside := rows("Place beside it"); len(beside) != 2 || beside[0][0] != "1" || beside[1][0] != "3" {
		t.Errorf("beside place 2 are %v", beside)
	}
}

// showPolicy reads the measurement policy off the page Operation.
func (b *browser) showPolicy(t *testing.T, s *testServer) {
	client := setPolicy(t, s, &tvstatsv1.MeasurementPolicy{MaxSessionSeconds: 14_400, OneChannelPerDevice: true})
	b.open(t, "operation?lang=en", 1280)
	text := ask[string](b, t, `document.querySelector('[aria-label="Measurement policy"]').innerText`)
	for _, want := range []string{"14,400 s", "One channel per device\ton", fmt.Sprintf("Revision\t%d", client.PolicyRevision)} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q of %v: %q", want, client, text)
		}
	}
}
