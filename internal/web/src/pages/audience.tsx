// How much which channels were watched, when, and where their viewers came from.
import type { CallOptions } from "@connectrpc/connect";
import { allRows } from "../api";
import { Basis } from "../basis";
import { useAround } from "../context";
import { filterOf, Filters } from "../filter";
import { Dimension, type AudienceRow, type GetAudienceResponse } from "../gen/tvstats/v1/audience_pb";
import { Show, useLoad } from "../load";
import { type MeasureName, measureNames, measureOf, metrics, useMeasures } from "../measures";
import { ChannelName, channelName, plain } from "../names";
import { InPeriod, type Period, spanOf } from "../period";
import { change } from "../place";
import { Spark } from "../spark";
import { barred, Figure, type Measure, Tile } from "../widgets";
import { CurveOfDay } from "./curve";
import { Flow } from "./flow";
import { Heat } from "./heat";

const days = 7;

export function AudiencePage() {
  const { params, text } = useAround();
  const measure = measureOf(params);
  return (
    <InPeriod
      days={days}
      choice={
        <label>
          {text.audience.measure}{" "}
          <select value={measure} onChange={(event) => change({ measure: event.currentTarget.value })}>
            {measureNames.map((name) => (
              <option key={name} value={name}>
                {text.audience.measures[name]}
              </option>
            ))}
          </select>
        </label>
      }
    >
      {(period) => <Content period={period} measure={measure} />}
    </InPeriod>
  );
}

function Content({ period, measure }: { period: Period; measure: MeasureName }) {
  const { params, clientId, text } = useAround();
  const filter = filterOf(params);
  const viewing = { clientId, ...spanOf(period), filter };
  const channels = useLoad((options) => allRows({ ...viewing, groupBy: [Dimension.CHANNEL], orderBy: metrics[measure] }, options), [clientId, period.from, period.to, JSON.stringify(filter), measure]);
  const channel = Number(params.get("channel")) || channels.value?.rows[0]?.channelId;
  return (
    <>
      <Filters period={period} />
      <Show of={channels}>
        {(value) => (
          <>
            <Basis of={value} />
            <Totals of={value} />
            <div class="grid charts">
              <Channels of={value} measure={measure} period={period} />
              <Heat period={period} measure={measure} />
            </div>
          </>
        )}
      </Show>
      {channel ? <OneChannel channel={channel} period={period} /> : channels.value && <p class="quiet">{text.audience.noChannel}</p>}
    </>
  );
}

function Totals({ of }: { of: GetAudienceResponse }) {
  const { text, format } = useAround();
  const measures = useMeasures();
  const words = text.audience;
  const total = of.total;
  return (
    <div class="grid">
      {total &&
        (["watch", "accounts", "average", "rating"] as const).map((name) => (
          <Tile key={name} id={`total_${name}`} title={words.measures[name]} explain={words.explains[name]} value={String(measures[name].show(total))} />
        ))}
      <Tile id="universe" title={words.universe} explain={words.universeExplain} value={format.number(of.universe)} />
    </div>
  );
}

const trends = 20; // so many channels have a line of days

function Channels({ of, measure, period }: { of: GetAudienceResponse; measure: MeasureName; period: Period }) {
  const { text, names, params, clientId } = useAround();
  const measures = useMeasures();
  const words = text.audience;
  const best = of.rows.slice(0, trends).map((row) => row.channelId);
  const trend = useLoad(
    (options) => trendsOf({ clientId, ...spanOf(period), filter: { ...filterOf(params), channels: best } }, measures[measure].value, options),
    [of, measure],
  );
  const chosen = measures[measure];
  const channel: Measure<AudienceRow> = {
    label: text.channel,
    text: true,
    show: (row) => (
      <button type="button" class="link" onClick={() => change({ channel: String(row.channelId) })}>
        <ChannelName id={row.channelId} />
      </button>
    ),
    cell: (row) => channelName(names.channels.get(row.channelId)?.name, row.channelId),
  };
  return (
    <Figure
      wide
      title={words.channels}
      explain={`${words.channelsExplain} ${words.explains[measure]}`}
      file="channels"
      rows={of.rows}
      rowKey={(row) => String(row.channelId)}
      columns={[
        channel,
        barred(chosen, of.rows, chosen.value),
        { label: words.trend, show: (row) => <Spark values={trend.value?.get(row.channelId) ?? []} /> },
        ...measureNames.filter((name) => name !== measure).map((name) => measures[name]),
        { label: "ID", show: (row) => row.channelId, cell: (row) => row.channelId },
      ]}
    />
  );
}

// The measure of every day, by channel; days without viewing are 0.
async function trendsOf(viewing: Parameters<typeof allRows>[0], value: (row: AudienceRow) => number, options: CallOptions): Promise<Map<number, number[]>> {
  if (!viewing.filter?.channels?.length) return new Map();
  const { rows } = await allRows({ ...viewing, groupBy: [Dimension.DAY, Dimension.CHANNEL] }, options);
  const starts = [...new Set(rows.map((row) => row.periodStart?.seconds ?? 0n))];
  const places = new Map(starts.map((start, place) => [start, place]));
  const trends = new Map<number, number[]>();
  for (const row of rows) {
    const line = trends.get(row.channelId) ?? starts.map(() => 0);
    line[places.get(row.periodStart?.seconds ?? 0n) ?? 0] = value(row);
    trends.set(row.channelId, line);
  }
  return trends;
}

function OneChannel({ channel, period }: { channel: number; period: Period }) {
  const { text, names } = useAround();
  const known = names.channels.has(channel) ? [...names.channels.keys()] : [...names.channels.keys(), channel];
  return (
    <>
      <h2 class="section">{text.audience.oneChannel}</h2>
      <form class="choice" onSubmit={(event) => event.preventDefault()}>
        <label>
          {text.channel}{" "}
          <select value={channel} onChange={(event) => change({ channel: event.currentTarget.value })}>
            {known.map((id) => (
              <option key={id} value={id}>
                {plain(channelName(names.channels.get(id)?.name, id))}
              </option>
            ))}
          </select>
        </label>
      </form>
      <div class="grid charts">
        <CurveOfDay channel={channel} period={period} />
        <Flow channel={channel} period={period} />
      </div>
    </>
  );
}
