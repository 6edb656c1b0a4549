/**
 * A look into a zip archive before a library unpacks it: how much it would come to. A few kilobytes can unpack to gigabytes,
 * and the sizes that an archive states may be untrue, so that its entries are unpacked here, piece by piece, and dropped.
 *
 * APPNOTE.TXT 6.3: 4.3.7 local file header, 4.3.12 central directory, 4.3.16 its end.
 */

import { invalid } from "../errors.js";
import type { Pace } from "./pace.js";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** An archive may end with a comment, whose length takes two bytes. */
const LONGEST_COMMENT = 0xffff;

const STORED = 0;
const DEFLATED = 8;

/**
 * @param largest bytes that one entry, and all together, may unpack to
 * @throws {NearmissError} `INPUT_INVALID` for more than that, and for what is no plain zip archive
 */
export async function checkArchive(path: string, bytes: Uint8Array, largest: { part: number; all: number }, pace: Pace): Promise<void> {
  let total = 0;
  for (const { method, data } of entries(path, bytes)) {
    if (method !== STORED && method !== DEFLATED) throw damaged(path, `compression method ${method}`);
    const most = Math.min(largest.part, largest.all - total);
    const size = method === STORED ? data.length : await inflatedSize(path, data, most);
    if (size > most) throw invalid(path, `unpacks to too much: a part of more than ${shown(largest.part)} bytes, or ${shown(largest.all)} in all`);
    total += size;
    await pace();
  }
}

function* entries(path: string, bytes: Uint8Array): Generator<{ method: number; data: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(path, view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let seen = 0; seen < count; seen += 1) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== ENTRY) throw damaged(path, "its list of files is broken");
    const method = view.getUint16(at + 10, true);
    const size = view.getUint32(at + 20, true);
    const local = view.getUint32(at + 42, true);
    if (local + 30 > bytes.length || view.getUint32(local, true) !== LOCAL) throw damaged(path, "one of its files is not where it should be");
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + size > bytes.length) throw damaged(path, "it is cut short");
    yield { method, data: bytes.subarray(start, start + size) };
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
}

function findEnd(path: string, view: DataView): number {
  const least = Math.max(0, view.byteLength - 22 - LONGEST_COMMENT);
  for (let at = view.byteLength - 22; at >= least; at -= 1) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw damaged(path, "it is no zip archive, or it is cut short");
}

/** Stops as soon as it is too much. */
async function inflatedSize(path: string, data: Uint8Array, most: number): Promise<number> {
  const inflate = new DecompressionStream("deflate-raw");
  const writer = inflate.writable.getWriter();
  // Its failures come out at the other end as well.
  const written = writer.write(data as Uint8Array<ArrayBuffer>).then(() => writer.close()).catch(() => {});
  const reader = inflate.readable.getReader();
  let size = 0;
  try {
    for (let read = await reader.read(); !read.done && size <= most; read = await reader.read()) size += read.value.length;
    return size;
  } catch (cause) {
    throw damaged(path, "one of its files does not unpack", cause);
  } finally {
    await reader.cancel().catch(() => {});
    await written;
  }
}

function shown(bytes: number): string {
  return bytes.toLocaleString("en");
}

function damaged(path: string, reason: string, cause?: unknown): Error {
  return invalid(path, `is damaged, or no Word document: ${reason}`, cause);
}
