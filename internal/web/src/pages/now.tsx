// How television is doing at this minute.
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "@connectrpc/connect";
import { useEffect, useRef, useState } from "preact/hooks";
import { audience, dynamics, healthOf, jobs } from "../api";
import { useAround } from "../context";
import { Dimension, Metric, type AudienceRow } from "../gen/tvstats/v1/audience_pb";
import { JobState, type Job } from "../gen/tvstats/v1/jobs_pb";
import type { GetStatusResponse } from "../gen/tvstats/v1/operation_pb";
import type { Stats } from "../gen/tvstats/v1/subscriber_dynamics_pb";
import { Show, useLoad } from "../load";
import { ChannelName, Name } from "../names";
import { Table, Tile, Widget } from "../widgets";
import { useStatus } from "./store";

const everySeconds = 10;
const dayMillis = 86_400_000;
const minuteMillis = 60_000;
const places = 10;

export function Now() {
  const { clientId } = useAround();
  const stats = useLoad(async (options) => (await dynamics.getStats({ clientId }, options)).stats, [clientId], everySeconds);
  const top = useLoad((options) => topChannels(clientId, options), [clientId], 3 * everySeconds);
  const failed = useLoad((options) => failedJobs(clientId, options), [clientId], everySeconds);
  const health = useLoad(healthOf, [], everySeconds);
  const status = useStatus();
  return (
    <>
      <Show of={stats}>{(value) => value && <Figures stats={value} status={status.value ?? null} />}</Show>
      <div class="grid">
        <Show of={top}>{(value) => <Top rows={value} />}</Show>
        <Show of={health}>{(parts) => <Show of={failed}>{(value) => <Unwell failed={value} parts={parts} status={status.value ?? null} />}</Show>}</Show>
      </div>
    </>
  );
}

// Boxes report once a minute: so these are the five minutes up to a minute ago.
async function topChannels(clientId: number, options: CallOptions): Promise<AudienceRow[]> {
  const to = Math.floor(Date.now() / 1000) * 1000 - minuteMillis;
  const window = { from: timestampFromMs(to - 5 * minuteMillis), to: timestampFromMs(to) };
  const order = { groupBy: [Dimension.CHANNEL], orderBy: Metric.AVERAGE_AUDIENCE, pageSize: places };
  return (await audience.getAudience({ clientId, ...window, ...order }, options)).rows;
}

async function failedJobs(clientId: number, options: CallOptions): Promise<Job[]> {
  const { jobs: newest } = await jobs.listJobs({ clientId, pageSize: 100 }, options);
  const since = Date.now() - dayMillis;
  return newest.filter((job) => job.state === JobState.FAILED && job.finishedAt && timestampDate(job.finishedAt).getTime() > since);
}

// How many reports a second came between the last two times that the status was looked at; undefined until then, and after a restart.
function useRate(status: GetStatusResponse | null): number | undefined {
  const before = useRef<{ reports: bigint; at: number } | undefined>(undefined);
  const [rate, setRate] = useState<number>();
  useEffect(() => {
    if (!status) return;
    const now = { reports: status.acceptedReports, at: performance.now() };
    const last = before.current;
    before.current = now;
    setRate(last && now.reports >= last.reports ? (Number(now.reports - last.reports) * 1000) / (now.at - last.at) : undefined);
  }, [status]);
  return rate;
}

function Figures({ stats, status }: { stats: Stats; status: GetStatusResponse | null }) {
  const { text, format } = useAround();
  const rate = useRate(status);
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
        {status && (
          <Tile
            id="reports_a_second"
            title={text.now.reports}
            explain={text.now.reportsExplain}
            value={rate === undefined ? "…" : format.number(Math.round(rate))}
            note={text.now.playing(format.number(status.playingDevices))}
          />
        )}
      </div>
    </>
  );
}

function Top({ rows }: { rows: AudienceRow[] }) {
  const { text, format } = useAround();
  return (
    <Widget title={text.now.top} explain={text.now.topExplain}>
      <Table
        title={text.now.top}
        rows={rows}
        rowKey={(row) => String(row.channelId)}
        columns={[
          { label: text.channel, text: true, show: (row) => <ChannelName id={row.channelId} /> },
          { label: text.audience.measures.average, show: (row) => format.fraction(row.averageAudience) },
        ]}
      />
    </Widget>
  );
}

function Unwell({ failed, parts, status }: { failed: Job[]; parts: Record<string, string>; status: GetStatusResponse | null }) {
  const { text, format } = useAround();
  const unwell = text.health.parts.filter(([part]) => part in parts && parts[part] !== "SERVING");
  const silent = status?.silentDevices ?? 0n;
  return (
    <Widget title={text.now.unwell} explain={text.now.unwellExplain}>
      {failed.length === 0 && unwell.length === 0 && silent === 0n && <p>{text.now.well}</p>}
      {silent > 0n && <p class="state-4">{text.now.silent(format.number(silent))}</p>}
      {unwell.map(([part, name]) => (
        <p key={part} class="state-4">
          {name}: {text.health.unwell}
        </p>
      ))}
      {failed.length > 0 && (
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
