/** Work that several wait for at once is done once, and called off only when none of them waits any more. */

import { abortable } from "./platform.js";

interface Work<V> {
  result: Promise<V>;
  waiting: number;
  done: boolean;
  stop: AbortController;
}

export class Shared<K, V> {
  readonly #begun = new Map<K, Work<V>>();

  /**
   * What came of the work under this key, which is begun if it is neither done nor under way. What failed is begun again by the next
   * who asks.
   *
   * @param signal of this caller, who stops waiting when it comes; others go on
   * @throws {NearmissError} `ABORTED`; and as the work does
   */
  async get(key: K, begin: (signal: AbortSignal) => Promise<V>, signal?: AbortSignal): Promise<V> {
    for (;;) {
      const work = this.#begun.get(key) ?? this.#begin(key, begin);
      if (work.done || !work.stop.signal.aborted) return this.#wait(work, signal);
      // Called off, but not over yet: what it leaves behind is not to be mixed with another beginning.
      await abortable(work.result.then(() => {}, () => {}), signal);
    }
  }

  #begin(key: K, begin: (signal: AbortSignal) => Promise<V>): Work<V> {
    const stop = new AbortController();
    const work: Work<V> = { result: begin(stop.signal), waiting: 0, done: false, stop };
    this.#begun.set(key, work);
    work.result.then(
      () => (work.done = true),
      () => this.#begun.delete(key),
    );
    return work;
  }

  async #wait(work: Work<V>, signal?: AbortSignal): Promise<V> {
    work.waiting += 1;
    try {
      return await abortable(work.result, signal);
    } finally {
      work.waiting -= 1;
      if (work.waiting === 0 && !work.done) work.stop.abort();
    }
  }
}
