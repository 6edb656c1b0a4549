/** Jobs take turns: the engine runs one at a time, and what would change the ground under a job waits for it. */

import { invalid } from "./errors.js";
import { abortable } from "./platform.js";

/** Gives the turn back; calling it again does nothing. */
export type Release = () => void;

export class Turns {
  #last: Promise<void> = Promise.resolve();
  #training = false;

  /**
   * Waits for whoever came before. A training run is not waited for, as it may be paused for ever.
   *
   * @param name of the caller, for the message
   * @throws {NearmissError} `INPUT_INVALID` while a training run is open, `ABORTED` when the signal comes first
   */
  async take(name: string, signal?: AbortSignal): Promise<Release> {
    if (this.#training) {
      throw invalid(name, "a training run is open. Pull it to its end, or end it with return() or its signal, first");
    }
    const training = name === "train";
    this.#training = training;
    const { promise: mine, resolve } = deferred();
    const before = this.#last;
    this.#last = before.then(() => mine);
    const release = () => {
      if (training) this.#training = false;
      resolve();
    };
    try {
      await abortable(before, signal);
      return once(release);
    } catch (error) {
      release();
      throw error;
    }
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A run that has ended must not end the one after it. */
function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
