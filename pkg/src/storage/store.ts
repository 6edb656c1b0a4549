/** A log of records that outlives the page, in whatever this browser offers; written by one tab, followed by the others. */

import { aborted, invalid, NearmissError } from "../errors.js";
import type { StorageKind } from "../types.js";
import type { Backend, Medium } from "./backend.js";
import { frame, head, type Bytes } from "./frames.js";
import { indexeddb } from "./indexeddb.js";
import { tryLock, waitForLock, type Lock } from "./locks.js";
import { memory } from "./memory.js";
import { opfs } from "./opfs.js";
import { kindsFrom, parseSpec } from "./spec.js";

export const MEDIA: Record<StorageKind, Medium> = { opfs, indexeddb, memory };

/** "records": another tab has written more. "replaced": it has put another log in the place of all. "role": this tab writes now. */
export type Change = "records" | "replaced" | "role";

export interface Store {
  readonly name: string;
  readonly kind: StorageKind;
  /** One sentence: why this kind. */
  readonly reason: string;
  readonly role: "writer" | "reader";
  /** Length of the log. */
  readonly bytes: number;
  /** All records, and later those that came since. @throws {NearmissError} `STORAGE_CORRUPT` naming the place */
  read(): AsyncGenerator<Uint8Array>;
  /**
   * All or none, in order; on disk when it resolves.
   *
   * @throws {NearmissError} `STORAGE_QUOTA`, with the log as it was; `INPUT_INVALID` where another tab writes
   */
  append(records: readonly Uint8Array[]): Promise<void>;
  /** Puts these in the place of everything: a crash leaves the old log or the new one. @throws {NearmissError} as `append` */
  replace(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  onChange(listener: (what: Change) => void): () => void;
  /** Everything as one file. */
  export(): Promise<Blob>;
  close(): Promise<void>;
}

/** @throws {NearmissError} `INPUT_INVALID` for the name, `STORAGE_CORRUPT`, `ABORTED` */
export async function openStore(spec: string, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<Store> {
  const { kind: wanted, name } = parseSpec(spec);
  const { kind, reason } = await choose(wanted);
  if (signal?.aborted) throw aborted(signal);
  const backend = await MEDIA[kind].open(name);
  const store = new LogStore(name, kind, reason, backend);
  try {
    await store.begin();
    if (signal?.aborted) throw aborted(signal);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function choose(wanted: StorageKind): Promise<{ kind: StorageKind; reason: string }> {
  const missing: string[] = [];
  for (const kind of kindsFrom(wanted)) {
    const lacks = await MEDIA[kind].lacksAppending();
    if (lacks === null) return { kind, reason: missing.length > 0 ? missing.join(" ") : REASONS[kind] };
    missing.push(lacks);
  }
  return { kind: "memory", reason: missing.join(" ") };
}

const REASONS: Record<StorageKind, string> = {
  opfs: "This browser keeps files for this site alone.",
  indexeddb: "This browser has a database for this site alone.",
  memory: "Nothing else was asked for.",
};

class LogStore implements Store {
  readonly name: string;
  readonly kind: StorageKind;
  readonly reason: string;
  role: "writer" | "reader" = "reader";
  readonly #backend: Backend;
  readonly #listeners = new Set<(what: Change) => void>();
  readonly #channel: BroadcastChannel | null;
  readonly #end = new AbortController();
  #lock: Lock | null = null;
  /** One after another, so that records stand in the order in which they came. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, kind: StorageKind, reason: string, backend: Backend) {
    [this.name, this.kind, this.reason, this.#backend] = [name, kind, reason, backend];
    this.#channel = kind !== "memory" && typeof BroadcastChannel === "function" ? new BroadcastChannel(`nearmiss:${this.#id}`) : null;
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<Change>) => this.#tell(data));
    // Node would wait for messages for ever.
    (this.#channel as { unref?(): void } | null)?.unref?.();
  }

  get #id(): string {
    return `${this.kind}:${this.name}`;
  }

  get bytes(): number {
    return this.#backend.bytes;
  }

  async begin(): Promise<void> {
    this.#lock = await tryLock(this.#id);
    if (this.#lock) {
      await this.#backend.openForWriting();
      this.role = "writer";
    } else void this.#inherit();
  }

  /** Becomes the writer when the one that is goes. */
  async #inherit(): Promise<void> {
    const lock = await waitForLock(this.#id, this.#end.signal);
    if (!lock) return;
    if (this.#end.signal.aborted) return lock.release();
    this.#lock = lock;
    await this.#inTurn(() => this.#backend.openForWriting());
    this.role = "writer";
    this.#tell("role");
  }

  async *read(): AsyncGenerator<Uint8Array> {
    yield* this.#backend.read();
  }

  async append(records: readonly Uint8Array[]): Promise<void> {
    this.#needWriter();
    await this.#inTurn(() => this.#backend.append(records.map(frame)));
    this.#channel?.postMessage("records" satisfies Change);
  }

  async replace(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    this.#needWriter();
    await this.#inTurn(() => this.#backend.replace(framed(records)));
    this.#channel?.postMessage("replaced" satisfies Change);
  }

  onChange(listener: (what: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async export(): Promise<Blob> {
    // By a reader of its own, from the beginning.
    const backend = await MEDIA[this.kind].open(this.name);
    try {
      const parts: Bytes[] = [head(true)];
      for await (const record of backend.read()) parts.push(frame(record));
      return new Blob(parts, { type: "application/octet-stream" });
    } finally {
      await backend.close();
    }
  }

  async close(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#channel?.close();
    await this.#last;
    await this.#backend.close();
    this.#lock?.release();
  }

  #needWriter(): void {
    if (this.#end.signal.aborted) throw new NearmissError("DISPOSED", `the store "${this.name}" is closed`);
    if (this.role !== "writer") throw invalid("storage", `another tab writes the store "${this.name}"`);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const own = before.then(work);
    this.#last = own.catch(() => {});
    try {
      return await own;
    } catch (error) {
      throw await quota(error);
    }
  }

  #tell(what: Change): void {
    for (const listener of this.#listeners) listener(what);
  }
}

async function* framed(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Bytes> {
  for await (const record of records) yield frame(record);
}

/** Bytes that the site uses and may use; null where the browser does not say. */
export async function estimate(): Promise<{ usage: number; quota: number } | null> {
  const { usage, quota } = (await globalThis.navigator?.storage?.estimate?.()) ?? {};
  return usage === undefined || quota === undefined ? null : { usage, quota };
}

async function quota(error: unknown): Promise<unknown> {
  if ((Object(error) as Error).name !== "QuotaExceededError") return error;
  const space = await estimate().catch(() => null);
  const used = space ? `: ${megabytes(space.usage)} of ${megabytes(space.quota)} MB are used` : "";
  return new NearmissError("STORAGE_QUOTA", `the browser's storage for this site is full${used}. Nothing of this was saved, what was there before is. Remove documents, or free space`, { cause: error });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
