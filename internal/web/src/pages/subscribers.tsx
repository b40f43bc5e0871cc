// How subscribers come and go, pay and watch.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { dynamics } from "../api";
import { useAround } from "../context";
import { Granularity, type CustomersDynamicPoint, type GetCustomersDynamicResponse, type MaxOnlineDay, type Stats } from "../gen/tvstats/v1/subscriber_dynamics_pb";
import { Show, useLoad } from "../load";
import { Name } from "../names";
import { InPeriod, spanOf } from "../period";
import { change } from "../place";
import { Figure, type Measure } from "../widgets";

const granularities: Record<string, Granularity> = { hour: Granularity.HOUR, day: Granularity.DAY, month: Granularity.MONTH };

const stepOf = (params: URLSearchParams): string => {
  const by = params.get("by") ?? "day";
  return by in granularities ? by : "day";
};

export function Subscribers() {
  const { params, text, clientId } = useAround();
  const by = stepOf(params);
  return (
    <InPeriod
      choice={
        <label>
          {text.subscribers.granularity}{" "}
          <select value={by} onChange={(event) => change({ by: event.currentTarget.value })}>
            <option value="hour">{text.subscribers.hour}</option>
            <option value="day">{text.subscribers.dayUnit}</option>
            <option value="month">{text.subscribers.month}</option>
          </select>
        </label>
      }
    >
      {(period) => <Series clientId={clientId} by={by} {...period} />}
    </InPeriod>
  );
}

function Series(props: { clientId: number; from: string; to: string; by: string }) {
  const { clientId, from, to, by } = props;
  const keys = [clientId, from, to, by];
  const series = useLoad(
    () =>
      dynamics.getCustomersDynamic({
        clientId,
        ...spanOf({ from, to }),
        granularity: granularities[by],
      }),
    keys,
  );
  const online = useLoad(() => dynamics.getMaxOnline({ clientId, fromDay: from, toDay: to }), [clientId, from, to]);
  const stats = useLoad(async () => (await dynamics.getStats({ clientId })).stats, [clientId]);
  return (
    <div class="grid charts">
      <Show of={series}>{(value: GetCustomersDynamicResponse) => <Points points={value.points} by={by} />}</Show>
      <Show of={online}>{(value) => <Online days={value.days} />}</Show>
      <Show of={stats}>{(value) => value && <Today stats={value} />}</Show>
    </div>
  );
}

type Point = CustomersDynamicPoint;

const startOf = (point: Point): Date => (point.start ? timestampDate(point.start) : new Date(0));

function Points({ points, by }: { points: Point[]; by: string }) {
  const { text, format } = useAround();
  const words = text.subscribers;
  const name = (at: Date) => (by === "hour" ? format.time(at) : by === "day" ? format.day(at) : format.month(at));
  const when: Measure<Point> = { label: text.time, text: true, show: (p) => name(startOf(p)), cell: (p) => startOf(p).toISOString() };
  const count = (label: string, value: (p: Point) => bigint, plotted = true): Measure<Point> => ({
    label,
    show: (p) => format.number(value(p)),
    cell: value,
    ...(plotted && { plot: (p) => Number(value(p)) }),
  });
  const shared = { rows: points, at: startOf, rowKey: (p: Point) => startOf(p).toISOString() };
  return (
    <>
      <Figure
        {...shared}
        title={words.active}
        explain={words.activeExplain}
        file="active"
        columns={[when, count(words.opening, (p) => p.openingActive, false), count(words.closing, (p) => p.closingActive), count(words.total, (p) => p.totalAccounts)]}
      />
      <Figure
        {...shared}
        title={words.movement}
        explain={words.movementExplain}
        file="movement"
        columns={[
          when,
          count(words.fresh, (p) => p.newAccounts),
          count(words.activated, (p) => p.activated),
          count(words.deactivated, (p) => p.deactivated),
          count(words.removed, (p) => p.removedAccounts),
        ]}
      />
      <Figure
        {...shared}
        title={words.viewing}
        explain={words.viewingExplain}
        file="viewing"
        columns={[
          when,
          count(words.viewers, (p) => p.viewingAccounts),
          count(words.sessions, (p) => p.watchSessions, false),
          { label: words.hours, show: (p) => format.hours(p.watchSeconds), cell: (p) => Number(p.watchSeconds) / 3600, plot: (p) => Number(p.watchSeconds) / 3600 },
        ]}
      />
      <Figure {...shared} title={words.payments} explain={words.paymentsExplain} file="payments" columns={[when, count(text.number, (p) => p.payments), count(words.paid, (p) => p.paidAccounts)]} />
      <Sums points={points} name={name} />
    </>
  );
}

function Sums({ points, name }: { points: Point[]; name: (at: Date) => string }) {
  const { text, format } = useAround();
  const rows = points.flatMap((point) => point.paymentSums.map((sum) => ({ at: startOf(point), ...sum }))).toReversed();
  return (
    <Figure
      title={text.subscribers.sums}
      explain={text.subscribers.sumsExplain}
      file="sums"
      rows={rows}
      rowKey={(row) => row.at.toISOString() + row.currency}
      columns={[
        { label: text.time, text: true, show: (row) => name(row.at), cell: (row) => row.at.toISOString() },
        { label: text.currency, text: true, show: (row) => row.currency, cell: (row) => row.currency },
        { label: text.amount, show: (row) => format.money(row.amountMinor, row.currency), cell: (row) => row.amountMinor },
      ]}
    />
  );
}

function Online({ days }: { days: MaxOnlineDay[] }) {
  const { text, format } = useAround();
  const at = (day: MaxOnlineDay) => new Date(day.day);
  return (
    <Figure
      title={text.subscribers.online}
      explain={text.subscribers.onlineExplain}
      file="online"
      rows={days}
      at={at}
      rowKey={(day) => day.day}
      columns={[
        { label: text.day, text: true, show: (day) => format.day(at(day)), cell: (day) => day.day },
        { label: text.accounts, show: (day) => format.number(day.maxAccounts), cell: (day) => day.maxAccounts, plot: (day) => Number(day.maxAccounts) },
        { label: text.devices, show: (day) => format.number(day.maxDevices), cell: (day) => day.maxDevices, plot: (day) => Number(day.maxDevices) },
        {
          label: text.subscribers.reached,
          text: true,
          show: (day) => format.time(day.maxAccountsAt),
          cell: (day) => (day.maxAccountsAt ? timestampDate(day.maxAccountsAt).toISOString() : ""),
        },
      ]}
    />
  );
}

function Today({ stats }: { stats: Stats }) {
  const { text, format, names } = useAround();
  const tariff = (id: number) => names.tariffs.get(id)?.name || `#${id}`;
  return (
    <>
      <Figure
        title={text.subscribers.tariffs}
        explain={text.subscribers.tariffsExplain}
        file="tariffs"
        rows={stats.activeByTariff}
        rowKey={(row) => String(row.tariffId)}
        columns={[
          { label: text.tariff, text: true, show: (row) => <Name of={tariff(row.tariffId)} />, cell: (row) => tariff(row.tariffId) },
          { label: text.accounts, show: (row) => format.number(row.accounts), cell: (row) => row.accounts },
        ]}
      />
      <Figure
        title={text.subscribers.kinds}
        explain={text.subscribers.kindsExplain}
        file="devices"
        rows={stats.viewingByDevice}
        rowKey={(row) => row.device}
        columns={[
          { label: text.device, text: true, show: (row) => row.device, cell: (row) => row.device },
          { label: text.accounts, show: (row) => format.number(row.accounts), cell: (row) => row.accounts },
        ]}
      />
    </>
  );
}
