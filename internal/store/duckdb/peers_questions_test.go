package duckdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// figureRow is a row of whole numbers, keys first: what all engines are made to return, so that they can be compared.
type figureRow []int64

// peerQuestion is something that every engine is asked.
type peerQuestion struct {
	name    string
	tvstats func(context.Context, *Store) ([]figureRow, error)
	// sql is what one would write without tvstats, in the words that both engines have or that duckdbWords and clickhouseWords replace;
	// clickhouse what it is there where that is quicker.
	sql, clickhouse string
	without         string // why the others are not asked; then there is no sql
}

// The words in which the engines differ.
var (
	duckdbWords     = strings.NewReplacer("{median}", "median", "{argmax}", "arg_max", "{each}", "unnest")
	clickhouseWords = strings.NewReplacer("{median}", "quantileExactInclusive(0.5)", "{argmax}", "argMax", "{each}", "arrayJoin")
)

const reachMillis = 180_000

var (
	peerMonth, peerTenDays = benchFilter(benchDays), benchFilter(10)
	peerDay                = func() viewing.Filter {
		day := benchFilter(benchDays)
		day.Window.From = day.Window.To - viewing.DayLength
		return day
	}()
)

// sums are the measures that rankings by time and by sessions are made of.
var sums = []measure.Measure{measure.Watch, measure.Sessions}

// byChannel asks for measures of a month by channel, as rankings do.
func byChannel(narrow func(*viewing.Filter), measures ...measure.Measure) func(context.Context, *Store) ([]figureRow, error) {
	query := measure.Query{Filter: peerMonth, GroupBy: []measure.Dimension{measure.Channel}, Measures: measures, Reach: reachMillis}
	if narrow != nil {
		narrow(&query.Filter)
	}
	return aggregated(query)
}

// everyMonth asks for measures of a month in periods of the length.
func everyMonth(query measure.Query, length viewing.Millis) func(context.Context, *Store) ([]figureRow, error) {
	query.Filter = peerMonth
	var boundaries []viewing.Millis
	for at := peerMonth.Window.From; at <= peerMonth.Window.To; at += length {
		boundaries = append(boundaries, at)
	}
	query.Slices = measure.Slices(boundaries)
	return aggregated(query)
}

func aggregated(query measure.Query) func(context.Context, *Store) ([]figureRow, error) {
	return func(ctx context.Context, s *Store) ([]figureRow, error) {
		rows, err := s.Aggregate(ctx, query)
		figures := make([]figureRow, len(rows))
		for i, row := range rows {
			for _, d := range query.GroupBy {
				key := int64(row.ChannelID)
				if d == measure.Period {
					key = int64(row.Period)
				}
				figures[i] = append(figures[i], key)
			}
			figures[i] = append(figures[i], row.Values...)
		}
		return figures, err
	}
}

func peerProgrammes(ctx context.Context, s *Store) ([]figureRow, error) {
	watched, err := s.ProgrammeWatch(ctx, store.ProgrammeWatchQuery{Filter: peerTenDays, Score: store.ByWatchTime, Reach: reachMillis, Limit: 17})
	figures := make([]figureRow, len(watched.Programmes))
	for i := range watched.Programmes {
		p := &watched.Programmes[i]
		figures[i] = figureRow{
			p.ProgrammeID, int64(p.Watch), p.Sessions, p.Accounts, p.Reach, int64(p.Greatest), p.TopAccount, int64(watched.Watch),
		}
	}
	return figures, err
}

func peerRatings(ctx context.Context, s *Store) ([]figureRow, error) {
	rated := store.RatingQuery{Filter: peerTenDays, Starting: peerTenDays.Window, Reach: reachMillis}
	for day := range viewing.Day(10) {
		rated.Days = append(rated.Days, (benchFirst.Day() + day).Window())
	}
	_, err := s.Ratings(ctx, rated)
	return nil, err
}

// peerCurve asks for the minutes of a day, of some channels or of all.
func peerCurve(channels ...int32) func(context.Context, *Store) ([]figureRow, error) {
	filter := peerDay
	filter.Channels = channels
	return func(ctx context.Context, s *Store) ([]figureRow, error) {
		steps, err := s.Curve(ctx, filter, 60_000)
		figures := make([]figureRow, len(steps))
		for i, step := range steps {
			figures[i] = figureRow{int64(i), int64(step.Watch), step.Accounts, step.Joined, step.Left}
		}
		return figures, err
	}
}

func peerFlows(ctx context.Context, s *Store) ([]figureRow, error) {
	flows, err := s.ChannelFlows(ctx, peerDay, 60_000, 0)
	figures := make([]figureRow, len(flows))
	for i, flow := range flows {
		figures[i] = figureRow{int64(flow.From), int64(flow.To), flow.Switches, flow.Accounts}
	}
	return figures, err
}

func peerPeak(ctx context.Context, s *Store) ([]figureRow, error) {
	_, err := s.Peaks(ctx, 1, peerDay.Window.From, peerDay.Window, benchNow)
	return nil, err
}

func started(w viewing.Window) string { return "client_id = 1 AND " + within(w) }

// sumsSQL is sums by channel under a further condition.
func sumsSQL(further string) string {
	return `SELECT channel_id, CAST(sum(watched_seconds) * 1000 AS BIGINT), count(*) FROM sessions WHERE ` + started(peerMonth.Window) + further + ` GROUP BY channel_id`
}

func criteriaSQL(further string) string {
	return `SELECT channel_id, CAST(sum(watched_seconds) * 1000 AS BIGINT), count(*), CAST({median}(watched_seconds) * 1000 AS BIGINT)
		FROM sessions WHERE ` + started(peerMonth.Window) + further + ` GROUP BY channel_id`
}

// piecesSQL is the sessions of a month, cut where periods of the length end.
func piecesSQL(length viewing.Millis) string {
	return fmt.Sprintf(`(SELECT channel_id, account_id, period, least(to_at, %[1]d + (period + 1) * %[3]d) - greatest(from_at, %[1]d + period * %[3]d) AS millis
		FROM (SELECT channel_id, account_id, from_at, to_at, {each}(range(intDiv(from_at - %[1]d, %[3]d), intDiv(to_at - 1 - %[1]d, %[3]d) + 1)) AS period
			FROM (SELECT channel_id, account_id, started_at AS from_at, least(started_at + watched_seconds * 1000, %[2]d) AS to_at
				FROM sessions WHERE %[4]s AND watched_seconds > 0) AS shown) AS cut) AS pieces`,
		peerMonth.Window.From, peerMonth.Window.To, length, started(peerMonth.Window))
}

var byAccountSQL = `(SELECT channel_id, account_id, sum(watched_seconds) AS watch, max(watched_seconds) AS longest
		FROM sessions WHERE ` + started(peerMonth.Window) + ` GROUP BY channel_id, account_id) AS by_account`

const ofAccountsSQL = `count(*) AS accounts, count(*) FILTER (WHERE longest >= 180) AS reach`
