// The form that tries an order and builds it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useAround } from "../context";
import { Problem, untilLeft } from "../load";
import { plain } from "../names";
import { useModeNames } from "../filter";
import { Widget } from "../widgets";
import { build, type Draft, type Kind, type Order, rankProgrammes, type Request, useCriterionNames, useKindNames } from "./order";

export function Build(props: { stored: Order[]; built: (key: string) => void; tried: (draft: Draft) => void }) {
  const { text, clientId, names, format } = useAround();
  const [kind, setKind] = useState<Kind>("sorting");
  const [busy, setBusy] = useState(false);
  const trying = useRef<ReturnType<typeof untilLeft> | undefined>(undefined);
  const [error, setError] = useState<unknown>();
  const kinds = useKindNames();
  const criteria = useCriterionNames();
  const words = text.orders;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const dry = (event.submitter as HTMLButtonElement | null)?.value === "dry";
    const request = requestOf(kind, clientId, new FormData(event.currentTarget as HTMLFormElement), dry);
    setBusy(true);
    setError(undefined);
    if (dry) trying.current = untilLeft(); // what shall be stored is stored
    try {
      const order = await build(request, dry ? trying.current?.options : undefined);
      if (order && dry) props.tried({ order, request });
      else if (order) props.built(order.key);
    } catch (problem) {
      setError(problem);
    }
    trying.current?.end();
    setBusy(false);
  };
  useEffect(() => () => trying.current?.end(), []);
  const offered = Object.entries(criteria).filter(([value]) => kind !== "programmes" || rankProgrammes.includes(Number(value)));
  const earlier = props.stored.filter((order) => order.kind === kind);
  return (
    <Widget title={words.build} explain={words.buildExplain}>
      <form class="fields" onSubmit={submit}>
        <Field label={words.kind}>
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            <Options of={Object.entries(kinds)} />
          </select>
        </Field>
        <Field label={words.days}>
          <input name="days" type="number" min="1" max="3660" required defaultValue="30" />
        </Field>
        <Field label={words.criterion}>
          <select name="criterion">
            <Options of={offered} />
          </select>
        </Field>
        {kind !== "sorting" && (
          <>
            <Field label={words.size}>
              <input name="size" type="number" min="1" required defaultValue="17" />
            </Field>
            <Field label={words.optionalName}>
              <input name="name" />
            </Field>
          </>
        )}
        <Seconds name="minimum" label={words.minimum} />
        <Seconds name="accounts" label={words.minimumAccounts} />
        <Field label={words.kindsOfDevice}>
          <input name="devices" />
        </Field>
        {names.tariffs.size > 0 && <Several name="tariffs" label={words.tariffs} of={[...names.tariffs.values()].map((t) => [String(t.tariffId), plain(t.name) || `#${t.tariffId}`])} />}
        <Several name="modes" label={words.modes} of={Object.entries(useModeNames())} />
        <label class="check">
          <input type="checkbox" name="active" disabled={kind === "programmes"} /> {words.activeOnly}
        </label>
        <Field label={words.compare}>
          <select name="compare" key={`${kind} ${earlier.length}`}>
            <Options of={earlier.map((order) => [order.id, `${plain(order.name) || criteria[order.criterion]}, ${format.time(order.createdAt)}`])} />
            <option value="">{words.compareNothing}</option>
          </select>
        </Field>
        <WhatIf />
        {error !== undefined && <Problem error={error} />}
        <span class="actions">
          <button name="what" value="dry" disabled={busy}>
            {words.tryIt}
          </button>
          <button class="main" disabled={busy}>
            {words.submit}
          </button>
        </span>
      </form>
    </Widget>
  );
}

// Another measurement policy, which only counts where nothing is stored.
function WhatIf() {
  const words = useAround().text.policy;
  return (
    <details>
      <summary>{words.whatIf}</summary>
      <p class="quiet">{words.whatIfExplain}</p>
      <div class="fields">
        <label class="check">
          <input type="checkbox" name="policy" /> {words.use}
        </label>
        <Seconds name="max" label={words.maxSession} />
        <Seconds name="inactivity" label={words.inactivity} />
        <Seconds name="shortest" label={words.minSession} />
        <label class="check">
          <input type="checkbox" name="one" /> {words.oneChannel}
        </label>
      </div>
    </details>
  );
}

function Field(props: { label: string; children: ComponentChildren }) {
  return (
    <label>
      {props.label}
      {props.children}
    </label>
  );
}

const Seconds = (props: { name: string; label: string }) => (
  <Field label={props.label}>
    <input name={props.name} type="number" min="0" required defaultValue="0" />
  </Field>
);

const Options = ({ of }: { of: [string, string | undefined][] }) => (
  <>
    {of.map(([value, label]) => (
      <option key={value} value={value}>
        {label}
      </option>
    ))}
  </>
);

const mostShown = 5;

const Several = (props: { name: string; label: string; of: [string, string][] }) => (
  <Field label={props.label}>
    <select name={props.name} multiple size={Math.min(mostShown, props.of.length)}>
      <Options of={props.of} />
    </select>
  </Field>
);

// What the form says.
function requestOf(kind: Kind, clientId: number, form: FormData, dryRun: boolean): Request {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const shared = {
    daysNumber: Number(text("days")),
    criterion: Number(text("criterion")),
    minWatchSeconds: BigInt(text("minimum")),
    minAccounts: BigInt(text("accounts")),
    devices: text("devices").split(",").flatMap((device) => device.trim() || []),
    tariffs: form.getAll("tariffs").map(Number),
    modes: form.getAll("modes").map(Number),
    compareTo: text("compare"),
    dryRun,
    ...(dryRun && form.has("policy") && { policy: policyOf(text, form.has("one")) }),
  };
  const accountsActive = form.has("active");
  const selected = { clientId, selectionSize: Number(text("size")), selectionName: text("name") };
  switch (kind) {
    case "sorting":
      return { case: "createChannelSortingByPopularity", value: { ...shared, accountsActive, clientIds: [clientId] } };
    case "channels":
      return { case: "createChannelSelectionByPopularity", value: { ...shared, ...selected, accountsActive } };
    case "programmes":
      return { case: "createEpgSelectionByPopularity", value: { ...shared, ...selected } };
  }
}

const policyOf = (text: (name: string) => string, oneChannelPerDevice: boolean) => ({
  maxSessionSeconds: BigInt(text("max")),
  inactivitySeconds: BigInt(text("inactivity")),
  minSessionSeconds: BigInt(text("shortest")),
  oneChannelPerDevice,
});
