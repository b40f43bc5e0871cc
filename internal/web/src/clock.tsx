// By which clock days and months begin: UTC's or the client's.
import { useAround } from "./context";
import { Calendar } from "./gen/tvstats/v1/measurement_pb";
import { change } from "./place";

export const byClient = (params: URLSearchParams): boolean => params.get("clock") === "client";

export const calendarOf = (params: URLSearchParams): Calendar => (byClient(params) ? Calendar.CLIENT : Calendar.UTC);

export function ClockChoice() {
  const { text, params } = useAround();
  return (
    <label>
      {text.clock.choose}{" "}
      <select name="clock" value={byClient(params) ? "client" : "utc"} onChange={(event) => change({ clock: event.currentTarget.value === "client" ? "client" : "" })}>
        <option value="utc">UTC</option>
        <option value="client">{text.clock.ofClient}</option>
      </select>
    </label>
  );
}
