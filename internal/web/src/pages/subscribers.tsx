// How subscribers come and go, pay and watch.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "@connectrpc/connect";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { dynamics } from "../api";
import type { Fold } from "../compare";
import { byClient, calendarOf, ClockChoice } from "../clock";
import { Around, useAround } from "../context";
import { beginning, Format } from "../format";
import { Granularity, type CustomersDynamicPoint, type MaxOnlineDay, type Stats } from "../gen/tvstats/v1/subscriber_dynamics_pb";
import { Show, useLoad } from "../load";
import { Name } from "../names";
import { daysBefore, InPeriod, monthsBefore, type Period, spanOf } from "../period";
import { change, keyOf } from "../place";
import { Figure, type Measure } from "../widgets";

const granularities: Record<string, Granularity> = { hour: Granularity.HOUR, day: Granularity.DAY, month: Granularity.MONTH };

const stepOf = (params: URLSearchParams): string => keyOf(granularities, params.get("by"), "day");

export function Subscribers() {
  const { params, text, clientId } = useAround();
  const by = stepOf(params);
  return (
    <InPeriod
      choice={
        <>
          <label>
            {text.subscribers.granularity}{" "}
            <select value={by} onChange={(event) => change({ by: event.currentTarget.value })}>
              <option value="hour">{text.subscribers.hour}</option>
              <option value="day">{text.subscribers.dayUnit}</option>
              <option value="month">{text.subscribers.month}</option>
            </select>
          </label>
          <ClockChoice />
          <label>
            <input type="checkbox" name="before" checked={params.has("before")} onChange={(event) => change({ before: event.currentTarget.checked ? "1" : "" })} />{" "}
            {text.compare.choose}
          </label>
        </>
      }
    >
      {(period) => (
        <OnClock>
          <Series clientId={clientId} by={by} period={period} compared={params.has("before")} />
        </OnClock>
      )}
    </InPeriod>
  );
}

// Times inside are those of the clock by which days begin.
function OnClock({ children }: { children: ComponentChildren }) {
  const around = useAround();
  const zone = byClient(around.params) ? around.zone : "UTC";
  const format = useMemo(() => new Format(around.format.language, zone), [around.format.language, zone]);
  return <Around.Provider value={{ ...around, format }}>{children}</Around.Provider>;
}

// What was asked for of a period, and of the one before where the two are compared.
interface Pair<R> {
  rows: R[];
  before: R[] | undefined;
}

async function pairOf<R>(period: Period, before: Period | undefined, ask: (period: Period) => Promise<R[]>): Promise<Pair<R>> {
  const [rows, earlier] = await Promise.all([ask(period), before && ask(before)]);
  return { rows, before: earlier };
}

function Series(props: { clientId: number; period: Period; by: string; compared: boolean }) {
  const { text, format, params } = useAround();
  const { clientId, period, by, compared } = props;
  const calendar = calendarOf(params);
  const keys = [clientId, period.from, period.to, compared, calendar];
  const before = compared ? (by === "month" ? monthsBefore : daysBefore)(period) : undefined;
  const points = (options: CallOptions) => async (asked: Period) =>
    (await dynamics.getCustomersDynamic({ clientId, ...spanOf(asked, format.zone), granularity: granularities[by], calendar }, options)).points;
  const days = (options: CallOptions) => async (asked: Period) => (await dynamics.getMaxOnline({ clientId, fromDay: asked.from, toDay: asked.to, calendar }, options)).days;
  const series = useLoad((options) => pairOf(period, before, points(options)), [...keys, by]);
  const online = useLoad((options) => pairOf(period, compared ? daysBefore(period) : undefined, days(options)), keys);
  const stats = useLoad(async (options) => (await dynamics.getStats({ clientId }, options)).stats, [clientId]);
  return (
    <>
      {before && <p class="quiet">{text.compare.with(format.day(beginning(before.from, format.zone)), format.day(beginning(before.to, format.zone)))}</p>}
      <div class="grid charts">
        <Show of={series}>{(value) => <Points {...value} by={by} />}</Show>
        <Show of={online}>{(value) => <Online {...value} />}</Show>
        <Show of={stats}>{(value) => value && <Today stats={value} />}</Show>
      </div>
    </>
  );
}

type Point = CustomersDynamicPoint;

