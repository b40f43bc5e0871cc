// A map of the week: hours from top to bottom, days from left to right, so that it fits on a phone.
import { allRows } from "../api";
import { useAround } from "../context";
import { filterOf } from "../filter";
import { type AudienceRow, Dimension } from "../gen/tvstats/v1/audience_pb";
import { Calendar } from "../gen/tvstats/v1/measurement_pb";
import { Show, useLoad } from "../load";
import { type MeasureName, useMeasures } from "../measures";
import { type Period, spanOf } from "../period";
import { change } from "../place";
import { SheetWidget } from "../widgets";

const hours = [...Array(24).keys()];
const weekdays = [1, 2, 3, 4, 5, 6, 7];

// Parts of a week are of different length in a period that is not of whole weeks, so that sums would mislead.
const ofLengths: Partial<Record<MeasureName, MeasureName>> = { watch: "average", reported: "average" };

export function Heat({ period, measure }: { period: Period; measure: MeasureName }) {
  const { clientId, params } = useAround();
  const filter = filterOf(params);
  const byClient = params.get("clock") === "client";
  const cells = useLoad(
    () =>
      allRows({
        clientId,
        ...spanOf(period),
        filter,
        groupBy: [Dimension.HOUR_OF_DAY, Dimension.DAY_OF_WEEK],
        calendar: byClient ? Calendar.CLIENT : Calendar.UTC,
      }),
    [clientId, period.from, period.to, JSON.stringify(filter), byClient],
  );
  return <Show of={cells}>{(value) => <Week rows={value.rows} measure={ofLengths[measure] ?? measure} byClient={byClient} />}</Show>;
}

function Week({ rows, measure, byClient }: { rows: AudienceRow[]; measure: MeasureName; byClient: boolean }) {
  const { text, format } = useAround();
  const words = text.audience;
  const column = useMeasures()[measure];
  const title = `${words.week}: ${column.label}`;
  const found = new Map(rows.map((row) => [`${row.hourOfDay} ${row.dayOfWeek}`, row]));
  const greatest = Math.max(0, ...rows.map(column.value));
  const cell = (hour: number, day: number) => {
    const row = found.get(`${hour} ${day}`);
    const part = row && greatest > 0 ? column.value(row) / greatest : 0;
    return (
      <td key={day} style={{ "--part": part }}>
        {row ? column.show(row) : ""}
      </td>
    );
  };
  return (
    <SheetWidget
      title={title}
      explain={`${words.weekExplain} ${words.explains[measure]}`}
      file="week"
      rows={rows}
      columns={[
        { label: words.weekday, show: () => "", cell: (row) => row.dayOfWeek },
        { label: text.subscribers.hour, show: () => "", cell: (row) => row.hourOfDay },
        column,
      ]}
    >
      <label>
        {words.clock}{" "}
        <select value={byClient ? "client" : "utc"} onChange={(event) => change({ clock: event.currentTarget.value === "client" ? "client" : "" })}>
          <option value="utc">UTC</option>
          <option value="client">{words.clientClock}</option>
        </select>
      </label>
      <table class="heat">
        <caption class="unseen">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{text.subscribers.hour}</th>
            {weekdays.map((day) => (
              <th key={day} scope="col">
                {format.weekday(day)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hours.map((hour) => (
            <tr key={hour}>
              <th scope="row">{hour}</th>
              {weekdays.map((day) => cell(hour, day))}
            </tr>
          ))}
        </tbody>
      </table>
    </SheetWidget>
  );
}
