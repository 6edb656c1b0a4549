/** One thing at a time, in order. The engine cannot be entered twice, and nobody should have to wait for it by hand. */

import { aborted } from "./errors.js";

interface Entry {
  run: () => Promise<void>;
  reject: (error: Error) => void;
}

export class SerialQueue {
  #waiting: Entry[] = [];
  #running: Promise<void> | null = null;
  #current: Entry | null = null;
  #closed: Error | null = null;

  /** Runs `work` after everything that was added before it. Aborting rejects at once, and work that waits is left out. */
  add<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      if (signal?.aborted) return reject(aborted(signal));
      const abort = () => {
        this.#waiting = this.#waiting.filter((waiting) => waiting !== entry);
        if (signal) reject(aborted(signal));
      };
      const run = async () => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        } finally {
          signal?.removeEventListener("abort", abort);
        }
      };
      const entry = { run, reject };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.push(entry);
      this.#running ??= this.#drain();
    });
  }

  /** Rejects what runs, what waits and what is yet to come. Resolves when what ran is over. */
  async close(error: Error): Promise<void> {
    this.#closed ??= error;
    for (const entry of [this.#current, ...this.#waiting]) entry?.reject(this.#closed);
    this.#waiting = [];
    await this.#running;
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#current = next;
      await next.run();
    }
    this.#current = null;
    this.#running = null;
  }
}
