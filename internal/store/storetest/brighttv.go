package storetest

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/viewing"
)

var brightTVTests = Tests{"real sessions": testBrightTV}

// dataVariable names the folder with the data of BrightTV, where it is not next to the repository.
const dataVariable = "TVSTATS_TEST_DATA"

// testBrightTV stores real viewing, as dirty as it is, with a guide made for it.
func testBrightTV(t *testing.T, factory Factory) {
	sessions := readBrightTV(t)
	s := NewSubject(t, factory)
	w := NewWorld(t, 2)
	for _, part := range Batches(w, sessions) {
		s.Append(part...)
	}
	from := viewing.At(time.Date(2016, 1, 20, 0, 0, 0, 0, time.UTC))
	for channel := range int32(22) {
		guide := catalog.Batch{ClientID: 1}
		for slot := range viewing.Millis(7 * 24) {
			start := from + slot*3_600_000 + viewing.Millis(channel)*61_001
			guide.Programmes = append(guide.Programmes, catalog.Programme{
				ID: int64(channel)*1000 + int64(slot) + 1, ChannelID: channel + 1, Title: "on air", Start: start, End: start + 3_600_000,
			})
		}
		s.Apply(guide)
	}
	var questions []question
	for days, minimum := range map[int]int64{1: 0, 7: 0, 8: 1, 30: 60, 60: 600} {
		q := question{limit: 17}
		q.filter = viewing.Filter{
			ClientID: 1, Choice: viewing.Choice{MinSeconds: minimum}, Window: viewing.DaysBefore(from+7*viewing.DayLength+123, days),
		}
		questions = append(questions, q)
	}
	s.check(questions...)
	s.Must(s.Store.Maintain(t.Context(), from))
	s.Append(sessions[:500]...) // exact duplicates
	s.check(questions...)
	s.Fold()
	s.check(append(questions, whole(1))...)
}

// readBrightTV reads the sessions as reports of client 1, or skips the test.
func readBrightTV(t *testing.T) []viewing.Report {
	t.Helper()
	name := BrightTV(t)
	file, err := os.Open(name) //nolint:gosec // the test's own data
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var reports []viewing.Report
	for i, row := range rows[1:] {
		report, err := readSession(row)
		if err != nil {
			t.Fatalf("%s, line %d: %v", name, i+2, err)
		}
		reports = append(reports, report)
	}
	return reports
}

// readSession reads user_id, channel_id, started_at, watched_seconds.
func readSession(row []string) (viewing.Report, error) {
	account, err := strconv.ParseInt(row[0], 10, 64)
	if err != nil {
		return viewing.Report{}, fmt.Errorf("user_id: %w", err)
	}
	channel, err := strconv.ParseInt(row[1], 10, 32)
	if err != nil {
		return viewing.Report{}, fmt.Errorf("channel_id: %w", err)
	}
	started, err := time.Parse(time.RFC3339, row[2])
	if err != nil {
		return viewing.Report{}, fmt.Errorf("started_at: %w", err)
	}
	seconds, err := strconv.ParseInt(row[3], 10, 32)
	if err != nil {
		return viewing.Report{}, fmt.Errorf("watched_seconds: %w", err)
	}
	return Watch(account, int32(channel), viewing.At(started), int32(seconds)), nil
}

// BrightTV is the file of the real sessions. It skips the test where that is not there.
func BrightTV(t *testing.T) string {
	t.Helper()
	name := filepath.Join(dataFolder(t), "sessions-2016-01-02.csv")
	if _, err := os.Stat(name); err != nil {
		t.Skipf("the real data is not there: %v (%s can name its folder)", err, dataVariable)
	}
	return name
}

// dataFolder is what the variable names, else ../shared/data/brighttv seen from the root of the repository.
func dataFolder(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv(dataVariable); folder != "" {
		return folder
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for filepath.Dir(root) != root {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	return filepath.Join(filepath.Dir(root), "shared", "data", "brighttv")
}
