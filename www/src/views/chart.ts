/** The loss curve. Colours come from the style sheet, so that it follows the light and the dark scheme. */
import { lineY, plot, ruleY } from "@observablehq/plot";
import type { LossPoint } from "../state.ts";
import { strings } from "../strings.ts";
import { asPicture, HEIGHT } from "./plots.ts";

/** Means over the first and the last fifth of the steps: a single batch says little. */
export function lossEnds(losses: readonly LossPoint[]): [number, number] {
  const count = Math.max(1, Math.floor(losses.length / 5));
  const mean = (some: readonly LossPoint[]) => some.reduce((sum, { loss }) => sum + loss, 0) / some.length;
  return [mean(losses.slice(0, count)), mean(losses.slice(-count))];
}

export function drawLoss(container: HTMLElement, losses: readonly LossPoint[]): void {
  const [first, last] = [losses.at(0), losses.at(-1)];
  const width = container.clientWidth;
  if (!first || !last || width === 0) return container.replaceChildren();
  const chart = plot({
    className: "plot",
    width,
    height: HEIGHT,
    marginLeft: 44,
    marginRight: 12,
    ariaLabel: strings.training.chart(...lossEnds(losses), losses.length),
    x: { label: "step", ticks: Math.max(2, Math.floor(width / 80)), tickFormat: "d", domain: [first.step, Math.max(last.step, first.step + 1)] },
    y: { label: "loss", grid: true, ticks: 4, zero: true },
    marks: [ruleY([0]), lineY(losses, { x: "step", y: "loss", stroke: "var(--accent)", strokeWidth: 2, marker: losses.length === 1 ? "dot" : "none" })],
  });
  container.replaceChildren(asPicture(chart));
}
