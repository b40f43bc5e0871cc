// A sorting or a selection as one kind of thing.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "@connectrpc/connect";
import { viewStats } from "../api";
import { useAround } from "../context";
import type { Coverage } from "../gen/tvstats/v1/measurement_pb";
import { Criterion, type ExplainRankRequestSchema, SelectionKind, type ChannelSorting, type RankedChannel, type RankedProgramme, type Selection } from "../gen/tvstats/v1/view_stats_pb";

export type Kind = "sorting" | "channels" | "programmes";

export interface Order {
  key: string; // kind and id, for the address
  id: string;
  kind: Kind;
  name: string; // of a selection
  criterion: Criterion;
  windowStart?: Timestamp;
  windowEnd?: Timestamp;
  createdAt?: Timestamp;
  coverage: Coverage;
  dataFrom?: Timestamp;
  cutSeconds: bigint;
  hiddenRows: bigint;
  channels: RankedChannel[];
  programmes: RankedProgramme[];
}

export const ofSorting = (s: ChannelSorting): Order => ({ ...s, key: `sorting.${s.sortingId}`, id: s.sortingId, kind: "sorting", name: "", programmes: [] });

export const ofSelection = (s: Selection): Order => ({
  ...s,
  key: `selection.${s.selectionId}`,
  id: s.selectionId,
  kind: s.kind === SelectionKind.CHANNELS ? "channels" : "programmes",
});

// The newest results of both kinds, newest first, without their places.
export async function storedOrders(clientId: number, limit: number, options: CallOptions): Promise<{ orders: Order[]; more: boolean }> {
  const [sortings, selections] = await Promise.all([
    viewStats.listChannelSortings({ clientId, pageSize: limit }, options),
    viewStats.listSelections({ clientId, pageSize: limit }, options),
  ]);
  const orders = [...sortings.sortings.map(ofSorting), ...selections.selections.map(ofSelection)];
  orders.sort((a, b) => Number((b.createdAt?.seconds ?? 0n) - (a.createdAt?.seconds ?? 0n)) || (b.createdAt?.nanos ?? 0) - (a.createdAt?.nanos ?? 0));
  return { orders: orders.slice(0, limit), more: orders.length > limit || Boolean(sortings.nextPageToken || selections.nextPageToken) };
}

export async function orderOf(key: string, options: CallOptions): Promise<Order | undefined> {
  const id = key.slice(key.indexOf(".") + 1);
  if (key.startsWith("sorting.")) {
    const { sorting } = await viewStats.getChannelSorting({ sortingId: id }, options);
    return sorting && ofSorting(sorting);
  }
  const { selection } = await viewStats.getSelection({ selectionId: id }, options);
  return selection && ofSelection(selection);
}

// What an order is built by.
export type Request = Extract<NonNullable<MessageInitShape<typeof ExplainRankRequestSchema>["request"]>, { case: string }>;

// An order that was tried and not stored, and what it was tried by.
export interface Draft {
  order: Order;
  request: Request;
}

export async function build(request: Request, options?: CallOptions): Promise<Order | undefined> {
  if (request.case === "createChannelSortingByPopularity") {
    const { sortings } = await viewStats.createChannelSortingByPopularity(request.value, options);
    return sortings.map(ofSorting)[0];
  }
  const { selection } =
    request.case === "createChannelSelectionByPopularity"
      ? await viewStats.createChannelSelectionByPopularity(request.value, options)
      : await viewStats.createEpgSelectionByPopularity(request.value, options);
  return selection && ofSelection(selection);
}

// The same request, about the same time, that stores its result.
export const storing = ({ order, request }: Draft): Request => ({ ...request, value: { ...request.value, dryRun: false, asOf: order.windowEnd } }) as Request;

export async function removeOrder(order: Order): Promise<void> {
  if (order.kind === "sorting") await viewStats.deleteChannelSorting({ sortingId: order.id });
  else await viewStats.deleteSelection({ selectionId: order.id });
}

export function useKindNames(): Record<Kind, string> {
  const { text } = useAround();
  return { sorting: text.orders.sorting, channels: text.orders.channelSelection, programmes: text.orders.programmeSelection };
}

export function useCriterionNames(): Partial<Record<Criterion, string>> {
  const { text } = useAround();
  return {
    [Criterion.WATCH_TIME]: text.orders.watchTime,
    [Criterion.WATCH_SESSIONS]: text.orders.watchSessions,
    [Criterion.AVERAGE_WATCH_TIME]: text.orders.averageWatchTime,
    [Criterion.MEDIAN_WATCH_TIME]: text.orders.medianWatchTime,
    [Criterion.REACH]: text.audience.measures.reach,
    [Criterion.AVERAGE_AUDIENCE]: text.audience.measures.average,
  };
}

// Programmes have no sessions of their own, of which there could be a mean.
export const rankProgrammes = [Criterion.WATCH_TIME, Criterion.WATCH_SESSIONS, Criterion.REACH, Criterion.AVERAGE_AUDIENCE];
