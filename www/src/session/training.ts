/** Training, and which weights are in use afterwards. */
import type { TrainEvent, TrainOptions, Verdict } from "nearmiss";
import { save, saveBlob } from "../files.ts";
import type { Job, Outcome } from "../jobs.ts";
import { DEFAULTS, RUNGS, trainOptions } from "../settings.ts";
import type { State } from "../state.ts";
import { strings } from "../strings.ts";
import { TrainingRun } from "../training-run.ts";
import { zipFolder } from "../zip.ts";
import type { Desk } from "./desk.ts";
import type { Search } from "./search.ts";

export class Training {
  readonly #desk: Desk;
  readonly #search: Search;
  /** What the last training trained: the settings may say something else by now. */
  #trained: State["trainable"] = DEFAULTS.trainable;

  constructor(desk: Desk, search: Search) {
    this.#desk = desk;
    this.#search = search;
  }

  async train(): Promise<Outcome> {
    const { store } = this.#desk;
    if (!store.state.busy) this.#trained = store.state.trainable;
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
    const verdict = await this.#follow(engine.train({ ...options, signal: job.signal }), job, false);
    this.#trained = RUNGS.find((rung) => rung === options.trainable) ?? DEFAULTS.trainable;
    return verdict;
  }

  async #follow(events: AsyncIterable<TrainEvent>, job: Job, goesOn: boolean): Promise<Verdict | null> {
    const { store } = this.#desk;
    const run = new TrainingRun(store, job, goesOn);
    for await (const event of events) run.take(event);
    const { verdict } = run;
    if (verdict) store.update({ verdict, inUse: verdict.kept ? "trained" : "earlier", minedWithThis: false });
    this.#sawModel();
    return verdict;
  }

  /** Puts the trained weights, or those before them, into use. */
  async use(choice: State["inUse"]): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine || choice === store.state.inUse) return;
    const outcome = await this.#desk.run("results", strings.results.keeping, async () => {
      await (choice === "trained" ? engine.keep() : engine.rollback());
      store.update({ inUse: choice, minedWithThis: false });
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
    return this.#trained.replace(":", "-");
  }
}
