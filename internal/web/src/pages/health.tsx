// Whether the parts of the service are well, and what its schedule has started and will start.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { healthOf, jobs } from "../api";
import { useAround } from "../context";
import type { GetStatusResponse, ScheduleEntry } from "../gen/tvstats/v1/operation_pb";
import type { Job } from "../gen/tvstats/v1/jobs_pb";
import { type Loaded, Show, useLoad } from "../load";
import { Table, Widget } from "../widgets";

const everySeconds = 10;

export function Health() {
  const { text } = useAround();
  const words = text.health;
  const health = useLoad(healthOf, [], everySeconds);
  return (
    <Widget title={words.title} explain={words.explain}>
      <Show of={health}>
        {(value) => (
          <Table
            title={words.title}
            rows={words.parts.filter(([part]) => part in value)}
            rowKey={([part]) => part}
            columns={[
              { label: words.part, text: true, show: ([, name]) => name },
              {
                label: text.operation.state,
                text: true,
                show: ([part]) => (value[part] === "SERVING" ? <span class="state-3">{words.well}</span> : <span class="state-4">{words.unwell}</span>),
              },
            ]}
          />
        )}
      </Show>
    </Widget>
  );
}

const history = 1000; // jobs in which the schedule is looked for: it starts some seventy a day

export function Schedule({ status }: { status: Loaded<GetStatusResponse | null> }) {
  const { text, format, clientId } = useAround();
  const words = text.schedule;
  const entries = useLoad(async (options) => (await jobs.listJobs({ clientId, pageSize: history }, options)).jobs, [clientId], 6 * everySeconds);
  return (
    <Widget wide title={words.title} explain={words.explain}>
      <Show of={entries}>
        {(value) => (
          <Table
            title={words.title}
            rows={entriesOf(value, status.value?.schedule ?? [])}
            rowKey={(entry) => entry.name}
            columns={[
              { label: text.operation.work, text: true, show: ({ name, last }) => last?.method ?? name },
              { label: words.last, text: true, show: ({ last }) => format.time(last?.createdAt) },
              { label: text.operation.state, text: true, show: ({ last }) => last && <span class={`state-${last.state}`}>{text.operation.states[last.state]}</span> },
              { label: words.runs, show: ({ runs }) => format.number(runs) },
              { label: words.cron, text: true, show: ({ next }) => <code class="whole">{next?.cron}</code> },
              { label: words.next, text: true, show: ({ next }) => format.time(next?.nextAt) },
            ]}
          />
        )}
      </Show>
      {status.value === null && <p class="quiet">{words.denied}</p>}
    </Widget>
  );
}

interface Entry {
  name: string;
  last?: Job; // none where none was started yet, or it is kept no longer
  runs: number; // in 24 hours
  next?: ScheduleEntry; // none where the schedule has it no more, or the token may not see it
}

const dayMillis = 86_400_000;

// What is in the schedule, and what it has started; the list has the newest first.
function entriesOf(list: Job[], schedule: ScheduleEntry[]): Entry[] {
  const entries = new Map<string, Entry>(schedule.map((next) => [next.name, { name: next.name, runs: 0, next }]));
  for (const job of list) {
    if (!job.schedule) continue;
    const entry = entries.get(job.schedule) ?? { name: job.schedule, runs: 0 };
    entry.last ??= job;
    if (job.createdAt && timestampDate(job.createdAt).getTime() > Date.now() - dayMillis) entry.runs++;
    entries.set(job.schedule, entry);
  }
  return [...entries.values()].sort((a, b) => a.name.localeCompare(b.name));
}
