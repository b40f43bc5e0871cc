// The places of an order, and the question before it is deleted.
import { useEffect, useId, useRef } from "preact/hooks";
import { useAround } from "../context";
import { ChannelName, channelName, Name, plain } from "../names";
import { Figure, type Measure } from "../widgets";
import { type Order, useCriterionNames, useKindNames } from "./order";

interface Place {
  rank: number;
  channelId: number;
  title: string;
  id: string;
  score: number;
  watchSeconds: bigint;
  watchSessions: bigint;
  hasStatistics: boolean;
}

const placesOf = (order: Order): Place[] => [
  ...order.channels.map((channel) => ({ ...channel, title: "", id: String(channel.channelId) })),
  ...order.programmes.map((programme) => ({ ...programme, id: String(programme.programmeId) })),
];

export function Places({ order, close }: { order: Order; close: () => void }) {
  const { text, format, names } = useAround();
  const kinds = useKindNames();
  const criteria = useCriterionNames();
  const words = text.orders;
  const title = [kinds[order.kind], plain(order.name) || (order.criterion && criteria[order.criterion])].filter(Boolean).join(": ");
  const channel: Measure<Place> = {
    label: text.channel,
    text: true,
    show: (place) => <ChannelName id={place.channelId} />,
    cell: (place) => channelName(names.channels.get(place.channelId)?.name, place.channelId),
  };
  const programme: Measure<Place> = { label: text.programme, text: true, show: (place) => <Name of={place.title} />, cell: (place) => place.title };
  return (
    <div class="wide places">
      <button type="button" onClick={close}>
        {text.close}
      </button>
      <Figure
        title={title}
        explain={`${words.window}: ${format.time(order.windowStart)} – ${format.time(order.windowEnd)} UTC. ${words.built}: ${format.time(order.createdAt)} UTC.`}
        file={order.kind}
        rows={placesOf(order)}
        rowKey={(place) => place.id}
        columns={[
          { label: words.rank, show: (place) => format.number(place.rank), cell: (place) => place.rank },
          ...(order.kind === "programmes" ? [programme] : []),
          channel,
          { label: "ID", show: (place) => place.id, cell: (place) => place.id },
          { label: words.score, show: (place) => (place.hasStatistics ? format.fraction(place.score) : words.noStatistics), cell: (place) => place.score },
          { label: words.watched, show: (place) => format.hours(place.watchSeconds), cell: (place) => Number(place.watchSeconds) / 3600 },
          { label: words.watchSessions, show: (place) => format.number(place.watchSessions), cell: (place) => place.watchSessions },
        ]}
      />
    </div>
  );
}

export function Remove(props: { name: string; sure: () => void; not: () => void }) {
  const { text } = useAround();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={props.not}>
      <p id={id}>{text.orders.removeSure(props.name)}</p>
      <span class="actions">
        <button type="button" class="main" onClick={props.sure}>
          {text.orders.remove}
        </button>
        <button type="button" onClick={props.not}>
          {text.cancel}
        </button>
      </span>
    </dialog>
  );
}
