/** Turns the events of one training run into what the page shows: a label, a bar, the time left, the loss curve. */
import type { TrainEvent, Verdict } from "nearmiss";
import type { Job } from "./jobs.ts";
import { gap } from "./session/mining.ts";
import type { Store } from "./state.ts";
import { strings } from "./strings.ts";

type Step = Extract<TrainEvent, { type: "step" }>;
type Mining = Extract<TrainEvent, { type: "mining" }>;

/** Steps before the pace is steady enough to foretell the end. */
const STEADY = 3;

export class TrainingRun {
  verdict: Verdict | null = null;
  readonly #store: Store;
  readonly #job: Job;
  #first: Step | null = null;
  /** Of the first mining: how far near misses lay below right answers before this run changed anything. */
  #gap: number | null = null;

  constructor(store: Store, job: Job) {
    this.#store = store;
    this.#job = job;
    store.update({ losses: [], verdict: null });
  }

  take(event: TrainEvent): void {
    switch (event.type) {
      case "encode":
        this.#job.report({ label: strings.training.encode[event.stage], done: event.done, total: event.total });
        break;
      // Later epochs mine too, between two steps: the bar goes on showing the steps.
      case "search":
        if (!this.#first) this.#job.report({ label: strings.training.mining, done: event.done, total: event.total });
        break;
      case "mining":
        if (!this.#first) this.#job.report({ label: strings.training.mining, done: 0, total: null });
        this.#mined(event);
        break;
      case "evaluation":
        this.#job.report({ label: strings.training.measuring[event.stage], done: 0, total: null, secondsLeft: null });
        break;
      case "step":
        this.#step(event);
        break;
      case "verdict":
        this.verdict = event;
        break;
    }
  }

  #mined({ report, step }: Mining): void {
    this.#store.update({ mined: { report, gapBefore: this.#gap, step } });
    this.#gap ??= gap(report);
  }

  #step(event: Step): void {
    this.#first ??= event;
    const { step, steps, epoch, epochs, loss, positiveScore: positive, negativeScore: negative } = event;
    this.#job.report({
      label: strings.training.step(step, steps, epoch, epochs),
      done: step,
      total: steps,
      secondsLeft: secondsLeft(this.#first, event),
    });
    this.#store.update({ losses: [...this.#store.state.losses, { step, loss, positive, negative }] });
  }
}

/** Null until the pace is known. */
function secondsLeft(first: Step, now: Step): number | null {
  const taken = now.step - first.step;
  if (taken < STEADY) return null;
  return (((now.elapsedMs - first.elapsedMs) / taken) * (now.steps - now.step)) / 1000;
}
