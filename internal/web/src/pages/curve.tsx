// The live audience of a channel over a day, with its guide below it, and of a programme.
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "@connectrpc/connect";
import type { ComponentChildren } from "preact";
import { all, audience, catalog, pageSize } from "../api";
import { Basis } from "../basis";
import { useAround } from "../context";
import { type Filter, filterOf } from "../filter";
import { dateOf, dayOf } from "../format";
import type { AudienceCurvePoint, GetAudienceCurveResponse } from "../gen/tvstats/v1/audience_pb";
import type { Programme } from "../gen/tvstats/v1/catalog_pb";
import { Show, useLoad } from "../load";
import { channelName, plain } from "../names";
import { dayIn, dayMillis, type Period } from "../period";
import { addressOf, change } from "../place";
import { Figure, type Measure } from "../widgets";

const stepSeconds = 300n;
const longestProgramme = 7 * dayMillis;

// Curves are of live viewing and of one channel.
export const ofCurve = ({ devices, tariffs }: Filter) => ({ devices, tariffs });

export function CurveOfDay({ channel, period }: { channel: number; period: Period }) {
  const { params, clientId } = useAround();
  const day = dayIn(params.get("day")) ?? period.to;
  const filter = ofCurve(filterOf(params));
  const loaded = useLoad((options) => dayOfChannel(clientId, channel, day, filter, options), [clientId, channel, day, JSON.stringify(filter)]);
  return (
    <Show of={loaded}>
      {({ curve, guide }) => <Day channel={channel} day={day} curve={curve} guide={guide} />}
    </Show>
  );
}

async function dayOfChannel(clientId: number, channelId: number, day: string, filter: ReturnType<typeof ofCurve>, options: CallOptions) {
  const from = new Date(day);
  const end = new Date(from.getTime() + dayMillis);
  const now = new Date();
  const to = timestampFromDate(now > from && now < end ? now : end); // a curve that goes on at 0 would say that all have left
  const [curve, guide] = await Promise.all([
    audience.getAudienceCurve({ clientId, channelId, from: timestampFromDate(from), to, stepSeconds, filter }, options),
    all(
      (pageToken) =>
        catalog.listProgrammes(
          { clientId, channels: [channelId], startFrom: timestampFromDate(new Date(from.getTime() - longestProgramme)), startTo: to, pageSize, pageToken },
          options,
        ),
      (page) => page.programmes,
    ),
  ]);
  return { curve, guide: guide.filter((programme) => programme.end && timestampDate(programme.end) > from) };
}

function Day(props: { channel: number; day: string; curve: GetAudienceCurveResponse; guide: Programme[] }) {
  const { text, names, format, params } = useAround();
  const name = plain(channelName(names.channels.get(props.channel)?.name, props.channel));
  const move = (days: number) => change({ day: dayOf(new Date(Date.parse(props.day) + days * dayMillis)) });
  const points = props.curve.points;
  return (
    <div class="wide">
      <form class="choice" onSubmit={(event) => event.preventDefault()}>
        <button type="button" onClick={() => move(-1)} aria-label={text.audience.dayBefore}>
          ‹
        </button>
        <label>
          {text.day} <input type="date" required value={props.day} onChange={(event) => change({ day: event.currentTarget.value })} />
        </label>
        <button type="button" onClick={() => move(1)} aria-label={text.audience.dayAfter}>
          ›
        </button>
        <a href={addressOf("programmes", params, { channel: String(props.channel), from: props.day, to: props.day })}>{text.audience.ratingsOfDay}</a>
      </form>
      <Curve title={`${name}, ${format.day(new Date(props.day))}`} curve={props.curve} below={<Guide points={points} guide={props.guide} />} />
    </div>
  );
}

export function Curve(props: { title: string; curve: GetAudienceCurveResponse; below?: ComponentChildren }) {
  const { text, format } = useAround();
  const words = text.audience;
  const count = (label: string, value: (p: AudienceCurvePoint) => bigint, plotted: boolean): Measure<AudienceCurvePoint> => ({
    label,
    show: (p) => format.number(value(p)),
    cell: value,
    ...(plotted && { plot: (p) => Number(value(p)) }),
  });
  return (
    <Figure
      wide
      title={props.title}
      explain={words.curveExplain}
      file="curve"
      rows={props.curve.points}
      at={startOf}
      rowKey={(p) => startOf(p).toISOString()}
      columns={[
        { label: text.time, text: true, show: (p) => format.time(p.start), cell: startOf },
        { label: words.measures.average, show: (p) => format.fine(p.averageAudience), cell: (p) => p.averageAudience, plot: (p) => p.averageAudience },
        count(words.most, (p) => p.maxAudience, false),
        count(words.joined, (p) => p.joined, true),
        count(words.left, (p) => p.left, true),
      ]}
      below={
        <>
          {props.below}
          <Basis of={props.curve} />
        </>
      }
    />
  );
}

const startOf = (point: AudienceCurvePoint): Date => (point.start ? timestampDate(point.start) : new Date(0));

// Programmes on the axis of the chart above them: from the first point to the last.
function Guide({ points, guide }: { points: AudienceCurvePoint[]; guide: Programme[] }) {
  const { text, format, params } = useAround();
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || guide.length === 0) return null;
  const from = startOf(first).getTime();
  const length = Math.max(1, startOf(last).getTime() - from);
  const place = (at: Date) => Math.min(1, Math.max(0, (at.getTime() - from) / length));
  return (
    <ol class="guide" aria-label={text.audience.guide}>
      {guide.map(({ programmeId, channelId, title, start, end }) => {
        if (!start || !end) return null;
        const begins = place(dateOf(start));
        const told = `${format.minute(start)}–${format.minute(end)} ${plain(title)}`;
        const day = dayOf(dateOf(start));
        return (
          <li key={String(programmeId)} style={{ "--begin": begins, "--length": place(dateOf(end)) - begins }}>
            <a href={addressOf("programmes", params, { programme: String(programmeId), channel: String(channelId), from: day, to: day })} title={told} aria-label={told}>
              <bdi>{plain(title)}</bdi>
            </a>
          </li>
        );
      })}
    </ol>
  );
}
