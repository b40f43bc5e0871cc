package e2e

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// sheet is the file that a figure is saved as, without its heading: a row is what its columns hold, by their names.
func (b *browser) sheet(t *testing.T, title string) []map[string]string {
	t.Helper()
	lines := b.lines(t, title)
	rows := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// lines are the file that a figure is saved as, its heading first.
func (b *browser) lines(t *testing.T, title string) [][]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.csv(t, title), "\ufeff"))).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%s: %v, %v", title, lines, err)
	}
	return lines
}

// wantCells holds a row of a file to figures of the API.
func wantCells(t *testing.T, what string, row map[string]string, want map[string]float64) {
	t.Helper()
	for name, figure := range want {
		if got, err := strconv.ParseFloat(row[name], 64); err != nil || got != figure {
			t.Errorf("%s: %s: the page says %q, the API %v", what, name, row[name], figure)
		}
	}
}

// days is a span of whole days of UTC that watchedWorld has viewing in, as addresses and requests have it.
func days() (query string, from, to *timestamppb.Timestamp) {
	end := time.Now().UTC().Truncate(24 * time.Hour)
	start := end.AddDate(0, 0, -3)
	query = url.Values{"lang": {"en"}, "from": {start.Format(time.DateOnly)}, "to": {end.AddDate(0, 0, -1).Format(time.DateOnly)}}.Encode()
	return query, timestamppb.New(start), timestamppb.New(end)
}

// compareAudience reads figures off the page Audience and holds them to the API's.
func (b *browser) compareAudience(t *testing.T, s *testServer) {
	audience := tvstatsv1.NewAudienceClient(s.conn)
	query, from, to := days()
	const device = "android_tv"
	b.open(t, "audience?"+query+"&measure=accounts&device="+device, 1280)
	filter := &tvstatsv1.ViewingFilter{Devices: []string{device}}
	channels, err := audience.GetAudience(rpctest.Context(t), &tvstatsv1.GetAudienceRequest{
		ClientId: 1, From: from, To: to, Filter: filter, PageSize: 1000,
		GroupBy: []tvstatsv1.Dimension{tvstatsv1.Dimension_DIMENSION_CHANNEL}, OrderBy: tvstatsv1.Metric_METRIC_ACCOUNTS,
	})
	if err != nil || len(channels.Rows) < 2 {
		t.Fatal(channels, err)
	}
	if got := ask[string](b, t, `document.querySelector('[data-figure="total_accounts"]').textContent`); got != cli.Count(channels.Total.Accounts) {
		t.Errorf("the page says %s accounts, the API %d", got, channels.Total.Accounts)
	}
	rows := b.sheet(t, "Channels")
	if len(rows) != len(channels.Rows) {
		t.Fatalf("the page has %d channels, the API %d", len(rows), len(channels.Rows))
	}
	for i, want := range channels.Rows {
		wantCells(t, "a channel", rows[i], map[string]float64{
			"ID": float64(want.ChannelId), "Hours watched": float64(want.WatchSeconds) / 3600, "Average audience": want.AverageAudience,
			"Share": want.Share, "Rating": want.Rating, "Reach": float64(want.Reach), "Viewing accounts": float64(want.Accounts),
			"Sessions": float64(want.WatchSessions), "Hours reported": float64(want.WatchSecondsReported) / 3600,
		})
	}
	week, err := audience.GetAudience(rpctest.Context(t), &tvstatsv1.GetAudienceRequest{
		ClientId: 1, From: from, To: to, Filter: filter, PageSize: 1000,
		GroupBy: []tvstatsv1.Dimension{tvstatsv1.Dimension_DIMENSION_HOUR_OF_DAY, tvstatsv1.Dimension_DIMENSION_DAY_OF_WEEK},
	})
	if err != nil {
		t.Fatal(err)
	}
	cells := ask[[][]string](b, t, `[...document.querySelectorAll(".heat tbody tr")].map(r => [...r.querySelectorAll("td")].map(c => c.textContent))`)
	for _, want := range week.Rows {
		if got := cells[want.HourOfDay][want.DayOfWeek-1]; got != cli.Count(want.Accounts) {
			t.Errorf("hour %d of day %d: the page says %q, the API %d", want.HourOfDay, want.DayOfWeek, got, want.Accounts)
		}
	}
	b.compareChannel(t, audience, channels.Rows[0].ChannelId, filter)
	b.check(t, "audience with a filter", axe(t))
}

