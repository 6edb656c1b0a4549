/**
 * Stores as files of the site's own (origin private file system): a folder each, in it logs by generation. The newest that is complete
 * counts. Written through a synchronous handle, which only a dedicated worker has: other ways copy the whole file for each change.
 */

import { corrupt } from "../errors.js";
import type { Backend, Medium } from "./backend.js";
import { frames, HEAD, head, isComplete, type Bytes, type Source } from "./frames.js";

const ROOT = "nearmiss";
const LOG = /^log-(\d+)$/;
/** Another tab may write between finding a file and reading it. */
const ATTEMPTS = 5;

/** As in the standard; TypeScript's library for pages does not know what only workers have. */
interface SyncHandle {
  read(buffer: Uint8Array, options: { at: number }): number;
  write(buffer: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

type FileHandle = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncHandle> };

export const opfs: Medium = {
  async lacks() {
    const known = (globalThis as { FileSystemFileHandle?: { prototype: object } }).FileSystemFileHandle;
    if (!globalThis.navigator?.storage?.getDirectory || !known) return "This browser has no files of a site's own.";
    try {
      await root(true);
      return null;
    } catch (error) {
      return `The browser refuses files here (${(error as Error).name}), as in some private windows.`;
    }
  },
  async lacksAppending() {
    const lacks = await opfs.lacks();
    if (lacks !== null) return lacks;
    return "createSyncAccessHandle" in FileSystemFileHandle.prototype ? null : "A file can be written piece by piece only in a worker.";
  },
  open: async (name) => OpfsBackend.open(name),
  async list() {
    const folder = await root(false);
    const found: { name: string; bytes: number }[] = [];
    if (!folder) return found;
    for await (const entry of folder.values()) {
      if (entry.kind !== "directory") continue;
      const newest = await newestLog(entry as FileSystemDirectoryHandle).catch(() => null);
      found.push({ name: entry.name, bytes: newest?.size ?? 0 });
    }
    return found.filter(({ bytes }) => bytes > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  async replace(name, all) {
    const folder = await (await root(true)).getDirectoryHandle(name, { create: true });
    await writeGeneration(folder, (await latest(folder)) + 1, all);
  },
  async delete(name) {
    await (await root(false))?.removeEntry(name, { recursive: true }).catch(ignoreMissing);
  },
};

async function root(create: true): Promise<FileSystemDirectoryHandle>;
async function root(create: boolean): Promise<FileSystemDirectoryHandle | null>;
async function root(create: boolean): Promise<FileSystemDirectoryHandle | null> {
  const top = await navigator.storage.getDirectory();
  return top.getDirectoryHandle(ROOT, { create }).catch((error: unknown) => (create ? Promise.reject(error) : null));
}

function ignoreMissing(error: unknown): void {
  if ((error as Error).name !== "NotFoundError") throw error;
}

interface Log {
  generation: number;
  handle: FileHandle;
  size: number;
}

/** The newest complete log; null in an empty folder. @throws {NearmissError} `STORAGE_CORRUPT` where there are logs and none counts */
async function newestLog(folder: FileSystemDirectoryHandle): Promise<Log | null> {
  const logs: { generation: number; handle: FileHandle }[] = [];
  for await (const entry of folder.values()) {
    const generation = LOG.exec(entry.name)?.[1];
    if (generation && entry.kind === "file") logs.push({ generation: Number(generation), handle: entry as FileHandle });
  }
  logs.sort((a, b) => b.generation - a.generation);
  let problem: unknown = null;
  for (const log of logs) {
    const file = await log.handle.getFile();
    try {
      const bytes = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
      // A first log whose head was never finished: a tab died before anything was acknowledged.
      if (bytes.length >= HEAD && isComplete(bytes, folder.name)) return { ...log, size: file.size };
    } catch (error) {
      problem ??= error;
    }
  }
  if (problem) throw problem;
  return null;
}

class OpfsBackend implements Backend {
  readonly #folder: FileSystemDirectoryHandle;
  #log: Log | null;
  #writer: SyncHandle | null = null;
  /** Place in the log up to which records were read. */
  #at = HEAD;
  bytes: number;

  private constructor(folder: FileSystemDirectoryHandle, log: Log | null) {
    this.#folder = folder;
    this.#log = log;
    this.bytes = log?.size ?? 0;
  }

  static async open(name: string): Promise<OpfsBackend> {
    const folder = await (await root(true)).getDirectoryHandle(name, { create: true });
    return new OpfsBackend(folder, await newestLog(folder));
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const writer = this.#writer;
    if (!writer) await this.#look();
    if (!this.#log) return;
    const source: Source = writer ? { read: (at, length) => readFrom(writer, at, length) } : { read: (at, length) => this.#slice(at, length) };
    for await (const { record, next } of frames(source, this.#at, this.bytes, this.#folder.name)) {
      this.#at = next;
      yield record;
    }
  }

  /** Another tab may have written more, or another log. */
  async #look(): Promise<void> {
    const newest = await newestLog(this.#folder);
    if (newest?.generation !== this.#log?.generation) this.#at = HEAD;
    this.#log = newest;
    this.bytes = newest?.size ?? 0;
  }

  async #slice(at: number, length: number): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const file = await (this.#log as Log).handle.getFile();
        return new Uint8Array(await file.slice(at, at + length).arrayBuffer());
      } catch (error) {
        // What is read is a picture of the file at one moment; when that has passed, another is taken.
        if ((error as Error).name !== "NotReadableError" || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async openForWriting(): Promise<void> {
    await this.#look();
    this.#log ??= await this.#begin();
    const writer = (this.#writer = await handleOf(this.#log.handle));
    const end = writer.getSize();
    let whole = HEAD;
    const source: Source = { read: (at, length) => readFrom(writer, at, length) };
    for await (const { next } of frames(source, HEAD, end, this.#folder.name)) whole = next;
    if (whole < end) {
      writer.truncate(whole);
      writer.flush();
    }
    this.bytes = whole;
    await deleteOthers(this.#folder, this.#log.generation);
  }

  async #begin(): Promise<Log> {
    const handle: FileHandle = await this.#folder.getFileHandle("log-1", { create: true });
    const writer = await handleOf(handle);
    try {
      put(writer, head(true), 0);
      writer.flush();
    } finally {
      writer.close();
    }
    return { generation: 1, handle, size: HEAD };
  }

  async append(all: readonly Bytes[]): Promise<void> {
    const writer = this.#writing();
    const before = this.bytes;
    let at = before;
    try {
      for (const bytes of all) at = put(writer, bytes, at);
      writer.flush();
    } catch (error) {
      writer.truncate(before);
      writer.flush();
      throw error;
    }
    this.bytes = this.#at = at;
  }

  async replace(all: AsyncIterable<Bytes>): Promise<void> {
    const old = this.#writing();
    const log = await writeGeneration(this.#folder, (this.#log?.generation ?? 0) + 1, all);
    this.#writer = await handleOf(log.handle);
    old.close();
    this.#log = log;
    this.bytes = this.#at = log.size;
    await deleteOthers(this.#folder, log.generation);
  }

  #writing(): SyncHandle {
    if (!this.#writer) throw corrupt("the store is not open for writing");
    return this.#writer;
  }

  async close(): Promise<void> {
    this.#writer?.close();
    this.#writer = null;
  }
}

async function handleOf(handle: FileHandle): Promise<SyncHandle> {
  if (!handle.createSyncAccessHandle) throw corrupt("files can be written only in a worker");
  return handle.createSyncAccessHandle();
}

/** A whole log, which counts only when all of it is on disk: until then, and after a crash, the one before does. */
async function writeGeneration(folder: FileSystemDirectoryHandle, generation: number, all: AsyncIterable<Bytes>): Promise<Log> {
  const name = `log-${generation}`;
  const handle: FileHandle = await folder.getFileHandle(name, { create: true });
  try {
    const size = handle.createSyncAccessHandle ? await writeInPlace(await handle.createSyncAccessHandle(), all) : await writeAside(handle, all);
    return { generation, handle, size };
  } catch (error) {
    await folder.removeEntry(name).catch(ignoreMissing);
    throw error;
  }
}

async function writeInPlace(writer: SyncHandle, all: AsyncIterable<Bytes>): Promise<number> {
  let at = HEAD;
  try {
    writer.truncate(0);
    put(writer, head(false), 0);
    for await (const bytes of all) at = put(writer, bytes, at);
    writer.flush();
    // From here on it counts.
    put(writer, head(true), 0);
    writer.flush();
    return at;
  } finally {
    writer.close();
  }
}

/** The browser itself puts what was written into place when it is closed. */
async function writeAside(handle: FileHandle, all: AsyncIterable<Bytes>): Promise<number> {
  const writer = await handle.createWritable();
  let at = HEAD;
  try {
    await writer.write(head(true));
    for await (const bytes of all) {
      await writer.write(bytes);
      at += bytes.length;
    }
    await writer.close();
    return at;
  } catch (error) {
    await writer.abort().catch(() => {});
    throw error;
  }
}

async function latest(folder: FileSystemDirectoryHandle): Promise<number> {
  let found = 0;
  for await (const name of folder.keys()) found = Math.max(found, Number(LOG.exec(name)?.[1] ?? 0));
  return found;
}

async function deleteOthers(folder: FileSystemDirectoryHandle, generation: number): Promise<void> {
  const names: string[] = [];
  for await (const name of folder.keys()) if (LOG.test(name) && name !== `log-${generation}`) names.push(name);
  // One that another tab is reading goes the next time.
  for (const name of names) await folder.removeEntry(name).catch(() => {});
}

/** @returns the place behind it */
function put(writer: SyncHandle, bytes: Uint8Array, at: number): number {
  const written = writer.write(bytes, { at });
  if (written < bytes.length) throw new DOMException("the file could not be written to its end", "QuotaExceededError");
  return at + bytes.length;
}

function readFrom(writer: SyncHandle, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, writer.read(bytes, { at }));
}
