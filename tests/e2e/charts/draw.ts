/** Draws the charts of the page from seeded numbers, one at a time. */
import type { MiningReport } from "nearmiss";
import { drawLooks, drawLoss } from "../../../www/src/views/chart.ts";
import { bins, drawHistogram } from "../../../www/src/views/histogram.ts";

/** Lehmer's generator: numbers in 0..1, the same in every engine. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const steps = Array.from({ length: 40 }, (_, at) => at + 1);

function losses() {
  const next = random(7);
  return steps.map((step) => ({ step, loss: 2 / step + 0.3 * next(), positive: 0.5, negative: 0.4, gradNorm: 1, examplesPerSecond: 10 }));
}

function looks() {
  const next = random(11);
  const values = steps.filter((step) => step % 5 === 0).map((step) => ({ step, value: 0.6 + 0.004 * step + 0.05 * next() }));
  const best = Math.max(...values.map(({ value }) => value));
  return values.map((look) => ({ ...look, best: look.value === best }));
}

function scores(): MiningReport {
  const next = random(13);
  const bell = (middle: number) => Array.from({ length: 24 }, (_, at) => Math.round(30 * Math.exp(-(((at - middle) / 4) ** 2)) * (0.7 + 0.6 * next())));
  return { histogram: { min: -0.2, max: 1, positives: bell(16), negatives: bell(9) } } as MiningReport;
}

const DRAW: Record<string, (container: HTMLElement) => void> = {
  loss: (container) => drawLoss(container, losses()),
  "loss-of-one-step": (container) => drawLoss(container, losses().slice(0, 1)),
  looks: (container) => drawLooks(container, looks()),
  scores: (container) => drawHistogram(container, bins(scores())),
};

/** For the test. */
Object.assign(globalThis, { names: Object.keys(DRAW), draw: (name: string) => DRAW[name]?.(document.getElementById("chart") as HTMLElement) });
