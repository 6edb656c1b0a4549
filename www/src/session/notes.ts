/** Adding notes, reading them, removing them; what comes while something else is under way waits for its turn. */
import { readFiles, type AddResult, type Document, type DocumentInput, type FileInput, type Nearmiss } from "nearmiss";
import type { Job } from "../jobs.ts";
import { noteOf } from "../notes.ts";
import { showImport, showReading } from "../progress.ts";
import { loadSample } from "../sample.ts";
import { canForget, type State } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import { drop } from "./dropping.ts";
import type { Marks } from "./marks.ts";
import type { Moved } from "./steps.ts";

/** Served beside the page. */
const CHARACTER_MAPS = new URL("cmaps/", document.baseURI);

/** What the page held at some time. */
type Held = Pick<State, "documents" | "judgments" | "examples">;

export class Notes {
  readonly #desk: Desk;
  readonly #marks: Marks;
  /** Files and folders that came while something else was under way. */
  #waiting: FileInput[] = [];
  /** Passages that a newer reading of their file lacks, and that an engine may still bring from its store. */
  readonly #outdated = new Set<string>();

  constructor(desk: Desk, marks: Marks) {
    this.#desk = desk;
    this.#marks = marks;
    desk.store.watch(
      (state) => [state.busy === null],
      ({ busy }) => {
        // After whoever waits for the end of the same work.
        if (!busy && this.#waiting.length > 0) setTimeout(() => void this.addFiles([]));
      },
    );
  }

  /**
   * A file that was added before is replaced, with all its passages. When this is cancelled, what came before stays. While
   * something else is under way, they wait for its end.
   */
  async addFiles(given: readonly FileInput[]): Promise<void> {
    const { store } = this.#desk;
    this.#waiting.push(...given);
    if (store.state.busy) return store.update({ waiting: this.#waiting.length });
    const files = this.#waiting.splice(0);
    if (files.length === 0) return;
    await this.#desk.run("documents", strings.documents.reading, async (job) => {
      store.update({ waiting: 0, skipped: [], incomplete: [] });
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

  /** As one step, which can be undone. */
  async remove(chosen: (document: Document) => boolean): Promise<void> {
    const { engine, store } = this.#desk;
    if (!canForget(store.state)) return;
    await this.#desk.run("documents", strings.documents.removing, async () => {
      const held = store.state;
      const gone = held.documents.filter(chosen).map(({ id }) => id);
      if (!engine) {
        drop(store, new Set(gone));
        return this.#note(held);
      }
      try {
        await engine.documents.remove(gone);
      } finally {
        await this.#takeFrom(engine);
      }
    });
  }

  /** Gives the engine all that the page holds; what it knows already costs nothing. */
  async fill(job: Job): Promise<void> {
    const { engine, store } = this.#desk;
    if (engine) await this.#forgetOutdated(engine);
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
    const { store } = this.#desk;
    const held = store.state;
    try {
      const documents = await engine.documents.list();
      const ids = new Set(documents.map(({ id }) => id));
      drop(store, new Set(held.documents.map(({ id }) => id).filter((id) => !ids.has(id))));
      store.update({ documents });
      await this.#marks.ledger.sync(false, moved(held, documents));
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
      const held = store.state;
      const taken = new Set([...added.values()].map(noteOf));
      const old = held.documents.filter((document) => taken.has(noteOf(document)) && !added.has(document.id)).map(({ id }) => id);
      if (held.stored) for (const id of old) this.#outdated.add(id);
      drop(store, new Set(old));
      await this.#add([...added.values()], job);
      this.#note(held);
    }
  }

  async #add(added: Document[], job: Job): Promise<void> {
    if (added.length === 0) return;
    for (const { id } of added) this.#outdated.delete(id);
    const byId = new Map([...this.#desk.store.state.documents, ...added].map((document) => [document.id, document]));
    this.#desk.store.update({ documents: [...byId.values()] });
    await this.fill(job);
  }

  async #forgetOutdated(engine: Nearmiss): Promise<void> {
    const gone = [...this.#outdated];
    this.#outdated.clear();
    if (gone.length === 0 || engine.storage?.state.role === "reader") return;
    drop(this.#desk.store, new Set(gone));
    await engine.documents.remove(gone);
  }

  /** A step without an engine. What the storage holds as well is not undone from here. */
  #note(held: Held): void {
    const { store } = this.#desk;
    const step = moved(held, store.state.documents);
    if (step && !store.state.stored) this.#marks.ledger.without(step);
  }
}

/** What came of the documents, or null when nothing did. */
function moved({ documents: before, judgments, examples }: Held, after: readonly Document[]): Moved | null {
  const [was, is] = [byId(before), byId(after)];
  const gone = before.filter((document) => !same(document, is.get(document.id)));
  const came = after.filter((document) => !same(document, was.get(document.id)));
  const marks = judgments.filter((judgment) => was.has(judgment.document) && !is.has(judgment.document));
  return gone.length + came.length === 0 ? null : { gone, came, marks, examples: after.length === 0 ? examples : [] };
}

function byId(documents: readonly Document[]): Map<string, Document> {
  return new Map(documents.map((document) => [document.id, document]));
}

function same(one: Document, other: Document | undefined): boolean {
  return one === other || (other !== undefined && one.title === other.title && one.text === other.text);
}
