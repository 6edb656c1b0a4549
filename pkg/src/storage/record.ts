/** A record: its type, something that JSON can say, and parts that are bytes. */

import { corrupt } from "../errors.js";

export interface StoredRecord {
  type: string;
  data?: unknown;
  parts?: readonly Uint8Array[];
}

/** Four bytes for the length of the text that follows, then the parts, whose lengths stand in the text. */
export function encode({ type, data, parts = [] }: StoredRecord): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify({ type, data, parts: parts.map((part) => part.length) }));
  const bytes = new Uint8Array(4 + text.length + parts.reduce((sum, part) => sum + part.length, 0));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  let at = 4 + text.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @throws {NearmissError} `STORAGE_CORRUPT` */
export function decode(bytes: Uint8Array): { type: string; data: unknown; parts: Uint8Array[] } {
  const length = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (length < 0 || 4 + length > bytes.length) throw corrupt("a record is damaged: its length does not fit");
  const { type, data, parts } = Object(parse(bytes.subarray(4, 4 + length))) as { type?: unknown; data?: unknown; parts?: unknown };
  const lengths: unknown[] = Array.isArray(parts) ? parts : [];
  if (typeof type !== "string" || !lengths.every(isLength)) throw corrupt("a record is damaged: it names no type or no parts");
  let at = 4 + length;
  const found = lengths.map((size) => bytes.subarray(at, (at += size)));
  if (at !== bytes.length) throw corrupt("a record is damaged: its parts do not fill it");
  return { type, data, parts: found };
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parse(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (cause) {
    throw corrupt("a record is damaged: it is no JSON", cause);
  }
}
