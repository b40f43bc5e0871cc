package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
)

// exportAll runs an export in every format. It compares the three with each other, and returns the rows below the header
// and reads the JSON into a message.
func exportAll(t *testing.T, server *testServer, line string, into proto.Message) (rows []map[string]string) {
	t.Helper()
	text := exportOne(t, server, line)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%s: %v: %s", line, err, text)
	}
	if err := protojson.Unmarshal([]byte(exportOne(t, server, line+" --format=json")), into); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	file := filepath.Join(t.TempDir(), "export.xlsx")
	exportOne(t, server, line+" --out="+file)
	book, err := excelize.OpenFile(file, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	defer book.Close() //nolint:errcheck // it was only read
	cells, err := book.GetRows(book.GetSheetName(0))
	if err != nil || len(cells) != len(records) || !slices.Equal(cells[0], records[0]) {
		t.Fatalf("%s: the workbook has %d rows, %v, want %d under %q", line, len(cells), err, len(records), records[0])
	}
	for i, record := range records[1:] {
		row := map[string]string{}
		for column, name := range records[0] {
			row[name] = record[column]
			if got := at(cells[i+1], column); !sameCell(got, record[column]) {
				t.Errorf("%s: row %d, %s is %q in the workbook and %q in CSV", line, i+1, name, got, record[column])
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// at is a cell; rows of a workbook end with their last cell that is not empty.
func at(cells []string, column int) string {
	if column < len(cells) {
		return cells[column]
	}
	return ""
}

// sameCell knows how a workbook writes what CSV says: times as days, truths as 1 and 0, 15 digits of a number.
func sameCell(cell, text string) bool {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if _, err := time.Parse(layout, text); err == nil {
			_, err := strconv.ParseFloat(cell, 64)
			return err == nil
		}
	}
	x, errX := strconv.ParseFloat(cell, 64)
	y, errY := strconv.ParseFloat(text, 64)
	if errX == nil && errY == nil {
		return math.Abs(x-y) <= 1e-12*math.Abs(y)
	}
	return cell == text || cell == "1" && text == "true" || cell == "0" && text == "false"
}

func exportOne(t *testing.T, server *testServer, line string) string {
	t.Helper()
	out, complaints, code := shell(t, server, line)
	if code != commands.ExitDone {
		t.Fatalf("%s: exit code %d: %s", line, code, complaints)
	}
	return out
}

func TestExportRankings(t *testing.T) {
	t.Parallel()
	server, _ := simulated(t, 30, 1)
	names := map[int32]string{}
	known, err := server.ListChannels(t.Context(), &tvstatsv1.ListChannelsRequest{ClientId: 1, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range known.Channels {
		names[channel.ChannelId] = channel.Name
	}
	if _, complaints, code := shell(t, server, "export sorting"); code != commands.ExitRefused ||
		!strings.Contains(complaints, "client 1 has no sorting yet; make one with create_channel_sorting_by_popularity") {
		t.Errorf("exit code %d: %s", code, complaints)
	}
	want := calledResult(t, server, &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_AVERAGE_WATCH_TIME,
	}).(*tvstatsv1.CreateChannelSortingByPopularityResponse).Sortings[0]
	for _, line := range []string{"export sorting", "export sorting " + want.SortingId} {
		var got tvstatsv1.ChannelSorting
		rows := exportAll(t, server, line, &got)
		if !proto.Equal(&got, want) || len(rows) != len(want.Channels) {
			t.Fatalf("%s: %d rows and %v", line, len(rows), &got)
		}
		for i, c := range want.Channels {
			row := fmt.Sprintf("%v %v %v %v %v %v %v", c.Rank, c.ChannelId, c.Score, c.WatchSeconds, c.WatchSessions,
				c.HasStatistics, names[c.ChannelId])
			r := rows[i]
			if exported := strings.Join([]string{r["rank"], r["channel_id"], r["score"], r["watch_seconds"], r["watch_sessions"],
				r["has_statistics"], r["channel_name"]}, " "); exported != row {
				t.Errorf("%s: row %d is %q, want %q", line, i, exported, row)
			}
		}
	}
}

func TestExportSelections(t *testing.T) {
	t.Parallel()
	server, _ := simulated(t, 30, 1)
	want := calledResult(t, server, &tvstatsv1.CreateEpgSelectionByPopularityRequest{ClientId: 1, DaysNumber: 1, SelectionSize: 9})
	selection := want.(*tvstatsv1.CreateEpgSelectionByPopularityResponse).Selection
	var got tvstatsv1.Selection
	rows := exportAll(t, server, "export selection --client-id=1", &got)
	if !proto.Equal(&got, selection) || len(rows) != 9 {
		t.Fatalf("%d rows and %v", len(rows), &got)
	}
	for i, p := range selection.Programmes {
		if r := rows[i]; r["title"] != p.Title || r["programme_id"] != fmt.Sprint(p.ProgrammeId) || r["watch_seconds"] != fmt.Sprint(p.WatchSeconds) {
			t.Errorf("row %d is %v, want %v", i, r, p)
		}
	}
}

// TestExportDynamics has two currencies and two tariffs, which become columns.
func TestExportDynamics(t *testing.T) {
	t.Parallel()
	server := start(t)
	noon := timestamppb.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	pushAll(t, server, &tvstatsv1.SyncRequest{ClientId: 1, Accounts: []*tvstatsv1.Account{
		{AccountId: 1, Active: true, Tariffs: []int32{2, 10}, ChangedAt: noon},
		{AccountId: 2, Active: true, Tariffs: []int32{10}, ChangedAt: noon},
	}, Payments: []*tvstatsv1.Payment{
		{PaymentId: 1, AccountId: 1, AmountMinor: 900, Currency: "EUR", PaidAt: noon},
		{PaymentId: 2, AccountId: 2, AmountMinor: 700, Currency: "CHF", PaidAt: noon},
	}})
	var days tvstatsv1.ListDailyStatsResponse
	rows := exportAll(t, server, "export daily-stats --from=2026-02-27 --to=2026-03-02", &days)
	if len(rows) != 2 || len(days.Days) != 2 {
		t.Fatalf("%d rows and %v", len(rows), &days)
	}
	for column, want := range map[string]string{
		"day": "2026-03-01", "new_accounts": "2", "closing_active": "2", "active_by_tariff_2": "1", "active_by_tariff_10": "2",
		"payment_sums_CHF": "700", "payment_sums_EUR": "900",
	} {
		if got := rows[0][column]; got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
	var series tvstatsv1.GetCustomersDynamicResponse
	rows = exportAll(t, server, "export dynamics --granularity=hour --from=2026-03-01 --to=2026-03-01", &series)
	if len(rows) != 24 || len(series.Points) != 24 || rows[12]["start"] != "2026-03-01T12:00:00Z" ||
		rows[12]["payment_sums_EUR"] != "900" || rows[11]["payment_sums_EUR"] != "0" || rows[12]["new_accounts"] != "2" {
		t.Errorf("%d points; at noon %v", len(rows), rows)
	}
}

// TestExportsAreSafeAndTellWhatTheyAre exports names that a spreadsheet or a terminal would run.
func TestExportsAreSafeAndTellWhatTheyAre(t *testing.T) {
	t.Parallel()
	server := start(t)
	evening := timestamppb.New(time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC))
	const formula, large = `=HYPERLINK("http://a")`, int64(1<<53 + 1)
	pushAll(t, server, &tvstatsv1.SyncRequest{
		ClientId: 1, Channels: []*tvstatsv1.Channel{{ChannelId: 1, Name: "-1+2", Number: 5}},
		Programmes: []*tvstatsv1.Programme{
			{ProgrammeId: large, ChannelId: 1, Title: formula, Start: evening, End: timestamppb.New(evening.AsTime().Add(time.Hour))},
			{ProgrammeId: 2, ChannelId: 1, Title: "\u202eabc", Start: timestamppb.New(evening.AsTime().Add(-time.Hour)), End: evening},
		},
	})
	calledResult(t, server, &tvstatsv1.CreateEpgSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: 1, SelectionSize: 2, AsOf: timestamppb.New(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)),
	})
	text := exportOne(t, server, "export selection --client-id=1 --bom")
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || !strings.HasPrefix(text, "\ufeffchannel_number,channel_name,rank,") || len(records) != 3 ||
		!slices.Contains(records[1], "'"+formula) || !slices.Contains(records[1], "'-1+2") || !slices.Contains(records[1], "9007199254740993") {
		t.Errorf("%v: %s", err, text)
	}
	if raw := exportOne(t, server, "export selection --client-id=1 --raw"); !strings.Contains(raw, `,"=HYPERLINK(""http://a"")",`) || !strings.Contains(raw, "5,-1+2,1,") {
		t.Errorf("raw: %s", raw)
	}
	file := filepath.Join(t.TempDir(), "export.xlsx")
	exportOne(t, server, "export selection --client-id=1 -o "+file)
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close() //nolint:errcheck // it was only read
	for column, name := range records[0] {
		cell, _ := excelize.CoordinatesToCellName(column+1, 2)
		value, _ := book.GetCellValue("selection", cell)
		kind, _ := book.GetCellType("selection", cell)
		isText := kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString
		want := map[string]string{"title": formula, "channel_name": "-1+2", "programme_id": "9007199254740993"}[name]
		if want != "" && (value != want || !isText) {
			t.Errorf("%s is %q of type %v, want %q as text", name, value, kind, want)
		}
		if got, _ := book.GetCellFormula("selection", cell); got != "" {
			t.Errorf("%s is the formula %s", name, got)
		}
	}
	about := map[string]string{}
	rows, err := book.GetRows("About")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		about[row[0]] = at(row, 1)
	}
	for what, want := range map[string]string{
		"client_id": "1", "name": "1 (2)", "kind": "programmes", "window_start": "2026-03-01 00:00:00", "window_end": "2026-03-02 00:00:00",
		"program": "tvstats " + cli.Version,
	} {
		if about[what] != want && what != "program" || about[what] == "" {
			t.Errorf("About: %s is %q, want %q", what, about[what], want)
		}
	}
	packed, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close() //nolint:errcheck // it was only read
	if sheet, err := fs.ReadFile(packed, "xl/worksheets/sheet1.xml"); err != nil || !bytes.Contains(sheet, []byte(`<autoFilter ref="$A$1:`)) {
		t.Errorf("the sheet has no filter, %v", err)
	}
	panes, err := book.GetPanes("selection")
	if width, _ := book.GetColWidth("selection", "B"); err != nil || !panes.Freeze || width < 12 {
		t.Errorf("panes %+v, %v, width %v", panes, err, width)
	}
	for line, want := range map[string]string{
		"export selection --out=x.xls": "--out=", "export selection --out=x.xlsx --format=csv": "say different formats", "export selection --out=x": "says no format",
	} {
		if _, complaints, code := shell(t, server, line); code != commands.ExitWrongUsage || !strings.Contains(complaints, want) {
			t.Errorf("%s: exit code %d: %s", line, code, complaints)
		}
	}
	// The terminal, which would turn the title around.
	id, _, _ := strings.Cut(strings.Split(exportOne(t, server, "results list --client-id=1"), "\n")[1], " ")
	if shown := exportOne(t, server, "results show "+id); !strings.Contains(shown, "�abc") || strings.Contains(shown, "\u202e") {
		t.Errorf("the table is %q", shown)
	}
}
