package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// twoPeriods are two days of UTC that watchedWorld has viewing in, and the two before them.
func twoPeriods() (from, middle, to time.Time) {
	to = time.Now().UTC().Truncate(24 * time.Hour)
	return to.AddDate(0, 0, -4), to.AddDate(0, 0, -2), to
}

func subscribersOf(from, to time.Time, more url.Values) string {
	query := url.Values{"lang": {"en"}, "from": {from.Format(time.DateOnly)}, "to": {to.AddDate(0, 0, -1).Format(time.DateOnly)}}
	maps.Copy(query, more)
	return "subscribers?" + query.Encode()
}

// payments are some of each of the last five days, in currencies with and without a minor unit, refunds among them.
func payments() (all []*tvstatsv1.Payment) {
	midnight := time.Now().UTC().Truncate(24 * time.Hour)
	for i := range int64(15) {
		all = append(all, &tvstatsv1.Payment{
			PaymentId: 1_000_000 + i, AccountId: 1 + i%4, AmountMinor: 1250 - 200*i, Currency: []string{"EUR", "JPY"}[i%2],
			PaidAt: timestamppb.New(midnight.AddDate(0, 0, int(-1-i/3)).Add(time.Hour)),
		})
	}
	return all
}

// comparePeriods holds a period, the one before it and the difference of the two to the API's.
func (b *browser) comparePeriods(t *testing.T, s *testServer) {
	from, middle, to := twoPeriods()
	series := func(from, to time.Time) []*tvstatsv1.CustomersDynamicPoint {
		t.Helper()
		response, err := s.GetCustomersDynamic(rpctest.Context(t), &tvstatsv1.GetCustomersDynamicRequest{
			ClientId: 1, From: timestamppb.New(from), To: timestamppb.New(to), Granularity: tvstatsv1.Granularity_GRANULARITY_DAY,
		})
		if err != nil {
			t.Fatal(err)
		}
		return response.Points
	}
	now, before := series(middle, to), series(from, middle)
	b.open(t, subscribersOf(middle, to, url.Values{"before": {"1"}}), 1280)
	const after = ", period before"
	viewing, movement, active := b.sheet(t, "Viewing"), b.sheet(t, "Movement"), b.sheet(t, "Active subscribers")
	sums := b.sheet(t, "Payments by currency")
	var hours, hoursBefore float64
	for i, point := range now {
		wantCells(t, "viewing", viewing[i], map[string]float64{
			"Viewing accounts": float64(point.ViewingAccounts), "Viewing accounts" + after: float64(before[i].ViewingAccounts),
			"Hours watched": float64(point.WatchSeconds) / 3600, "Hours watched" + after: float64(before[i].WatchSeconds) / 3600,
		})
		wantCells(t, "movement", movement[i], map[string]float64{"New": float64(point.NewAccounts), "New" + after: float64(before[i].NewAccounts)})
		wantCells(t, "active", active[i], map[string]float64{"Active at the end": float64(point.ClosingActive), "Active at the end" + after: float64(before[i].ClosingActive)})
		wantCells(t, "sums", sums[i], map[string]float64{
			"EUR": paidIn(point, "EUR") / 100, "EUR" + after: paidIn(before[i], "EUR") / 100, "JPY": paidIn(point, "JPY"), "JPY" + after: paidIn(before[i], "JPY"),
		})
		hours += float64(point.WatchSeconds) / 3600
		hoursBefore += float64(before[i].WatchSeconds) / 3600
	}
	if len(viewing) != 2 || hours == 0 || hoursBefore == 0 || hours == hoursBefore {
		t.Errorf("nothing was compared: %d days, %v and %v hours", len(viewing), hours, hoursBefore)
	}
	last := len(now) - 1
	b.wantDifference(t, "Viewing", "Hours watched (sum)", hours, hoursBefore)
	b.wantDifference(t, "Viewing", "Viewing accounts (average)",
		float64(now[0].ViewingAccounts+now[1].ViewingAccounts)/2, float64(before[0].ViewingAccounts+before[1].ViewingAccounts)/2)
	b.wantDifference(t, "Payments by currency", "JPY (sum)",
		paidIn(now[0], "JPY")+paidIn(now[1], "JPY"), paidIn(before[0], "JPY")+paidIn(before[1], "JPY"))
	b.wantDifference(t, "Active subscribers", "All at the end (at the end)", float64(now[last].TotalAccounts), float64(before[last].TotalAccounts))
	for _, width := range []int64{360, 1280, 2560} {
		b.open(t, strings.Replace(subscribersOf(middle, to, url.Values{"before": {"1"}}), "lang=en", "lang=ru", 1), width)
		b.check(t, "periods compared", axe(t))
		b.picture(t, fmt.Sprintf("compared-ru-%d", width))
	}
}

