/** A store over a log: one writer among tabs, readers that follow, one thing at a time. */

import { invalid, NearmissError } from "../errors.js";
import { SerialQueue } from "../queue.js";
import { LONGEST } from "./frames.js";
import type { Peers, Release } from "./peers.js";
import { storageError } from "./quota.js";
import type { Log, Store, StoreChange, StoreKind } from "./types.js";

export interface StoreParts {
  name: string;
  kind: StoreKind;
  reason: string;
  log: Log;
  peers: Peers;
}

/** How far something is known or read. */
interface Position {
  generation: number;
  at: number;
}

export class LogStore implements Store {
  readonly name: string;
  readonly kind: StoreKind;
  readonly reason: string;
  #log: Log;
  #peers: Peers;
  #role: "writer" | "reader" = "reader";
  #queue = new SerialQueue();
  #listeners = new Set<(what: StoreChange) => void>();
  #read: Position = { generation: 0, at: 0 };
  /** The end of the latest `read`, which the next one waits for. */
  #reading: Promise<void> = Promise.resolve();
  #release: Release | null = null;
  /** Why this one could not take over from the writer before it. */
  #failure: NearmissError | null = null;
  #waiting = new AbortController();
  #closed: Promise<void> | null = null;

  private constructor({ name, kind, reason, log, peers }: StoreParts) {
    this.name = name;
    this.kind = kind;
    this.reason = reason;
    this.#log = log;
    this.#peers = peers;
  }

  /** Rejects, with nothing left open, when the log is damaged. */
  static async open(parts: StoreParts, recover: boolean): Promise<LogStore> {
    const store = new LogStore(parts);
    try {
      await store.#begin(recover);
      return store;
    } catch (error) {
      await store.close();
      throw await storageError(error);
    }
  }

  async #begin(recover: boolean): Promise<void> {
    this.#peers.listen(() => void this.#queue.add(() => this.#follow()));
    this.#release = await this.#peers.tryLock();
    if (this.#release) {
      await this.#log.own(recover);
      this.#role = "writer";
      return;
    }
    // Rejects only by being closed.
    this.#peers.waitLock(this.#waiting.signal).then((release) => this.#queue.add(() => this.#inherit(release)), () => {});
    await this.#queue.add(() => this.#log.refresh());
  }

  get role(): "writer" | "reader" {
    return this.#role;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  onChange(listener: (what: StoreChange) => void): () => void {
    const own = (what: StoreChange) => listener(what);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  #tell(what: StoreChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(what);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** What another has done, known by looking rather than from a message, of which several may stand for one change. */
  async #follow(): Promise<void> {
    if (this.#release || this.#closed) return;
    const before = this.#known();
    try {
      await this.#log.refresh();
    } catch {
      // The next `read` looks again, and throws what it meets.
      return this.#tell("records");
    }
    this.#tellSince(before, true);
  }

  #known(): Position {
    return { generation: this.#log.generation, at: this.#log.end };
  }

  #tellSince(before: Position, records: boolean): void {
    const replaced = before.generation !== 0 && before.generation !== this.#log.generation;
    if (replaced) this.#tell("replaced");
    else if (records && (before.generation !== this.#log.generation || before.at !== this.#log.end)) this.#tell("records");
  }

  /** The writer is gone. This one writes as soon as everything was read: what it adds must come after what it knows. */
  async #inherit(release: Release): Promise<void> {
    if (this.#closed) return release();
    this.#release = release;
    const before = this.#known();
    try {
      await this.#log.own(false);
      this.#tellSince(before, true);
      this.#rise();
    } catch (error) {
      this.#failure = await storageError(error);
      this.#release = null;
      release();
      this.#tell("records");
    }
  }

  #rise(): void {
    if (!this.#release || this.#role === "writer" || this.#closed || this.#unread()) return;
    this.#role = "writer";
    this.#tell("role");
  }

  #unread(): boolean {
    const { generation, end, start } = this.#log;
    if (this.#read.generation === generation) return this.#read.at < end;
    return this.#read.generation !== 0 || start < end;
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    const before = this.#reading;
    let done = () => {};
    this.#reading = new Promise((resolve) => (done = resolve));
    try {
      await before;
      await this.#look();
      const { generation, end, start } = this.#log;
      yield* this.#records(this.#read.generation === generation ? this.#read.at : start, end);
      if (this.#log.generation !== generation) return;
      this.#read = { generation, at: end };
      this.#rise();
    } finally {
      done();
    }
  }

  async *all(): AsyncGenerator<Uint8Array, void, undefined> {
    await this.#look();
    yield* this.#records(this.#log.start, this.#log.end);
  }

  async *#records(from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
    const { generation } = this.#log;
    try {
      yield* this.#log.records(from, to);
    } catch (error) {
      // Another tab may have replaced the log, and with it what was being read, without this one knowing yet.
      await this.#look();
      if (this.#log.generation === generation) throw await storageError(error);
    }
  }

  /** Before reading: a reader looks for what is new. "records" need not be told to one who is about to read them. */
  async #look(): Promise<void> {
    if (this.#closed) throw this.#gone();
    if (this.#failure) throw this.#failure;
    if (this.#release) return;
    await this.#do(async () => {
      const before = this.#known();
      await this.#log.refresh();
      this.#tellSince(before, false);
    });
  }

  append(records: readonly Uint8Array[]): Promise<void> {
    const all = [...records];
    return this.#change(async () => {
      all.forEach(check);
      if (all.length) await this.#log.append(all);
    });
  }

  replace(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#change(() => this.#log.replace(checked(records)));
  }

  #change(work: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.reject(this.#gone());
    return this.#do(async () => {
      if (this.#role === "reader") throw invalid("store", this.#refusal());
      await work();
      this.#peers.announce();
    });
  }

  #refusal(): string {
    if (this.#failure) return `"${this.name}" cannot be written: ${this.#failure.message}`;
    return `another tab writes "${this.name}"${this.#release ? ", or wrote what was not read yet" : ""}; this one only reads`;
  }

  async #do(work: () => Promise<void>): Promise<void> {
    try {
      await this.#queue.add(work);
    } catch (error) {
      throw await storageError(error);
    }
  }

  #gone(): NearmissError {
    return new NearmissError("DISPOSED", `the store "${this.name}" was closed; open it again`);
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#waiting.abort();
    this.#listeners.clear();
    try {
      await this.#queue.add(() => this.#log.close());
    } finally {
      this.#release?.();
      this.#peers.close();
    }
  }
}

function check(record: unknown, index: number): void {
  if (!(record instanceof Uint8Array)) throw invalid(`records[${index}]`, "must be a Uint8Array");
  if (record.length > LONGEST) throw invalid(`records[${index}]`, `holds ${record.length} bytes; a record has at most ${LONGEST}`);
}

async function* checked(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let index = 0;
  for await (const record of records) {
    check(record, index++);
    yield record;
  }
}
