// What keeps the data of the process that is asked, and how it follows the log that replicas share.
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { useState } from "preact/hooks";
import { operation } from "../api";
import { useAround } from "../context";
import type { Format } from "../format";
import { type GetStatusResponse, type ReplicaStatus, StoreKind } from "../gen/tvstats/v1/operation_pb";
import { type Loaded, Show, useLoad } from "../load";
import type { Text } from "../text.en";
import { Table, Widget } from "../widgets";

const everySeconds = 10;

// null where the token may not see it, for which the service is asked once more at most.
export function useStatus(): Loaded<GetStatusResponse | null> {
  const [may, setMay] = useState(true);
  return useLoad(
    async (options) => {
      const status = await statusOf(options);
      setMay(status !== null);
      return status;
    },
    [],
    may ? everySeconds : 0,
  );
}

async function statusOf(options: CallOptions): Promise<GetStatusResponse | null> {
  try {
    return await operation.getStatus({}, options);
  } catch (problem) {
    if (ConnectError.from(problem).code === Code.PermissionDenied) return null;
    throw problem;
  }
}

export function Store({ status }: { status: Loaded<GetStatusResponse | null> }) {
  const words = useAround().text.store;
  return (
    <Widget title={words.title} explain={words.explain}>
      <Show of={status}>{(value) => (value ? <Parts of={value} /> : <p>{words.denied}</p>)}</Show>
    </Widget>
  );
}

function Parts({ of }: { of: GetStatusResponse }) {
  const { text, format } = useAround();
  const words = text.store;
  const parts: [string, string][] = [
    [words.kind, of.storeKind === StoreKind.MONGODB ? words.mongodb : words.embedded],
    [words.bytes, format.number(of.storeBytes)],
    ...(of.replica ? partsOf(of.replica, text, format) : []),
  ];
  return (
    <Table
      title={words.title}
      rows={parts}
      rowKey={([part]) => part}
      columns={[
        { label: text.health.part, text: true, show: ([part]) => part },
        { label: text.policy.value, show: ([, value]) => value },
      ]}
    />
  );
}

function partsOf(of: ReplicaStatus, { store: words }: Text, format: Format): [string, string][] {
  return [
    [words.applied, format.number(of.appliedEntry)],
    [words.behind, format.number(of.behindEntries)],
    [words.lag, format.number(of.lagSeconds)],
    [words.entries, format.number(of.logEntries)],
    [words.logBytes, format.number(of.logBytes)],
    [words.copy, format.number(of.copyBytes)],
    [words.checkpoint, of.checkpointAt ? format.time(of.checkpointAt) : words.none],
    [words.checkpointEntry, format.number(of.checkpointEntry)],
  ];
}
