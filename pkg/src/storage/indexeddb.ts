/** Stores as databases: a row for each record, by generation and number. A row of `state` says which generation counts. */

import type { Backend, Medium } from "./backend.js";
import { HEAD, unframe, type Bytes } from "./frames.js";

const PREFIX = "nearmiss:";
/** Rows that are read together, or written together when a log is replaced. */
const TOGETHER = 64;

interface State {
  generation: number;
  /** Number of the next row. */
  next: number;
  bytes: number;
}

const EMPTY: State = { generation: 1, next: 0, bytes: 0 };

export const indexeddb: Medium = {
  async lacks() {
    if (!globalThis.indexedDB) return "There is no IndexedDB here.";
    try {
      (await open(`${PREFIX}.probe`)).close();
      await settled(indexedDB.deleteDatabase(`${PREFIX}.probe`));
      return null;
    } catch (error) {
      return `The browser refuses IndexedDB here (${(error as Error).name}), as in some private windows.`;
    }
  },
  lacksAppending: () => indexeddb.lacks(),
  open: async (name) => IndexedDbBackend.open(name),
  async list() {
    const all = (await globalThis.indexedDB?.databases?.()) ?? [];
    const names = all.flatMap(({ name }) => (name?.startsWith(PREFIX) && !name.endsWith(".probe") ? [name.slice(PREFIX.length)] : []));
    const found = names.sort().map(async (name) => {
      const backend = await IndexedDbBackend.open(name);
      await backend.close();
      return { name, bytes: backend.bytes };
    });
    return (await Promise.all(found)).filter(({ bytes }) => bytes > 0);
  },
  async replace(name, frames) {
    const backend = await IndexedDbBackend.open(name);
    try {
      await backend.replace(frames);
    } finally {
      await backend.close();
    }
  },
  delete: async (name) => settled(indexedDB.deleteDatabase(PREFIX + name)).then(() => {}),
};

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("the transaction was aborted", "AbortError"));
  });
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("log");
    request.result.createObjectStore("state");
  };
  return settled(request);
}

class IndexedDbBackend implements Backend {
  readonly #database: IDBDatabase;
  #state: State;
  /** Up to which row of which generation records were read. */
  #generation: number;
  #at = 0;

  private constructor(database: IDBDatabase, state: State) {
    this.#database = database;
    this.#state = state;
    this.#generation = state.generation;
    // Another tab deletes the store: it must not wait for this one for ever.
    database.onversionchange = () => database.close();
  }

  static async open(name: string): Promise<IndexedDbBackend> {
    const database = await open(PREFIX + name);
    return new IndexedDbBackend(database, await readState(database));
  }

  get bytes(): number {
    return this.#state.bytes;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    this.#state = await readState(this.#database);
    if (this.#state.generation !== this.#generation) [this.#generation, this.#at] = [this.#state.generation, 0];
    const { generation, next } = this.#state;
    while (this.#at < next) {
      const from = this.#at;
      const range = IDBKeyRange.bound([generation, from], [generation, Math.min(next, from + TOGETHER) - 1]);
      const rows = (await settled(this.#database.transaction("log").objectStore("log").getAll(range))) as Uint8Array[];
      // Replaced between two reads: what is left is in the other log.
      if (rows.length === 0) return;
      for (const row of rows) {
        this.#at += 1;
        yield unframe(row, `row ${this.#at - 1}`).slice();
      }
    }
  }

  async openForWriting(): Promise<void> {
    this.#state = await readState(this.#database);
    await this.#deleteOthers();
  }

  async append(frames: readonly Bytes[]): Promise<void> {
    const { generation, next, bytes } = this.#state;
    const state = { generation, next: next + frames.length, bytes: Math.max(bytes, HEAD) + size(frames) };
    await this.#write((log, states) => {
      frames.forEach((frame, at) => log.add(frame, [generation, next + at]));
      states.put(state, "state");
    });
    this.#state = state;
    this.#at = state.next;
  }

  /** In several transactions, as one cannot wait for what is still being made; the last of them makes it count. */
  async replace(frames: AsyncIterable<Bytes>): Promise<void> {
    const state = { generation: this.#state.generation + 1, next: 0, bytes: HEAD };
    let waiting: Bytes[] = [];
    const flush = async () => {
      const [rows, from] = [waiting, state.next];
      waiting = [];
      state.next += rows.length;
      state.bytes += size(rows);
      await this.#write((log) => rows.forEach((row, at) => log.put(row, [state.generation, from + at])));
    };
    for await (const frame of frames) {
      waiting.push(frame);
      if (waiting.length >= TOGETHER) await flush();
    }
    await flush();
    await this.#write((_, states) => void states.put(state, "state"));
    this.#state = state;
    [this.#generation, this.#at] = [state.generation, state.next];
    await this.#deleteOthers();
  }

  async #deleteOthers(): Promise<void> {
    const { generation, next } = this.#state;
    await this.#write((log) => {
      log.delete(IDBKeyRange.upperBound([generation, 0], true));
      log.delete(IDBKeyRange.lowerBound([generation, next]));
    });
  }

  async #write(work: (log: IDBObjectStore, state: IDBObjectStore) => void): Promise<void> {
    const transaction = this.#database.transaction(["log", "state"], "readwrite", { durability: "strict" });
    const done = finished(transaction);
    try {
      work(transaction.objectStore("log"), transaction.objectStore("state"));
    } catch (error) {
      // Half of it must not be kept.
      done.catch(() => {});
      transaction.abort();
      throw error;
    }
    await done;
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

async function readState(database: IDBDatabase): Promise<State> {
  const found = (await settled(database.transaction("state").objectStore("state").get("state"))) as State | undefined;
  return found ?? EMPTY;
}

function size(frames: readonly Bytes[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}
