// The days that a page is about, from one to another, as the address names them.
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ComponentChildren } from "preact";
import { useAround } from "./context";
import { beginning, dayOf } from "./format";
import { change } from "./place";

export const dayMillis = 86_400_000;

// Both days are part of the period.
export interface Period {
  from: string;
  to: string;
}

export const dayIn = (text: string | null): string | undefined => (text && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined);

// The period that the address names: by default the last days until today.
function periodOf(params: URLSearchParams, days: number): Period {
  const to = dayIn(params.get("to")) ?? dayOf(new Date());
  return { to, from: dayIn(params.get("from")) ?? dayOf(new Date(Date.parse(to) - (days - 1) * dayMillis)) };
}

const daysLater = (day: string, days: number): string => dayOf(new Date(Date.parse(day) + days * dayMillis));

// The period as requests have it: half open, of days of the zone.
export const spanOf = ({ from, to }: Period, zone = "UTC") => ({
  from: timestampFromDate(beginning(from, zone)),
  to: timestampFromDate(beginning(daysLater(to, 1), zone)),
});

// As many days, right before it.
export function daysBefore({ from, to }: Period): Period {
  const days = Math.round((Date.parse(to) - Date.parse(from)) / dayMillis) + 1;
  return { from: daysLater(from, -days), to: daysLater(to, -days) };
}

// As many whole months, right before the month in which it begins.
export function monthsBefore({ from, to }: Period): Period {
  const [first, last] = [new Date(from), new Date(to)];
  const [year, month] = [first.getUTCFullYear(), first.getUTCMonth()];
  const months = (last.getUTCFullYear() - year) * 12 + last.getUTCMonth() - month + 1;
  return { from: dayOf(new Date(Date.UTC(year, month - months, 1))), to: dayOf(new Date(Date.UTC(year, month, 0))) };
}

export function InPeriod(props: { days?: number; choice?: ComponentChildren; children: (period: Period) => ComponentChildren }) {
  const { params, text } = useAround();
  const period = periodOf(params, props.days ?? 30);
  return (
    <>
      <form class="choice" onSubmit={(event) => event.preventDefault()}>
        <label>
          {text.subscribers.from} <input type="date" required value={period.from} onChange={(event) => change({ from: event.currentTarget.value })} />
        </label>
        <label>
          {text.subscribers.to} <input type="date" required value={period.to} onChange={(event) => change({ to: event.currentTarget.value })} />
        </label>
        {props.choice}
      </form>
      {period.from > period.to ? <p role="alert">{text.subscribers.wrongPeriod}</p> : props.children(period)}
    </>
  );
}
