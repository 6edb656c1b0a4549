/** Bytes of several files that are loaded at the same time, counted for each and together. */

import type { ProgressEvent } from "../types.js";

interface Count {
  loaded: number;
  /** Null while it is not known. */
  total: number | null;
}

export class Together {
  readonly #started = performance.now();
  readonly #files: Map<string, Count>;
  readonly #onProgress: ((event: ProgressEvent) => void) | undefined;

  /** @param files all that are to be loaded: what they come to together is known when each of them is */
  constructor(files: string[], onProgress?: (event: ProgressEvent) => void) {
    this.#files = new Map(files.map((file) => [file, { loaded: 0, total: null }]));
    this.#onProgress = onProgress;
  }

  /** What counts one file's bytes, and reports. */
  counter(file: string): (loaded: number, total: number | null) => void {
    return (loaded, total) => {
      this.#files.set(file, { loaded, total });
      this.#onProgress?.({ type: "download", file, loaded, total, overall: this.#sum(), elapsedMs: performance.now() - this.#started });
    };
  }

  /** One that does not exist, or was at hand, is done without a report. */
  done(file: string): void {
    const { loaded } = this.#files.get(file) ?? { loaded: 0 };
    this.#files.set(file, { loaded, total: loaded });
  }

  #sum(): Count {
    const counts = [...this.#files.values()];
    const total = counts.reduce<number | null>((sum, one) => (sum === null || one.total === null ? null : sum + one.total), 0);
    return { loaded: counts.reduce((sum, one) => sum + one.loaded, 0), total };
  }
}
