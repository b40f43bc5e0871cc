// Jobs, their schedule, health, clients, the catalog.
import { useState } from "preact/hooks";
import { allClients, jobs } from "../api";
import { useAround } from "../context";
import type { Client } from "../gen/tvstats/v1/catalog_pb";
import { JobState, type Job, type StartJobRequest } from "../gen/tvstats/v1/jobs_pb";
import { Problem, Show, useLoad } from "../load";
import { Name } from "../names";
import { addressOf } from "../place";
import { Table, Widget } from "../widgets";
import { CatalogBrowser } from "./catalog";
import { Health, Schedule } from "./health";
import { Store, useStatus } from "./store";

const everySeconds = 2;
const shown = 50;

export function Operation() {
  const { clientId } = useAround();
  const list = useLoad(async (options) => (await jobs.listJobs({ clientId, pageSize: shown }, options)).jobs, [clientId], everySeconds);
  const clients = useLoad(allClients, []);
  const status = useStatus();
  const { text } = useAround();
  return (
    <div class="grid">
      <Widget wide title={text.operation.jobs} explain={text.operation.jobsExplain}>
        <Show of={list}>{(value) => <JobTable list={value} changed={list.again} />}</Show>
      </Widget>
      <Start started={list.again} />
      <Schedule status={status} />
      <Health />
      <Store status={status} />
      <Widget title={text.operation.clients} explain={text.operation.clientsExplain}>
        <Show of={clients}>
          {(value) => (
            <Table
              title={text.operation.clients}
              rows={value}
              rowKey={(client) => String(client.clientId)}
              columns={[
                { label: "ID", show: (client) => client.clientId },
                { label: text.client, text: true, show: (client) => <Name of={client.name} /> },
                { label: text.operation.zone, text: true, show: (client) => client.timeZone },
                { label: text.operation.collection, text: true, show: (client) => (client.collectionEnabled === false ? text.operation.off : text.operation.on) },
              ]}
            />
          )}
        </Show>
      </Widget>
      <CatalogBrowser />
      <Show of={clients}>{(value) => <Policy client={value.find((one) => one.clientId === clientId)} />}</Show>
    </div>
  );
}

// The policy is set by a command or by Sync, which streams, and browsers do not.
function Policy({ client }: { client: Client | undefined }) {
  const { text, format, params, clientId } = useAround();
  const words = text.policy;
  const policy = client?.policy;
  const seconds = (value: bigint | undefined) => (value ? words.seconds(format.number(value)) : text.operation.off);
  const parts: [string, string][] = [
    [words.maxSession, seconds(policy?.maxSessionSeconds)],
    [words.inactivity, seconds(policy?.inactivitySeconds)],
    [words.minSession, seconds(policy?.minSessionSeconds)],
    [words.oneChannel, policy?.oneChannelPerDevice ? text.operation.on : text.operation.off],
    [words.revision, format.number(client?.policyRevision ?? 0n)],
  ];
  return (
    <Widget title={words.title} explain={words.explain}>
      <Table
        title={words.title}
        rows={parts}
        rowKey={([part]) => part}
        columns={[
          { label: words.part, text: true, show: ([part]) => part },
          { label: words.value, show: ([, value]) => value },
        ]}
      />
      <p>
        {words.set} <code>tvstats policy set --client-id {clientId}</code>
      </p>
      <p>
        <a href={addressOf("orders", params)}>{words.tryIt}</a>
      </p>
    </Widget>
  );
}

const runs = (job: Job) => job.state === JobState.QUEUED || job.state === JobState.RUNNING;

function JobTable({ list, changed }: { list: Job[]; changed: () => void }) {
  const { text, format } = useAround();
  const [error, setError] = useState<unknown>();
  const cancel = async (job: Job) => {
    setError(undefined);
    try {
      await jobs.cancelJob({ jobId: job.jobId });
      changed();
    } catch (problem) {
      setError(problem);
    }
  };
  const words = text.operation;
  return (
    <>
      {error !== undefined && <Problem error={error} />}
      <Table
        title={words.jobs}
        rows={list}
        rowKey={(job) => job.jobId}
        columns={[
          { label: words.work, text: true, show: (job) => (job.schedule ? `${job.method} (${words.scheduled})` : job.method) },
          { label: words.state, text: true, show: (job) => <span class={`state-${job.state}`}>{words.states[job.state]}</span> },
          {
            label: words.progress,
            show: (job) => (
              <>
                <progress value={job.progress} aria-label={`${words.progress}: ${job.method}`} /> {format.percent(job.progress)}
              </>
            ),
          },
          { label: words.created, text: true, show: (job) => format.time(job.createdAt) },
          { label: words.attempts, show: (job) => format.number(job.attempts) },
          { label: words.error, text: true, show: (job) => <Name of={job.error} /> },
          {
            label: text.orders.action,
            text: true,
            show: (job) =>
              runs(job) && (
                <button type="button" onClick={() => cancel(job)} aria-label={words.cancelOf(job.method)}>
                  {text.cancel}
                </button>
              ),
          },
        ]}
      />
    </>
  );
}

type Command = Exclude<StartJobRequest["command"]["case"], undefined>;

function Start({ started }: { started: () => void }) {
  const { text, clientId } = useAround();
  const [error, setError] = useState<unknown>();
  const words = text.operation;
  const commands: [Command, string][] = [
    ["cacheMaxOnline", words.cacheMaxOnline],
    ["saveStats", words.saveStats],
    ["collectDailyStats", words.collectDailyStats],
    ["cacheCustomersDynamic", words.cacheCustomersDynamic],
  ];
  const start = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const value = { clientIds: form.has("all") ? [] : [clientId] };
    setError(undefined);
    try {
      await jobs.startJob({ command: { case: form.get("command"), value } as StartJobRequest["command"] });
      started();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <Widget title={words.start} explain={words.startExplain}>
      <form class="fields" onSubmit={start}>
        <label>
          {words.command}
          <select name="command">
            {commands.map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input type="checkbox" name="all" /> {words.forAll}
        </label>
        {error !== undefined && <Problem error={error} />}
        <button class="main">{words.submit}</button>
      </form>
    </Widget>
  );
}