// paidIn is the sum of a point in a currency, in its minor unit.
func paidIn(point *tvstatsv1.CustomersDynamicPoint, currency string) float64 {
	for _, sum := range point.PaymentSums {
		if sum.Currency == currency {
			return float64(sum.AmountMinor)
		}
	}
	return 0
}

// wantDifference holds a line of the table that says how a figure has changed to what it is of the two periods.
func (b *browser) wantDifference(t *testing.T, title, figure string, now, before float64) {
	t.Helper()
	lines := ask[[][]string](b, t, `[...document.querySelectorAll('[aria-label="Difference: `+title+`"] tbody tr')].map(r => [...r.cells].map(c => c.textContent))`)
	for _, line := range lines {
		if line[0] != figure {
			continue
		}
		for i, want := range []float64{now, before, now - before} {
			got, err := strconv.ParseFloat(strings.NewReplacer(",", "", "+", "").Replace(line[i+1]), 64)
			if err != nil || got < want-0.006 || got > want+0.006 { // two places are shown
				t.Errorf("%s: the page says %v, it is %v, was %v", figure, line, now, before)
			}
		}
		return
	}
	t.Errorf("the page does not say how %s has changed: %v", figure, lines)
}

// save is the file of a kind that a figure is saved as.
func (b *browser) save(t *testing.T, kind, title string) []byte {
	t.Helper()
	ask[bool](b, t, `delete window.saved, URL.createObjectURL = blob => { window.saved = blob; return "data:," }, true`)
	b.click(t, `button[aria-label="`+kind+`: `+title+`"]`)
	b.until(t, `window.saved`)
	content, err := base64.StdEncoding.DecodeString(ask[string](b, t, `window.saved.bytes().then(bytes => bytes.toBase64())`))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (b *browser) csv(t *testing.T, title string) string {
	t.Helper()
	return string(b.save(t, "CSV", title))
}

// saveFiles reads back what each figure of the page is saved as: the workbook has what the text has, the picture shows
// something.
func (b *browser) saveFiles(t *testing.T) {
	_, _, to := twoPeriods()
	b.open(t, subscribersOf(to.AddDate(0, 0, -60), to, url.Values{"by": {"hour"}}), 1280) // so many rows that their file is a large one
	titles := ask[[]string](b, t, `[...document.querySelectorAll(".widget")].filter(w => w.querySelector(".exports")).map(w => w.querySelector("h2").textContent)`)
	if len(titles) < 7 {
		t.Errorf("only %v can be saved", titles)
	}
	for _, title := range titles {
		rows, err := b.workbook(t, title).GetRows(title)
		if err != nil {
			t.Fatal(err)
		}
		wantSameSheet(t, title, rows, b.lines(t, title))
		picture, err := png.Decode(bytes.NewReader(b.save(t, "PNG", title)))
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		colours := map[[3]uint32]bool{}
		for x := range picture.Bounds().Dx() {
			for y := range picture.Bounds().Dy() {
				r, g, b, _ := picture.At(x, y).RGBA()
				colours[[3]uint32{r, g, b}] = true
			}
		}
		if len(colours) < 10 { // those of letters' edges are more
			t.Errorf("the picture of %s shows nothing: %v", title, picture.Bounds())
		}
	}
	for _, complaint := range b.complained() {
		t.Error(complaint)
	}
}

func (b *browser) workbook(t *testing.T, title string) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(b.save(t, "XLSX", title)))
	if err != nil {
		t.Fatalf("%s: %v", title, err)
	}
	return book
}

