// How television is doing at this minute.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "@connectrpc/connect";
import { dynamics, jobs, viewStats } from "../api";
import { useAround } from "../context";
import { JobState, type Job } from "../gen/tvstats/v1/jobs_pb";
import type { Stats } from "../gen/tvstats/v1/subscriber_dynamics_pb";
import type { ChannelSorting } from "../gen/tvstats/v1/view_stats_pb";
import { Show, useLoad } from "../load";
import { ChannelName, Name } from "../names";
import { Table, Tile, Widget } from "../widgets";

const everySeconds = 10;
const dayMillis = 86_400_000;
const places = 10;

export function Now() {
  const { clientId } = useAround();
  const stats = useLoad(async (options) => (await dynamics.getStats({ clientId }, options)).stats, [clientId], everySeconds);
  const order = useLoad((options) => newestOrder(clientId, options), [clientId], 6 * everySeconds);
  const failed = useLoad((options) => failedJobs(clientId, options), [clientId], everySeconds);
  return (
    <>
      <Show of={stats}>{(value) => value && <Figures stats={value} />}</Show>
      <div class="grid">
        <Show of={order}>{(value) => <Top order={value} />}</Show>
        <Show of={failed}>{(value) => <Unwell failed={value} />}</Show>
      </div>
    </>
  );
}

async function newestOrder(clientId: number, options: CallOptions): Promise<ChannelSorting | null> {
  const { sortings } = await viewStats.listChannelSortings({ clientId, pageSize: 1 }, options);
  const [newest] = sortings;
  if (!newest) return null;
  return (await viewStats.getChannelSorting({ sortingId: newest.sortingId }, options)).sorting ?? null;
}

async function failedJobs(clientId: number, options: CallOptions): Promise<Job[]> {
  const { jobs: newest } = await jobs.listJobs({ clientId, pageSize: 100 }, options);
  const since = Date.now() - dayMillis;
  return newest.filter((job) => job.state === JobState.FAILED && job.finishedAt && timestampDate(job.finishedAt).getTime() > since);
}

function Figures({ stats }: { stats: Stats }) {
  const { text, format } = useAround();
  const today = stats.maxOnlineToday;
  const ever = stats.maxOnlineEver;
  const sums = stats.paymentSumsToday.map((sum) => format.money(sum.amountMinor, sum.currency));
  return (
    <>
      <p class="quiet">{text.asOf(format.time(stats.asOf))}</p>
      <div class="grid">
        <Tile id="online_accounts" title={text.now.online} explain={text.now.onlineExplain} value={format.number(stats.onlineAccounts)} />
        <Tile id="online_devices" title={text.now.onlineDevices} explain={text.now.onlineDevicesExplain} value={format.number(stats.onlineDevices)} />
        <Tile
          id="peak_today"
          title={text.now.peak}
          explain={text.now.peakExplain}
          value={format.number(today?.maxAccounts ?? 0n)}
          note={today?.maxAccountsAt && text.now.peakAt(format.time(today.maxAccountsAt))}
        />
        <Tile
          id="peak_ever"
          title={text.now.ever}
          explain={text.now.everExplain}
          value={format.number(ever?.maxAccounts ?? 0n)}
          note={ever?.maxAccountsAt && format.time(ever.maxAccountsAt)}
        />
        <Tile id="viewing_24_hours" title={text.now.viewing} explain={text.now.viewingExplain} value={format.number(stats.viewingAccounts24Hours)} />
        <Tile
          id="payments_today"
          title={text.now.payments}
          explain={text.now.paymentsExplain}
          value={format.number(stats.paymentsToday)}
          note={[...sums, text.now.paymentAccounts(format.number(stats.paidAccountsToday))].join(" · ")}
        />
      </div>
    </>
  );
}

function Top({ order }: { order: ChannelSorting | null }) {
  const { text, format } = useAround();
  const rows = (order?.channels ?? []).filter((channel) => channel.hasStatistics).slice(0, places);
  return (
    <Widget title={text.now.top} explain={text.now.topExplain}>
      {order && <p class="quiet">{text.now.topOf(format.time(order.createdAt))}</p>}
      <Table
        title={text.now.top}
        rows={rows}
        rowKey={(row) => String(row.channelId)}
        columns={[
          { label: text.orders.rank, show: (row) => format.number(row.rank) },
          { label: text.channel, text: true, show: (row) => <ChannelName id={row.channelId} /> },
          { label: text.orders.watched, show: (row) => format.hours(row.watchSeconds) },
        ]}
      />
    </Widget>
  );
}

function Unwell({ failed }: { failed: Job[] }) {
  const { text, format } = useAround();
  return (
    <Widget title={text.now.unwell} explain={text.now.unwellExplain}>
      {failed.length === 0 ? (
        <p>{text.now.well}</p>
      ) : (
        <Table
          title={text.now.unwell}
          rows={failed}
          rowKey={(job) => job.jobId}
          columns={[
            { label: text.operation.work, text: true, show: (job) => job.method },
            { label: text.time, text: true, show: (job) => format.time(job.finishedAt) },
            { label: text.operation.error, text: true, show: (job) => <Name of={job.error} /> },
          ]}
        />
      )}
    </Widget>
  );
}
