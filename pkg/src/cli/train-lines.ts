/** What a person reads about a training: a line for each look at the dev queries, and what the verdict says in words. */

import type { FalsePositives, Spread, TrainEvent, Verdict } from "../types.js";

type Step = Extract<TrainEvent, { type: "step" }>;
type Look = Extract<TrainEvent, { type: "evaluation"; stage: "dev" }>;

/** Follows the events of one training; most say nothing worth a line. */
export class TrainLines {
  #last: Step | null = null;
  /** Steps since the dev queries were last asked. */
  #fresh = 0;
  /** Looks since the best one. */
  #looks = 0;

  /** @returns lines to be shown now, oldest first */
  take(event: TrainEvent): string[] {
    if (event.type === "step") return this.#step(event);
    if (event.type === "verdict") return this.#ended();
    if (event.type !== "evaluation" || event.stage !== "dev") return [];
    // Without a step between, the steps are over, and it is about what part of the way to go.
    if (this.#fresh === 0 && this.#last) return [...this.#ended(), ...(event.best ? [devLine(event, null)] : [])];
    if (this.#last) this.#looks = event.best ? 0 : this.#looks + 1;
    this.#fresh = 0;
    return [devLine(event, this.#last?.run ?? 1)];
  }

  #ended(): string[] {
    const lines = this.#last && this.#last.step < this.#last.steps ? this.#stopped(this.#last) : [];
    this.#looks = 0;
    return lines;
  }

  /** Steps count on over all runs: a gap before the next run is what the last one left out. */
  #step(event: Step): string[] {
    const before = this.#last;
    this.#last = event;
    this.#fresh += 1;
    if (!before || before.run === event.run) return [];
    const lines = event.step > before.step + 1 ? this.#stopped(before) : [];
    this.#looks = 0;
    return lines;
  }

  #stopped({ run, step, steps }: Step): string[] {
    const looks = this.#looks === 1 ? "1 look" : `${this.#looks} looks`;
    return this.#looks === 0 ? [] : [`${ofRun(run)}stopped early at step ${step} of ${steps}: no gain for ${looks} at the dev queries`];
  }
}

/** @param run from 1; null for weights part of the way between the old and the new */
export function devLine({ step, metrics, best }: Look, run: number | null): string {
  const where = run === null ? "part of the way to the new weights" : `${ofRun(run)}step ${step}`;
  return `${where}: dev nDCG@10 ${metrics["ndcg@10"].toFixed(4)}${best ? ", best so far" : ""}`;
}

/** The first run is only named when there is another. */
function ofRun(run: number): string {
  return run > 1 ? `run ${run}, ` : "";
}

/** The verdict beside its table of metrics: its sentence, the weights it is about, and what to beware of. */
export function verdictLines({ summary, chosen, kept, spread, collapsed, falsePositives }: Verdict): string[] {
  return [
    summary,
    chosenLine(chosen, kept),
    `spread of documents: ${spreadOf(spread.before)} before, ${spreadOf(spread.after)} after`,
    ...(collapsed ? ["WARNING: the model collapsed: it gives all texts nearly the same embedding. Train more gently, or with another loss."] : []),
    falsePositiveLine(falsePositives),
  ];
}

export function chosenLine({ run, step, weight, dev }: Verdict["chosen"], kept: boolean): string {
  const asked = dev > 0 ? ` (${dev} dev ${dev === 1 ? "query" : "queries"} had a say)` : "";
  if (weight === 0) return `dev queries preferred the old weights${asked}`;
  const from = `${run > 1 ? `run ${run}, ` : ""}step ${step}`;
  return `${kept ? "kept" : "measured"}: ${percent(weight, 0)} of the way from the old weights to those of ${from}${asked}`;
}

export function falsePositiveLine({ before, after }: { before: FalsePositives; after: FalsePositives }): string {
  return `false positives: at the score that nine of ten right answers reach, ${percent(before.rate)} of the others passed before, ${percent(after.rate)} after`;
}

function spreadOf({ meanCosine, effectiveRank }: Spread): string {
  return `mean cosine ${meanCosine.toFixed(3)}, effective rank ${effectiveRank.toFixed(1)}`;
}

/** `3.1 %` */
function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
