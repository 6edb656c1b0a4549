/** Collects chunks in one buffer, which with a stated length is allocated once: weights are too large to hold twice. */

export type Bytes = Uint8Array<ArrayBuffer>;

export class Sink {
  length = 0;
  #buffer: Bytes = new Uint8Array(0);

  /** Forgets what came, and makes room for what is to come. */
  restart(expected: number | null): void {
    this.length = 0;
    if (this.#buffer.length !== expected) this.#buffer = new Uint8Array(expected ?? 1 << 16);
  }

  write(chunk: Uint8Array): void {
    const needed = this.length + chunk.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.length));
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.length);
    this.length = needed;
  }

  /** A copy of what has come from this byte on. */
  slice(from: number): Bytes {
    return this.#buffer.slice(from, this.length);
  }

  bytes(): Bytes {
    return this.length === this.#buffer.length ? this.#buffer : this.#buffer.slice(0, this.length);
  }
}
