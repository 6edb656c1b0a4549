/** One file of a model into memory, from a URL, a disk or a Blob, with its bytes counted on the way. */

import { aborted, NearmissError } from "./errors.js";
import { Place, type Kept } from "./loading/cache.js";
import { verify } from "./loading/digest.js";
import { Saving } from "./loading/saving.js";
import type { Bytes } from "./loading/sink.js";
import { absence, Transfer, type Absent, type TransferOptions } from "./loading/transfer.js";
import { alike, validators } from "./loading/validators.js";
import { readLocal } from "./platform.js";

export type { Bytes };

export interface FetchOptions extends TransferOptions {
  /** What the bytes must be, in hex. Then a cached file is used without asking the server whether it has another by now. */
  sha256?: string | undefined;
  /** False keeps no file and uses none that was kept. */
  cache?: boolean | undefined;
  /** A name of which only the newest copy is kept, where the same file comes from other addresses in the course of time. */
  only?: string | undefined;
  /** The folder of the model that the file is of. Default: the file's. */
  model?: URL | undefined;
}

/** Answers that mean that there is no such file any more, and nothing else. */
const GONE: ReadonlySet<number> = new Set([404, 410]);

/** So long a server may take to say whether it has another file by now, before the one at hand is used. */
const ASKING_MS = 3000;

/**
 * Reads a file of a model. In a browser it is kept in the Cache API: the next time the server is only asked whether it has
 * another one by now. Without an answer the kept one is used, as it is when the answer says nothing of the file and it cannot be fetched.
 *
 * @returns null when an optional file does not exist
 * @throws {NearmissError} `MODEL_INVALID` when a required file does not exist or is another than `sha256` says, `NETWORK` when it could
 *   not be read to its end
 */
export async function fetchFile(url: URL, optional: boolean, options: FetchOptions = {}): Promise<Bytes | null> {
  if (url.protocol === "file:") return fromDisk(url, optional, options);
  const caching = options.cache !== false && /^https?:$/.test(url.protocol);
  const place = caching ? new Place(url, (options.model ?? new URL(".", url)).href, options.only) : null;
  const kept = (await place?.read()) ?? null;
  if (options.signal?.aborted) throw aborted(options.signal);
  if (!kept || (kept.entry.absent && !optional)) return download(url, optional, options, place);
  const use = () => {
    if (kept.entry.absent) return null;
    options.onBytes?.(kept.bytes.length, kept.bytes.length);
    return kept.bytes;
  };
  const found = await compare(url, kept, options);
  if (found === "same") return use();
  try {
    return await download(url, optional, options, place);
  } catch (error) {
    if (found === "other" || options.signal?.aborted) throw error;
    return use();
  }
}

/** Bytes that are at hand already. */
export async function readBlob(blob: Blob, { signal, onBytes, sha256 }: FetchOptions = {}, name = "the file"): Promise<Bytes> {
  if (signal?.aborted) throw aborted(signal);
  onBytes?.(0, blob.size);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  await verify(bytes, sha256, name);
  onBytes?.(bytes.length, bytes.length);
  return bytes;
}

async function download(url: URL, optional: boolean, options: FetchOptions, place: Place | null): Promise<Bytes | null> {
  const begun = (await place?.begun()) ?? null;
  const saving = place && new Saving(place, begun);
  const keeping = saving && { onArrived: (...now: Arrived) => saving.arrived(...now), onRestart: () => void saving.forget() };
  // Who asks again because there is another version must not be given the old one by the browser's own cache.
  const transfer = new Transfer(url, { ...options, ...keeping, http: place ? "no-cache" : undefined }, begun);
  const result = await transfer.run().catch(async (error: unknown) => {
    if (saving) transfer.tell((...now) => saving.arrived(...now, true));
    await saving?.settled();
    throw error;
  });
  if ("absent" in result) {
    if (!optional) throw missing(url, result);
    await place?.write(new Uint8Array(0), { etag: null, modified: null, length: null }, true);
    return null;
  }
  try {
    await verify(result.bytes, options.sha256, url.href);
    const written = await place?.write(result.bytes, result.version);
    await saving?.forget();
    // The pieces may have taken the room.
    if (written === false) await place?.write(result.bytes, result.version);
    return result.bytes;
  } catch (error) {
    await saving?.forget();
    throw error;
  }
}

type Arrived = Parameters<NonNullable<TransferOptions["onArrived"]>>;

/**
 * Only an answer that says otherwise makes a kept file another one than the server has. `HEAD` needs no other origin's permission, as
 * `If-None-Match` would.
 *
 * @returns "unclear" for answers that speak of something else than the file: a refusal, the page of a network that wants a log-in
 */
async function compare(url: URL, { entry }: Kept, { sha256, signal }: FetchOptions): Promise<"same" | "other" | "unclear"> {
  if (sha256 !== undefined && !entry.absent) return entry.sha256 === sha256 ? "same" : "other";
  const limit = AbortSignal.timeout(ASKING_MS);
  let response: Response;
  try {
    response = await fetch(url, { method: "HEAD", cache: "no-cache", signal: signal ? AbortSignal.any([signal, limit]) : limit });
  } catch {
    if (signal?.aborted) throw aborted(signal);
    return "same";
  }
  const absent = absence(response);
  if (entry.absent) return absent || !response.ok ? "same" : "other";
  if (absent) return GONE.has(absent.status) ? "other" : "unclear";
  return !response.ok || alike(entry.version, validators(response)) ? "same" : "other";
}

async function fromDisk(url: URL, optional: boolean, { signal, onBytes, sha256 }: FetchOptions): Promise<Bytes | null> {
  let bytes: Bytes;
  try {
    bytes = await readLocal(url, signal);
  } catch (cause) {
    if (signal?.aborted) throw aborted(signal);
    if (cause instanceof NearmissError) throw cause;
    if (optional && isAbsent(cause)) return null;
    throw unreadableLocal(url, cause);
  }
  await verify(bytes, sha256, url.href);
  onBytes?.(bytes.length, bytes.length);
  return bytes;
}

const isAbsent = (cause: unknown) => ["ENOENT", "ENOTDIR"].includes((cause as { code?: string }).code ?? "");

/** What `node:fs` says of a model's file, as the error that a caller gets. */
export function unreadableLocal(url: URL, cause: unknown): NearmissError {
  return unreadable(url, isAbsent(cause) ? "there is no such file" : String((cause as { code?: string }).code ?? cause), cause);
}

function missing(url: URL, { status, reason }: Absent): NearmissError {
  if (status !== 403) return unreadable(url, reason);
  return new NearmissError("NETWORK", `${url.href} could not be read: ${reason}. Check the address and what the server asks for.`);
}

function unreadable(url: URL, reason: string, cause?: unknown): NearmissError {
  const layout = "A model is a folder with config.json, tokenizer.json and model.safetensors.";
  return new NearmissError("MODEL_INVALID", `${url.href} cannot be read: ${reason}. ${layout}`, { cause });
}
