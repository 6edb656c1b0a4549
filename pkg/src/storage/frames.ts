/**
 * Records as bytes in a log file:
 *
 *     header  "NEARMISS" | version u32 | length of the finished log u64 | 0 u32 | CRC-32 of these 24 bytes | 0 0 0 | 0xED
 *     frame   length u32 | flags u32 | CRC-32 of the payload | CRC-32 of these 12 bytes and of the place | payload | 0xED
 *
 * Numbers are little-endian. The last byte of the header is written after all else is on disk, and is 0 until then: one byte is
 * never written in part. The length of a frame has a checksum of its own: a damaged length must not make the rest of the file look like
 * an unfinished tail. The place (offset of the frame in its file) is in the checksum, so a frame counts nowhere else. The last
 * byte of a frame is never 0: a file that was made longer but never filled, which a power cut can leave, ends in zeros.
 */

import { NearmissError } from "../errors.js";
import { crc32 } from "./crc32.js";
import type { LogFile, Readable } from "./types.js";

export const HEADER = 32;
const MAGIC = new TextEncoder().encode("NEARMISS");
const VERSION = 1;
const FRONT = 16;
const OVERHEAD = FRONT + 1;
const END_MARK = 0xed;
/** Flag: the next frame belongs to the same append. */
const MORE = 1;
/** Bytes of payload. A length in a file is a u32; this stays well below what engines can allocate at once. */
export const LONGEST = 2 ** 30;
/** Bytes read or written at once: small records cost one call to the file system per MiB rather than one each. */
const WINDOW = 2 ** 20;

/** What stands in a frame: bytes of the payload, and whether the next frame belongs to the same append. */
interface Front {
  length: number;
  more: boolean;
  checksum: number;
}

export function frameSize(record: Uint8Array): number {
  return record.length + OVERHEAD;
}

export function encodeFrame(record: Uint8Array, place: number, more = false): Uint8Array {
  const frame = new Uint8Array(frameSize(record));
  const view = new DataView(frame.buffer);
  view.setUint32(0, record.length, true);
  view.setUint32(4, more ? MORE : 0, true);
  view.setUint32(8, crc32(record), true);
  view.setUint32(12, frontChecksum(frame, place), true);
  frame.set(record, FRONT);
  frame[frame.length - 1] = END_MARK;
  return frame;
}

/** The payload of a frame that stands by itself, or `null` if it is damaged or of another place. */
export function decodeFrame(frame: Uint8Array, place: number): Uint8Array | null {
  const front = decodeFront(frame, place);
  return front && frame.length === front.length + OVERHEAD ? payloadOf(frame, front) : null;
}

function decodeFront(bytes: Uint8Array, place: number): Front | null {
  if (bytes.length < FRONT) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRONT);
  if (view.getUint32(12, true) !== frontChecksum(bytes, place)) return null;
  const flags = view.getUint32(4, true);
  const length = view.getUint32(0, true);
  return flags > MORE || length > LONGEST ? null : { length, more: flags === MORE, checksum: view.getUint32(8, true) };
}

function payloadOf(frame: Uint8Array, { length, checksum }: Front): Uint8Array | null {
  const payload = frame.subarray(FRONT, FRONT + length);
  return frame[FRONT + length] === END_MARK && crc32(payload) === checksum ? payload : null;
}

function frontChecksum(frame: Uint8Array, place: number): number {
  const where = new DataView(new ArrayBuffer(8));
  where.setBigUint64(0, BigInt(place), true);
  return crc32(new Uint8Array(where.buffer), crc32(frame.subarray(0, 12)));
}

/** @param length of the file when it was finished, header and all; it may grow afterwards, and never be shorter */
export function encodeHeader(length: number): Uint8Array {
  const header = new Uint8Array(HEADER);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setBigUint64(12, BigInt(length), true);
  view.setUint32(24, crc32(header.subarray(0, 24)), true);
  header[HEADER - 1] = END_MARK;
  return header;
}

export type HeaderState = { state: "finished"; length: number } | { state: "unfinished" } | { state: "damaged" };

