// The calls of the console: to the service that it came from, with the token of this tab.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { Audience, type GetAudienceRequestSchema, type GetAudienceResponse } from "./gen/tvstats/v1/audience_pb";
import { Catalog, type Category, type Channel, type Client, type Tariff } from "./gen/tvstats/v1/catalog_pb";
import { Jobs } from "./gen/tvstats/v1/jobs_pb";
import { Operation } from "./gen/tvstats/v1/operation_pb";
import { SubscriberDynamics } from "./gen/tvstats/v1/subscriber_dynamics_pb";
import { ViewStats } from "./gen/tvstats/v1/view_stats_pb";

const key = "token";

// A token lives as long as the tab: nothing of it is left on a machine that others use.
export const token = {
  get: () => sessionStorage.getItem(key) ?? "",
  set: (value: string) => (value ? sessionStorage.setItem(key, value) : sessionStorage.removeItem(key)),
};

const authorize: Interceptor = (next) => (request) => {
  if (token.get()) request.header.set("Authorization", `Bearer ${token.get()}`);
  return next(request);
};

const transport = createConnectTransport({
  baseUrl: location.origin,
  useBinaryFormat: true,
  defaultTimeoutMs: 60_000,
  interceptors: [authorize],
});

export const audience = createClient(Audience, transport);
export const catalog = createClient(Catalog, transport);
export const dynamics = createClient(SubscriberDynamics, transport);
export const jobs = createClient(Jobs, transport);
export const operation = createClient(Operation, transport);
export const viewStats = createClient(ViewStats, transport);

export const needsToken = (error: unknown) => ConnectError.from(error).code === Code.Unauthenticated;

export const explain = (error: unknown) => ConnectError.from(error).rawMessage;

interface Page {
  nextPageToken: string;
}

// Everything of a list, page by page.
export async function all<P extends Page, T>(ask: (pageToken: string) => Promise<P>, items: (page: P) => T[]): Promise<T[]> {
  const found: T[] = [];
  let pageToken = "";
  do {
    const page = await ask(pageToken);
    found.push(...items(page));
    pageToken = page.nextPageToken;
  } while (pageToken);
  return found;
}

export const pageSize = 1000;

export const allClients = (options: CallOptions): Promise<Client[]> =>
  all((pageToken) => catalog.listClients({ pageSize, pageToken }, options), (page) => page.clients);

// Names of what a client has, by id.
export interface Names {
  channels: Map<number, Channel>;
  tariffs: Map<number, Tariff>;
  categories: Map<number, Category>;
}

export const noNames: Names = { channels: new Map(), tariffs: new Map(), categories: new Map() };

export async function namesOf(clientId: number, options: CallOptions): Promise<Names> {
  const [channels, tariffs, categories] = await Promise.all([
    all((pageToken) => catalog.listChannels({ clientId, pageSize, pageToken }, options), (page) => page.channels),
    all((pageToken) => catalog.listTariffs({ clientId, pageSize, pageToken }, options), (page) => page.tariffs),
    all((pageToken) => catalog.listCategories({ clientId, pageSize, pageToken }, options), (page) => page.categories),
  ]);
  return {
    channels: new Map(channels.map((channel) => [channel.channelId, channel])),
    tariffs: new Map(tariffs.map((tariff) => [tariff.tariffId, tariff])),
    categories: new Map(categories.map((category) => [category.categoryId, category])),
  };
}

// An answer of GetAudience with the rows of all its pages.
export async function allRows(request: MessageInitShape<typeof GetAudienceRequestSchema>, options: CallOptions): Promise<GetAudienceResponse> {
  let last: GetAudienceResponse | undefined;
  const rows = await all(
    async (pageToken) => (last = await audience.getAudience({ ...request, pageSize, pageToken }, options)),
    (page) => page.rows,
  );
  return { ...last!, rows };
}

// The health of each service and part, by name. It is gRPC's own method, and no token is asked for.
export async function healthOf({ signal }: CallOptions): Promise<Record<string, string>> {
  const response = await fetch("/grpc.health.v1.Health/List", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}", signal: signal ?? null });
  if (!response.ok) throw new ConnectError(`${response.status} ${response.statusText}`);
  const { statuses } = (await response.json()) as { statuses: Record<string, { status: string }> };
  return Object.fromEntries(Object.entries(statuses).map(([name, { status }]) => [name, status]));
}
