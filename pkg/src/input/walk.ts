/** What a person handed over, as a list of files. Folders are walked while their first files are being read already. */

import * as check from "../checks.js";
import { invalid } from "../errors.js";
import type { FileInput } from "../types.js";
import { contentId } from "../sources.js";

export interface Entry {
  path: string;
  /** @throws whatever the browser does when a file has gone, or may not be read */
  open(): Promise<Blob | Uint8Array>;
}

/** Folders within each other; a link that leads upwards would have no end. */
const DEEPEST = 64;

/** Grows while folders are walked. */
export class Listing {
  readonly #entries: Entry[] = [];
  #walked = false;
  #wake = () => {};

  constructor(inputs: readonly FileInput[], signal?: AbortSignal) {
    void this.#walkAll(inputs, signal);
  }

  /** Null while folders are still being walked. */
  get total(): number | null {
    return this.#walked ? this.#entries.length : null;
  }

  /** The entry at this place, once it is known; undefined behind the last one. */
  async at(place: number): Promise<Entry | undefined> {
    while (place >= this.#entries.length && !this.#walked) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#entries[place];
  }

  async #walkAll(inputs: readonly FileInput[], signal?: AbortSignal): Promise<void> {
    for (const input of inputs) {
      if (signal?.aborted) break;
      if (isFolder(input)) await this.#walk(input, input.name, 0, signal);
      else this.#put(await entryOf(input));
    }
    this.#walked = true;
    this.#wake();
  }

  /** By name, so that the order is the same each time. What cannot be walked becomes an entry that says so. */
  async #walk(folder: FileSystemDirectoryHandle, path: string, depth: number, signal?: AbortSignal): Promise<void> {
    try {
      if (depth > DEEPEST) throw invalid(path, `lies more than ${DEEPEST} folders deep`);
      const children: FileSystemHandle[] = [];
      for await (const child of folder.values()) if (!child.name.startsWith(".")) children.push(child);
      children.sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const child of children) {
        if (signal?.aborted) return;
        const below = path === "" ? child.name : `${path}/${child.name}`;
        if (isFolder(child)) await this.#walk(child, below, depth + 1, signal);
        else this.#put({ path: below, open: () => (child as FileSystemFileHandle).getFile() });
      }
    } catch (error) {
      this.#put({ path: path || folder.name, open: () => Promise.reject(error) });
    }
  }

  #put(entry: Entry): void {
    this.#entries.push(entry);
    this.#wake();
  }
}

async function entryOf(input: Exclude<FileInput, FileSystemDirectoryHandle>): Promise<Entry> {
  if (input instanceof Blob) return { path: await pathOf(input), open: async () => input };
  if ("kind" in input) return { path: input.name, open: () => input.getFile() };
  return { path: input.path, open: async () => input.bytes };
}

/** A bare Blob has no name, so the same content gets the same path. */
async function pathOf(blob: Blob): Promise<string> {
  const { name = "", webkitRelativePath = "" } = blob as Partial<File>;
  try {
    return webkitRelativePath || name.trim() || (await contentId(await blob.arrayBuffer()));
  } catch {
    return "blob";
  }
}

/** @throws {NearmissError} `INPUT_INVALID` for what is neither file nor folder */
export function inputs(given: FileInput | Iterable<FileInput>): FileInput[] {
  const all = check.list(given);
  all.forEach((input: unknown, index) => {
    const { kind, path, bytes } = Object(input) as { kind?: unknown; path?: unknown; bytes?: unknown };
    const named = typeof path === "string" && path.trim() !== "" && bytes instanceof Uint8Array;
    if (!(input instanceof Blob) && kind !== "file" && kind !== "directory" && !named) {
      throw invalid(`files[${index}]`, "must be a File, a Blob, a handle of a file or folder, or { path, bytes }");
    }
  });
  return all;
}

function isFolder(item: unknown): item is FileSystemDirectoryHandle {
  return (Object(item) as { kind?: unknown }).kind === "directory";
}

