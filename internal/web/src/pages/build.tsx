// The form that builds an order.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { viewStats } from "../api";
import { useAround } from "../context";
import { Criterion } from "../gen/tvstats/v1/view_stats_pb";
import { Problem } from "../load";
import { plain } from "../names";
import { Widget } from "../widgets";
import { type Kind, ofSelection, ofSorting, useCriterionNames, useKindNames } from "./order";

export function Build({ built }: { built: (key: string) => void }) {
  const { text, clientId, names } = useAround();
  const [kind, setKind] = useState<Kind>("sorting");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const kinds = useKindNames();
  const criteria = useCriterionNames();
  const words = text.orders;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      built(await build(kind, clientId, new FormData(event.currentTarget as HTMLFormElement)));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <Widget title={words.build} explain={words.buildExplain}>
      <form class="fields" onSubmit={submit}>
        <Field label={words.kind}>
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
            {Object.entries(kinds).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <Field label={words.days}>
          <input name="days" type="number" min="1" max="3660" required defaultValue="30" />
        </Field>
        {kind !== "programmes" && (
          <Field label={words.criterion}>
            <select name="criterion">
              {Object.entries(criteria).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
        )}
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
        <Field label={words.minimum}>
          <input name="minimum" type="number" min="0" required defaultValue="0" />
        </Field>
        <Field label={words.kindsOfDevice}>
          <input name="devices" />
        </Field>
        {names.tariffs.size > 0 && (
          <Field label={words.tariffs}>
            <select name="tariffs" multiple size={Math.min(5, names.tariffs.size)}>
              {[...names.tariffs.values()].map((tariff) => (
                <option key={tariff.tariffId} value={tariff.tariffId}>
                  {plain(tariff.name) || `#${tariff.tariffId}`}
                </option>
              ))}
            </select>
          </Field>
        )}
        {kind !== "programmes" && (
          <label class="check">
            <input type="checkbox" name="active" /> {words.activeOnly}
          </label>
        )}
        {error !== undefined && <Problem error={error} />}
        <button class="main" disabled={busy}>
          {words.submit}
        </button>
      </form>
    </Widget>
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

// Builds what the form says, and returns its key.
async function build(kind: Kind, clientId: number, form: FormData): Promise<string> {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const shared = {
    daysNumber: Number(text("days")),
    minWatchSeconds: BigInt(text("minimum")),
    devices: text("devices").split(",").flatMap((device) => device.trim() || []),
    tariffs: form.getAll("tariffs").map(Number),
  };
  const ranked = { criterion: Number(text("criterion")) as Criterion, accountsActive: form.has("active") };
  const selected = { clientId, selectionSize: Number(text("size")), selectionName: text("name") };
  if (kind === "sorting") {
    const { sortings } = await viewStats.createChannelSortingByPopularity({ ...shared, ...ranked, clientIds: [clientId] });
    return sortings.map(ofSorting)[0]?.key ?? "";
  }
  const { selection } =
    kind === "channels"
      ? await viewStats.createChannelSelectionByPopularity({ ...shared, ...ranked, ...selected })
      : await viewStats.createEpgSelectionByPopularity({ ...shared, ...selected });
  return selection ? ofSelection(selection).key : "";
}
