/** Training, and which weights are in use afterwards. */
import type { TrainEvent, TrainOptions, Verdict } from "nearmiss";
import { save, saveBlob } from "../files.ts";
import type { Job, Outcome } from "../jobs.ts";
import { DEFAULTS, RUNGS, trainOptions } from "../settings.ts";
import { anyTrained, type State } from "../state.ts";
import { strings } from "../strings.ts";
import { TrainingRun } from "../training-run.ts";
import { zipFolder } from "../zip.ts";
import type { Desk } from "./desk.ts";
import type { Search } from "./search.ts";

export class Training {
  readonly #desk: Desk;
  readonly #search: Search;
  /** What the last training trained: the settings may say something else by now. Null for what the storage brought. */
  #trained: State["trainable"] | null = null;
  /** What the training that was begun last trains, once it has ended. */
  #begun: State["trainable"] | null = null;

  constructor(desk: Desk, search: Search) {
    this.#desk = desk;
    this.#search = search;
  }

  /** For a model that was just loaded: nothing has been trained with it. */
  begin(): void {
    this.#trained = null;
    this.#desk.store.update({ verdict: null, inUse: "earlier", choice: false, earlierTrained: false });
  }

  async train(): Promise<Outcome> {
    const { store } = this.#desk;
    if (!store.state.busy) this.#begun = store.state.trainable;
    return this.#run(trainOptions(store.state), false);
  }

  /** Takes up a training that was stopped, or that broke off, where its last checkpoint was made. */
  async goOn(): Promise<Outcome> {
    const { checkpoint } = this.#desk.store.state;
    return checkpoint ? this.#run({ resume: checkpoint.bytes }, true) : "refused";
  }

  async #run(options: TrainOptions, goesOn: boolean): Promise<Outcome> {
    const { engine } = this.#desk;
    if (!engine) return "refused";
    const outcome = await this.#desk.run("training", strings.training.begin, async (job) => {
      await this.#follow(engine.train({ ...options, signal: job.signal }), job, goesOn);
    });
    if (outcome === "done") await this.#search.again();
    return outcome;
  }

  /** A training with options of somebody's own, within a job that is under way. @returns its verdict */
  async with(options: TrainOptions, job: Job): Promise<Verdict | null> {
    const { engine } = this.#desk;
    if (!engine) return null;
    this.#begun = RUNGS.find((rung) => rung === options.trainable) ?? DEFAULTS.trainable;
    return this.#follow(engine.train({ ...options, signal: job.signal }), job, false);
  }

  async #follow(events: AsyncIterable<TrainEvent>, job: Job, goesOn: boolean): Promise<Verdict | null> {
    const { store } = this.#desk;
    const before = store.state;
    const run = new TrainingRun(store, job, goesOn);
    try {
      for await (const event of events) run.take(event);
    } finally {
      // A training that came to no end changed nothing: what was said of the one before it still holds.
      if (!run.verdict) store.update({ verdict: before.verdict });
    }
    const { verdict } = run;
    if (verdict) {
      this.#trained = this.#begun;
      store.update({ verdict, inUse: verdict.kept ? "trained" : "earlier", choice: true, earlierTrained: anyTrained(before), minedWithThis: false });
    }
    this.#sawModel();
    return verdict;
  }

  /** Puts the trained weights, or those before them, into use. */
  async use(choice: State["inUse"]): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine || choice === store.state.inUse) return;
    const outcome = await this.#desk.run("results", strings.results.keeping, async () => {
      await (choice === "trained" ? engine.keep() : engine.rollback());
      // What the storage brought may have come in two files, of which one stays.
      const kept = engine.storage?.state;
      const earlierTrained = choice === "earlier" && kept && !kept.unsaved ? kept.trained : store.state.earlierTrained;
      store.update({ inUse: choice, earlierTrained, minedWithThis: false });
      this.#sawModel();
    });
    if (outcome === "done") await this.#search.again();
  }

  async export(): Promise<void> {
    const { engine } = this.#desk;
    if (!engine) return;
    await this.#desk.run("results", strings.results.exporting, async () => {
      save(await engine.export("safetensors"), `nearmiss-${this.#name}.safetensors`);
    });
  }

  /** The whole model as sentence-transformers in Python loads it, in one file. */
  async exportForPython(): Promise<void> {
    const { engine } = this.#desk;
    if (!engine) return;
    await this.#desk.run("results", strings.results.exporting, async (job) => {
      const folder = `nearmiss-${this.#name}`;
      const files = await engine.export("sentence-transformers");
      saveBlob(await zipFolder(folder, files, job.signal), `${folder}.zip`);
    });
  }

  /** Other weights may be another model, with which no earlier training can be taken up. */
  #sawModel(): void {
    const { engine, store } = this.#desk;
    if (engine && store.state.model) store.update({ model: { name: store.state.model.name, ...engine.model } });
  }

  get #name(): string {
    const last = this.#desk.store.state.inUse === "trained" ? this.#trained : null;
    return last?.replace(":", "-") ?? "trained";
  }
}
