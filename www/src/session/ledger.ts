/**
 * The engine keeps the marks, with their history and contradictions, while one is open; the page shows what it keeps. Here
 * the two are kept in step, and here it is known what one press of Undo takes back.
 */
import type { Nearmiss, Undone } from "nearmiss";
import type { Outcome } from "../jobs.ts";
import { giveSides, wordOf } from "../marks.ts";
import type { Place } from "../state.ts";
import type { Desk } from "./desk.ts";
import { Steps } from "./steps.ts";

export class Ledger {
  readonly #desk: Desk;
  readonly #steps = new Steps();
  /** Changes under way; only after the last one is the engine's list newer than what the page shows. */
  #pending = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Something quick that a person did, as one step. */
  async change(place: Place, work: (engine: Nearmiss) => Promise<unknown>): Promise<void> {
    const { engine } = this.#desk;
    if (!engine) return;
    try {
      await this.#together(engine, work);
    } catch (error) {
      this.#desk.fail(place, error);
    }
  }

  /** Something that may take long, as one step. */
  async work(label: string, work: (engine: Nearmiss) => Promise<void>): Promise<Outcome> {
    return this.#desk.run("marks", label, async () => {
      const { engine } = this.#desk;
      if (engine) await this.#together(engine, work);
    });
  }

  /** @returns what was undone, the last change first; empty when there was nothing, or it failed */
  async undo(): Promise<Undone[]> {
    return this.#repeat(this.#steps.back(), (engine) => engine.judgments.undo());
  }

  async redo(): Promise<Undone[]> {
    return this.#repeat(this.#steps.forth(), (engine) => engine.judgments.redo());
  }

  /** Gives the engine the marks that it lacks. That is nothing a person did: what came before can no longer be undone. */
  async fill(engine: Nearmiss): Promise<void> {
    const known = new Set((await engine.judgments.list()).map(wordOf));
    const missing = this.#desk.store.state.judgments.filter((judgment) => !known.has(wordOf(judgment)));
    if (missing.length > 0) {
      await engine.judgments.add(missing);
      this.#steps.begin(await engine.judgments.history());
    }
    await this.sync();
  }

  /** For a new engine, whose history is its own. */
  begin(): void {
    this.#steps.begin([]);
  }

  /** Shows what the engine holds. Changes since the last time are one step if `together`. */
  async sync(together = false): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine || this.#pending > 0) return;
    const [judgments, conflicts, history] = await Promise.all([engine.judgments.list(), engine.judgments.conflicts(), engine.judgments.history()]);
    if (this.#pending > 0) return;
    this.#steps.see(history, together);
    store.update({ judgments, conflicts, canUndo: this.#steps.canUndo, canRedo: this.#steps.canRedo });
  }

  /** Whatever the work did, even when it failed half way, is seen, gets its side, and is one step. */
  async #together(engine: Nearmiss, work: (engine: Nearmiss) => Promise<unknown>): Promise<void> {
    this.#pending += 1;
    try {
      await work(engine);
      await this.#settleSides(engine);
    } finally {
      this.#pending -= 1;
      if (engine === this.#desk.engine) await this.sync(true);
    }
  }

  /** Questions that were not asked on this page fall on a side by its rule. */
  async #settleSides(engine: Nearmiss): Promise<void> {
    const { store } = this.#desk;
    const { sides, changed } = giveSides(await engine.judgments.list(), store.state.sides);
    store.update({ sides });
    if (changed.length > 0) await engine.judgments.add(changed);
  }

  async #repeat(times: number, one: (engine: Nearmiss) => Promise<Undone | null>): Promise<Undone[]> {
    const { engine } = this.#desk;
    const done: Undone[] = [];
    if (!engine || times === 0) return done;
    try {
      for (let at = 0; at < times; at += 1) {
        const undone = await one(engine);
        if (undone) done.push(undone);
      }
      await this.sync();
    } catch (error) {
      this.#desk.fail("marks", error);
    }
    return done;
  }
}
