// Ratings of programmes, live and later, and the curve of one of them.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { useEffect, useState } from "preact/hooks";
import { audience } from "../api";
import { Basis } from "../basis";
import { useAround } from "../context";
import { filterOf, Filters } from "../filter";
import { type GetProgrammeRatingsResponse, Metric, type ProgrammeRating } from "../gen/tvstats/v1/audience_pb";
import { Show, useLoad } from "../load";
import { ChannelName, channelName, Name, plain } from "../names";
import { InPeriod, type Period, spanOf } from "../period";
import { change, keyOf } from "../place";
import { Figure, type Measure } from "../widgets";
import { Curve, ofCurve } from "./curve";

const days = 7;
const firstRows = 100;
const mostRows = 1000; // the service returns no more at once

const orders = {
  average: Metric.AVERAGE_AUDIENCE,
  live: Metric.LIVE_AVERAGE_AUDIENCE,
  share: Metric.SHARE,
  rating: Metric.RATING,
  reach: Metric.REACH,
  accounts: Metric.ACCOUNTS,
  watch: Metric.WATCH_SECONDS,
  sevenDays: Metric.SEVEN_DAY_SECONDS,
  start: Metric.UNSPECIFIED,
};

type OrderName = keyof typeof orders;

const orderOf = (params: URLSearchParams): OrderName => keyOf(orders, params.get("sort"), "average");

export function Programmes() {
  const { params, text, names } = useAround();
  const words = text.programmes;
  const channel = Number(params.get("channel")) || 0;
  const known = channel === 0 || names.channels.has(channel) ? [...names.channels.keys()] : [...names.channels.keys(), channel];
  return (
    <InPeriod
      days={days}
      choice={
        <>
          <label>
            {text.channel}{" "}
            <select value={channel || ""} onChange={(event) => change({ channel: event.currentTarget.value })}>
              <option value="">{words.allChannels}</option>
              {known.map((id) => (
                <option key={id} value={id}>
                  {plain(channelName(names.channels.get(id)?.name, id))}
                </option>
              ))}
            </select>
          </label>
          <label>
            {words.order}{" "}
            <select value={orderOf(params)} onChange={(event) => change({ sort: event.currentTarget.value })}>
              {Object.keys(orders).map((name) => (
                <option key={name} value={name}>
                  {words.orders[name as OrderName]}
                </option>
              ))}
            </select>
          </label>
        </>
      }
    >
      {(period) => <Content period={period} channel={channel} />}
    </InPeriod>
  );
}

function Content({ period, channel }: { period: Period; channel: number }) {
  const { params, clientId, text } = useAround();
  const [limit, setLimit] = useState(firstRows);
  const filter = filterOf(params);
  const order = orderOf(params);
  const ratings = useLoad(
    (options) =>
      audience.getProgrammeRatings(
        { clientId, ...spanOf(period), filter: { ...filter, channels: channel ? [channel] : [] }, orderBy: orders[order], pageSize: limit },
        options,
      ),
    [clientId, period.from, period.to, JSON.stringify(filter), channel, order, limit],
  );
  const programme = /^[1-9]\d{0,17}$/.test(params.get("programme") ?? "") ? BigInt(params.get("programme")!) : 0n;
  return (
    <>
      <Filters period={period} />
      <Show of={ratings}>
        {(value) => (
          <>
            <Basis of={value} />
            <div class="grid charts">
              {programme > 0n && <OneProgramme id={programme} rating={value.programmes.find((row) => row.programmeId === programme)} />}
              <Ratings of={value} />
            </div>
            {value.nextPageToken && limit < mostRows && (
              <button type="button" onClick={() => setLimit(mostRows)}>
                {text.more}
              </button>
            )}
          </>
        )}
      </Show>
    </>
  );
}

