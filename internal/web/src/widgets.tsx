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

// A column of figures: as people read it, as a file has it and, where it has a place in the chart, as a number.
export interface Measure<R> extends Column<R> {
  cell: (row: R) => Cell;
  plot?: (row: R) => number;
}

// The rows of the chart are in order of time; the table has the newest first.
export function Figure<R>(props: {
  title: string;
  explain: string;
  file: string;
  columns: Measure<R>[];
  rows: R[];
  at?: (row: R) => Date;
  rowKey: (row: R) => string;
}) {
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
  const save = () =>
    download(
      `${props.file}.csv`,
      csvOf(
        columns.map((column) => column.label),
        rows.map((row) => columns.map((column) => column.cell(row))),
      ),
    );
  const table = <Table title={props.title} columns={columns} rows={at ? rows.toReversed() : rows} rowKey={props.rowKey} />;
  return (
    <Widget
      title={props.title}
      explain={props.explain}
      action={
        <button type="button" onClick={save} aria-label={text.csvOf(props.title)}>
          {text.csv}
        </button>
      }
    >
      {series.length > 0 && rows.length > 0 ? (
        <>
          <Chart title={props.title} x={x} series={series} language={format.language} />
          <details>
            <summary aria-label={`${text.table}: ${props.title}`}>{text.table}</summary>
            {table}
          </details>
        </>
      ) : (
        table
      )}
    </Widget>
  );
}
