package duckdb

import (
	"fmt"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// peerQuestions are in the order of the page's table.
var peerQuestions = []peerQuestion{
	{name: "sums and counts by channel", tvstats: byChannel(nil, sums...), sql: sumsSQL("")},
	{
		name: "the same of two kinds of device", sql: sumsSQL(" AND device IN (1, 2)"),
		tvstats: byChannel(func(f *viewing.Filter) { f.Devices = []string{"device 1", "device 2"} }, sums...),
	},
	{
		name: "the same of two tariffs", sql: sumsSQL(" AND tariff_set IN (1, 2)"),
		tvstats: byChannel(func(f *viewing.Filter) { f.Tariffs = []int32{1, 2} }, sums...),
	},
	{
		name: "the same of live viewing", sql: sumsSQL(" AND mode = 1"),
		tvstats: byChannel(func(f *viewing.Filter) { f.Modes = []viewing.Mode{viewing.Live} }, sums...),
	},
	{
		name: "sums and counts of active accounts", sql: sumsSQL(ofActive), tvstats: byChannel(onlyActive, sums...),
	},
	{
		name:    "sums and counts by channel and day of the start",
		tvstats: everyMonth(measure.Query{GroupBy: []measure.Dimension{measure.Channel, measure.Period}, Measures: sums}, viewing.DayLength),
		sql: fmt.Sprintf(`SELECT channel_id, intDiv(started_at - %d, %d) AS period, CAST(sum(watched_seconds) * 1000 AS BIGINT), count(*)
			FROM sessions WHERE %s GROUP BY channel_id, period`, peerMonth.Window.From, viewing.DayLength, started(peerMonth.Window)),
	},
	{
		name: "sums and counts by channel and day, time where it falls",
		tvstats: everyMonth(measure.Query{
			Count: measure.ByTime, GroupBy: []measure.Dimension{measure.Channel, measure.Period}, Measures: sums,
		}, viewing.DayLength),
		sql: `SELECT channel_id, period, CAST(sum(millis) AS BIGINT), count(*) FROM ` + piecesSQL(viewing.DayLength) + ` GROUP BY channel_id, period`,
	},
	{name: "all four criteria", tvstats: byChannel(nil, append(sums, measure.Median)...), sql: criteriaSQL("")},
	{name: "all four criteria of active accounts", tvstats: byChannel(onlyActive, append(sums, measure.Median)...), sql: criteriaSQL(ofActive)},
	{
		name: "accounts and reach by channel", tvstats: byChannel(nil, measure.Accounts, measure.Reach),
		sql: `SELECT channel_id, ` + ofAccountsSQL + ` FROM ` + byAccountSQL + ` GROUP BY channel_id`,
	},
	{
		name:    "whole places of channels",
		tvstats: byChannel(nil, append(sums, measure.Median, measure.Accounts, measure.Reach, measure.Greatest)...),
		sql: `SELECT channel_id, watch, sessions, median, accounts, reach, greatest FROM (
				SELECT channel_id, CAST(sum(watched_seconds) * 1000 AS BIGINT) AS watch, count(*) AS sessions,
					CAST({median}(watched_seconds) * 1000 AS BIGINT) AS median
				FROM sessions WHERE ` + started(peerMonth.Window) + ` GROUP BY channel_id) AS figures
			JOIN (SELECT channel_id, ` + ofAccountsSQL + `, CAST(max(watch) * 1000 AS BIGINT) AS greatest FROM ` + byAccountSQL + `
				GROUP BY channel_id) AS of_accounts USING (channel_id)`,
	},
	{
		name: "by hour, with accounts",
		tvstats: everyMonth(measure.Query{
			Count: measure.ByTime, GroupBy: []measure.Dimension{measure.Period}, Measures: append(sums, measure.Accounts),
		}, viewing.HourLength),
		sql: `SELECT period, CAST(sum(watch) AS BIGINT), CAST(sum(n) AS BIGINT), count(*) FROM (
				SELECT period, account_id, sum(millis) AS watch, count(*) AS n FROM ` + piecesSQL(viewing.HourLength) + ` GROUP BY period, account_id) AS by_account
			GROUP BY period`,
		clickhouse: `SELECT period, sum(millis), count(), uniqExact(account_id) FROM ` + piecesSQL(viewing.HourLength) + ` GROUP BY period`,
	},
	{name: "curve of a day by the minute, one channel", tvstats: peerCurve(1), sql: curveSQL(" AND channel_id = 1")},
	{name: "curve of a day by the minute, all channels", tvstats: peerCurve(), sql: curveSQL("")},
	{name: "flow of a day between all channels", tvstats: peerFlows, sql: flowSQL},
	{name: "selection of 17 of 240,000 programmes, ten days", tvstats: peerProgrammes, sql: programmesSQL},
	{name: "ratings of 240,000 programmes, ten days", tvstats: peerRatings, without: "live time of all channels while each is on has no plain SQL"},
	{name: "greatest number online of a day", tvstats: peerPeak, without: "a sweep to the instant has no plain SQL"},
}

const ofActive = " AND account_id IN (SELECT account_id FROM accounts WHERE client_id = 1 AND active AND NOT deleted)"

func onlyActive(f *viewing.Filter) { f.ActiveOnly = true }

// curveSQL is the minutes of a day: time, the greatest number of accounts at once, and how many sessions began and ended. An account
// that is on several times at once counts once: only what no earlier session of it covers counts.
func curveSQL(further string) string {
	return fmt.Sprintf(`WITH visits AS (
		SELECT account_id, started_at, started_at + watched_seconds * 1000 AS ended_at FROM sessions
		WHERE client_id = 1 AND started_at >= %[1]d - 86400000 AND started_at < %[2]d%[3]s),
	shown AS (
		SELECT account_id, CAST(greatest(started_at, %[1]d) AS BIGINT) AS from_at, CAST(least(ended_at, %[2]d) AS BIGINT) AS to_at FROM visits WHERE ended_at > started_at AND ended_at > %[1]d),
	cut AS (SELECT from_at, to_at, {each}(range(intDiv(from_at - %[1]d, 60000), intDiv(to_at - 1 - %[1]d, 60000) + 1)) AS step FROM shown),
	watched AS (
		SELECT step, CAST(sum(least(to_at, %[1]d + (step + 1) * 60000) - greatest(from_at, %[1]d + step * 60000)) AS BIGINT) AS watch FROM cut GROUP BY step),
	covered AS (
		SELECT from_at, to_at, coalesce(max(to_at) OVER (PARTITION BY account_id ORDER BY from_at, to_at
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS until_at FROM shown),
	pieces AS (SELECT CAST(greatest(from_at, until_at) AS BIGINT) AS from_at, to_at FROM covered WHERE to_at > until_at),
	steps AS (SELECT {each}(range(0, 1440)) AS step),
	changes AS (
		SELECT from_at AS moment, 1 AS change FROM pieces UNION ALL SELECT to_at, -1 FROM pieces WHERE to_at < %[2]d
		UNION ALL SELECT CAST(%[1]d + step * 60000 AS BIGINT), 0 FROM steps),
	instants AS (SELECT moment, sum(change) AS change FROM changes GROUP BY moment),
	levels AS (SELECT intDiv(moment - %[1]d, 60000) AS step, sum(change) OVER (ORDER BY moment) AS level FROM instants),
	peaks AS (SELECT step, CAST(max(level) AS BIGINT) AS accounts FROM levels GROUP BY step),
	joined AS (SELECT intDiv(started_at - %[1]d, 60000) AS step, count(*) AS began FROM visits WHERE started_at >= %[1]d GROUP BY step),
	gone AS (SELECT intDiv(ended_at - %[1]d, 60000) AS step, count(*) AS ended FROM visits WHERE ended_at >= %[1]d AND ended_at < %[2]d GROUP BY step)
	SELECT step, coalesce(watch, 0), accounts, coalesce(began, 0), coalesce(ended, 0)
	FROM peaks LEFT JOIN watched USING (step) LEFT JOIN joined USING (step) LEFT JOIN gone USING (step)`,
		peerDay.Window.From, peerDay.Window.To, further)
}

var flowSQL = `WITH visits AS (
		SELECT account_id, channel_id, started_at, ended_at,
			lead(channel_id, 1, CAST(0 AS INTEGER)) OVER device AS next_channel, lead(started_at, 1, CAST(0 AS BIGINT)) OVER device AS next_at,
			lag(ended_at, 1, CAST(0 AS BIGINT)) OVER device AS last_ended
		FROM (SELECT account_id, device_uid, channel_id, started_at, CAST(started_at + watched_seconds * 1000 AS BIGINT) AS ended_at
			FROM sessions WHERE ` + started(peerDay.Window) + `) AS shown
		WINDOW device AS (PARTITION BY account_id, device_uid ORDER BY started_at, channel_id)),
	moves AS (
		SELECT account_id, channel_id AS from_id, CASE WHEN next_at = 0 OR next_at - ended_at > 60000 THEN 0 ELSE next_channel END AS to_id
		FROM visits WHERE next_at = 0 OR next_at - ended_at > 60000 OR next_channel <> channel_id
		UNION ALL SELECT account_id, 0, channel_id FROM visits WHERE last_ended = 0 OR started_at - last_ended > 60000)
	SELECT from_id, to_id, CAST(sum(switches) AS BIGINT), count(*) FROM (
		SELECT from_id, to_id, account_id, count(*) AS switches FROM moves GROUP BY from_id, to_id, account_id) AS by_account
	GROUP BY from_id, to_id`

// programmesSQL joins in half hours: a join on ranges alone takes minutes in either engine.
var programmesSQL = `WITH shown AS (
		SELECT account_id, channel_id, CASE WHEN mode = 1 THEN started_at ELSE coalesce(position_at, 0) END AS from_at, from_at + watched_seconds * 1000 AS to_at
		FROM sessions WHERE ` + started(peerTenDays.Window) + ` AND watched_seconds > 0),
	viewed AS (
		SELECT account_id, channel_id, from_at, to_at, intDiv(from_at, 1800000) AS first_slot,
			{each}(range(intDiv(from_at, 1800000), intDiv(to_at - 1, 1800000) + 1)) AS slot FROM shown),
	guide AS (
		SELECT programme_id, channel_id, start_at, end_at, intDiv(start_at, 1800000) AS begins,
			{each}(range(intDiv(start_at, 1800000), intDiv(end_at - 1, 1800000) + 1)) AS slot FROM programmes WHERE client_id = 1 AND NOT deleted),
	given AS (
		SELECT programme_id, account_id, least(to_at, end_at) - greatest(from_at, start_at) AS millis
		FROM viewed JOIN guide USING (channel_id, slot) WHERE slot = greatest(first_slot, begins) AND to_at > start_at AND from_at < end_at),
	by_account AS (
		SELECT programme_id, account_id, sum(millis) AS watch, count(*) AS n, max(millis) AS longest FROM given GROUP BY programme_id, account_id)
	SELECT programme_id, CAST(sum(watch) AS BIGINT) AS total, CAST(sum(n) AS BIGINT) AS sessions, count(*), count(*) FILTER (WHERE longest >= 180000),
		CAST(max(watch) AS BIGINT), {argmax}(account_id, (watch, -account_id)),
		(SELECT CAST(sum(watched_seconds) * 1000 AS BIGINT) FROM sessions WHERE ` + started(peerTenDays.Window) + `)
	FROM by_account GROUP BY programme_id ORDER BY intDiv(total, 1000) DESC, sessions DESC LIMIT 17`