function Ratings({ of }: { of: GetProgrammeRatingsResponse }) {
  const { text, format, names } = useAround();
  const words = text.programmes;
  const measures = text.audience.measures;
  const hours = (label: string, seconds: (row: ProgrammeRating) => bigint): Measure<ProgrammeRating> => ({
    label,
    show: (row) => format.hours(seconds(row)),
    cell: (row) => Number(seconds(row)) / 3600,
  });
  const figure = (label: string, value: (row: ProgrammeRating) => number, written: (value: number) => string): Measure<ProgrammeRating> => ({
    label,
    show: (row) => written(value(row)),
    cell: value,
  });
  const greatest = Math.max(0, ...of.programmes.map((row) => Number(row.watchSeconds)));
  return (
    <Figure
      wide
      title={words.ratings}
      explain={`${words.ratingsExplain} ${text.audience.explains.rating} ${words.shareExplain}`}
      file="programmes"
      rows={of.programmes}
      rowKey={(row) => String(row.programmeId)}
      columns={[
        {
          label: text.programme,
          text: true,
          show: (row) => (
            <button type="button" class="link" onClick={() => change({ programme: String(row.programmeId) })}>
              <Name of={titleOf(row)} />
            </button>
          ),
          cell: titleOf,
        },
        {
          label: text.channel,
          text: true,
          show: (row) => <ChannelName id={row.channelId} />,
          cell: (row) => channelName(names.channels.get(row.channelId)?.name, row.channelId),
        },
        { label: words.start, text: true, show: (row) => <span class="whole">{format.time(row.start)}</span>, cell: (row) => (row.start ? timestampDate(row.start) : "") },
        figure(measures.rating, (row) => row.rating, format.parts),
        figure(measures.share, (row) => row.share, format.parts),
        figure(measures.average, (row) => row.averageAudience, format.fine),
        figure(words.orders.live, (row) => row.liveAverageAudience, format.fine),
        figure(measures.reach, (row) => Number(row.reach), format.number),
        figure(measures.accounts, (row) => Number(row.accounts), format.number),
        { label: words.liveAndLater, show: (row) => <Apart row={row} greatest={greatest} /> },
        hours(words.live, (row) => row.liveSeconds),
        hours(words.later, (row) => row.watchSeconds - row.liveSeconds),
        hours(words.sameDay, (row) => row.sameDaySeconds),
        hours(words.sevenDays, (row) => row.sevenDaySeconds),
        hours(words.twentyEightDays, (row) => row.twentyeightDaySeconds),
        { label: "ID", show: (row) => String(row.programmeId), cell: (row) => row.programmeId },
      ]}
    />
  );
}

const titleOf = (row: ProgrammeRating): string => row.title || `#${row.programmeId}`;

// Live viewing and later viewing as parts of one bar.
function Apart({ row, greatest }: { row: ProgrammeRating; greatest: number }) {
  const part = (seconds: bigint) => ({ "--part": greatest > 0 ? Number(seconds) / greatest : 0 });
  return (
    <span class="apart" aria-hidden="true">
      <span class="bar" style={part(row.liveSeconds)} />
      <span class="bar later" style={part(row.watchSeconds - row.liveSeconds)} />
    </span>
  );
}

// The title is known of a programme that is among the ratings.
function OneProgramme({ id, rating }: { id: bigint; rating: ProgrammeRating | undefined }) {
  const { params, clientId, text, format } = useAround();
  const filter = ofCurve(filterOf(params));
  const curve = useLoad((options) => audience.getAudienceCurve({ clientId, programmeId: id, filter }, options), [clientId, id, JSON.stringify(filter)]);
  useEffect(() => scrollTo(0, 0), [id]);
  const title = rating ? `${plain(titleOf(rating))}, ${format.time(rating.start)}` : `#${id}`;
  return (
    <div class="wide">
      <button type="button" onClick={() => change({ programme: "" })}>
        {text.close}
      </button>
      <Show of={curve}>{(value) => <Curve title={title} curve={value} />}</Show>
    </div>
  );
}