const startOf = (point: Point): Date => (point.start ? timestampDate(point.start) : new Date(0));

function Points({ rows, before, by }: Pair<Point> & { by: string }) {
  const { text, format } = useAround();
  const words = text.subscribers;
  const name = (at: Date) => (by === "hour" ? format.time(at) : by === "day" ? format.day(at) : format.month(at));
  const when: Measure<Point> = { label: text.time, text: true, show: (p) => name(startOf(p)), cell: startOf };
  const listed = (label: string, value: (p: Point) => bigint): Measure<Point> => ({ label, show: (p) => format.number(value(p)), cell: value });
  const count = (label: string, fold: Fold, value: (p: Point) => bigint): Measure<Point> => ({ ...listed(label, value), fold, plot: (p) => Number(value(p)) });
  const hours = (p: Point) => Number(p.watchSeconds) / 3600;
  const sums = useSums([...rows, ...(before ?? [])]);
  const shared = { rows, before, at: startOf, rowKey: (p: Point) => startOf(p).toISOString() };
  return (
    <>
      <Figure
        {...shared}
        title={words.active}
        explain={words.activeExplain}
        file="active"
        columns={[when, listed(words.opening, (p) => p.openingActive), count(words.closing, "last", (p) => p.closingActive), count(words.total, "last", (p) => p.totalAccounts)]}
      />
      <Figure
        {...shared}
        title={words.movement}
        explain={words.movementExplain}
        file="movement"
        columns={[
          when,
          count(words.fresh, "sum", (p) => p.newAccounts),
          count(words.activated, "sum", (p) => p.activated),
          count(words.deactivated, "sum", (p) => p.deactivated),
          count(words.removed, "sum", (p) => p.removedAccounts),
        ]}
      />
      <Figure
        {...shared}
        title={words.viewing}
        explain={words.viewingExplain}
        file="viewing"
        columns={[
          when,
          count(words.viewers, "average", (p) => p.viewingAccounts),
          listed(words.sessions, (p) => p.watchSessions),
          { label: words.hours, fold: "sum", show: (p) => format.hours(p.watchSeconds), cell: hours, plot: hours },
        ]}
      />
      <Figure
        {...shared}
        title={words.payments}
        explain={words.paymentsExplain}
        file="payments"
        columns={[when, count(text.number, "sum", (p) => p.payments), count(words.paid, "average", (p) => p.paidAccounts)]}
      />
      <Figure {...shared} {...(sums.length === 0 && { rows: [] })} title={words.sums} explain={words.sumsExplain} file="sums" columns={[when, ...sums]} />
    </>
  );
}

// A column for each currency.
function useSums(points: Point[]): Measure<Point>[] {
  const { format } = useAround();
  const currencies = [...new Set(points.flatMap((point) => point.paymentSums.map((sum) => sum.currency)))].sort();
  return currencies.map((currency) => {
    const minor = (p: Point) => p.paymentSums.find((sum) => sum.currency === currency)?.amountMinor ?? 0n;
    const sum = (p: Point) => format.sum(minor(p), currency);
    return { label: currency, fold: "sum", show: (p) => format.money(minor(p), currency), cell: sum, plot: sum };
  });
}

function Online({ rows, before }: Pair<MaxOnlineDay>) {
  const { text, format } = useAround();
  const at = (day: MaxOnlineDay) => beginning(day.day, format.zone);
  const count = (label: string, value: (day: MaxOnlineDay) => bigint): Measure<MaxOnlineDay> => ({
    label,
    fold: "greatest",
    show: (day) => format.number(value(day)),
    cell: value,
    plot: (day) => Number(value(day)),
  });
  return (
    <Figure
      title={text.subscribers.online}
      explain={text.subscribers.onlineExplain}
      file="online"
      rows={rows}
      before={before}
      at={at}
      rowKey={(day) => day.day}
      columns={[
        { label: text.day, text: true, show: (day) => format.day(at(day)), cell: (day) => day.day },
        count(text.accounts, (day) => day.maxAccounts),
        count(text.devices, (day) => day.maxDevices),
        {
          label: text.subscribers.reached,
          text: true,
          show: (day) => format.time(day.maxAccountsAt),
          cell: (day) => (day.maxAccountsAt ? timestampDate(day.maxAccountsAt) : ""),
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
