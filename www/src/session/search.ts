/** Asking, and asking again when the weights in use have changed. */
import type { Comparison, SearchOptions } from "nearmiss";
import { normalise, tidy } from "../marks.ts";
import { showReading } from "../progress.ts";
import type { State } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";

export class Search {
  readonly #desk: Desk;
  /** Of the search that is under way. */
  #searching: AbortController | null = null;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** A newer search takes the place of one under way. */
  async ask(text: string, earlier: State["earlier"] = null): Promise<void> {
    const { engine, store } = this.#desk;
    const query = this.#knownSpelling(tidy(text));
    if (!engine || query === "") return;
    this.#searching?.abort();
    const controller = (this.#searching = new AbortController());
    try {
      const { mode, closely } = store.state;
      const options: SearchOptions = { k: 10, mode, perDocument: 3, snippets: 240, ...(closely && { rerank: "maxsim" }), signal: controller.signal };
      const hits = await engine.search(query, options);
      if (!controller.signal.aborted) store.update({ query, hits, earlier, problem: null });
    } catch (error) {
      if (!controller.signal.aborted) this.#desk.fail("search", error);
    }
  }

  /** The present search with the model as it was loaded beside it as it is now. */
  async compare(): Promise<Comparison | null> {
    const { engine, store } = this.#desk;
    const { query, mode } = store.state;
    let comparison: Comparison | null = null;
    if (engine) {
      await this.#desk.run("search", strings.compare.asking, async (job) => {
        comparison = await engine.compare(query, { mode, signal: job.signal, onProgress: showReading(job) });
      });
    }
    return comparison;
  }

  /** The present search with the weights now in use, remembering where each result stood. */
  async again(): Promise<void> {
    const { hits, query } = this.#desk.store.state;
    if (hits) await this.ask(query, new Map(hits.map((hit) => [hit.id, hit.rank])));
  }

  /** A question that differs from a judged one in case alone is that question. */
  #knownSpelling(query: string): string {
    const { judgments } = this.#desk.store.state;
    return judgments.find((judgment) => normalise(judgment.query) === normalise(query))?.query ?? query;
  }
}
