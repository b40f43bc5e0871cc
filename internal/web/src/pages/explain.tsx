// Why something is in its place.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { viewStats } from "../api";
import { useAround } from "../context";
import type { ExplainRankResponse, NeighbouringPlace } from "../gen/tvstats/v1/view_stats_pb";
import { Show, useLoad } from "../load";
import { ChannelName, plain } from "../names";
import { Table, Widget } from "../widgets";
import type { Order, Request } from "./order";

export interface Explained {
  channelId: number;
  programmeId: bigint; // 0 in a ranking of channels
  name: string;
}

// An order that is not stored is named by its request, of the same time.
export function Explain(props: { order: Order; request?: Request | undefined; of: Explained; close: () => void }) {
  const { text } = useAround();
  const { order, request } = props;
  const { channelId, programmeId, name } = props.of;
  const answer = useLoad(
    (options) =>
      viewStats.explainRank(
        {
          ...(request ? { request: { ...request, value: { ...request.value, asOf: order.windowEnd } } as Request } : { resultId: order.id }),
          ...(programmeId ? { programmeId } : { channelId }),
        },
        options,
      ),
    [order, channelId, programmeId],
  );
  return (
    <Widget
      wide
      title={text.orders.whyOf(plain(name))}
      explain={text.orders.whyExplain}
      action={
        <button type="button" onClick={props.close}>
          {text.close}
        </button>
      }
    >
      <Show of={answer}>{(value) => <Reasons of={value} />}</Show>
    </Widget>
  );
}

function Reasons({ of }: { of: ExplainRankResponse }) {
  const { text, format } = useAround();
  const words = text.orders;
  const neighbours = [of.before, of.after].flatMap((place) => place ?? []);
  return (
    <>
      <p>
        {words.rank} <strong data-figure="rank">{format.number(of.rank)}</strong> · {words.score} <strong data-figure="score">{format.fine(of.score)}</strong>
      </p>
      <p>{words.topAccount(format.parts(of.topAccountShare), of.rankWithoutTopAccount > 0 ? format.number(of.rankWithoutTopAccount) : words.nowhere)}</p>
      <Table
        title={words.neighbours}
        rows={neighbours}
        rowKey={(place) => String(place.rank)}
        columns={[
          { label: words.neighbours, show: (place) => format.number(place.rank) },
          { label: text.channel, text: true, show: (place: NeighbouringPlace) => <ChannelName id={place.channelId} /> },
          { label: words.score, show: (place) => format.fine(place.score) },
          { label: words.margin, show: (place) => format.fine(place.margin) },
        ]}
      />
      <Table
        title={words.takenAway}
        rows={of.filters}
        rowKey={(effect) => effect.filter}
        columns={[
          { label: words.takenAway, text: true, show: (effect) => effect.filter },
          { label: words.watchSessions, show: (effect) => format.number(effect.sessions) },
          { label: words.watched, show: (effect) => format.hours(effect.seconds) },
        ]}
      />
      <Table
        title={words.placeOnDays}
        rows={of.days}
        rowKey={(day) => (day.windowEnd ? timestampDate(day.windowEnd).toISOString() : "")}
        columns={[
          { label: words.placeOnDays, text: true, show: (day) => format.time(day.windowEnd) },
          { label: words.rank, show: (day) => (day.rank > 0 ? format.number(day.rank) : words.nowhere) },
          { label: words.score, show: (day) => format.fine(day.score) },
        ]}
      />
    </>
  );
}
