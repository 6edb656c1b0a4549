/**
 * Keeps what arrives of a file piece by piece while it arrives: whoever closes the tab, crashes or aborts in the middle of a large
 * transfer goes on from the last piece the next time.
 */

import type { Place } from "./cache.js";
import type { Sink } from "./sink.js";
import type { Beginning } from "./transfer.js";
import type { Validators } from "./validators.js";

/** Bytes of a piece, and so what may have to be fetched again. A file that is shorter is as quickly fetched whole. */
export const PIECE = 1 << 20;

export class Saving {
  readonly #place: Place;
  /** Bytes from the start that are kept, or about to be. */
  #kept: number;
  /** Pieces are written in order, and the transfer does not wait for them. */
  #writing: Promise<void> = Promise.resolve();

  /** @param begun what is kept of the file already */
  constructor(place: Place, begun: Beginning | null) {
    this.#place = place;
    this.#kept = begun?.bytes.length ?? 0;
  }

  /** Writes what has come since the last piece, once it is a piece. @param all writes the rest too, however short */
  arrived(sink: Sink, version: Validators, all = false): void {
    const { length } = sink;
    if (length < PIECE || length - this.#kept < (all ? 1 : PIECE)) return;
    const [from, bytes] = [this.#kept, sink.slice(this.#kept)];
    this.#kept = length;
    this.#next(() => this.#place.writePiece(from, bytes, version));
  }

  /** What is kept is of no use any more: the file is whole, or another one. */
  forget(): Promise<void> {
    this.#kept = 0;
    this.#next(() => this.#place.forgetPieces());
    return this.#writing;
  }

  /** Resolves when everything is written that was to be. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #next(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work);
  }
}
