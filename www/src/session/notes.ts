/** Adding notes, reading them, removing them. */
import { readFiles, type AddResult, type Document, type DocumentInput, type FileInput, type Nearmiss } from "nearmiss";
import type { Job } from "../jobs.ts";
import { noteOf } from "../notes.ts";
import { showImport, showReading } from "../progress.ts";
import { loadSample } from "../sample.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import type { Marks } from "./marks.ts";

/** Served beside the page. */
const CHARACTER_MAPS = new URL("cmaps/", document.baseURI);

export class Notes {
  readonly #desk: Desk;
  readonly #marks: Marks;

  constructor(desk: Desk, marks: Marks) {
    this.#desk = desk;
    this.#marks = marks;
  }

  /** A file that was added before is replaced, with all its passages. When this is cancelled, what came before stays. */
  async addFiles(files: readonly FileInput[]): Promise<void> {
    await this.#desk.run("documents", strings.documents.reading, async (job) => {
      this.#desk.store.update({ skipped: [], incomplete: [] });
      const { engine } = this.#desk;
      if (engine) await this.#import(engine, files, job);
      else await this.#collect(files, job);
    });
  }

  async loadSample(): Promise<void> {
    await this.#desk.run("documents", strings.documents.fetching, async (job) => {
      const { documents, judgments, sides, examples } = await loadSample();
      this.#desk.store.update({ examples });
      this.#marks.hold(judgments, sides);
      await this.#add(documents, job);
    });
  }

  /** Takes up a reading that was cancelled. */
  async readOn(): Promise<void> {
    await this.#desk.run("documents", strings.documents.reading, (job) => this.fill(job));
  }

  /** Gives the engine what somebody wrote, within a job that is under way, and shows what it holds then. */
  async put(input: DocumentInput): Promise<AddResult | null> {
    const { engine } = this.#desk;
    if (!engine) return null;
    try {
      return await engine.documents.add(input);
    } finally {
      await this.#takeFrom(engine);
    }
  }

  async remove(chosen: (document: Document) => boolean): Promise<void> {
    await this.#desk.run("documents", strings.documents.removing, () => this.#forget(chosen));
  }

  /** Gives the engine all that the page holds; what it knows already costs nothing. */
  async fill(job: Job): Promise<void> {
    const { engine, store } = this.#desk;
    const { documents } = store.state;
    // Another tab writes: what it has is here already.
    if (engine && store.state.storage?.role === "reader") await this.#marks.ledger.sync();
    else if (engine && documents.length > 0) {
      store.update({ allRead: false });
      await engine.documents.add(documents, { signal: job.signal, onProgress: showReading(job) });
      await this.#marks.ledger.fill(engine);
    }
    store.update({ allRead: engine !== null || documents.length === 0 });
  }

  async #import(engine: Nearmiss, files: readonly FileInput[], job: Job): Promise<void> {
    const { store } = this.#desk;
    store.update({ allRead: false });
    try {
      const { skipped, warnings } = await engine.documents.import(files, { signal: job.signal, cMapUrl: CHARACTER_MAPS, onProgress: showImport(job) });
      store.update({ allRead: true, skipped: skipped.map(({ message }) => message), incomplete: warnings.map(({ path, message }) => `${path}: ${message}`) });
    } finally {
      await this.#takeFrom(engine);
    }
  }

  /** Shows what is in the engine by now: also after a failure, as what was done before it stays. */
  async #takeFrom(engine: Nearmiss): Promise<void> {
    const before = this.#desk.store.state.documents;
    try {
      const documents = await engine.documents.list();
      const ids = new Set(documents.map(({ id }) => id));
      this.#drop(new Set(before.map(({ id }) => id).filter((id) => !ids.has(id))));
      this.#desk.store.update({ documents });
      await this.#marks.ledger.sync();
    } catch {
      // The engine has ended, and the error that ended it is already on its way.
    }
  }

  /** Before a model is loaded; reading by meaning comes with it. */
  async #collect(files: readonly FileInput[], job: Job): Promise<void> {
    const { store } = this.#desk;
    const show = showImport(job);
    const total = files.every((file) => file instanceof Blob) ? files.length : null;
    const added = new Map<string, Document>();
    const notes = new Set<string>();
    const [skipped, incomplete]: [string[], string[]] = [[], []];
    const started = performance.now();
    try {
      for await (const read of readFiles(files, { signal: job.signal, cMapUrl: CHARACTER_MAPS })) {
        notes.add(read.path);
        if ("error" in read) skipped.push(read.error.message);
        else {
          for (const document of read.documents) added.set(document.id, document);
          incomplete.push(...read.warnings.map((warning) => `${read.path}: ${warning}`));
        }
        show({ type: "import", path: read.path, done: notes.size, total, documents: added.size, skipped: skipped.length, elapsedMs: performance.now() - started });
      }
    } finally {
      store.update({ skipped, incomplete });
      const taken = new Set([...added.values()].map(noteOf));
      await this.#forget((document) => taken.has(noteOf(document)) && !added.has(document.id));
      await this.#add([...added.values()], job);
    }
  }

  async #add(added: Document[], job: Job): Promise<void> {
    if (added.length === 0) return;
    const byId = new Map([...this.#desk.store.state.documents, ...added].map((document) => [document.id, document]));
    this.#desk.store.update({ documents: [...byId.values()] });
    await this.fill(job);
  }

  async #forget(chosen: (document: Document) => boolean): Promise<void> {
    const { engine, store } = this.#desk;
    const gone = new Set(store.state.documents.filter(chosen).map((document) => document.id));
    if (gone.size === 0) return;
    this.#drop(gone);
    if (!engine) return;
    await engine.documents.remove([...gone]);
    await this.#marks.ledger.sync();
  }

  /** What the page shows of these documents, and of what was found about them, goes with them. */
  #drop(gone: ReadonlySet<string>): void {
    if (gone.size === 0) return;
    const { documents, judgments, hits, examples, suspects } = this.#desk.store.state;
    const rest = documents.filter((document) => !gone.has(document.id));
    this.#desk.store.update({
      documents: rest,
      judgments: judgments.filter((judgment) => !gone.has(judgment.document)),
      hits: rest.length === 0 ? null : (hits?.filter((hit) => !gone.has(hit.id)) ?? null),
      examples: rest.length === 0 ? [] : examples,
      suspects: suspects.filter((suspect) => !gone.has(suspect.document) && !gone.has(suspect.positive)),
      nearMisses: [],
      mined: null,
    });
  }
}
