// The rows of a figure as files: text for programs, a workbook for people.
import writeExcelFile, { type Cell as BookCell } from "write-excel-file/universal";
import { plain } from "./names";

export type Cell = string | number | bigint | Date;

// A table as text. What a spreadsheet would take for a formula gets an apostrophe before it: names come from outside. The
// mark at the beginning is for Excel.
export function csvOf(head: string[], rows: Cell[][]): Blob {
  const text = [head, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
  return new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" });
}

function field(cell: Cell): string {
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== "string") return String(cell);
  const safe = plain(cell);
  const text = /^[=+\-@＝＋－＠]/.test(safe) ? `'${safe}` : safe;
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const timeFormat = "yyyy-mm-dd hh:mm:ss"; // the same in every country
const widths = { least: 10, most: 60, time: 20 }; // of columns, in characters

// A table as a workbook. Figures are numbers and times are times; names are text whatever they begin with.
export function workbookOf(title: string, head: string[], rows: Cell[][]): Promise<Blob> {
  const width = (i: number) => Math.max(...[head, ...rows].map((row) => lengthOf(row[i] ?? "")));
  return writeExcelFile([head.map((label): BookCell => ({ value: label, fontWeight: "bold" })), ...rows.map((row) => row.map(bookCell))], {
    sheet: sheetName(title),
    columns: head.map((_label, i) => ({ width: Math.min(widths.most, Math.max(widths.least, width(i))) })),
    stickyRowsCount: 1,
  }).toBlob();
}

function bookCell(cell: Cell): BookCell {
  if (cell instanceof Date) return { value: cell, type: Date, format: timeFormat };
  return typeof cell === "string" ? { value: plain(cell), type: String } : { value: Number(cell), type: Number };
}

const lengthOf = (cell: Cell): number => (cell instanceof Date ? widths.time : String(cell).length + 1);

// What a sheet may be called: no more than 31 characters, and none that stands for something in formulas.
function sheetName(title: string): string {
  return plain(title).replaceAll(/[[\]:*?/\\']/g, " ").slice(0, 31).trim() || "1";
}

export function download(name: string, file: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
