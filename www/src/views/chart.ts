/** The loss curve. Colours come from the style sheet, so that it follows the light and the dark scheme. */
import { lineY, plot, ruleY } from "@observablehq/plot";
import type { LossPoint } from "../state.ts";
import { strings } from "../strings.ts";
import { asPicture, HEIGHT } from "./plots.ts";

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
    ariaLabel: strings.training.chart(first.loss, last.loss, losses.length),
    x: { label: "step", ticks: Math.max(2, Math.floor(width / 80)), tickFormat: "d", domain: [first.step, Math.max(last.step, first.step + 1)] },
    y: { label: "loss", grid: true, ticks: 4, zero: true },
    marks: [ruleY([0]), lineY(losses, { x: "step", y: "loss", stroke: "var(--accent)", strokeWidth: 2, marker: losses.length === 1 ? "dot" : "none" })],
  });
  container.replaceChildren(asPicture(chart));
}
