/** `nm.documents.import`: files are read, and their passages added batch after batch. */

import type { Core } from "./core.js";
import { callback } from "./checks.js";
import type { NearmissError } from "./errors.js";
import { inputs, Listing, readListing, settings } from "./input/index.js";
import type { AddResult, Document, FileInput, ImportEvent, ImportOptions, ImportResult } from "./types.js";

/** A batch is added and encoded at once: what a tab that dies can lose is at most this. Passages, and characters of them. */
const BATCH_PASSAGES = 64;
const BATCH_CHARACTERS = 1_000_000;

export async function importFiles(core: Core, files: FileInput | Iterable<FileInput>, options: ImportOptions): Promise<ImportResult> {
  core.alive();
  const { onProgress, ...reading } = options;
  callback(onProgress, "options.onProgress");
  const given = settings(reading);
  const all = inputs(files);
  return core.turn("documents.import", given.signal, async () => {
    const listing = new Listing(all, given.signal);
    const watching = { onProgress, signal: given.signal, total: () => listing.total };
    const run = new Run(core, await core.host.call("documents", [], given.signal), watching);
    try {
      for await (const read of readListing(listing, given)) {
        if ("error" in read) run.skip(read.path, read.error);
        else await run.take(read.path, read.documents, read.warnings);
      }
      await run.end();
      return run.result;
    } catch (error) {
      // Cancelled: what was read is added all the same, and found by its words until it is encoded.
      if (given.signal?.aborted) await run.add();
      throw error;
    }
  });
}

interface Watching {
  onProgress: ((event: ImportEvent) => void) | undefined;
  signal: AbortSignal | undefined;
  total: () => number | null;
}

class Run {
  readonly result: ImportResult = { files: 0, documents: { added: 0, updated: 0, unchanged: 0, total: 0 }, removed: 0, skipped: [], warnings: [] };
  readonly #core: Core;
  readonly #watching: Watching;
  readonly #started = performance.now();
  /** Ids by the file that they came from, as of before. */
  readonly #earlier: Map<string, Set<string>>;
  /** By id: the engine refuses a list in which one stands twice. */
  readonly #batch = new Map<string, Document>();
  #characters = 0;
  /** Which file an id came from, in this import. */
  readonly #owners = new Map<string, string>();
  /** What is to go once the batch is in, as its files no longer have it. */
  #gone: string[] = [];
  #path = "";
  #read = 0;
  #added = 0;

  constructor(core: Core, documents: readonly Document[], watching: Watching) {
    this.#core = core;
    this.#watching = watching;
    this.#earlier = byFile(documents);
    this.result.documents.total = documents.length;
  }

  skip(path: string, { code, message }: NearmissError): void {
    this.#read += 1;
    this.result.skipped.push({ path, code, message });
    this.#report(path);
  }

  async take(path: string, documents: readonly Document[], warnings: readonly string[]): Promise<void> {
    this.#warn(path, [...warnings, ...this.#own(path, documents)]);
    for (const document of documents) {
      this.#batch.set(document.id, document);
      this.#characters += document.text.length;
      if (this.#batch.size < BATCH_PASSAGES && this.#characters < BATCH_CHARACTERS) continue;
      await this.#flush();
      this.#report(path);
    }
    const ids = new Set(documents.map(({ id }) => id));
    this.#gone.push(...[...(this.#earlier.get(path) ?? [])].filter((id) => !ids.has(id)));
    // The same path may come twice, as from two folders of one name: the second takes the place of the first.
    this.#earlier.set(path, ids);
    this.#read += 1;
    this.result.files += 1;
    this.#report(path);
  }

  async end(): Promise<void> {
    await this.#flush();
    this.#report(this.#path);
  }

  /** Adds the batch and does not encode it. Not to be cancelled halfway: either it is in, or it is not. */
  async add(): Promise<void> {
    const [batch, gone] = [[...this.#batch.values()], this.#gone];
    this.#batch.clear();
    this.#characters = 0;
    this.#gone = [];
    const { host } = this.#core;
    if (batch.length > 0) this.#count(await host.call("addDocuments", [batch]));
    // An id that another file uses by now stays.
    const unused = gone.filter((id) => !this.#owners.has(id));
    if (unused.length === 0) return;
    const { removed, total } = await host.call("removeDocuments", [unused]);
    this.result.removed += removed;
    this.result.documents.total = total;
  }

  async #flush(): Promise<void> {
    if (this.#batch.size + this.#gone.length === 0) return;
    await this.add();
    await this.#core.index({ signal: this.#watching.signal });
  }

  /** Rows bring ids of their own, which two files may share. */
  #own(path: string, documents: readonly Document[]): string[] {
    for (const id of this.#earlier.get(path) ?? []) if (this.#owners.get(id) === path) this.#owners.delete(id);
    const shared = documents.filter(({ id }) => (this.#owners.get(id) ?? path) !== path);
    for (const { id } of documents) this.#owners.set(id, path);
    const [first] = shared;
    if (!first) return [];
    const others = shared.length > 1 ? ` and ${shared.length - 1} more` : "";
    return [`uses ids of other files and replaces what they stood for: "${first.id}"${others}`];
  }

  #warn(path: string, messages: readonly string[]): void {
    this.result.warnings.push(...messages.map((message) => ({ path, message })));
  }

  #report(path: string): void {
    this.#path = path;
    const [done, skipped, elapsedMs] = [this.#read, this.result.skipped.length, performance.now() - this.#started];
    this.#watching.onProgress?.({ type: "import", path, done, total: this.#watching.total(), documents: this.#added, skipped, elapsedMs });
  }

  #count({ added, updated, unchanged, total }: AddResult): void {
    const { documents } = this.result;
    documents.added += added;
    documents.updated += updated;
    documents.unchanged += unchanged;
    documents.total = total;
    this.#added += added + updated + unchanged;
  }
}

/** Passages and rows that an earlier import made, by the file that they say they came from. */
function byFile(documents: readonly Document[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { id, parent, metadata } of documents) {
    const { file, row } = Object(metadata) as { file?: unknown; row?: unknown };
    // Others may have a field "file" too; what an import made also has its id from there, or a row.
    if (typeof file !== "string" || !(id === file || parent === file || typeof row === "number")) continue;
    const ids = found.get(file) ?? new Set();
    found.set(file, ids.add(id));
  }
  return found;
}
