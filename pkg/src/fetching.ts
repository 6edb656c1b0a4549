/** One file into memory, from a URL, a disk or a Blob, with its bytes counted on the way. */

import { aborted, NearmissError } from "./errors.js";
import { readLocal } from "./platform.js";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface FetchOptions {
  signal?: AbortSignal | undefined;
  /** Called at the start, at most every 50 ms, and at the end; `total` is null when the server does not say. */
  onBytes?: ((loaded: number, total: number | null) => void) | undefined;
}

/** Time between two reports: often enough for a smooth bar, rare enough to cost nothing. */
const REPORT_EVERY_MS = 50;

/** Answers that mean "there is no such file". 403 is how a store without a list permission says so. */
const ABSENT = new Set([403, 404, 410]);

/**
 * Reads a file of a model.
 *
 * @returns null when an optional file does not exist
 * @throws {NearmissError} `MODEL_INVALID` when a required file does not exist, `NETWORK` when it could not be read to its end
 */
export async function fetchFile(url: URL, optional: boolean, options: FetchOptions = {}): Promise<Bytes | null> {
  if (url.protocol === "file:") return fromDisk(url, optional, options);
  const response = await request(url, options.signal);
  if (optional && ABSENT.has(response.status)) return null;
  if (response.status === 404 || response.status === 410) throw missing(url, `the server answered ${response.status}`);
  if (!response.ok) {
    throw new NearmissError("NETWORK", `${url.href} could not be read: the server answered ${response.status} ${response.statusText}`.trim());
  }
  // Servers of single-page applications answer every unknown path with their page.
  if (response.headers.get("content-type")?.startsWith("text/html")) {
    if (optional) return null;
    throw missing(url, `the server answered ${response.status} with a web page`);
  }
  return readBody(url, response, options);
}

/** Bytes that are at hand already. */
export async function readBlob(blob: Blob, { signal, onBytes }: FetchOptions = {}): Promise<Bytes> {
  if (signal?.aborted) throw aborted(signal);
  onBytes?.(0, blob.size);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  onBytes?.(bytes.length, bytes.length);
  return bytes;
}

async function request(url: URL, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    throw interrupted(url, "no answer (is the address right, the server up, and does it allow this origin?)", cause, signal);
  }
}

async function readBody(url: URL, response: Response, { signal, onBytes }: FetchOptions): Promise<Bytes> {
  const total = statedLength(response);
  const sink = new Sink(total);
  let reported = -Infinity;
  const report = () => onBytes?.(sink.length, total !== null && sink.length <= total ? total : null);
  report();
  try {
    for await (const chunk of chunks(response)) {
      sink.write(chunk);
      if (performance.now() - reported < REPORT_EVERY_MS) continue;
      reported = performance.now();
      report();
    }
  } catch (cause) {
    throw interrupted(url, `the transfer broke off after ${sink.length} bytes`, cause, signal);
  }
  if (signal?.aborted) throw aborted(signal);
  if (total !== null && sink.length < total) {
    throw new NearmissError("NETWORK", `${url.href} ended early: ${sink.length} of ${total} bytes. Try again.`);
  }
  onBytes?.(sink.length, sink.length);
  return sink.bytes();
}

/** Of the bytes as they will be read: under compression the header counts others, so it is of no use. */
function statedLength(response: Response): number | null {
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  return response.headers.has("content-encoding") || !Number.isSafeInteger(length) ? null : length;
}

/** Not `for await` over the body itself, which Safari's streams do not offer. */
async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    reader.releaseLock();
  }
}

/** Collects chunks in one buffer, which with a stated length is allocated once: weights are too large to hold twice. */
class Sink {
  length = 0;
  #buffer: Bytes;

  constructor(expected: number | null) {
    this.#buffer = new Uint8Array(expected ?? 1 << 16);
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

  bytes(): Bytes {
    return this.length === this.#buffer.length ? this.#buffer : this.#buffer.slice(0, this.length);
  }
}

async function fromDisk(url: URL, optional: boolean, { signal, onBytes }: FetchOptions): Promise<Bytes | null> {
  try {
    const bytes = await readLocal(url, signal);
    onBytes?.(bytes.length, bytes.length);
    return bytes;
  } catch (cause) {
    if (signal?.aborted) throw aborted(signal);
    if (cause instanceof NearmissError) throw cause;
    const code = (cause as { code?: string }).code;
    const absent = code === "ENOENT" || code === "ENOTDIR";
    if (optional && absent) return null;
    throw missing(url, absent ? "there is no such file" : String(code ?? cause), cause);
  }
}

function missing(url: URL, reason: string, cause?: unknown): NearmissError {
  const layout = "A model is a folder with config.json, tokenizer.json and model.safetensors.";
  return new NearmissError("MODEL_INVALID", `${url.href} cannot be read: ${reason}. ${layout}`, { cause });
}

function interrupted(url: URL, reason: string, cause: unknown, signal?: AbortSignal): NearmissError {
  return signal?.aborted ? aborted(signal) : new NearmissError("NETWORK", `${url.href} could not be read: ${reason}. Try again.`, { cause });
}
