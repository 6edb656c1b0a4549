/** Turns the events of one training run into what the page shows: a label, a bar, the time left, the loss curve. */
import type { EncodeEvent, SearchEvent, TrainEvent, Verdict } from "nearmiss";
import type { Job } from "./jobs.ts";
import { Pace } from "./progress.ts";
import { gap } from "./session/mining.ts";
import type { Store } from "./state.ts";
import { strings } from "./strings.ts";

type Step = Extract<TrainEvent, { type: "step" }>;
type Look = Extract<TrainEvent, { type: "evaluation"; stage: "dev" }>;
type Saved = Extract<TrainEvent, { type: "checkpoint" }>;
type Mining = Extract<TrainEvent, { type: "mining" }>;

/** Steps before the pace is steady enough to foretell the end. */
const STEADY = 3;

export class TrainingRun {
  verdict: Verdict | null = null;
  readonly #store: Store;
  readonly #job: Job;
  readonly #pace = new Pace();
  #first: Step | null = null;
  #last: Step | null = null;
  /** Of the first mining: how far near misses lay below right answers before this run changed anything. */
  #gap: number | null = null;
  /** Looks at the questions that decide, since the best one. */
  #looks = 0;
  /** Steps since the last such look. */
  #fresh = 0;

  /** @param goesOn after the steps that are shown already */
  constructor(store: Store, job: Job, goesOn = false) {
    this.#store = store;
    this.#job = job;
    store.update({ verdict: null, stoppedAfter: null, ...(!goesOn && { losses: [], looks: [], checkpoint: null }) });
    if (goesOn) this.#forgetLater();
  }

  take(event: TrainEvent): void {
    switch (event.type) {
      case "encode":
        this.#show(strings.training.encode[event.stage], event.stage, event);
        break;
      // Later epochs mine too, between two steps: the bar goes on showing the steps.
      case "search":
        if (!this.#first) this.#show(strings.training.mining, event.type, event);
        break;
      case "mining":
        if (!this.#first) this.#job.report({ label: strings.training.mining, done: 0, total: null, secondsLeft: null });
        this.#mined(event);
        break;
      case "evaluation":
        // Looks come between two steps: the bar goes on showing those.
        if (event.stage === "dev") this.#look(event);
        else this.#job.report({ label: strings.training.measuring[event.stage], done: 0, total: null, secondsLeft: null });
        break;
      case "checkpoint":
        this.#keep(event);
        break;
      case "step":
        this.#step(event);
        break;
      case "verdict":
        this.verdict = event;
        this.#store.update({ checkpoint: null, stoppedAfter: this.#last && this.#last.step < this.#last.steps && this.#looks > 0 ? this.#looks : null });
        break;
    }
  }

  #show(label: string, stage: string, { done, total, elapsedMs }: EncodeEvent | SearchEvent): void {
    this.#job.report({ label, done, total, secondsLeft: this.#pace.secondsLeft(stage, done, total, elapsedMs) });
  }

  /** What came after the checkpoint comes again. */
  #forgetLater(): void {
    const { checkpoint, losses, looks } = this.#store.state;
    const kept = <P extends { step: number }>(points: P[]) => points.filter(({ step }) => step <= (checkpoint?.step ?? 0));
    this.#store.update({ losses: kept(losses), looks: kept(looks) });
  }

  #keep({ step, bytes }: Saved): void {
    const { documents, model } = this.#store.state;
    if (model) this.#store.update({ checkpoint: { step, bytes, documents, fingerprint: model.fingerprint } });
  }

  /** Without a step between it is about weights part of the way back, which have no place on the curve. */
  #look(event: Look): void {
    const { looks } = this.#store.state;
    if (this.#fresh === 0 && looks.length > 0) return;
    this.#looks = event.best || this.#fresh === 0 ? 0 : this.#looks + 1;
    this.#fresh = 0;
    this.#store.update({ looks: [...looks, { step: event.step, value: event.metrics["ndcg@10"], best: event.best }] });
  }

  #mined({ report, step }: Mining): void {
    this.#store.update({ mined: { report, gapBefore: this.#gap, step } });
    this.#gap ??= gap(report);
  }

  #step(event: Step): void {
    this.#first ??= event;
    if (this.#last && this.#last.run !== event.run) this.#looks = 0;
    this.#last = event;
    this.#fresh += 1;
    const { step, steps, epoch, epochs, loss, positiveScore: positive, negativeScore: negative, gradNorm, examplesPerSecond } = event;
    this.#job.report({
      label: strings.training.step(step, steps, epoch, epochs),
      done: step,
      total: steps,
      secondsLeft: secondsLeft(this.#first, event),
    });
    this.#store.update({ losses: [...this.#store.state.losses, { step, loss, positive, negative, gradNorm, examplesPerSecond }] });
  }
}

/** Null until the pace is known. */
function secondsLeft(first: Step, now: Step): number | null {
  const taken = now.step - first.step;
  if (taken < STEADY) return null;
  return (((now.elapsedMs - first.elapsedMs) / taken) * (now.steps - now.step)) / 1000;
}
