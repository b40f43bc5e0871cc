// Charts by uPlot, as wide as their place, in the colours of the page.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Series {
  label: string;
  values: (number | null)[];
  colour: number; // from 1; there are four, and then they begin again
  dashed: boolean;
}

const colours = 4;

const height = 220;
const shortSeconds = 2 * 86_400; // of a shorter time the axis tells the hour, of a longer one the day

// How far the plot is from the edges of its place: what lies below it on the same axis keeps the same distance.
export const inset = { left: 60, right: 12 };

export function Chart(props: { title: string; x: number[]; series: Series[]; language: string; zone: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element || props.x.length === 0) return;
    const plot = new uPlot(optionsOf(props, element), [props.x, ...props.series.map((s) => s.values)], element);
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [props.x, props.series, props.language, props.zone]);
  return <div class="chart" ref={place} role="img" aria-label={props.title} />;
}

function optionsOf(props: { x: number[]; series: Series[]; language: string; zone: string }, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--text"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  const numbers = new Intl.NumberFormat(props.language, { notation: "compact" });
  const span = (props.x.at(-1) ?? 0) - (props.x[0] ?? 0);
  const dates = new Intl.DateTimeFormat(props.language, {
    ...(span < shortSeconds ? ({ timeStyle: "short" } as const) : ({ day: "numeric", month: "short" } as const)),
    timeZone: props.zone,
  });
  return {
    width: element.clientWidth,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), props.zone === "UTC" ? "Etc/UTC" : props.zone),
    padding: [null, inset.right, null, 0],
    legend: { live: false },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_plot, low, high) => [Math.min(0, low), Math.max(1, high * 1.05)] } },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map((seconds) => dates.format(seconds * 1000)), space: 70 },
      { ...axis, values: (_plot, ticks) => ticks.map((value) => numbers.format(value)), size: inset.left },
    ],
    series: [
      {},
      ...props.series.map((series) => ({
        label: series.label,
        stroke: colour(`--series-${((series.colour - 1) % colours) + 1}`),
        width: 2,
        ...(series.dashed && { dash: [6, 4] }),
      })),
    ],
  };
}
