/** Step 5: near misses as a picture, and what the rules left out. */
import { byId, el, radios, setText } from "../dom.ts";
import { gap } from "../session/mining.ts";
import { among, DEFAULTS, MOST_NEGATIVES, STRATEGIES, wholeNumber } from "../settings.ts";
import type { Session } from "../session.ts";
import type { Mined, State, Store } from "../state.ts";
import { strings } from "../strings.ts";
import { bins, drawHistogram } from "./histogram.ts";
import { onFrames } from "./plots.ts";

export function mountMining(store: Store, session: Session): void {
  mountOptions(store);
  const note = byId("mining-note");
  byId("mine").addEventListener("click", () => {
    setText(note, "");
    void session.mining.find().then((outcome) => setText(note, outcome === "cancelled" ? strings.mining.cancelled : ""));
  });

  const chart = byId("histogram");
  const draw = onFrames(chart, () => drawHistogram(chart, store.state.mined ? bins(store.state.mined.report) : []));
  store.watch(
    (state) => [state.mined, state.minedWithThis],
    (state) => {
      byId("mining-report").hidden = state.mined === null;
      byId("mining-hint").hidden = state.mined !== null;
      setText(byId("mine"), state.mined ? strings.mining.again : strings.mining.find);
      if (state.mined) showReport(state.mined, state);
      draw();
    },
  );
}

/** Not while they are in use. */
function mountOptions(store: Store): void {
  const negatives = byId<HTMLInputElement>("negatives");
  const teacher = byId<HTMLInputElement>("teacher");
  for (const radio of radios("strategy")) {
    radio.addEventListener("change", () => store.update({ strategy: among(STRATEGIES, radio.value) ?? DEFAULTS.strategy }));
  }
  negatives.addEventListener("change", () => store.update({ negatives: wholeNumber(negatives.value, MOST_NEGATIVES) }));
  teacher.addEventListener("change", () => store.update({ teacher: teacher.checked }));
  store.watch(
    (state) => [state.strategy, state.negatives, state.teacher, state.busy?.place],
    (state) => {
      const disabled = state.busy?.place === "mining" || state.busy?.place === "training";
      for (const radio of radios("strategy")) Object.assign(radio, { checked: radio.value === state.strategy, disabled });
      Object.assign(negatives, { value: state.negatives ?? "", disabled });
      Object.assign(teacher, { checked: state.teacher, disabled });
    },
  );
}

function showReport({ report, gapBefore, step }: Mined, { minedWithThis }: State): void {
  setText(byId("mining-summary"), strings.mining.summary(report));
  setText(byId("mining-when"), step !== null ? strings.mining.when.training(step) : minedWithThis ? "" : strings.mining.when.earlier);
  setText(byId("histogram-text"), strings.mining.chart.text(report.positiveScores, report.negativeScores));
  const apart = gap(report);
  const overlap = report.overlap === null ? "" : strings.mining.overlap(report.overlap);
  setText(byId("mining-gap"), [apart === null ? "" : strings.mining.gap(apart, gapBefore), overlap].filter(Boolean).join(" "));
  showBins(report);
  showDropped(report);
  setText(byId("mining-sources"), strings.mining.sources(report.sources));
  setText(byId("mining-short"), [strings.mining.toppedUp(report.toppedUp), strings.mining.short(report.shortPairs, report.shortfall)].filter(Boolean).join(" "));
}

/** The picture as a table. */
function showBins(report: Mined["report"]): void {
  const rows = bins(report).filter((bin) => bin.positives + bin.negatives > 0);
  const cells = rows.map(({ from, to, positives, negatives }) =>
    row(strings.mining.chart.bin(from, to), String(positives), String(negatives)),
  );
  byId("bins").querySelector("tbody")?.replaceChildren(...cells);
}

/** Rules that dropped something; the others would only be noise. */
function showDropped({ dropped, candidates }: Mined["report"]): void {
  const rules = (Object.keys(strings.mining.rule) as (keyof typeof dropped)[]).filter((rule) => dropped[rule] > 0);
  const table = byId<HTMLTableElement>("dropped");
  setText(byId("dropped-caption"), rules.length === 0 ? strings.mining.nothingDropped(candidates) : strings.mining.looked(candidates));
  if (table.tHead) table.tHead.hidden = rules.length === 0;
  table.querySelector("tbody")?.replaceChildren(...rules.map((rule) => row(strings.mining.rule[rule], String(dropped[rule]))));
}

function row(name: string, ...values: string[]): HTMLElement {
  return el("tr", {}, el("th", { scope: "row" }, name), ...values.map((value) => el("td", {}, value)));
}
