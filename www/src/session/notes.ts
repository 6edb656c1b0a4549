/** Adding notes, reading them, removing them. */
import type { Document } from "nearmiss";
import { readNotes } from "../files.ts";
import type { Job } from "../jobs.ts";
import { noteOf } from "../passages.ts";
import { showReading } from "../progress.ts";
import { loadSample } from "../sample.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import type { Marks } from "./marks.ts";

export class Notes {
  readonly #desk: Desk;
  readonly #marks: Marks;

  constructor(desk: Desk, marks: Marks) {
    this.#desk = desk;
    this.#marks = marks;
  }

  /** A file that was added before is replaced, with all its passages. */
  async addFiles(files: readonly File[]): Promise<void> {
    await this.#desk.run("documents", strings.documents.reading, async (job) => {
      const { documents, skipped } = await readNotes(files);
      this.#desk.store.update({ skipped });
      const ids = new Set(documents.map((document) => document.id));
      const notes = new Set(documents.map(noteOf));
      await this.#forget((document) => notes.has(noteOf(document)) && !ids.has(document.id));
      await this.#add(documents, job);
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

  async #add(added: Document[], job: Job): Promise<void> {
    if (added.length === 0) return;
    const byId = new Map([...this.#desk.store.state.documents, ...added].map((document) => [document.id, document]));
    this.#desk.store.update({ documents: [...byId.values()] });
    await this.fill(job);
  }

  async #forget(chosen: (document: Document) => boolean): Promise<void> {
    const { engine, store } = this.#desk;
    const { documents, judgments, hits, examples, suspects } = store.state;
    const gone = new Set(documents.filter(chosen).map((document) => document.id));
    if (gone.size === 0) return;
    const rest = documents.filter((document) => !gone.has(document.id));
    store.update({
      documents: rest,
      judgments: judgments.filter((judgment) => !gone.has(judgment.document)),
      hits: rest.length === 0 ? null : (hits?.filter((hit) => !gone.has(hit.id)) ?? null),
      examples: rest.length === 0 ? [] : examples,
      suspects: suspects.filter((suspect) => !gone.has(suspect.document) && !gone.has(suspect.positive)),
      nearMisses: [],
      mined: null,
    });
    if (!engine) return;
    await engine.documents.remove([...gone]);
    await this.#marks.ledger.sync();
  }
}
