// The places of an order, and the question before it is deleted.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Basis } from "../basis";
import type { Names } from "../api";
import { useAround } from "../context";
import { ChannelName, channelName, Name, plain } from "../names";
import { Figure, type Measure } from "../widgets";
import { Explain, type Explained } from "./explain";
import { type Order, type Request, useCriterionNames, useKindNames } from "./order";

interface Place extends Explained {
  rank: number;
  previousRank: number;
  title: string;
  id: string;
  score: number;
  watchSeconds: bigint;
  watchSessions: bigint;
  accounts: bigint;
  reach: bigint;
  share: number;
  hasStatistics: boolean;
  lowBase: boolean;
}

const placesOf = (order: Order, channels: Names["channels"]): Place[] => [
  ...order.channels.map((channel) => ({
    ...channel,
    programmeId: 0n,
    title: "",
    id: String(channel.channelId),
    name: channelName(channels.get(channel.channelId)?.name, channel.channelId),
  })),
  ...order.programmes.map((programme) => ({ ...programme, id: String(programme.programmeId), name: programme.title || `#${programme.programmeId}` })),
];

// The request is of an order that is not stored; what is below it can be done with it.
export function Places(props: { order: Order; request?: Request; below?: ComponentChildren; close: () => void }) {
  const { order } = props;
  const { text, format, names } = useAround();
  const [explained, setExplained] = useState<Explained>();
  const kinds = useKindNames();
  const criteria = useCriterionNames();
  const words = text.orders;
  const name = [kinds[order.kind], plain(order.name) || criteria[order.criterion]].filter(Boolean).join(": ");
  const title = props.request ? words.notStored(name) : name;
  const places = placesOf(order, names.channels);
  const compared = places.some((place) => place.previousRank > 0);
  const channel: Measure<Place> = {
    label: text.channel,
    text: true,
    show: (place) => <ChannelName id={place.channelId} />,
    cell: (place) => channelName(names.channels.get(place.channelId)?.name, place.channelId),
  };
  const programme: Measure<Place> = { label: text.programme, text: true, show: (place) => <Name of={place.title} />, cell: (place) => place.title };
  return (
    <div class="wide places">
      <span class="actions">
        <button type="button" onClick={props.close}>
          {text.close}
        </button>
        {props.below}
      </span>
      {explained && <Explain order={order} request={props.request} of={explained} close={() => setExplained(undefined)} />}
      <Basis of={order} />
      <Figure
        title={title}
        explain={`${words.window}: ${format.time(order.windowStart)} – ${format.time(order.windowEnd)} UTC. ${words.built}: ${format.time(order.createdAt)} UTC.`}
        file={order.kind}
        rows={places}
        rowKey={(place) => place.id}
        columns={[
          { label: words.rank, show: (place) => format.number(place.rank), cell: (place) => place.rank },
          ...(order.kind === "programmes" ? [programme] : []),
          channel,
          { label: "ID", show: (place) => place.id, cell: (place) => place.id },
          { label: words.score, show: (place) => (place.hasStatistics ? format.fraction(place.score) : words.noStatistics), cell: (place) => place.score },
          { label: words.watched, show: (place) => format.hours(place.watchSeconds), cell: (place) => Number(place.watchSeconds) / 3600 },
          { label: words.watchSessions, show: (place) => format.number(place.watchSessions), cell: (place) => place.watchSessions },
          { label: text.audience.measures.accounts, show: (place) => <Accounts of={place} />, cell: (place) => place.accounts },
          { label: text.audience.measures.reach, show: (place) => format.number(place.reach), cell: (place) => place.reach },
          { label: text.audience.measures.share, show: (place) => format.parts(place.share), cell: (place) => place.share },
          ...(compared ? [{ label: words.change, show: (place: Place) => <Change of={place} />, cell: (place: Place) => place.previousRank || "" }] : []),
          {
            label: text.orders.action,
            text: true,
            show: (place) => (
              <button type="button" onClick={() => setExplained(place)} aria-label={words.whyOf(plain(place.name))}>
                {words.why}
              </button>
            ),
          },
        ]}
      />
    </div>
  );
}

function Accounts({ of }: { of: Place }) {
  const { text, format } = useAround();
  return of.lowBase ? (
    <>
      {format.number(of.accounts)} ({text.orders.lowBase})
    </>
  ) : (
    <>{format.number(of.accounts)}</>
  );
}

// How many places up or down from the order that it was compared with.
function Change({ of: { rank, previousRank } }: { of: Place }) {
  const { text, format } = useAround();
  const words = text.orders;
  if (previousRank === 0) return <>{words.newPlace}</>;
  const up = previousRank - rank;
  const told = up === 0 ? "=" : `${up > 0 ? "▲" : "▼"} ${format.number(Math.abs(up))}`;
  return (
    <span class={up > 0 ? "state-3" : up < 0 ? "state-4" : undefined} title={words.was(format.number(previousRank))}>
      {told}
    </span>
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
