/** Scores of right answers and of near misses, one over the other: the farther apart they lie, the better search can tell. */
import { plot, rectY, ruleY } from "@observablehq/plot";
import type { MiningReport } from "nearmiss";
import { strings } from "../strings.ts";
import { asPicture, HEIGHT } from "./plots.ts";

export interface Bin {
  from: number;
  to: number;
  positives: number;
  negatives: number;
}

/** Equal bins, lowest score first; none without pairs. */
export function bins({ histogram }: MiningReport): Bin[] {
  if (!histogram) return [];
  const { min, max, positives, negatives } = histogram;
  const width = (max - min) / positives.length;
  return positives.map((count, at) => ({ from: min + at * width, to: min + (at + 1) * width, positives: count, negatives: negatives[at] ?? 0 }));
}

export function drawHistogram(container: HTMLElement, all: readonly Bin[]): void {
  const width = container.clientWidth;
  if (all.length === 0 || width === 0) return container.replaceChildren();
  const bars = (y: "positives" | "negatives", colour: string) =>
    // An outline besides the fill, so that either shows through the other.
    rectY(all, { x1: "from", x2: "to", y, filter: (bin: Bin) => bin[y] > 0, fill: colour, fillOpacity: 0.4, stroke: colour, strokeWidth: 1.5, inset: 0.5 });
  const chart = plot({
    className: "plot",
    width,
    height: HEIGHT,
    marginLeft: 36,
    marginRight: 12,
    ariaLabel: strings.mining.chart.name,
    x: { label: strings.mining.chart.x, ticks: Math.max(2, Math.floor(width / 80)) },
    y: { label: strings.mining.chart.y, grid: true, ticks: 4, tickFormat: (count: number) => (Number.isInteger(count) ? String(count) : "") },
    marks: [bars("positives", "var(--answers)"), bars("negatives", "var(--misses)"), ruleY([0])],
  });
  container.replaceChildren(asPicture(chart));
}
