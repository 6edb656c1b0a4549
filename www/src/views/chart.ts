/** Two curves over the steps: the loss, and how the questions set aside fare. Colours come from the style sheet, for both schemes. */
import { dot, lineY, plot, ruleY, type Markish } from "@observablehq/plot";
import type { DevPoint, LossPoint } from "../state.ts";
import { strings } from "../strings.ts";
import { asPicture, HEIGHT } from "./plots.ts";

/** Means over the first and the last fifth of the steps: a single batch says little. */
export function lossEnds(losses: readonly LossPoint[]): [number, number] {
  const count = Math.max(1, Math.floor(losses.length / 5));
  const mean = (some: readonly LossPoint[]) => some.reduce((sum, { loss }) => sum + loss, 0) / some.length;
  return [mean(losses.slice(0, count)), mean(losses.slice(-count))];
}

/** Of the value; 0 without any look. */
export function bestLook(looks: readonly DevPoint[]): number {
  return Math.max(0, ...looks.map(({ value }) => value));
}

export function drawLoss(container: HTMLElement, losses: readonly LossPoint[]): void {
  drawSteps(container, losses, { label: strings.training.chart(...lossEnds(losses), losses.length), axis: strings.training.axes.loss, zero: true }, [
    ruleY([0]),
    lineY(losses, { x: "step", y: "loss", stroke: "var(--accent)", strokeWidth: 2, marker: losses.length === 1 ? "dot" : "none" }),
  ]);
}

/** The best look is the one whose weights are taken, and stands out. */
export function drawLooks(container: HTMLElement, looks: readonly DevPoint[]): void {
  const best = bestLook(looks);
  drawSteps(container, looks, { label: strings.training.devChart(looks.length, best), axis: strings.training.axes.dev, zero: false }, [
    lineY(looks, { x: "step", y: "value", stroke: "var(--accent)", strokeWidth: 2 }),
    dot(looks, { x: "step", y: "value", r: 3, fill: "var(--accent)" }),
    dot(looks.filter(({ value }) => value === best).slice(0, 1), { x: "step", y: "value", r: 6, stroke: "var(--ink)", strokeWidth: 2 }),
  ]);
}

interface Axes {
  /** Of the whole picture, for those who do not see it. */
  label: string;
  axis: string;
  zero: boolean;
}

function drawSteps(container: HTMLElement, points: readonly { step: number }[], { label, axis, zero }: Axes, marks: Markish[]): void {
  const [first, last] = [points.at(0), points.at(-1)];
  const width = container.clientWidth;
  if (!first || !last || width === 0) return container.replaceChildren();
  const chart = plot({
    className: "plot",
    width,
    height: HEIGHT,
    marginLeft: 44,
    marginRight: 12,
    ariaLabel: label,
    x: { label: strings.training.axes.step, ticks: Math.max(2, Math.floor(width / 80)), tickFormat: "d", domain: [first.step, Math.max(last.step, first.step + 1)] },
    y: { label: axis, grid: true, ticks: 4, zero },
    marks,
  });
  container.replaceChildren(asPicture(chart));
}