// wantText holds cells of a workbook of that text to be text, and not formulas.
func wantText(t *testing.T, book *excelize.File, text string) {
	t.Helper()
	sheet, found := book.GetSheetName(0), 0
	rows, err := book.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for y, row := range rows {
		for x, shown := range row {
			if shown != text {
				continue
			}
			found++
			cell, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				t.Fatal(err)
			}
			if formula, err := book.GetCellFormula(sheet, cell); err != nil || formula != "" {
				t.Errorf("%s is the formula %q, %v", cell, formula, err)
			}
		}
	}
	if found == 0 {
		t.Errorf("%q is not in the workbook", text)
	}
}

// wantSameSheet holds the rows of a workbook, as a spreadsheet shows them, to those of a text.
func wantSameSheet(t *testing.T, title string, book, text [][]string) {
	t.Helper()
	if len(book) != len(text) || len(text) < 2 {
		t.Errorf("%s: %d rows in the workbook, %d in the text", title, len(book), len(text))
		return
	}
	for i := range text {
		for j, want := range text[i] {
			if at, err := time.Parse(time.RFC3339, want); err == nil {
				want = at.Round(time.Second).Format(time.DateTime) // a spreadsheet rounds
			}
			got := ""
			if j < len(book[i]) { // empty cells at the end are left out
				got = book[i][j]
			}
			shown, errShown := strconv.ParseFloat(got, 64)
			exact, errExact := strconv.ParseFloat(want, 64)
			if got != want && (errShown != nil || errExact != nil || shown < exact-1e-9 || shown > exact+1e-9) {
				t.Errorf("%s, row %d: %q in the workbook, %q in the text", title, i+1, got, want)
				return
			}
		}
	}
}

// compareCalendars holds the figures of the client's days, and what they are called, to the API's.
func (b *browser) compareCalendars(t *testing.T, s *testServer) {
	const zone = "America/St_Johns" // half an hour aside, and behind UTC
	if _, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{TimeZone: zone}}); err != nil {
		t.Fatal(err)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	today := time.Now().In(location)
	midnight := func(days int) time.Time {
		return time.Date(today.Year(), today.Month(), today.Day()+days, 0, 0, 0, 0, location)
	}
	from, to := midnight(-3), midnight(0)
	series, err := s.GetCustomersDynamic(rpctest.Context(t), &tvstatsv1.GetCustomersDynamicRequest{
		ClientId: 1, From: timestamppb.New(from), To: timestamppb.New(to),
		Granularity: tvstatsv1.Granularity_GRANULARITY_DAY, Calendar: tvstatsv1.Calendar_CALENDAR_CLIENT,
	})
	if err != nil {
		t.Fatal(err)
	}
	online, err := s.GetMaxOnline(rpctest.Context(t), &tvstatsv1.GetMaxOnlineRequest{
		ClientId: 1, FromDay: from.Format(time.DateOnly), ToDay: midnight(-1).Format(time.DateOnly), Calendar: tvstatsv1.Calendar_CALENDAR_CLIENT,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.open(t, subscribersOf(from, to, url.Values{"clock": {"client"}}), 1280)
	viewing, peaks := b.sheet(t, "Viewing"), b.sheet(t, "Greatest online")
	for i := range 3 {
		point, peak := series.Points[i], online.Days[i]
		if got := viewing[i]["Time"]; got != midnight(i-3).UTC().Format("2006-01-02T15:04:05.000Z") {
			t.Errorf("day %d begins at %s", i, got)
		}
		wantCells(t, "viewing", viewing[i], map[string]float64{"Viewing accounts": float64(point.ViewingAccounts), "Hours watched": float64(point.WatchSeconds) / 3600})
		if got := peaks[i]["Day"]; got != peak.Day || peak.MaxAccounts == 0 {
			t.Errorf("the page says %s, the API %v", got, peak)
		}
		wantCells(t, "greatest online", peaks[i], map[string]float64{"Accounts": float64(peak.MaxAccounts)})
	}
	shown := ask[[]string](b, t, `[...document.querySelectorAll('[role=group][aria-label="Viewing"] tbody tr')].map(r => r.cells[0].textContent)`)
	for i, got := range shown {
		if want := midnight(-1 - i).Format("Jan 2, 2006"); got != want {
			t.Errorf("day %d is shown as %s, want %s", i, got, want)
		}
	}
	b.check(t, "days of the client", axe(t))
}
