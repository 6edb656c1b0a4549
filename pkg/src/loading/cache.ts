/** Model files that were loaded before, in the browser's Cache API: each under its URL, with its SHA-256 to notice damage by. */

import { sha256 } from "./digest.js";
import { Sink, type Bytes } from "./sink.js";
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
  /** Of the one file of this name, wherever it lay. */
  only?: string | undefined;
}

export type Kept = { entry: Entry; bytes: Bytes };

/** The parameter that makes addresses of a file's pieces out of its own: the cache has one entry an address. */
const FROM = "nearmiss-from";

/** What is known of a piece. */
interface Piece extends Validators {
  model: string;
  sha256: string;
  only?: string | undefined;
}

/** One file's place in the cache. Nothing here rejects: where the browser keeps nothing, nothing is kept. */
export class Place {
  readonly #url: string;
  readonly #model: string;
  readonly #only: string | undefined;

  /** @param only a name: when this file is kept, files of the same name from other addresses are dropped */
  constructor(url: URL, model: string, only?: string) {
    this.#url = url.href;
    this.#model = model;
    this.#only = only;
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

  /** @returns whether it is kept now */
  async write(bytes: Bytes, version: Validators, absent = false): Promise<boolean> {
    const written = await quietly(async () => {
      const cache = await open(WHOLE);
      const digest = cache && (await sha256(bytes));
      if (!cache || !digest) return false;
      const entry: Entry = { model: this.#model, version, sha256: digest, bytes: bytes.length, savedAt: Date.now(), absent, only: this.#only };
      await cache.put(this.#url, withHeader(bytes, entry));
      if (this.#only !== undefined) await this.#dropOthers();
      return true;
    });
    return written ?? false;
  }

  /** The beginning of a file whose transfer ended too soon: as many of its pieces as are there unharmed, of one version. */
  async begun(): Promise<Beginning | null> {
    return quietly(async () => {
      const cache = await open(BEGUN);
      const sink = new Sink();
      let version: Validators | null = null;
      for (const { from, request } of cache ? await this.#pieces(cache) : []) {
        const found = await cache?.match(request);
        const known = found && (parse(found) as Piece | null);
        if (!found || !known || from !== sink.length || (version && !same(version, known))) continue;
        const bytes = new Uint8Array(await found.arrayBuffer());
        if ((await sha256(bytes)) !== known.sha256) continue;
        if (!version) sink.restart(known.length);
        version ??= { etag: known.etag, modified: known.modified, length: known.length };
        sink.write(bytes);
      }
      return version && { bytes: sink.bytes(), ...version };
    });
  }

  async writePiece(from: number, bytes: Bytes, version: Validators): Promise<void> {
    await quietly(async () => {
      const digest = await sha256(bytes);
      if (!digest) return;
      const url = new URL(this.#url);
      url.searchParams.set(FROM, String(from));
      const piece: Piece = { ...version, model: this.#model, sha256: digest, only: this.#only };
      await (await open(BEGUN))?.put(url.href, withHeader(bytes, piece));
    });
  }

  async forgetPieces(): Promise<void> {
    await quietly(async () => {
      const cache = await open(BEGUN);
      for (const { request } of cache ? await this.#pieces(cache) : []) await cache?.delete(request);
    });
  }

  /** By where they begin. */
  async #pieces(cache: Cache): Promise<{ from: number; request: Request }[]> {
    const pieces = [];
    for (const request of await cache.keys()) {
      const url = new URL(request.url);
      const from = Number(url.searchParams.get(FROM) ?? Number.NaN);
      url.searchParams.delete(FROM);
      if (url.href === this.#plain() && Number.isSafeInteger(from)) pieces.push({ from, request });
    }
    return pieces.sort((a, b) => a.from - b.from);
  }

  async #dropOthers(): Promise<void> {
    for (const name of [WHOLE, BEGUN]) {
      const cache = await open(name);
      for (const request of (await cache?.keys()) ?? []) {
        const found = await cache?.match(request);
        const { only } = Object(found && parse(found)) as Partial<Entry>;
        if (only === this.#only && request.url.split("#")[0] !== this.#url.split("#")[0]) await cache?.delete(request);
      }
    }
  }

  /** As an address is written after a parameter was taken from it. */
  #plain(): string {
    const url = new URL(this.#url);
    url.searchParams.delete(FROM);
    url.hash = "";
    return url.href;
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

function same(a: Validators, b: Validators): boolean {
  return a.etag === b.etag && a.modified === b.modified && a.length === b.length;
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
