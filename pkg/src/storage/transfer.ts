/** A whole store as one file, which is a finished log: to keep elsewhere, to take to another machine. */

import { aborted, NearmissError } from "../errors.js";
import { decodeHeader, encodeFrame, encodeHeader, frames, HEADER, scan } from "./frames.js";
import type { Readable, Store } from "./types.js";

/** What is put together before the browser is given it, bytes; it may keep blobs on disk. */
const PIECE = 8 * 2 ** 20;

/** Everything that stands in the store now. @throws {NearmissError} `STORAGE_CORRUPT` rather than a file with a hole */
export async function exportStore(store: Store, { signal }: { signal?: AbortSignal } = {}): Promise<Blob> {
  const pieces: Blob[] = [];
  let waiting: BlobPart[] = [];
  let [end, size] = [HEADER, 0];
  for await (const record of store.all()) {
    if (signal?.aborted) throw aborted(signal);
    const frame = encodeFrame(record, end) as Uint8Array<ArrayBuffer>;
    waiting.push(frame);
    end += frame.length;
    size += frame.length;
    if (size < PIECE) continue;
    pieces.push(new Blob(waiting));
    [waiting, size] = [[], 0];
  }
  const header = encodeHeader(end) as Uint8Array<ArrayBuffer>;
  return new Blob([header, ...pieces, ...waiting], { type: "application/octet-stream" });
}

/**
 * Puts what a file holds in the place of everything in the store. Checks all of it first: all or nothing.
 *
 * @throws {NearmissError} `STORAGE_CORRUPT` when the file is damaged, cut short or none of ours; else as `replace` does
 */
export async function importStore(store: Store, file: Blob, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  const source = readable(file);
  const header = decodeHeader(await source.read(0, HEADER), "the file");
  if (header.state !== "finished") throw corrupt("it is not a file that storage.export wrote; choose one that is");
  if (header.length !== file.size) throw corrupt(`it should have ${header.length} bytes and has ${file.size}`);
  const { state, at } = await scan(source, HEADER, file.size);
  if (state !== "whole") throw corrupt(`what stands at byte ${at} cannot be read`);
  await store.replace(records(source, file.size, signal));
}

async function* records(file: Readable, size: number, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  let at = HEADER;
  for await (const { payload, next } of frames(file, HEADER, size)) {
    if (signal?.aborted) throw aborted(signal);
    at = next;
    yield payload;
  }
  if (at !== size) throw corrupt("it changed while it was read");
}

function readable(file: Blob): Readable {
  return {
    read: async (at, length) => new Uint8Array(await file.slice(at, at + length).arrayBuffer()),
    size: async () => file.size,
  };
}

function corrupt(reason: string): NearmissError {
  return new NearmissError("STORAGE_CORRUPT", `the file cannot be imported: ${reason}. The store is as it was`);
}
