// A period beside the one before it: the n-th row of one belongs to the n-th row of the other.
import { useAround } from "./context";
import { type Measure, Table } from "./widgets";

// How rows make the figure of a whole period: their sum, the last one, their average, the greatest one.
export type Fold = "sum" | "last" | "average" | "greatest";

const folds: Record<Fold, (values: number[]) => number> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  last: (values) => values.at(-1) ?? 0,
  average: (values) => folds.sum(values) / Math.max(1, values.length),
  greatest: (values) => Math.max(0, ...values),
};

// The columns, each that can be drawn followed by the same of the period before.
export function besides<R>(columns: Measure<R>[], rows: R[], before: R[], name: (label: string) => string): Measure<R>[] {
  const earlier = new Map(rows.map((row, i) => [row, before[i]]));
  const of = <T,>(row: R, value: (row: R) => T, none: T): T => {
    const other = earlier.get(row);
    return other === undefined ? none : value(other);
  };
  return columns.flatMap((column) => {
    const { label, show, cell, plot } = column;
    if (!plot || !cell) return [column];
    return [column, { label: name(label), earlier: true, show: (row) => of(row, show, ""), cell: (row) => of(row, cell, ""), plot: (row) => of(row, plot, 0) }];
  });
}

// What each column is of the two periods, and the difference.
export function Differences<R>(props: { title: string; columns: Measure<R>[]; rows: R[]; before: R[] }) {
  const { text, format } = useAround();
  const words = text.compare;
  const lines = props.columns.flatMap(({ label, plot, fold }) => {
    if (!plot || !fold) return [];
    const now = folds[fold](props.rows.map(plot));
    const then = folds[fold](props.before.map(plot));
    return [{ label: `${label} (${words.folds[fold]})`, now, then, difference: now - then }];
  });
  return (
    <Table
      title={words.difference(props.title)}
      rows={lines}
      rowKey={(line) => line.label}
      columns={[
        { label: words.figure, text: true, show: (line) => line.label },
        { label: words.thisPeriod, show: (line) => format.fine(line.now) },
        { label: words.periodBefore, show: (line) => format.fine(line.then) },
        { label: words.change, show: (line) => format.signed(line.difference) },
        { label: words.changePercent, show: (line) => (line.then ? format.signedPercent(line.difference / Math.abs(line.then)) : "–") },
      ]}
    />
  );
}
