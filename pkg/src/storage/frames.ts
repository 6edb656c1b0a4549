/**
 * A log as bytes: a head, then frames one after another. Each frame begins with the length and the checksum of its record, and a checksum
 * of those two: a record is whole or not there, and what is damaged is told from what was never finished.
 */

import { corrupt } from "../errors.js";
import { crc32 } from "./crc.js";

const MAGIC = new TextEncoder().encode("nearmiss");
const VERSION = 1;
/** Magic, version, and whether all that the log began with has been written. */
export const HEAD = 16;
/** Length, checksum, checksum of both. */
export const FRAME = 12;
/** Bytes that are read together. */
const WINDOW = 4 << 20;

export type Bytes = Uint8Array<ArrayBuffer>;

/** @param complete a log that is still being written in the place of another does not count yet */
export function head(complete: boolean): Bytes {
  const bytes = new Uint8Array(HEAD);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, complete ? 1 : 0, true);
  return bytes;
}

/** Does this log count? @throws {NearmissError} `STORAGE_CORRUPT` for what is no log, or one of a later version */
export function isComplete(bytes: Uint8Array, name: string): boolean {
  if (bytes.length < HEAD || MAGIC.some((byte, at) => bytes[at] !== byte)) throw corrupt(`${name} is no store of nearmiss`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw corrupt(`${name} has version ${version}, and this release knows ${VERSION}: update nearmiss`);
  return view.getUint32(12, true) === 1;
}

/** A record with its length and checksum before it. */
export function frame(record: Uint8Array): Bytes {
  const bytes = new Uint8Array(FRAME + record.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, record.length, true);
  view.setUint32(4, crc32(record), true);
  view.setUint32(8, crc32(bytes.subarray(0, 8)), true);
  bytes.set(record, FRAME);
  return bytes;
}

/** The record of one frame that stands alone. @throws {NearmissError} `STORAGE_CORRUPT` */
export function unframe(bytes: Uint8Array, place: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const record = bytes.subarray(FRAME);
  if (bytes.length < FRAME || view.getUint32(0, true) !== record.length || view.getUint32(4, true) !== crc32(record)) {
    throw corrupt(`${place} is damaged: its checksum does not fit`);
  }
  return record;
}

/** Something that bytes are read from, by place. Fewer than asked for mean its end. */
export interface Source {
  read(at: number, length: number): Promise<Uint8Array> | Uint8Array;
}

/**
 * The records from a place on, each with the place behind it. Ends quietly before a last frame that is not whole: a tab died while it
 * wrote that, and nobody was told that it was written.
 *
 * @throws {NearmissError} `STORAGE_CORRUPT` for a frame with others behind it whose checksum does not fit
 */
export async function* frames(source: Source, from: number, end: number, name: string): AsyncGenerator<{ record: Uint8Array; next: number }> {
  let [at, window, start] = [from, new Uint8Array(0) as Uint8Array, from];
  const take = async (length: number): Promise<Uint8Array> => {
    if (at + length > start + window.length) {
      window = await source.read(at, Math.min(Math.max(length, WINDOW), end - at));
      start = at;
    }
    return window.subarray(at - start, at - start + length);
  };
  while (end - at >= FRAME) {
    const prefix = await take(FRAME);
    if (prefix.length < FRAME) return;
    const view = new DataView(prefix.buffer, prefix.byteOffset, FRAME);
    const [length, crc] = [view.getUint32(0, true), view.getUint32(4, true)];
    const place = at;
    if (view.getUint32(8, true) !== crc32(prefix.subarray(0, 8))) {
      // Room that was allotted and never filled is no damage.
      if (prefix.every((byte) => byte === 0)) return;
      throw damaged(name, place);
    }
    const next = at + FRAME + length;
    if (next > end) return;
    at += FRAME;
    const record = await take(length);
    if (record.length < length) return;
    if (crc32(record) !== crc) {
      if (next === end) return;
      throw damaged(name, place);
    }
    at = next;
    yield { record: record.slice(), next };
  }
}

function damaged(name: string, place: number): Error {
  return corrupt(`${name} is damaged at byte ${place}: a checksum does not fit. What stands before it can be saved with stores.repair`);
}
