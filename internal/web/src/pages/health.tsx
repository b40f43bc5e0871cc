// Whether the parts of the service are well, and what its schedule has started.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { healthOf, jobs } from "../api";
import { useAround } from "../context";
import type { Job } from "../gen/tvstats/v1/jobs_pb";
import { Show, useLoad } from "../load";
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

export function Schedule() {
  const { text, format, clientId } = useAround();
  const words = text.schedule;
  const entries = useLoad(async (options) => latest((await jobs.listJobs({ clientId, pageSize: history }, options)).jobs), [clientId], 6 * everySeconds);
  return (
    <Widget title={words.title} explain={words.explain}>
      <Show of={entries}>
        {(value) => (
          <Table
            title={words.title}
            rows={value}
            rowKey={(entry) => entry.last.schedule}
            columns={[
              { label: text.operation.work, text: true, show: ({ last }) => last.method },
              { label: words.last, text: true, show: ({ last }) => format.time(last.createdAt) },
              { label: text.operation.state, text: true, show: ({ last }) => <span class={`state-${last.state}`}>{text.operation.states[last.state]}</span> },
              { label: words.runs, show: ({ runs }) => format.number(runs) },
            ]}
          />
        )}
      </Show>
    </Widget>
  );
}

interface Entry {
  last: Job;
  runs: number; // in 24 hours
}

const dayMillis = 86_400_000;

// The newest job of each entry of the schedule; the list has the newest first.
function latest(list: Job[]): Entry[] {
  const entries = new Map<string, Entry>();
  for (const job of list) {
    if (!job.schedule) continue;
    const entry = entries.get(job.schedule) ?? { last: job, runs: 0 };
    if (job.createdAt && timestampDate(job.createdAt).getTime() > Date.now() - dayMillis) entry.runs++;
    entries.set(job.schedule, entry);
  }
  return [...entries.values()].sort((a, b) => a.last.method.localeCompare(b.last.method));
}
