/** Model files that were loaded before, in the browser's Cache API: each under its URL, with its SHA-256 to notice damage by. */

import { sha256 } from "./digest.js";
import type { Bytes } from "./sink.js";
import type { Beginning } from "./transfer.js";
import type { Validators } from "./validators.js";

/** Under these names they stand in the developer tools; both are this site's own. */
const WHOLE = "nearmiss-models";
const BEGUN = "nearmiss-models-begun";

/** The header that holds what is known of an entry, as JSON. */
const HEADER = "x-nearmiss";

/** What is known of a file. */
export interface Entry {
  /** The model's folder, ending in a slash. */
  model: string;
  version: Validators;
  /** Of the whole file. */
  sha256: string;
  bytes: number;
  /** Milliseconds since 1970. */
  savedAt: number;
  /** An optional file that the model does not have: known, so that it need not be asked for without a network. */
  absent: boolean;
}

export type Kept = { entry: Entry; bytes: Bytes };

/** One file's place in the cache. Nothing here rejects: where the browser keeps nothing, nothing is kept. */
export class Place {
  readonly #url: string;
  readonly #model: string;

  constructor(url: URL, model: string) {
    this.#url = url.href;
    this.#model = model;
  }

  /** The file, if it is there unharmed. A damaged one is removed. */
  async read(): Promise<Kept | null> {
    return quietly(async () => {
      const found = await (await open(WHOLE))?.match(this.#url);
      if (!found) return null;
      const entry = entryOf(found);
      const bytes = new Uint8Array(await found.arrayBuffer());
      if (entry && bytes.length === entry.bytes && (await sha256(bytes)) === entry.sha256) return { entry, bytes };
      await this.remove();
      return null;
    });
  }

  async write(bytes: Bytes, version: Validators, absent = false): Promise<void> {
    await quietly(async () => {
      const cache = await open(WHOLE);
      const digest = cache && (await sha256(bytes));
      if (!cache || !digest) return;
      const entry: Entry = { model: this.#model, version, sha256: digest, bytes: bytes.length, savedAt: Date.now(), absent };
      await cache.put(this.#url, withHeader(bytes, entry));
    });
  }

  /** Takes out the beginning of a file whose transfer failed: should it turn out to be of no use, it must not come up again. */
  async begun(): Promise<Beginning | null> {
    return quietly(async () => {
      const cache = await open(BEGUN);
      const found = await cache?.match(this.#url);
      await cache?.delete(this.#url);
      const known = found && (parse(found) as (Validators & { model: string; sha256: string }) | null);
      if (!known) return null;
      const bytes = new Uint8Array(await found.arrayBuffer());
      const { etag, modified, length, sha256: expected } = known;
      return (await sha256(bytes)) === expected ? { bytes, etag, modified, length } : null;
    });
  }

  async writeBegun({ bytes, ...version }: Beginning): Promise<void> {
    await quietly(async () => {
      const digest = await sha256(bytes);
      if (digest) await (await open(BEGUN))?.put(this.#url, withHeader(bytes, { ...version, model: this.#model, sha256: digest }));
    });
  }

  async remove(): Promise<void> {
    await quietly(async () => (await open(WHOLE))?.delete(this.#url));
  }
}

/** Everything that is kept, by URL, beginnings included. */
export async function entries(): Promise<{ model: string; bytes: number; savedAt: number | null; remove: () => Promise<unknown> }[]> {
  const all = [];
  for (const name of [WHOLE, BEGUN]) {
    const cache = await quietly(() => open(name));
    for (const request of (await cache?.keys()) ?? []) {
      const found = await cache?.match(request);
      if (!cache || !found) continue;
      const entry = name === WHOLE ? entryOf(found) : null;
      const model = entry?.model ?? (parse(found) as { model?: string } | null)?.model ?? new URL(".", request.url).href;
      const bytes = entry?.bytes ?? (await found.blob()).size;
      all.push({ model, bytes, savedAt: entry?.savedAt ?? null, remove: () => cache.delete(request) });
    }
  }
  return all;
}

/** Null in Node, on pages that are no secure context, and where the browser's settings forbid it. */
async function open(name: string): Promise<Cache | null> {
  return (await (globalThis.caches as CacheStorage | undefined)?.open(name)) ?? null;
}

/** Keeping a file is a convenience: a full or forbidden cache must not keep a model from being used. */
async function quietly<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch {
    return null;
  }
}

function withHeader(bytes: Bytes, known: object): Response {
  // Names in an address may hold any character, a header only some.
  return new Response(bytes, { headers: { [HEADER]: encodeURIComponent(JSON.stringify(known)) } });
}

function parse(response: Response): unknown {
  try {
    return JSON.parse(decodeURIComponent(response.headers.get(HEADER) ?? "null"));
  } catch {
    return null;
  }
}

function entryOf(response: Response): Entry | null {
  const entry = parse(response) as Partial<Entry> | null;
  return entry && typeof entry.sha256 === "string" && typeof entry.bytes === "number" && entry.version ? (entry as Entry) : null;
}
