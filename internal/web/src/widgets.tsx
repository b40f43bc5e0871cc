// What pages are made of: a widget with its explanation, a table, a figure that is a chart, a table and a file.
import type { ComponentChildren } from "preact";
import { useId, useMemo } from "preact/hooks";
import { Chart, type Series } from "./chart";
import { useAround } from "./context";
import { type Cell, csvOf, download } from "./csv";

export function Widget(props: { title: string; explain: string; wide?: boolean; action?: ComponentChildren; children: ComponentChildren }) {
  const { text } = useAround();
  const id = useId();
  return (
    <section class={props.wide ? "widget wide" : "widget"} aria-labelledby={id}>
      <div class="head">
        <h2 id={id}>{props.title}</h2>
        {props.action}
      </div>
      {props.children}
      <details>
        <summary aria-label={`${text.explanation} ${props.title}`}>{text.explanation}</summary>
        <p>{props.explain}</p>
      </details>
    </section>
  );
}

export function Tile(props: { title: string; explain: string; value: string; note?: string; id: string }) {
  return (
    <Widget title={props.title} explain={props.explain}>
      <p class="figure" data-figure={props.id}>
        {props.value}
      </p>
      {props.note && <p class="quiet">{props.note}</p>}
    </Widget>
  );
}

export interface Column<R> {
  label: string;
  show: (row: R) => ComponentChildren;
  text?: boolean; // to the left; figures go to the right
}

export function Table<R>(props: { title: string; columns: Column<R>[]; rows: R[]; rowKey: (row: R) => string }) {
  const { text } = useAround();
  if (props.rows.length === 0) return <p class="quiet">{text.nothing}</p>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={props.title}>
      <table>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th key={column.label} scope="col" class={column.text ? "text" : undefined}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.rowKey(row)}>
              {props.columns.map((column) => (
                <td key={column.label} class={column.text ? "text" : undefined}>
                  {column.show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// A column of figures: as people read it, as a file has it, if it does, and, where it has a place in the chart, as a number.
export interface Measure<R> extends Column<R> {
  cell?: (row: R) => Cell;
  plot?: (row: R) => number;
}

// What a figure is made of, whatever is shown of it: its rows are what the file holds.
export interface Sheet<R> {
  title: string;
  explain: string;
  file: string;
  columns: Measure<R>[];
  rows: R[];
}

// A widget whose figures can be saved as a file.
export function SheetWidget<R>(props: Sheet<R> & { wide?: boolean; children: ComponentChildren }) {
  const { text } = useAround();
  const cells = props.columns.flatMap(({ label, cell }) => (cell ? [{ label, cell }] : []));
  const save = () =>
    download(
      `${props.file}.csv`,
      csvOf(
        cells.map((column) => column.label),
        props.rows.map((row) => cells.map((column) => column.cell(row))),
      ),
    );
  return (
    <Widget
      title={props.title}
      explain={props.explain}
      wide={props.wide ?? false}
      action={
        <button type="button" onClick={save} aria-label={text.csvOf(props.title)}>
          {text.csv}
        </button>
      }
    >
      {props.children}
    </Widget>
  );
}

// The rows of the chart are in order of time; the table has the newest first. What is below the chart is on its axis.
export function Figure<R>(props: Sheet<R> & { at?: (row: R) => Date; rowKey: (row: R) => string; wide?: boolean; below?: ComponentChildren }) {
  const { text, format } = useAround();
  const { at, rows, columns } = props;
  const x = useMemo(() => (at ? rows.map((row) => at(row).getTime() / 1000) : []), [rows]);
  const series = useMemo(
    () =>
      columns.flatMap<Series>((column) => {
        const plot = column.plot;
        return plot ? [{ label: column.label, values: rows.map(plot) }] : [];
      }),
    [rows, format.language],
  );
  const table = <Table title={props.title} columns={columns} rows={at ? rows.toReversed() : rows} rowKey={props.rowKey} />;
  return (
    <SheetWidget {...props}>
      {series.length > 0 && rows.length > 0 ? (
        <>
          <Chart title={props.title} x={x} series={series} language={format.language} />
          {props.below}
          <details>
            <summary aria-label={`${text.table}: ${props.title}`}>{text.table}</summary>
            {table}
          </details>
        </>
      ) : (
        table
      )}
    </SheetWidget>
  );
}

// A figure with a bar as long as its part of the greatest one, which shows nothing that the figure does not say.
export function barred<R>(column: Measure<R>, rows: R[], value: (row: R) => number): Measure<R> {
  const greatest = Math.max(0, ...rows.map(value));
  return {
    ...column,
    show: (row) => (
      <span class="barred">
        {column.show(row)}
        <span class="bar" aria-hidden="true" style={{ "--part": greatest > 0 ? value(row) / greatest : 0 }} />
      </span>
    ),
  };
}
