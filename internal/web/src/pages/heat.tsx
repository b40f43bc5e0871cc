// A map of the week: hours from top to bottom, days from left to right, so that it fits on a phone.
import { allRows } from "../api";
import { byClient, calendarOf, ClockChoice } from "../clock";
import { useAround } from "../context";
import { filterOf } from "../filter";
import { type AudienceRow, Dimension } from "../gen/tvstats/v1/audience_pb";
import { Show, useLoad } from "../load";
import { type MeasureName, useMeasures } from "../measures";
import { type Period, spanOf } from "../period";
import { SheetWidget } from "../widgets";

const hours = [...Array(24).keys()];
const weekdays = [1, 2, 3, 4, 5, 6, 7];

// Parts of a week are of different length in a period that is not of whole weeks, so that sums would mislead.
const ofLengths: Partial<Record<MeasureName, MeasureName>> = { watch: "average", reported: "average" };

export function Heat({ period, measure }: { period: Period; measure: MeasureName }) {
  const { clientId, params } = useAround();
  const filter = filterOf(params);
  const cells = useLoad(
    (options) =>
      allRows(
        { clientId, ...spanOf(period), filter, groupBy: [Dimension.HOUR_OF_DAY, Dimension.DAY_OF_WEEK], calendar: calendarOf(params) },
        options,
      ),
    [clientId, period.from, period.to, JSON.stringify(filter), byClient(params)],
  );
  return <Show of={cells}>{(value) => <Week rows={value.rows} measure={ofLengths[measure] ?? measure} />}</Show>;
}

function Week({ rows, measure }: { rows: AudienceRow[]; measure: MeasureName }) {
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
      <ClockChoice />
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
