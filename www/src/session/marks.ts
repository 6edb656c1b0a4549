/** What a person says about results. A click is shown at once, and put right when the engine has answered. */
import type { Conflict, Judgment, Nearmiss, Suspect } from "nearmiss";
import { nextSide, normalise, pairOf, wordOf, type Side } from "../marks.ts";
import { readMarks, saveText } from "../mark-files.ts";
import { canForget } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import { Ledger } from "./ledger.ts";

export class Marks {
  readonly ledger: Ledger;
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.ledger = new Ledger(desk);
  }

  /** Marks a result of the present search; the same mark again takes it back. What others said gives way to the person. */
  async mark(document: string, relevant: boolean): Promise<void> {
    const { query, judgments, sides, busy } = this.#desk.store.state;
    // A training run compares before and after on the same marks. Without an engine nothing would be written down.
    if (busy?.place === "training" || !this.#desk.engine) return;
    const split = sides.get(normalise(query)) ?? nextSide(sides.size);
    const judgment: Judgment = { query, document, relevant, split };
    const others = judgments.filter((other) => pairOf(other) !== pairOf(judgment));
    const back = judgments.some((other) => wordOf(other) === wordOf(judgment) && other.relevant === relevant);
    this.#desk.store.update({ judgments: back ? others : [...others, judgment], sides: new Map(sides).set(normalise(query), split) });
    await this.ledger.change("search", (engine) => (back ? engine.judgments.remove([{ query, document }]) : engine.judgments.add([judgment])));
  }

  /** Takes back what was said, as one step. */
  async takeBack(chosen: (judgment: Judgment) => boolean): Promise<void> {
    const { judgments, busy } = this.#desk.store.state;
    if (busy || !canForget(this.#desk.store.state)) return;
    const gone = judgments.filter(chosen);
    this.#desk.store.update({ judgments: judgments.filter((judgment) => !gone.includes(judgment)) });
    await this.ledger.change("marks", (engine) => remove(engine, gone, judgments));
  }

  /** Keeps those of the contradicting judgments that say this, and removes the rest. */
  async settle(conflict: Conflict, relevant: boolean): Promise<void> {
    const { judgments, busy } = this.#desk.store.state;
    if (busy) return;
    const gone = conflict.judgments.filter((judgment) => judgment.relevant !== relevant);
    await this.ledger.change("marks", (engine) => remove(engine, gone, judgments));
  }

  /** A person's word on a note that mining set aside. */
  async decide(suspect: Suspect, relevant: boolean): Promise<void> {
    if (this.#desk.store.state.busy) return;
    await this.ledger.change("mining", (engine) => (relevant ? engine.judgments.promote([suspect]) : engine.judgments.confirm([suspect])));
  }

  /** Stand-ins for a person's questions, made from the notes. @returns how many, null when it failed or was refused */
  async makeQuestions(): Promise<number | null> {
    let made: number | null = null;
    await this.ledger.work(strings.judgments.make, async (engine) => {
      const { queries } = await engine.judgments.fromDocuments();
      made = queries.length;
    });
    return made;
  }

  async exportLines(): Promise<void> {
    await this.ledger.work(strings.judgments.exporting, async (engine) => {
      saveText(await engine.judgments.export("jsonl"), "nearmiss-marks.jsonl");
    });
  }

  async exportBeir(): Promise<void> {
    await this.ledger.work(strings.judgments.exporting, async (engine) => {
      const { queries, qrels } = await engine.judgments.export("beir");
      saveText(queries, "queries.jsonl");
      saveText(qrels, "qrels.tsv");
    });
  }

  /** @returns how many marks came in, null when it failed or was refused */
  async import(files: readonly File[]): Promise<number | null> {
    let added: number | null = null;
    await this.ledger.work(strings.judgments.importing, async (engine) => {
      added = (await engine.judgments.import(await readMarks(files))).added;
    });
    return added;
  }

  /** Takes up marks that came with notes; an engine gets them when it is filled. What was said about a pair already stays. */
  hold(added: readonly Judgment[], newSides: ReadonlyMap<string, Side>): void {
    const { judgments, sides } = this.#desk.store.state;
    const known = new Set(judgments.map(pairOf));
    const missing = added.filter((judgment) => !known.has(pairOf(judgment)));
    this.#desk.store.update({ sides: new Map([...newSides, ...sides]), judgments: [...judgments, ...missing] });
  }
}

/** The engine forgets all that was said about a pair, whoever said it: what was not meant is said again. */
async function remove(engine: Nearmiss, gone: readonly Judgment[], all: readonly Judgment[]): Promise<void> {
  const pairs = new Set(gone.map(pairOf));
  const words = new Set(gone.map(wordOf));
  const kept = all.filter((judgment) => pairs.has(pairOf(judgment)) && !words.has(wordOf(judgment)));
  await engine.judgments.remove(gone.map(({ query, document }) => ({ query, document })));
  if (kept.length > 0) await engine.judgments.add(kept);
}
