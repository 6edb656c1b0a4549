/**
 * Files in the browser's private file system, under `nearmiss/<name>/`.
 *
 * Written through sync access handles, which only dedicated workers have: they append in place, and `flush` puts it on disk.
 * On a page's own thread there is only `createWritable`, which copies the whole file for every append and promises nothing about
 * the disk; IndexedDB is the better place there.
 */

import type { Folder, LogFile, Readable } from "./types.js";

const ROOT = "nearmiss";
/** A handle of a worker that has just died is given back a little later than its lock. Milliseconds, and how often. */
const RETRY = { wait: 20, attempts: 250 };

/** Declared here, as TypeScript knows it only among what workers have. The methods were asynchronous at first. */
interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  getSize(): number | Promise<number>;
  truncate(size: number): void | Promise<void>;
  flush(): void | Promise<void>;
  close(): void | Promise<void>;
}

type FileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

/** Whether this thread can write files in place; it may still be refused. */
export function hasSyncHandles(): boolean {
  return "createSyncAccessHandle" in (globalThis.FileSystemFileHandle?.prototype ?? {});
}

/** Rejects where the browser has no such file system, or refuses it, as some do in private windows. */
async function root(): Promise<FileSystemDirectoryHandle> {
  const top = await navigator.storage.getDirectory();
  return top.getDirectoryHandle(ROOT, { create: true });
}

export async function openFolder(name: string): Promise<Folder> {
  return new OpfsFolder(await (await root()).getDirectoryHandle(name, { create: true }));
}

/** To look at, without making it. `null`: there is none, or no such file system. */
export async function findFolder(name: string): Promise<Folder | null> {
  try {
    return new OpfsFolder(await (await root()).getDirectoryHandle(name));
  } catch {
    return null;
  }
}

/** Names of all stores here; none where there is no such file system. */
export async function folderNames(): Promise<string[]> {
  if (!globalThis.navigator?.storage?.getDirectory) return [];
  try {
    return await keys(await root());
  } catch {
    return [];
  }
}

export async function removeFolder(name: string): Promise<void> {
  const top = await root();
  await onceReleased(() => top.removeEntry(name, { recursive: true }));
}

/** Does it as soon as nobody else has the file any more. */
async function onceReleased<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (nameOf(error) !== "NoModificationAllowedError" || attempt === RETRY.attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY.wait));
    }
  }
}

async function keys(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const names = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}

class OpfsFolder implements Folder {
  #folder: FileSystemDirectoryHandle;

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  list(): Promise<string[]> {
    return keys(this.#folder);
  }

  async open(name: string): Promise<LogFile> {
    const file = (await this.#folder.getFileHandle(name, { create: true })) as FileHandle;
    return new OpfsFile(await onceReleased(() => file.createSyncAccessHandle()));
  }

  async view(name: string): Promise<Readable | null> {
    try {
      const handle = await this.#folder.getFileHandle(name);
      return new OpfsView(handle, await handle.getFile());
    } catch (error) {
      if (nameOf(error) === "NotFoundError") return null;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await this.#folder.removeEntry(name);
  }
}

class OpfsFile implements LogFile {
  #handle: SyncAccessHandle;

  constructor(handle: SyncAccessHandle) {
    this.#handle = handle;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, (await this.size()) - at)));
    return bytes.subarray(0, counted(this.#handle.read(bytes, { at }), bytes.length));
  }

  async size(): Promise<number> {
    return this.#handle.getSize();
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const written = counted(this.#handle.write(bytes.subarray(done), { at: at + done }), bytes.length - done);
      if (written === 0) throw full();
      done += written;
    }
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size);
    // Chromium says nothing when it could not.
    if ((await this.size()) !== size) throw full();
  }

  async flush(): Promise<void> {
    await this.#handle.flush();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** What Chromium gives as a count of bytes when it has no more room: FILE_ERROR_NO_SPACE, -8, taken for an unsigned number. */
const NO_SPACE = -8 >>> 0;

/**
 * The standard wants a QuotaExceededError where there is no room. Chromium (seen in 156) gives its own negative error number as
 * a count instead, which is more than was asked for; Firefox is reported to give how much it wrote, 0 in the end.
 */
function counted(count: number, asked: number): number {
  if (count === NO_SPACE) throw full();
  if (count > asked) throw new Error(`the browser's file system failed with error ${count | 0}`);
  return count;
}

function full(): DOMException {
  return new DOMException("nothing more can be written", "QuotaExceededError");
}

/** A `File` stops being readable when the file is written to; what is in a log stays where it is, so another one does as well. */
class OpfsView implements Readable {
  #handle: FileSystemFileHandle;
  #file: File;

  constructor(handle: FileSystemFileHandle, file: File) {
    this.#handle = handle;
    this.#file = file;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      try {
        return new Uint8Array(await this.#file.slice(at, at + length).arrayBuffer());
      } catch (error) {
        if (nameOf(error) !== "NotReadableError" || attempt === RETRY.attempts) throw error;
        this.#file = await this.#handle.getFile();
      }
    }
  }

  async size(): Promise<number> {
    return this.#file.size;
  }
}

function nameOf(error: unknown): unknown {
  return (Object(error) as { name?: unknown }).name;
}