/** @throws {NearmissError} `STORAGE_CORRUPT` for a version that is newer than this code */
export function decodeHeader(bytes: Uint8Array, place: string): HeaderState {
  if (bytes.length < HEADER) return { state: bytes.every((byte) => byte === 0) ? "unfinished" : "damaged" };
  if (bytes[HEADER - 1] === 0) return { state: "unfinished" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const whole = view.getUint32(24, true) === crc32(bytes.subarray(0, 24)) && MAGIC.every((byte, i) => bytes[i] === byte);
  if (!whole || view.getUint32(28, true) !== (END_MARK << 24) >>> 0) return { state: "damaged" };
  const version = view.getUint32(8, true);
  if (version > VERSION) throw newer(place, version, VERSION);
  return { state: "finished", length: Number(view.getBigUint64(12, true)) };
}

export function newer(place: string, version: number, known: number): NearmissError {
  const message = `${place} was written by a newer version (format ${version}, this one knows ${known}): update, nothing was changed`;
  return new NearmissError("STORAGE_CORRUPT", message);
}

/** How the frames of a file end. `end`: behind the last append that is whole; `at`: of the frame that is not. */
export interface Scan {
  end: number;
  state: "whole" | "torn" | "damaged";
  at: number;
}

/** Checks every frame from `from`, the place of one, to `size`. */
export async function scan(file: Readable, from: number, size: number): Promise<Scan> {
  let end = from;
  let at = from;
  for await (const frame of frames(file, from, size)) {
    at = frame.next;
    if (!frame.more) end = at;
  }
  if (end === size) return { end, state: "whole", at };
  return { end, state: at === size || (await isTorn(file, at, size)) ? "torn" : "damaged", at };
}

/** Payloads as views that hold until the next step. Stops before the first frame that is not whole. */
export async function* frames(file: Readable, from: number, size: number): AsyncGenerator<{ payload: Uint8Array; more: boolean; next: number }> {
  let window = new Uint8Array(0);
  let begin = from;
  const bytes = async (at: number, length: number) => {
    if (at + length > begin + window.length) {
      window = Uint8Array.prototype.slice.call(await file.read(at, Math.min(Math.max(length, WINDOW), size - at)));
      begin = at;
    }
    return window.subarray(at - begin, at - begin + length);
  };
  for (let at = from; at + OVERHEAD <= size; ) {
    const front = decodeFront(await bytes(at, FRONT), at);
    const next = at + (front?.length ?? 0) + OVERHEAD;
    if (!front || next > size) return;
    const payload = payloadOf(await bytes(at, next - at), front);
    if (!payload) return;
    yield { payload, more: front.more, next };
    at = next;
  }
}

/** Is what begins at `at` an append that a crash cut off, rather than damage to one that was finished? */
async function isTorn(file: Readable, at: number, size: number): Promise<boolean> {
  if (size - at < FRONT) return true;
  const front = decodeFront(await file.read(at, FRONT), at);
  if (front && at + front.length + OVERHEAD > size) return true;
  const [last] = await file.read(size - 1, 1);
  return last === 0 && !(await standsLater(file, at + 1, size));
}

/** Does any frame begin at `from` or later? Slow, byte by byte, and only asked where something is wrong. */
async function standsLater(file: Readable, from: number, size: number): Promise<boolean> {
  for (let at = from; at + FRONT <= size; at += WINDOW) {
    const bytes = await file.read(at, WINDOW + FRONT - 1);
    for (let i = 0; i + FRONT <= bytes.length && i < WINDOW; i++) if (decodeFront(bytes.subarray(i), at + i)) return true;
  }
  return false;
}

/** One after the other from `at` on, many in one write. `together`: as one append. Gives the place behind them. */
export async function writeFrames(
  file: LogFile,
  at: number,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  together: boolean,
): Promise<number> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  const send = async () => {
    await file.write(at, concat(waiting, size));
    at += size;
    [waiting, size] = [[], 0];
  };
  const last = together && Array.isArray(records) ? records.length - 1 : -1;
  let index = 0;
  for await (const record of records) {
    waiting.push(encodeFrame(record, at + size, index < last));
    size += frameSize(record);
    index++;
    if (size >= WINDOW) await send();
  }
  if (size) await send();
  return at;
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
