package duckdb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
)

// What is measured besides sizingQuestions.
const (
	fileSize    = "size of the file"
	startClean  = "start after a clean stop"
	startKilled = "start after a kill"
	foldDay     = "folding of one day more"
	memory      = "resident memory at most, meanwhile"
)

var sizingQuestions = []struct {
	name string
	ask  func(context.Context, *Store) ([]figureRow, error)
}{
	{"sums and counts by channel, 30 days", byChannel(nil, sums...)},
	{"all four criteria, 30 days", byChannel(nil, append(sums, measure.Median)...)},
	{"accounts and reach by channel, 30 days", byChannel(nil, measure.Accounts, measure.Reach)},
	{"greatest number online of a day", peerPeak},
	{"ratings of a day, 24,000 programmes", lastDayRatings},
}

// A year of a million homes.
const (
	yearSessions  = 365 * sessionsOfHome * 1_000_000
	monthSessions = benchDays * sessionsOfHome * 1_000_000
)

// sizingTable is what was measured, by size, and what the line through it says of a year of a million homes: what looks at 30 days or at
// one follows the sessions of a month, the size and the starts follow all of them.
func sizingTable(all map[int]sizing) string {
	sizes := slices.Sorted(maps.Keys(all))
	var text strings.Builder
	text.WriteString("\n| sessions in 30 days |")
	for _, size := range sizes {
		fmt.Fprintf(&text, " %g million |", float64(size)/1e6)
	}
	text.WriteString(" a year of a million homes, extrapolated |\n| --- |" + strings.Repeat(" --- |", len(sizes)+1) + "\n| homes |")
	for _, size := range sizes {
		fmt.Fprintf(&text, " %d |", size/benchDays/sessionsOfHome)
	}
	text.WriteString(" 1000000 |\n")
	whats := []string{fileSize, startClean, startKilled}
	for _, one := range sizingQuestions {
		whats = append(whats, one.name)
	}
	for _, what := range append(whats, foldDay, memory) {
		row, to := "| "+what+" |", monthSessions
		if slices.Contains(whats[:3], what) {
			to = yearSessions
		}
		for _, size := range sizes {
			row += " " + shown(what, all[size][what]) + " |"
		}
		if what == memory {
			row += " what `--memory-limit` allows, and some hundred MB |\n"
		} else {
			row += " " + extrapolated(what, all, to) + " |\n"
		}
		text.WriteString(row)
	}
	return text.String() + "\n"
}

// extrapolated is the line of least squares through what was measured, at so many sessions; one size makes no line.
func extrapolated(what string, all map[int]sizing, sessions int) string {
	var n, x, y, xx, xy float64
	for size, measured := range all {
		at := float64(size)
		n, x, y, xx, xy = n+1, x+at, y+measured[what], xx+at*at, xy+at*measured[what]
	}
	if n < 2 {
		return "needs another size"
	}
	slope := max(0, (n*xy-x*y)/(n*xx-x*x)) // what falls with the size does not depend on it
	return "*" + shown(what, (y-slope*x)/n+slope*float64(sessions)) + "*"
}

// TestSizingTable is of sizes that are no whole millions, and of one, through which there is no line.
func TestSizingTable(t *testing.T) {
	one := map[int]sizing{300_000: {startClean: 0.019}}
	two := map[int]sizing{300_000: {startClean: 0.019}, 1_300_000: {startClean: 0.020}}
	for want, all := range map[string]map[int]sizing{
		"\n| start after a clean stop | 19 ms | needs another size |\n": one,
		"\n| start after a clean stop | 19 ms | 20 ms | *7.3 s* |\n":    two,
		"\n| sessions in 30 days | 0.3 million | 1.3 million | a year":  two,
	} {
		if table := sizingTable(all); !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func shown(what string, value float64) string {
	switch {
	case what == memory || what == fileSize:
		if value > 1e10 {
			return fmt.Sprintf("%.0f GB", value/1e9)
		}
		return fmt.Sprintf("%.2f GB", value/1e9)
	case value < 1:
		return fmt.Sprintf("%.0f ms", value*1000)
	default:
		return fmt.Sprintf("%.1f s", value)
	}
}
