// A table as a file. What a spreadsheet would take for a formula gets an apostrophe before it: names come from outside.
import { plain } from "./names";

export type Cell = string | number | bigint;

export function csvOf(head: string[], rows: Cell[][]): string {
  return [head, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

function field(cell: Cell): string {
  if (typeof cell !== "string") return String(cell);
  const safe = plain(cell);
  const text = /^[=+\-@]/.test(safe) ? `'${safe}` : safe;
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" })); // the mark is for Excel
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
