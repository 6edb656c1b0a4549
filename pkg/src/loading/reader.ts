/** Files that are read where they lie, piece by piece, so that a model is in memory once and not twice. */

import type * as Fs from "node:fs";
import { builtin } from "../platform.js";

/** Of workers alone. */
declare const FileReaderSync: (new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer }) | undefined;

/** The bytes of a file, none of which are kept. */
export interface ByteReader {
  readonly length: number;
  /** @throws whatever keeps the file from being read */
  read(at: number, length: number): Uint8Array;
  close(): void;
}

/** Whether `readerOf` can read it: Blobs in a worker, as only workers may wait for their bytes, and files in Node. */
export function isReadable(from: unknown): from is Blob | URL {
  if (from instanceof Blob) return typeof FileReaderSync === "function";
  return from instanceof URL && from.protocol === "file:" && builtin("node:fs") !== undefined;
}

/** @throws as `node:fs` does */
export function readerOf(from: Blob | URL): ByteReader {
  return from instanceof Blob ? ofBlob(from) : ofFile(from);
}

function ofBlob(blob: Blob): ByteReader {
  const reader = new (FileReaderSync as NonNullable<typeof FileReaderSync>)();
  return {
    length: blob.size,
    read: (at, length) => new Uint8Array(reader.readAsArrayBuffer(blob.slice(at, at + length))),
    close() {},
  };
}

function ofFile(url: URL): ByteReader {
  const fs = builtin("node:fs") as typeof Fs;
  const file = fs.openSync(url, "r");
  const stat = fs.fstatSync(file);
  if (!stat.isFile()) {
    fs.closeSync(file);
    throw Object.assign(new Error(`${url.href} is no file`), { code: "EISDIR" });
  }
  return {
    length: stat.size,
    read(at, length) {
      const bytes = new Uint8Array(length);
      let read = 0;
      while (read < length) {
        const count = fs.readSync(file, bytes, read, length - read, at + read);
        if (count === 0) break;
        read += count;
      }
      return bytes.subarray(0, read);
    },
    close: () => fs.closeSync(file),
  };
}
