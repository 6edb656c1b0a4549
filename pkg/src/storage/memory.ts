/** Stores that end with the page. Kept by name all the same, so that an instance can be opened again. */

import type { Backend, Medium } from "./backend.js";
import { HEAD, unframe, type Bytes } from "./frames.js";

const stores = new Map<string, Bytes[]>();

const size = (frames: readonly Bytes[]) => frames.reduce((sum, frame) => sum + frame.length, 0);

export const memory: Medium = {
  lacks: async () => null,
  lacksAppending: async () => null,
  open: async (name) => new MemoryBackend(name),
  list: async () => [...stores].map(([name, frames]) => ({ name, bytes: HEAD + size(frames) })),
  replace: async (name, frames) => new MemoryBackend(name).replace(frames),
  delete: async (name) => void stores.delete(name),
};

class MemoryBackend implements Backend {
  readonly #name: string;
  #read = 0;

  constructor(name: string) {
    this.#name = name;
  }

  get #frames(): Bytes[] {
    return stores.get(this.#name) ?? [];
  }

  get bytes(): number {
    return this.#frames.length === 0 ? 0 : HEAD + size(this.#frames);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    while (this.#read < this.#frames.length) {
      const at = this.#read++;
      yield unframe(this.#frames[at] as Bytes, `record ${at}`).slice();
    }
  }

  async openForWriting(): Promise<void> {}

  async append(frames: readonly Bytes[]): Promise<void> {
    stores.set(this.#name, [...this.#frames, ...frames]);
    this.#read = this.#frames.length;
  }

  async replace(frames: AsyncIterable<Bytes>): Promise<void> {
    const all: Bytes[] = [];
    for await (const one of frames) all.push(one);
    stores.set(this.#name, all);
    this.#read = all.length;
  }

  async close(): Promise<void> {}
}
