// What the middleware has sent about a client: channels, tariffs, categories, the guide of a day, one account.
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { all, catalog, pageSize } from "../api";
import { useAround } from "../context";
import { dayOf } from "../format";
import type { Account, Channel } from "../gen/tvstats/v1/catalog_pb";
import { Show, useLoad } from "../load";
import { ChannelName, Name } from "../names";
import { dayIn, spanOf } from "../period";
import { change } from "../place";
import { type Column, Table, Widget } from "../widgets";

const kinds = ["channels", "tariffs", "categories", "programmes", "account"] as const;

type Kind = (typeof kinds)[number];

const most = 200; // rows that are shown at once; who looks for others names them

export function CatalogBrowser() {
  const { text, params } = useAround();
  const words = text.catalog;
  const kind = kinds.find((one) => one === params.get("list")) ?? "channels";
  const lists: Record<Kind, () => ComponentChildren> = {
    channels: () => <Channels />,
    tariffs: () => <Tariffs />,
    categories: () => <Categories />,
    programmes: () => <Programmes />,
    account: () => <OneAccount />,
  };
  return (
    <Widget wide title={words.title} explain={words.explain}>
      <form class="choice" onSubmit={(event) => event.preventDefault()}>
        <label>
          {words.list}{" "}
          <select name="list" value={kind} onChange={(event) => change({ list: event.currentTarget.value, find: "" })}>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {words.kinds[one]}
              </option>
            ))}
          </select>
        </label>
        {kind !== "account" && (
          <label>
            {words.find} <input type="search" name="find" value={params.get("find") ?? ""} onChange={(event) => change({ find: event.currentTarget.value })} />
          </label>
        )}
      </form>
      {lists[kind]()}
    </Widget>
  );
}

// A list of which those are shown whose id or name has what is looked for.
function List<R>(props: { kind: Kind; rows: R[]; id: (row: R) => number | bigint; name: (row: R) => string; columns: Column<R>[] }) {
  const { text, format, params } = useAround();
  const words = text.catalog;
  const wanted = (params.get("find") ?? "").toLowerCase();
  const found = props.rows.filter((row) => `${props.id(row)} ${props.name(row)}`.toLowerCase().includes(wanted));
  return (
    <>
      <p class="quiet">{words.shown(format.number(Math.min(most, found.length)), format.number(found.length))}</p>
      <Table
        title={words.kinds[props.kind]}
        rows={found.slice(0, most)}
        rowKey={(row) => String(props.id(row))}
        columns={[{ label: "ID", show: props.id }, { label: words.name, text: true, show: (row) => <Name of={props.name(row)} /> }, ...props.columns]}
      />
    </>
  );
}

function Channels() {
  const { text, names } = useAround();
  const category = (id: number) => names.categories.get(id)?.name || `#${id}`;
  return (
    <List<Channel>
      kind="channels"
      rows={[...names.channels.values()]}
      id={(channel) => channel.channelId}
      name={(channel) => channel.name}
      columns={[
        { label: text.catalog.channelNumber, show: (channel) => channel.number },
        { label: text.catalog.kinds.categories, text: true, show: (channel) => <Name of={channel.categories.map(category).join(", ")} /> },
        { label: text.catalog.enabled, text: true, show: (channel) => (channel.enabled === false ? text.catalog.no : text.catalog.yes) },
      ]}
    />
  );
}

function Tariffs() {
  const { names } = useAround();
  return <List kind="tariffs" rows={[...names.tariffs.values()]} id={(tariff) => tariff.tariffId} name={(tariff) => tariff.name} columns={[]} />;
}

function Categories() {
  const { names } = useAround();
  return <List kind="categories" rows={[...names.categories.values()]} id={(category) => category.categoryId} name={(category) => category.name} columns={[]} />;
}

// The guide of a UTC day.
function Programmes() {
  const { text, format, params, clientId } = useAround();
  const day = dayIn(params.get("day")) ?? dayOf(new Date());
  const { from: startFrom, to: startTo } = spanOf({ from: day, to: day });
  const guide = useLoad(
    (options) => all((pageToken) => catalog.listProgrammes({ clientId, startFrom, startTo, pageSize, pageToken }, options), (page) => page.programmes),
    [clientId, day],
  );
  return (
    <>
      <form class="choice" onSubmit={(event) => event.preventDefault()}>
        <label>
          {text.day} (UTC) <input type="date" required value={day} onChange={(event) => change({ day: event.currentTarget.value })} />
        </label>
      </form>
      <Show of={guide}>
        {(value) => (
          <List
            kind="programmes"
            rows={value}
            id={(programme) => programme.programmeId}
            name={(programme) => programme.title}
            columns={[
              { label: text.channel, text: true, show: (programme) => <ChannelName id={programme.channelId} /> },
              { label: text.catalog.start, text: true, show: (programme) => format.time(programme.start) },
              { label: text.catalog.end, text: true, show: (programme) => format.time(programme.end) },
            ]}
          />
        )}
      </Show>
    </>
  );
}

// An account is looked up by its id; there is no list of them. The address does not keep whom somebody looked for.
function OneAccount() {
  const { text, clientId } = useAround();
  const [id, setId] = useState(0n);
  const look = (event: SubmitEvent) => {
    event.preventDefault();
    setId(BigInt(String(new FormData(event.currentTarget as HTMLFormElement).get("account"))));
  };
  const account = useLoad(async (options) => (id > 0n ? await accountOf(clientId, id, options) : null), [clientId, id]);
  return (
    <>
      <form class="choice" onSubmit={look}>
        <label>
          {text.catalog.account} <input name="account" required inputMode="numeric" pattern="[1-9][0-9]{0,17}" />
        </label>
        <button class="main">{text.catalog.look}</button>
      </form>
      <Show of={account}>{(value) => (value ? <State account={value} /> : id > 0n && <p>{text.catalog.noAccount(String(id))}</p>)}</Show>
    </>
  );
}

async function accountOf(clientId: number, accountId: bigint, options: CallOptions): Promise<Account | null> {
  try {
    return (await catalog.getAccount({ clientId, accountId }, options)).account ?? null;
  } catch (problem) {
    if (ConnectError.from(problem).code === Code.NotFound) return null;
    throw problem;
  }
}

function State({ account }: { account: Account }) {
  const { text, format, names } = useAround();
  const words = text.catalog;
  const said = (is: boolean) => (is ? words.yes : words.no);
  const parts: [string, string][] = [
    ["ID", String(account.accountId)],
    [words.active, said(account.active)],
    [words.kinds.tariffs, account.tariffs.map((id) => names.tariffs.get(id)?.name || `#${id}`).join(", ")],
    [words.registered, format.time(account.registeredAt)],
    [words.changed, format.time(account.changedAt)],
    [words.excluded, said(account.excluded)],
  ];
  return (
    <Table
      title={words.kinds.account}
      rows={parts}
      rowKey={([part]) => part}
      columns={[
        { label: words.field, text: true, show: ([part]) => part },
        { label: text.policy.value, text: true, show: ([, value]) => <Name of={value} /> },
      ]}
    />
  );
}
