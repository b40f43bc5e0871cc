package duckdb

// medians finds exact medians in two scans. The first, steps, counts sessions by cell and by time in steps of 2^16 ms,
// which gives the step that holds the middle of each cell; the second counts single seconds in those steps only. Unlike the
// engine's median it never holds the sessions themselves, so that its memory depends on the number of cells alone, and it is
// no slower. %[1]s are the keys of cells.
const medians = `
	ranked AS (
		SELECT *, sum(sessions) OVER (PARTITION BY %[1]s ORDER BY step) - sessions AS below,
			sum(sessions) OVER (PARTITION BY %[1]s) AS total FROM steps),
	-- With n sessions the middle ones are number (n + 1) // 2 and n // 2 + 1: the same one where n is odd.
	middle AS MATERIALIZED (
		SELECT %[1]s, step, below, total FROM ranked
		WHERE below < total // 2 + 1 AND below + sessions >= (total + 1) // 2),
	lengths AS (
		SELECT %[1]s, step, millis, any_value(below) AS below, any_value(total) AS total, count(*) AS sessions
		FROM (SELECT *, millis >> 16 AS step FROM cut) JOIN middle USING (%[1]s, step) GROUP BY ALL),
	upto AS (
		SELECT %[1]s, millis, total,
			below + sum(sessions) OVER (PARTITION BY %[1]s, step ORDER BY millis) AS number
		FROM lengths),
	medians AS (
		SELECT %[1]s, (min(millis) FILTER (number >= (total + 1) // 2) + min(millis) FILTER (number >= total // 2 + 1)) // 2 AS median
		FROM upto GROUP BY %[1]s),`
