// The measures of audiences: what rows are ordered by, and how each is read.
import { useAround } from "./context";
import { type AudienceRow, Metric } from "./gen/tvstats/v1/audience_pb";
import { keyOf } from "./place";
import type { Measure } from "./widgets";

export type MeasureName = "watch" | "average" | "share" | "rating" | "reach" | "accounts" | "sessions" | "reported";

export const metrics: Record<MeasureName, Metric> = {
  watch: Metric.WATCH_SECONDS,
  average: Metric.AVERAGE_AUDIENCE,
  share: Metric.SHARE,
  rating: Metric.RATING,
  reach: Metric.REACH,
  accounts: Metric.ACCOUNTS,
  sessions: Metric.WATCH_SESSIONS,
  reported: Metric.WATCH_SECONDS_REPORTED,
};

export const measureNames = Object.keys(metrics) as MeasureName[];

export const measureOf = (params: URLSearchParams): MeasureName => keyOf(metrics, params.get("measure"), "watch");

// A row's figure by each measure, as a column.
export type Measures = Record<MeasureName, Measure<AudienceRow> & { value: (row: AudienceRow) => number }>;

export function useMeasures(): Measures {
  const { text, format } = useAround();
  const { measures } = text.audience;
  const column = (name: MeasureName, value: (row: AudienceRow) => number, written: (value: number) => string) => ({
    label: measures[name],
    value,
    cell: value,
    show: (row: AudienceRow) => written(value(row)),
  });
  return {
    watch: column("watch", (row) => Number(row.watchSeconds) / 3600, format.fraction),
    average: column("average", (row) => row.averageAudience, format.fine),
    share: column("share", (row) => row.share, format.parts),
    rating: column("rating", (row) => row.rating, format.parts),
    reach: column("reach", (row) => Number(row.reach), format.number),
    accounts: column("accounts", (row) => Number(row.accounts), format.number),
    sessions: column("sessions", (row) => Number(row.watchSessions), format.number),
    reported: column("reported", (row) => Number(row.watchSecondsReported) / 3600, format.fraction),
  };
}
