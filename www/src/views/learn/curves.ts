/** How all questions fare, step by step: similarities as bars, and curves up to the step that is shown. */
import { dot, lineY, plot, ruleX, ruleY, type Markish } from "@observablehq/plot";
import { byId, setText } from "../../dom.ts";
import { BARS, LEAST_COSINE, type Frame } from "../../learn/frames.ts";
import { STEPS } from "../../learn/settings.ts";
import type { State, Store } from "../../state.ts";
import { strings } from "../../strings.ts";
import { drawHistogram, type Bin } from "../histogram.ts";
import { asPicture, onFrames } from "../plots.ts";
import { momentOf } from "./moment.ts";

/** CSS pixels; learn.css keeps them free. */
const HEIGHT = 150;

interface Curve {
  of: keyof Pick<Frame, "heldOut" | "practice" | "loss" | "rank">;
  colour: string;
  dash?: string;
}

interface Chart {
  id: string;
  label: string;
  /** Axis for values; null to fit them. */
  domain: [number, number] | null;
  curves: Curve[];
}

const CHARTS: Chart[] = [
  {
    id: "quality",
    label: strings.learn.curves.quality,
    domain: [0.3, 1],
    curves: [{ of: "practice", colour: "var(--soft)", dash: "4 3" }, { of: "heldOut", colour: "var(--accent)" }],
  },
  { id: "lesson-loss", label: strings.learn.curves.loss, domain: null, curves: [{ of: "loss", colour: "var(--accent)" }] },
  { id: "rank", label: strings.learn.curves.rank, domain: [0, 80], curves: [{ of: "rank", colour: "var(--accent)" }] },
];

export function mountCurves(store: Store): void {
  const watched = (state: State) => [state.run, state.lesson.step, state.door];
  for (const chart of CHARTS) {
    const container = byId(chart.id);
    const draw = onFrames(container, () => drawCurves(container, chart, store.state));
    store.watch(watched, draw);
  }
  const container = byId("bars");
  const draw = onFrames(container, () => {
    const moment = momentOf(store.state);
    if (moment) drawHistogram(container, binsOf(moment.frame));
  });
  store.watch(watched, (state) => {
    draw();
    const moment = momentOf(state);
    if (!moment) return;
    const { frame, start } = moment;
    setText(byId("bars-text"), strings.learn.bars(frame));
    setText(byId("quality-text"), strings.learn.quality(frame, start));
    setText(byId("lesson-loss-text"), strings.learn.loss(frame));
    setText(byId("rank-text"), strings.learn.rank(frame, start));
  });
}

function binsOf({ bars }: Frame): Bin[] {
  const width = (1 - LEAST_COSINE) / BARS;
  const edge = (at: number) => LEAST_COSINE + at * width;
  return bars.positives.map((positives, at) => ({ from: edge(at), to: edge(at + 1), positives, negatives: bars.negatives[at] ?? 0 }));
}

/** What is still to come of a recording stands there faintly, so that neither axes nor the eye have to jump. */
function drawCurves(container: HTMLElement, { label, domain, curves }: Chart, state: State): void {
  const moment = momentOf(state);
  const width = container.clientWidth;
  if (!moment || width === 0) return;
  const { run, step } = moment;
  const marks: Markish[] = curves.flatMap(({ of, colour, dash = "none" }) => {
    const all = run.frames.map((frame, at) => ({ step: at, value: frame[of] }));
    const so = all.slice(0, step + 1);
    const stroke = { x: "step", y: "value", stroke: colour, strokeDasharray: dash };
    const faint = lineY(all, { ...stroke, strokeWidth: 1, strokeOpacity: 0.35 });
    return [faint, lineY(so, { ...stroke, strokeWidth: 2 }), dot(so.slice(-1), { x: "step", y: "value", r: 3.5, fill: colour })];
  });
  const highest = Math.max(...run.frames.flatMap((frame) => curves.map(({ of }) => frame[of])));
  const chart = plot({
    className: "plot",
    width,
    height: HEIGHT,
    marginLeft: 40,
    marginRight: 10,
    marginTop: 12,
    ariaLabel: label,
    x: { label: strings.learn.curves.step, ticks: 4, tickFormat: "d", domain: [0, STEPS] },
    y: { label: null, grid: true, ticks: 4, domain: domain ? [domain[0], Math.max(domain[1], highest)] : [0, highest * 1.05 || 1] },
    marks: [ruleX([step], { stroke: "var(--line)" }), ...(domain && domain[0] > 0 ? [] : [ruleY([0])]), ...marks],
  });
  container.replaceChildren(asPicture(chart));
}
