// Figures and times as people of the chosen language write them. Times are those of one clock, UTC where nothing else is said.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

export class Format {
  private readonly numbers: Intl.NumberFormat;
  private readonly fractions: Intl.NumberFormat;
  private readonly finer: Intl.NumberFormat;
  private readonly partsOfHundred: Intl.NumberFormat;
  private readonly percents: Intl.NumberFormat;
  private readonly changes: Intl.NumberFormat;
  private readonly changesInPercent: Intl.NumberFormat;
  private readonly times: Intl.DateTimeFormat;
  private readonly clock: Intl.DateTimeFormat;
  private readonly days: Intl.DateTimeFormat;
  private readonly months: Intl.DateTimeFormat;

  constructor(
    readonly language: string,
    readonly zone = "UTC",
  ) {
    this.numbers = new Intl.NumberFormat(language);
    this.fractions = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    this.finer = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
    this.partsOfHundred = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 2 });
    this.percents = new Intl.NumberFormat(language, { style: "percent" });
    this.changes = new Intl.NumberFormat(language, { maximumFractionDigits: 2, signDisplay: "exceptZero" });
    this.changesInPercent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
    this.times = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: zone });
    this.clock = new Intl.DateTimeFormat(language, { timeStyle: "short", timeZone: zone });
    this.days = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: zone });
    this.months = new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: zone });
  }

  number = (value: number | bigint): string => this.numbers.format(value);
  fraction = (value: number): string => this.fractions.format(value);
  fine = (value: number): string => this.finer.format(value);
  parts = (percent: number): string => this.partsOfHundred.format(percent / 100);
  signed = (difference: number): string => this.changes.format(difference);
  signedPercent = (part: number): string => this.changesInPercent.format(part);
  percent = (value: number): string => this.percents.format(value);
  time = (at: Timestamp | Date | undefined): string => (at ? this.times.format(dateOf(at)) : "");
  minute = (at: Timestamp | Date | undefined): string => (at ? this.clock.format(dateOf(at)) : "");
  day = (at: Timestamp | Date): string => this.days.format(dateOf(at));
  month = (at: Timestamp | Date): string => this.months.format(dateOf(at));
  hours = (seconds: bigint): string => this.fractions.format(Number(seconds) / 3600);

  // The day of the week, 1 for Monday to 7.
  weekday(day: number): string {
    const monday = Date.UTC(2024, 0, 1);
    return new Intl.DateTimeFormat(this.language, { weekday: "short", timeZone: "UTC" }).format(monday + (day - 1) * 86_400_000);
  }

  // A sum in the currency's minor unit, of which currencies have different numbers.
  money(minor: bigint, currency: string): string {
    return this.currency(currency)?.format(major(minor, this.currency(currency))) ?? `${this.numbers.format(minor)} ${currency}`;
  }

  // The same as a number, in the currency itself; in its minor unit where nobody knows the currency.
  sum = (minor: bigint, currency: string): number => major(minor, this.currency(currency));

  private currency(code: string): Intl.NumberFormat | undefined {
    try {
      return new Intl.NumberFormat(this.language, { style: "currency", currency: code });
    } catch {
      return undefined;
    }
  }
}

const major = (minor: bigint, currency: Intl.NumberFormat | undefined): number =>
  Number(minor) / 10 ** (currency ? (currency.resolvedOptions().maximumFractionDigits ?? 2) : 0);

export const dateOf = (at: Timestamp | Date): Date => (at instanceof Date ? at : timestampDate(at));

// YYYY-MM-DD of an instant, in UTC.
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

// When a day begins by the clock of a zone; an hour later where its clock leaves midnight out.
export function beginning(day: string, zone: string): Date {
  const asUTC = Date.parse(day);
  const guess = asUTC - ahead(asUTC, zone);
  const found = [asUTC - ahead(guess, zone), guess].find((at) => ahead(at, zone) + at >= asUTC);
  return new Date(found ?? guess);
}

// How far the clock of a zone is ahead of UTC, in milliseconds.
function ahead(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hourCycle: "h23",
    ...({ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const),
  }).formatToParts(at);
  const value = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(value("year"), value("month") - 1, value("day"), value("hour"), value("minute"), value("second")) - at;
}
