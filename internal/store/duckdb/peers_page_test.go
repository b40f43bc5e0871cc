package duckdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// measured is what was measured so far, by question and engine: a run may ask only some of the questions.
type measured struct {
	Versions [2]string // of DuckDB and ClickHouse
	Times    map[string]map[string][]time.Duration
}

func readMeasured(t *testing.T) measured {
	t.Helper()
	m := measured{Times: map[string]map[string][]time.Duration{}}
	text, err := os.ReadFile(filepath.Join(*peersDir, peersMeasured))
	if errors.Is(err, os.ErrNotExist) {
		return m
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func writeMeasured(t *testing.T, m measured) {
	t.Helper()
	text, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(*peersDir, peersMeasured), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tableBegins and tableEnds enclose what a page has of the table.
const tableBegins, tableEnds = "<!-- make writes this table -->\n", "<!-- end -->"

func writeTable(t *testing.T, page, table string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", page)
	}
	if err := os.WriteFile(page, []byte(before+tableBegins+table+tableEnds+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// peersTable is what was measured, in the order of the questions.
func peersTable(m measured) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n%d sessions of 30 days, 500 channels, 100,000 accounts; %d threads; DuckDB %s, ClickHouse %s.\n\n",
		*benchSessions, peerThreads, m.Versions[0], m.Versions[1])
	text.WriteString("| question | tvstats | DuckDB | ClickHouse | tvstats ÷ DuckDB | tvstats ÷ ClickHouse |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, q := range peerQuestions {
		if times := m.Times[q.name]; times != nil {
			text.WriteString(tableRow(q, times) + "\n")
		}
	}
	return text.String() + "\n"
}

func tableRow(q peerQuestion, times map[string][]time.Duration) string {
	if q.sql == "" {
		return fmt.Sprintf("| %s | %s | %s | | | |", q.name, spread(times["tvstats"]), q.without)
	}
	ratio := func(to string) float64 { return float64(median(times["tvstats"])) / float64(median(times[to])) }
	return fmt.Sprintf("| %s | %s | %s | %s | %.2f | %.2f |", q.name, spread(times["tvstats"]), spread(times["DuckDB"]), spread(times["ClickHouse"]),
		ratio("DuckDB"), ratio("ClickHouse"))
}

func median(times []time.Duration) time.Duration {
	ordered := slices.Sorted(slices.Values(times))
	return (ordered[(len(ordered)-1)/2] + ordered[len(ordered)/2]) / 2
}

// spread is the middle, and the shortest and longest, in milliseconds.
func spread(times []time.Duration) string {
	ms := func(d time.Duration) string {
		if d < 10*time.Millisecond {
			return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000)
		}
		return fmt.Sprint(d.Round(time.Millisecond).Milliseconds())
	}
	return fmt.Sprintf("%s ms (%s–%s)", ms(median(times)), ms(slices.Min(times)), ms(slices.Max(times)))
}
