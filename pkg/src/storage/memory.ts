/** Files in memory, for where a browser keeps nothing and for tests: the same log as on disk, gone with the thread. */

import type { Folder, LogFile, Readable } from "./types.js";

/** Grows by doubling, so that many short appends cost what one long one does. */
class MemoryFile implements LogFile {
  #bytes = new Uint8Array(1024);
  #size = 0;

  async read(at: number, length: number): Promise<Uint8Array> {
    return this.#bytes.slice(at, Math.min(at + length, this.#size));
  }

  async size(): Promise<number> {
    return this.#size;
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    const size = Math.max(this.#size, at + bytes.length);
    if (size > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      longer.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = longer;
    }
    this.#bytes.set(bytes, at);
    this.#size = size;
  }

  async truncate(size: number): Promise<void> {
    if (size > this.#size) await this.write(this.#size, new Uint8Array(size - this.#size));
    this.#bytes.fill(0, size, this.#size);
    this.#size = size;
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}
}

export class MemoryFolder implements Folder {
  readonly files = new Map<string, LogFile>();

  async list(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async open(name: string): Promise<LogFile> {
    const file = this.files.get(name) ?? new MemoryFile();
    this.files.set(name, file);
    return file;
  }

  async view(name: string): Promise<Readable | null> {
    return this.files.get(name) ?? null;
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
