/**
 * What one press of Undo takes back. The engine counts every change of the marks by itself; a person who keeps one of two
 * contradicting marks did one thing, though the engine changed two. Notes that went or came are part of a step as well: the
 * engine would bring their marks back, but not the notes.
 */
import type { Change, Document, Judgment } from "nearmiss";

/** What a step did to the notes. */
export interface Moved {
  /** Documents that are no longer there, or read otherwise now: as they were. */
  gone: readonly Document[];
  /** Documents that were not there, or read otherwise: as they are. */
  came: readonly Document[];
  /** Marks that went with the notes; an engine brings them back by itself. */
  marks: readonly Judgment[];
  /** Questions to try that went with the last note. */
  examples: readonly string[];
}

export interface Step {
  /** How many of the engine's changes of the marks. */
  changes: number;
  moved: Moved | null;
}

export class Steps {
  /** The latest last. */
  #done: Step[] = [];
  #undone: Step[] = [];
  /** The number of the latest change seen. */
  #latest = 0;

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** What the next Undo takes back. */
  get last(): Step | null {
    return this.#done.at(-1) ?? null;
  }

  /** New changes, one step each unless they belong `together`, end what could be redone. What happened to notes is one step. */
  see(history: readonly Change[], together: boolean, moved: Moved | null = null): void {
    const fresh = history.filter((change) => change.number > this.#latest).length;
    if (fresh === 0 && !moved) return;
    this.#latest = Math.max(this.#latest, history.at(-1)?.number ?? 0);
    if (together || moved) this.#done.push({ changes: fresh, moved });
    else this.#done.push(...Array.from({ length: fresh }, () => ({ changes: 1, moved: null })));
    this.#undone = [];
  }

  /** @returns what to undo; null for nothing */
  back(): Step | null {
    const step = this.#done.pop() ?? null;
    if (step) this.#undone.push(step);
    return step;
  }

  /** @returns what to do again; null for nothing */
  forth(): Step | null {
    const step = this.#undone.pop() ?? null;
    if (step) this.#done.push(step);
    return step;
  }

  /** Nothing that happened so far can be undone. */
  begin(history: readonly Change[]): void {
    this.#done = [];
    this.#undone = [];
    this.#latest = history.at(-1)?.number ?? 0;
  }
}
