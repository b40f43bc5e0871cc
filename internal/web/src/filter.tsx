// Which viewing counts, as the address says it, and the form that changes it.
import { allRows } from "./api";
import { useAround } from "./context";
import { Dimension } from "./gen/tvstats/v1/audience_pb";
import { ViewMode } from "./gen/tvstats/v1/view_stats_pb";
import { useLoad } from "./load";
import { plain } from "./names";
import { type Period, spanOf } from "./period";
import { change } from "./place";

export interface Filter {
  devices: string[];
  tariffs: number[];
  categories: number[];
  modes: ViewMode[];
}

const listed = (params: URLSearchParams, name: string): string[] => (params.get(name) ?? "").split(",").filter(Boolean);

const numbers = (params: URLSearchParams, name: string): number[] => listed(params, name).map(Number).filter((n) => Number.isInteger(n) && n > 0);

export const filterOf = (params: URLSearchParams): Filter => ({
  devices: listed(params, "device"),
  tariffs: numbers(params, "tariff"),
  categories: numbers(params, "category"),
  modes: numbers(params, "mode"),
});

export function useModeNames(): Record<number, string> {
  const { mode } = useAround().text.audience;
  return { [ViewMode.LIVE]: mode.live, [ViewMode.CATCHUP]: mode.catchup, [ViewMode.TIMESHIFT]: mode.timeshift };
}

// The kinds of device are those that the viewing of the period has.
export function Filters({ period }: { period: Period }) {
  const { text, params, names, clientId } = useAround();
  const viewing = useLoad((options) => allRows({ clientId, ...spanOf(period), groupBy: [Dimension.DEVICE] }, options), [clientId, period.from, period.to]);
  const filter = filterOf(params);
  const words = text.audience;
  const named = (id: number, name: string): [string, string] => [String(id), plain(name) || `#${id}`];
  const kinds = [...new Set([...(viewing.value?.rows ?? []).map((row) => row.device), ...filter.devices])].sort();
  const chosen = Object.values(filter).some((part) => part.length > 0);
  return (
    <details class="filters" open={chosen}>
      <summary>{words.filters}</summary>
      <div class="choice">
        <Several name="device" label={text.device} values={filter.devices} options={kinds.map((kind) => [kind, kind])} />
        <Several name="tariff" label={text.tariff} values={filter.tariffs.map(String)} options={[...names.tariffs.values()].map((t) => named(t.tariffId, t.name))} />
        <Several name="category" label={words.category} values={filter.categories.map(String)} options={[...names.categories.values()].map((c) => named(c.categoryId, c.name))} />
        <Several name="mode" label={words.modes} values={filter.modes.map(String)} options={Object.entries(useModeNames())} />
        {chosen && (
          <button type="button" onClick={() => change({ device: "", tariff: "", category: "", mode: "" })}>
            {words.noFilters}
          </button>
        )}
      </div>
    </details>
  );
}

const mostShown = 5;

function Several(props: { name: string; label: string; values: string[]; options: [string, string][] }) {
  if (props.options.length === 0) return null;
  const choose = (select: HTMLSelectElement) => change({ [props.name]: [...select.selectedOptions].map((option) => option.value).join(",") });
  return (
    <label class="several">
      {props.label}
      <select multiple size={Math.min(mostShown, props.options.length)} onChange={(event) => choose(event.currentTarget)}>
        {props.options.map(([value, label]) => (
          <option key={value} value={value} selected={props.values.includes(value)}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
