/**
 * What one press of Undo takes back. The engine counts every change by itself; a person who keeps one of two contradicting
 * marks did one thing, though the engine changed two.
 */
import type { Change } from "nearmiss";

export class Steps {
  /** How many of the engine's changes each step was made of, the latest last. */
  #done: number[] = [];
  #undone: number[] = [];
  /** The number of the latest change seen. */
  #latest = 0;

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** New changes end what could be redone. */
  see(history: readonly Change[], together: boolean): void {
    const fresh = history.filter((change) => change.number > this.#latest).length;
    if (fresh === 0) return;
    this.#latest = history.at(-1)?.number ?? 0;
    this.#done.push(...(together ? [fresh] : Array<number>(fresh).fill(1)));
    this.#undone = [];
  }

  /** @returns how many changes to undo; 0 for nothing */
  back(): number {
    const times = this.#done.pop() ?? 0;
    if (times > 0) this.#undone.push(times);
    return times;
  }

  /** @returns how many changes to redo; 0 for nothing */
  forth(): number {
    const times = this.#undone.pop() ?? 0;
    if (times > 0) this.#done.push(times);
    return times;
  }

  /** Nothing that happened so far can be undone. */
  begin(history: readonly Change[]): void {
    this.#done = [];
    this.#undone = [];
    this.#latest = history.at(-1)?.number ?? 0;
  }
}
