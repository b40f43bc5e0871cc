// What pages are made of: a widget with its explanation, a table, a figure that is a chart, a table and a file.
import type { ComponentChildren } from "preact";
import { useId, useMemo } from "preact/hooks";
import { Chart, type Series } from "./chart";
import { besides, Differences, type Fold } from "./compare";
import { useAround } from "./context";
import { pictureOf } from "./picture";
import { type Cell, csvOf, download, workbookOf } from "./sheet";

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
// What it is of a whole period is made of its rows by fold.
export interface Measure<R> extends Column<R> {
  cell?: (row: R) => Cell;
  plot?: (row: R) => number;
  fold?: Fold;
  earlier?: boolean; // of the period before
}

// What a figure is made of, whatever is shown of it: its rows are what the file holds.
export interface Sheet<R> {
  title: string;
  explain: string;
  file: string;
  columns: Measure<R>[];
  rows: R[];
}

// A widget whose figures can be saved as a file, and which can be saved as a picture.
export function SheetWidget<R>(props: Sheet<R> & { wide?: boolean; children: ComponentChildren }) {
  return (
    <Widget title={props.title} explain={props.explain} wide={props.wide ?? false} action={<Exports {...props} />}>
      {props.children}
    </Widget>
  );
}

function Exports<R>({ title, file, columns, rows }: Sheet<R>) {
  const { text } = useAround();
  const cells = columns.flatMap(({ label, cell }) => (cell ? [{ label, cell }] : []));
  const head = () => cells.map((column) => column.label);
  const body = () => rows.map((row) => cells.map((column) => column.cell(row)));
  const kinds: Record<string, (widget: HTMLElement) => Blob | Promise<Blob>> = {
    csv: () => csvOf(head(), body()),
    xlsx: () => workbookOf(title, head(), body()),
    png: pictureOf,
  };
  const save = async (kind: string, button: HTMLElement) => download(`${file}.${kind}`, await kinds[kind]!(button.closest<HTMLElement>(".widget")!));
  return (
    <span class="exports">
      {Object.keys(kinds).map((kind) => (
        <button key={kind} type="button" onClick={(event) => save(kind, event.currentTarget)} aria-label={text.saveAs(kind.toUpperCase(), title)}>
          {kind.toUpperCase()}
        </button>
      ))}
    </span>
  );
}

type FigureProps<R> = Sheet<R> & {
  at?: (row: R) => Date;
  before?: R[] | undefined; // the rows of the period before, in the same order, where the two are compared
  rowKey: (row: R) => string;
  wide?: boolean;
  below?: ComponentChildren;
};

// The rows of the chart are in order of time; the table has the newest first. What is below the chart is on its axis.
export function Figure<R>(props: FigureProps<R>) {
  const { text, format } = useAround();
  const { at, rows, before } = props;
  const x = useMemo(() => (at ? rows.map((row) => at(row).getTime() / 1000) : []), [rows]);
  const columns = before ? besides(props.columns, rows, before, text.compare.before) : props.columns;
  const series = useMemo(() => seriesOf(columns, rows), [rows, before, format]);
  const table = <Table title={props.title} columns={columns} rows={at ? rows.toReversed() : rows} rowKey={props.rowKey} />;
  return (
    <SheetWidget {...props} columns={columns}>
      {series.length > 0 && rows.length > 0 ? (
        <>
          <Chart title={props.title} x={x} series={series} language={format.language} zone={format.zone} />
          {props.below}
          {before && <Differences title={props.title} columns={props.columns} rows={rows} before={before} />}
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

// The lines of a chart. That of a period before has the colour of the one that it is beside.
function seriesOf<R>(columns: Measure<R>[], rows: R[]): Series[] {
  let colour = 0;
  return columns.flatMap(({ label, plot, earlier }) => {
    if (!plot) return [];
    if (!earlier) colour++;
    return [{ label, colour, values: rows.map(plot), dashed: earlier ?? false }];
  });
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
