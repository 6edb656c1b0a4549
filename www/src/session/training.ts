/** Training, and which weights are in use afterwards. */
import { save } from "../files.ts";
import type { Outcome } from "../jobs.ts";
import { trainOptions } from "../settings.ts";
import type { State } from "../state.ts";
import { strings } from "../strings.ts";
import { TrainingRun } from "../training-run.ts";
import type { Desk } from "./desk.ts";
import type { Search } from "./search.ts";

export class Training {
  readonly #desk: Desk;
  readonly #search: Search;

  constructor(desk: Desk, search: Search) {
    this.#desk = desk;
    this.#search = search;
  }

  async train(): Promise<Outcome> {
    const { engine, store } = this.#desk;
    if (!engine) return "refused";
    const outcome = await this.#desk.run("training", strings.training.begin, async (job) => {
      const run = new TrainingRun(store, job);
      for await (const event of engine.train({ ...trainOptions(store.state), signal: job.signal })) run.take(event);
      if (run.verdict) store.update({ verdict: run.verdict, inUse: run.verdict.kept ? "trained" : "earlier", minedWithThis: false });
    });
    if (outcome === "done") await this.#search.again();
    return outcome;
  }

  /** Puts the trained weights, or those before them, into use. */
  async use(choice: State["inUse"]): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine || choice === store.state.inUse) return;
    const outcome = await this.#desk.run("results", strings.results.keeping, async () => {
      await (choice === "trained" ? engine.keep() : engine.rollback());
      store.update({ inUse: choice, minedWithThis: false });
    });
    if (outcome === "done") await this.#search.again();
  }

  async export(): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine) return;
    await this.#desk.run("results", strings.results.exporting, async () => {
      save(await engine.export("safetensors"), `nearmiss-${store.state.trainable}.safetensors`);
    });
  }
}
