/**
 * What a person says about results. While an engine is open it keeps the marks, with their history and contradictions, and
 * the page shows what it keeps; a click is shown at once and put right when the engine has answered.
 */
import type { Conflict, Judgment, Nearmiss, Suspect, Undone } from "nearmiss";
import type { Outcome } from "../jobs.ts";
import { giveSides, nextSide, normalise, verdictOn, type Side } from "../marks.ts";
import { readMarks, saveText } from "../mark-files.ts";
import type { Place } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import { Steps } from "./steps.ts";

export class Marks {
  readonly #desk: Desk;
  readonly #steps = new Steps();
  /** Changes under way; only after the last one is the engine's list newer than what the page shows. */
  #pending = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Marks a result of the present search; the same mark again takes it back. */
  async mark(document: string, relevant: boolean): Promise<void> {
    const { query, judgments, sides, busy } = this.#desk.store.state;
    // A training run compares before and after on the same marks.
    if (busy?.place === "training") return;
    const others = judgments.filter((judgment) => judgment.query !== query || judgment.document !== document);
    const back = verdictOn(judgments, query, document) === relevant;
    const split = sides.get(normalise(query)) ?? nextSide(sides.size);
    const judgment: Judgment = { query, document, relevant, split };
    this.#desk.store.update({ judgments: back ? others : [...others, judgment], sides: new Map(sides).set(normalise(query), split) });
    await this.#change("search", (engine) => (back ? engine.judgments.remove([{ query, document }]) : engine.judgments.add([judgment])));
  }

  /** Takes back what was said about these, as one step. */
  async takeBack(chosen: (judgment: Judgment) => boolean): Promise<void> {
    const { judgments, busy } = this.#desk.store.state;
    if (busy) return;
    const gone = judgments.filter(chosen);
    this.#desk.store.update({ judgments: judgments.filter((judgment) => !gone.includes(judgment)) });
    await this.#change("marks", (engine) => engine.judgments.remove(gone.map(({ query, document }) => ({ query, document }))));
  }

  /** @returns what was undone, the last change first; empty when there was nothing, or it failed */
  async undo(): Promise<Undone[]> {
    return this.#repeat(this.#steps.back(), (engine) => engine.judgments.undo());
  }

  async redo(): Promise<Undone[]> {
    return this.#repeat(this.#steps.forth(), (engine) => engine.judgments.redo());
  }

  /** Stand-ins for a person's questions, made from the notes. @returns how many, null when it failed or was refused */
  async makeQuestions(): Promise<number | null> {
    let made: number | null = null;
    await this.#long(strings.judgments.make, async (engine) => {
      const { queries } = await engine.judgments.fromDocuments();
      made = queries.length;
    });
    return made;
  }

  /** Keeps those of the contradicting judgments that say this, and removes the rest. */
  async settle({ judgments }: Conflict, relevant: boolean): Promise<void> {
    if (this.#desk.store.state.busy) return;
    const others = judgments.filter((judgment) => judgment.relevant !== relevant);
    // A pair goes with all that was said about it, whoever said it.
    const gone = new Set(others.map((judgment) => judgment.document));
    const again = judgments.filter((judgment) => judgment.relevant === relevant && gone.has(judgment.document));
    await this.#change("marks", async (engine) => {
      await engine.judgments.remove(others.map(({ query, document }) => ({ query, document })));
      if (again.length > 0) await engine.judgments.add(again);
    });
  }

  /** A person's word on a note that mining set aside. */
  async decide(suspect: Suspect, relevant: boolean): Promise<void> {
    if (this.#desk.store.state.busy) return;
    await this.#change("mining", (engine) => (relevant ? engine.judgments.promote([suspect]) : engine.judgments.confirm([suspect])));
  }

  async exportLines(): Promise<void> {
    await this.#long(strings.judgments.exporting, async (engine) => {
      saveText(await engine.judgments.export("jsonl"), "nearmiss-marks.jsonl");
    });
  }

  async exportBeir(): Promise<void> {
    await this.#long(strings.judgments.exporting, async (engine) => {
      const { queries, qrels } = await engine.judgments.export("beir");
      saveText(queries, "queries.jsonl");
      saveText(qrels, "qrels.tsv");
    });
  }

  /** @returns how many marks came in, null when it failed or was refused */
  async import(files: readonly File[]): Promise<number | null> {
    let added: number | null = null;
    await this.#long(strings.judgments.importing, async (engine) => {
      added = (await engine.judgments.import(await readMarks(files))).added;
    });
    return added;
  }

  /** Takes up marks that came with notes; an engine gets them with `fill`. What the person said already stays. */
  hold(added: readonly Judgment[], newSides: ReadonlyMap<string, Side>): void {
    const { judgments, sides } = this.#desk.store.state;
    const known = new Set(judgments.map(pairOf));
    const missing = added.filter((judgment) => !known.has(pairOf(judgment)));
    this.#desk.store.update({ sides: new Map([...newSides, ...sides]), judgments: [...judgments, ...missing] });
  }

  /** Gives the engine the marks that it lacks. That is nothing a person did: what came before can no longer be undone. */
  async fill(engine: Nearmiss): Promise<void> {
    const known = new Set((await engine.judgments.list()).map(wordOf));
    const missing = this.#desk.store.state.judgments.filter((judgment) => !known.has(wordOf(judgment)));
    if (missing.length > 0) await engine.judgments.add(missing);
    if (missing.length > 0) this.#steps.begin(await engine.judgments.history());
    await this.sync();
  }

  /** For a new engine, whose history is its own. */
  forgetSteps(): void {
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

  async #long(label: string, work: (engine: Nearmiss) => Promise<void>): Promise<Outcome> {
    return this.#desk.run("marks", label, async () => {
      const { engine } = this.#desk;
      if (engine) await this.#together(engine, work);
    });
  }

  async #change(place: Place, work: (engine: Nearmiss) => Promise<unknown>): Promise<void> {
    const { engine } = this.#desk;
    if (!engine) return;
    try {
      await this.#together(engine, work);
    } catch (error) {
      this.#desk.fail(place, error);
    }
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
    } catch (error) {
      this.#desk.fail("marks", error);
    }
    await this.sync();
    return done;
  }
}

function pairOf(judgment: Judgment): string {
  return JSON.stringify([normalise(judgment.query), judgment.document]);
}

/** One voice on one pair. */
function wordOf(judgment: Judgment): string {
  return JSON.stringify([normalise(judgment.query), judgment.document, judgment.source ?? "labelled"]);
}
