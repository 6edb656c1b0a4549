/**
 * A record as bytes: what JSON can hold, and beside it the content of typed arrays as it is.
 *
 *     length of the JSON u32 | {"type": …, "data": …, "parts": [length, …]} in UTF-8 | parts
 */

import { invalid, NearmissError } from "../errors.js";
import { show } from "../checks.js";

export interface StoredRecord {
  type: string;
  /** Comes back as JSON keeps it: without what is undefined, NaN as null. Itself undefined, it stays so. */
  data?: unknown;
  parts?: Uint8Array[];
}

/** @throws {NearmissError} `INPUT_INVALID` for what JSON cannot hold */
export function encode({ type, data, parts = [] }: StoredRecord): Uint8Array {
  if (typeof type !== "string") throw invalid("record.type", `must be a string, not ${show(type)}`);
  parts.forEach((part, i) => {
    if (!(part instanceof Uint8Array)) throw invalid(`record.parts[${i}]`, `must be a Uint8Array, not ${show(part)}`);
  });
  const json = new TextEncoder().encode(stringify({ type, data, parts: parts.map((part) => part.length) }));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 4 + json.length));
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  let at = 4 + json.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw invalid("record.data", "must be something that JSON can hold", cause);
  }
}

/**
 * Each part begins its own buffer, so that `new Float32Array(part.buffer)` works.
 *
 * @throws {NearmissError} `STORAGE_CORRUPT`, and nothing else whatever the bytes
 */
export function decode(bytes: Uint8Array): StoredRecord & { parts: Uint8Array[] } {
  if (bytes.length < 4) throw corrupt("it is shorter than 4 bytes");
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  if (length > bytes.length - 4) throw corrupt("its JSON is cut off");
  const { type, data, parts } = parse(bytes.subarray(4, 4 + length));
  if (typeof type !== "string" || !isLengths(parts)) throw corrupt("it has no type, or no list of parts");
  if (parts.reduce((sum, part) => sum + part, 4 + length) !== bytes.length) throw corrupt("its parts are longer or shorter than it says");
  let at = 4 + length;
  return { type, data, parts: parts.map((part) => Uint8Array.prototype.slice.call(bytes, at, (at += part))) };
}

function parse(json: Uint8Array): Partial<Record<"type" | "data" | "parts", unknown>> {
  try {
    return Object(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json)));
  } catch (cause) {
    throw corrupt("its JSON cannot be read", cause);
  }
}

function isLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);
}

function corrupt(reason: string, cause?: unknown): NearmissError {
  return new NearmissError("STORAGE_CORRUPT", `a stored record is damaged: ${reason}`, { cause });
}