// compareChannel holds the curve, the guide and the flows of a channel, on the page that is open, to the API's.
func (b *browser) compareChannel(t *testing.T, audience tvstatsv1.AudienceClient, channel int32, filter *tvstatsv1.ViewingFilter) {
	t.Helper()
	_, from, to := days()
	last := timestamppb.New(to.AsTime().AddDate(0, 0, -1))
	curve, err := audience.GetAudienceCurve(rpctest.Context(t), &tvstatsv1.GetAudienceCurveRequest{
		ClientId: 1, ChannelId: channel, From: last, To: to, StepSeconds: 300, Filter: filter,
	})
	if err != nil {
		t.Fatal(err)
	}
	name := ask[string](b, t, `[...document.querySelectorAll("form.choice select")].find(s => s.value === "`+strconv.Itoa(int(channel))+`").selectedOptions[0].textContent`)
	rows := b.sheet(t, name+", "+last.AsTime().Format("Jan 2, 2006"))
	if len(rows) != len(curve.Points) {
		t.Fatalf("the page has %d points, the API %d", len(rows), len(curve.Points))
	}
	for i, want := range curve.Points {
		wantCells(t, rows[i]["Time"], rows[i], map[string]float64{
			"Average audience": want.AverageAudience, "Most at once": float64(want.MaxAudience), "Joined": float64(want.Joined), "Left": float64(want.Left),
		})
	}
	if programmes := ask[int](b, t, `document.querySelectorAll(".guide a").length`); programmes == 0 {
		t.Error("there is no guide below the curve")
	}
	flows, err := audience.GetAudienceFlow(rpctest.Context(t), &tvstatsv1.GetAudienceFlowRequest{ClientId: 1, From: from, To: to, Filter: filter, ChannelId: channel})
	if err != nil {
		t.Fatal(err)
	}
	came, went := b.sheet(t, "Came from"), b.sheet(t, "Went to")
	for _, want := range flows.Flows {
		if want.ToChannelId == channel {
			wantCells(t, "came from", came[0], map[string]float64{"Switches": float64(want.Switches), "Accounts": float64(want.Accounts)})
			came = came[1:]
		}
		if want.FromChannelId == channel {
			wantCells(t, "went to", went[0], map[string]float64{"Switches": float64(want.Switches), "Accounts": float64(want.Accounts)})
			went = went[1:]
		}
	}
	if len(came)+len(went) > 0 {
		t.Errorf("the page has flows that the API has not: %v, %v", came, went)
	}
}

// compareProgrammes reads ratings off the page Programmes, opens the curve of the best one, and holds both to the API's.
func (b *browser) compareProgrammes(t *testing.T, s *testServer) {
	audience := tvstatsv1.NewAudienceClient(s.conn)
	query, from, to := days()
	b.open(t, "programmes?"+query, 1280)
	ratings, err := audience.GetProgrammeRatings(rpctest.Context(t), &tvstatsv1.GetProgrammeRatingsRequest{
		ClientId: 1, From: from, To: to, OrderBy: tvstatsv1.Metric_METRIC_AVERAGE_AUDIENCE,
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := b.sheet(t, "Ratings")
	if len(rows) != len(ratings.Programmes) || ratings.Programmes[0].LiveSeconds == 0 {
		t.Fatalf("the page has %d programmes, the API %v", len(rows), ratings)
	}
	for i, want := range ratings.Programmes {
		wantCells(t, want.Title, rows[i], map[string]float64{
			"ID": float64(want.ProgrammeId), "Rating": want.Rating, "Share": want.Share, "Average audience": want.AverageAudience,
			"Average live audience": want.LiveAverageAudience, "Reach": float64(want.Reach), "Viewing accounts": float64(want.Accounts),
			"Hours live": float64(want.LiveSeconds) / 3600, "Hours later": float64(want.WatchSeconds-want.LiveSeconds) / 3600,
			"Hours the same day": float64(want.SameDaySeconds) / 3600, "Hours in 7 days": float64(want.SevenDaySeconds) / 3600,
			"Hours in 28 days": float64(want.TwentyeightDaySeconds) / 3600,
		})
	}
	best := ratings.Programmes[0]
	b.click(t, `[role=group][aria-label="Ratings"] tbody button.link`)
	b.until(t, fmt.Sprintf(`location.hash.includes("programme=%d") && document.querySelector(".chart canvas") !== null && `, best.ProgrammeId)+settled)
	curve, err := audience.GetAudienceCurve(rpctest.Context(t), &tvstatsv1.GetAudienceCurveRequest{ClientId: 1, ProgrammeId: best.ProgrammeId})
	if err != nil {
		t.Fatal(err)
	}
	title := ask[string](b, t, `document.querySelector(".grid .wide h2").textContent`)
	points := b.sheet(t, title)
	if len(points) != len(curve.Points) {
		t.Fatalf("the page has %d points, the API %d", len(points), len(curve.Points))
	}
	for i, want := range curve.Points {
		wantCells(t, points[i]["Time"], points[i], map[string]float64{"Average audience": want.AverageAudience, "Joined": float64(want.Joined), "Left": float64(want.Left)})
	}
	b.check(t, "a programme", axe(t))
	b.picture(t, "programme")
}
