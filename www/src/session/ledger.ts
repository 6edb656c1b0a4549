/**
 * The engine keeps the marks, with their history and contradictions, while one is open; the page shows what it keeps. Here
 * the two are kept in step, and here it is known what one press of Undo takes back, notes that went or came included.
 */
import type { Document, Nearmiss, Undone } from "nearmiss";
import type { Job, Outcome } from "../jobs.ts";
import { giveSides, wordOf } from "../marks.ts";
import { noteOf } from "../notes.ts";
import { showReading } from "../progress.ts";
import type { Place, State } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import { drop } from "./dropping.ts";
import { Steps, type Moved, type Step } from "./steps.ts";

/** What Undo or Redo did: to the notes, and to the marks, the last change first. */
export interface Repeated {
  moved: Moved | null;
  changes: Undone[];
}

export class Ledger {
  readonly #desk: Desk;
  readonly #steps = new Steps();
  /** The engine whose history the steps are about; null for those that were made without one. */
  #of: Nearmiss | null = null;
  /** Changes under way; only after the last one is the engine's list newer than what the page shows. */
  #pending = 0;
  /** What happened to notes in the meantime. */
  #waiting: Moved[] = [];

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

  /** @returns null when there was nothing to undo, or it failed */
  async undo(): Promise<Repeated | null> {
    return this.#repeat(true);
  }

  async redo(): Promise<Repeated | null> {
    return this.#repeat(false);
  }

  /** Gives the engine the marks that it lacks. That is nothing a person did: what came before can no longer be undone. */
  async fill(engine: Nearmiss): Promise<void> {
    const known = new Set((await engine.judgments.list()).map(wordOf));
    const missing = this.#desk.store.state.judgments.filter((judgment) => !known.has(wordOf(judgment)));
    if (missing.length > 0) {
      await engine.judgments.add(missing);
      await this.begin(engine);
    }
    await this.sync();
  }

  /** What an engine brought with it belongs to no step: nobody knows any more which changes were made together, or by whom. */
  async begin(engine: Nearmiss | null): Promise<void> {
    const history = engine ? await engine.judgments.history() : [];
    this.#of = engine;
    this.#waiting = [];
    this.#steps.begin(history);
    this.#tell();
  }

  /** Shows what the engine holds. Changes since the last time are one step if `together`, or if notes went or came with them. */
  async sync(together = false, moved: Moved | null = null): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine) return;
    if (moved) this.#waiting.push(moved);
    if (this.#pending > 0) return;
    const [judgments, conflicts, history] = await Promise.all([engine.judgments.list(), engine.judgments.conflicts(), engine.judgments.history()]);
    if (this.#pending > 0 || engine !== this.#of) return;
    const [first = null, ...others] = this.#waiting.splice(0);
    this.#steps.see(history, together, first);
    for (const other of others) this.#steps.see(history, together, other);
    store.update({ judgments, conflicts });
    this.#tell();
  }

  /** Notes went or came before any engine was open. */
  without(moved: Moved): void {
    if (this.#of) this.#steps.begin([]);
    this.#of = null;
    this.#steps.see([], true, moved);
    this.#tell();
  }

  #tell(): void {
    const { canUndo, canRedo, last } = this.#steps;
    const before = this.#desk.store.state.removed;
    const now = removedBy(last?.moved ?? null);
    const same = before?.notes === now?.notes && before?.marks === now?.marks;
    // An engine that was lost meanwhile can undo nothing.
    if (this.#of === this.#desk.engine) this.#desk.store.update({ canUndo, canRedo, removed: same ? before : now });
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

  async #repeat(back: boolean): Promise<Repeated | null> {
    const { engine, store } = this.#desk;
    if (this.#of !== engine || store.state.busy) return null;
    const step = back ? this.#steps.back() : this.#steps.forth();
    if (!step) return null;
    const done: Repeated = { moved: step.moved, changes: [] };
    const outcome = step.moved
      ? await this.#desk.run("documents", strings.documents.restoring, (job) => this.#repeatNotes(engine, step, back, done.changes, job))
      : await this.#try(async () => void (engine && (await this.#repeatMarks(engine, step, back, done.changes))));
    if (outcome !== "failed") return done;
    // What was refused is still to be undone, or done again.
    if (done.changes.length === 0) void (back ? this.#steps.forth() : this.#steps.back());
    this.#tell();
    return null;
  }

  async #try(work: () => Promise<void>): Promise<Outcome> {
    try {
      await work();
      return "done";
    } catch (error) {
      this.#desk.fail("marks", error);
      return "failed";
    }
  }

  /** Notes come before the marks about them, and go after them. */
  async #repeatNotes(engine: Nearmiss | null, step: Step, back: boolean, changes: Undone[], job: Job): Promise<void> {
    const { gone, came, marks, examples } = step.moved ?? { gone: [], came: [], marks: [], examples: [] };
    const [away, here] = back ? [came, gone] : [gone, came];
    if (back && examples.length > 0) this.#desk.store.update({ examples: [...examples] });
    const kept = new Set(here.map(({ id }) => id));
    const leaving = away.map(({ id }) => id).filter((id) => !kept.has(id));
    if (!engine) return this.#replace(leaving, here, back ? marks : []);
    await this.#read(engine, here, job);
    await this.#repeatMarks(engine, step, back, changes);
    if (leaving.length > 0) await engine.documents.remove(leaving);
    drop(this.#desk.store, new Set(leaving));
    this.#desk.store.update({ documents: await engine.documents.list() });
    await this.sync();
  }

  /** To cancel is to leave them unread; they are here all the same. */
  async #read(engine: Nearmiss, documents: readonly Document[], job: Job): Promise<void> {
    if (documents.length === 0) return;
    this.#desk.store.update({ allRead: false });
    try {
      await engine.documents.add([...documents], { signal: job.signal, onProgress: showReading(job) });
      this.#desk.store.update({ allRead: true });
    } catch (error) {
      if (!job.signal.aborted) throw error;
    }
  }

  async #repeatMarks(engine: Nearmiss, { changes }: Step, back: boolean, done: Undone[]): Promise<void> {
    for (let at = 0; at < changes; at += 1) {
      const undone = await (back ? engine.judgments.undo() : engine.judgments.redo());
      if (undone) done.push(undone);
    }
    await this.sync();
  }

  #replace(leaving: readonly string[], here: readonly Document[], marks: Moved["marks"]): void {
    const { store } = this.#desk;
    drop(store, new Set(leaving));
    const { documents, judgments } = store.state;
    const byId = new Map([...documents, ...here].map((document) => [document.id, document]));
    store.update({ documents: [...byId.values()], judgments: [...judgments, ...marks] });
    this.#tell();
  }
}

/** Notes that are gone with all their passages; one that was read anew is not. */
function removedBy(moved: Moved | null): State["removed"] {
  const came = new Set(moved?.came.map(noteOf));
  const notes = new Set(moved?.gone.map(noteOf).filter((note) => !came.has(note))).size;
  return moved && notes > 0 ? { notes, marks: moved.marks.length } : null;
}
