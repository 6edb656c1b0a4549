/** What a person does on the page, carried out: each method changes the state first and then tells the engine. */
import { Nearmiss, type DeviceChoice, type Document, type Judgment, type ModelSource } from "nearmiss";
import { readNotes, save } from "./files.ts";
import { endsEngine, runJob, toProblem, type Job, type Outcome } from "./jobs.ts";
import { nextSide, normalise, tidy, verdictOn } from "./marks.ts";
import { noteOf } from "./passages.ts";
import { showLoading, showReading } from "./progress.ts";
import { loadSample, prefetchSample } from "./sample.ts";
import type { Place, State, Store } from "./state.ts";
import { strings } from "./strings.ts";
import { TrainingRun } from "./training-run.ts";

export class Session {
  readonly #store: Store;
  readonly #device: DeviceChoice;
  #engine: Nearmiss | null = null;
  /** Of the search that is under way. */
  #searching: AbortController | null = null;

  constructor(store: Store, device: DeviceChoice) {
    this.#store = store;
    this.#device = device;
  }

  /** Opens an engine and fills it with the notes and marks that the page holds. */
  async load(device = this.#device): Promise<void> {
    const { name, source } = this.#chosenModel();
    if (!source || this.#store.state.busy) return;
    await this.close();
    this.#store.update({ phase: "loading", verdict: null, losses: [], inUse: "earlier", earlier: null });
    await this.#run("model", strings.model.starting, async (job) => {
      prefetchSample();
      const engine = await Nearmiss.create({ model: source, device, signal: job.signal, onProgress: showLoading(job) });
      this.#engine = engine;
      this.#store.update({ phase: "ready", device: engine.device, model: { name, ...engine.model } });
      await this.#fill(job);
    });
    this.#store.update({ phase: this.#engine ? "ready" : "none" });
  }

  async continueOnCpu(): Promise<void> {
    await this.load("cpu");
    if (this.#engine && this.#store.state.query !== "") await this.search(this.#store.state.query);
  }

  /** Frees the engine; notes and marks stay. */
  async close(): Promise<void> {
    const engine = this.#engine;
    this.#engine = null;
    this.#store.update({ phase: "none", model: null, allRead: this.#store.state.documents.length === 0 });
    try {
      await engine?.dispose();
    } catch {
      // It is gone already: a lost device cannot be closed in an orderly way.
    }
  }

  /** A file that was added before is replaced, with all its passages. */
  async addFiles(files: readonly File[]): Promise<void> {
    await this.#run("documents", strings.documents.reading, async (job) => {
      const { documents, skipped } = await readNotes(files);
      this.#store.update({ skipped });
      const ids = new Set(documents.map((document) => document.id));
      const notes = new Set(documents.map(noteOf));
      await this.#forgetDocuments((document) => notes.has(noteOf(document)) && !ids.has(document.id));
      await this.#addDocuments(documents, job);
    });
  }

  async loadSample(): Promise<void> {
    await this.#run("documents", strings.documents.fetching, async (job) => {
      const sample = await loadSample();
      const { sides, judgments } = this.#store.state;
      const known = new Set(judgments.map(pairOf));
      const added = sample.judgments.filter((judgment) => !known.has(pairOf(judgment)));
      this.#store.update({ examples: sample.examples, sides: new Map([...sample.sides, ...sides]), judgments: [...judgments, ...added] });
      await this.#addDocuments(sample.documents, job);
    });
  }

  /** Takes up a reading that was cancelled. */
  async readOn(): Promise<void> {
    await this.#run("documents", strings.documents.reading, (job) => this.#fill(job));
  }

  async removeNotes(chosen: (document: Document) => boolean): Promise<void> {
    await this.#run("documents", strings.documents.removing, () => this.#forgetDocuments(chosen));
  }

  /** A newer search takes the place of one under way. */
  async search(text: string, earlier: State["earlier"] = null): Promise<void> {
    const engine = this.#engine;
    const query = this.#knownSpelling(tidy(text));
    if (!engine || query === "") return;
    this.#searching?.abort();
    const controller = (this.#searching = new AbortController());
    try {
      const hits = await engine.search(query, { k: 10, mode: this.#store.state.mode, signal: controller.signal });
      if (!controller.signal.aborted) this.#store.update({ query, hits, earlier, problem: null });
    } catch (error) {
      if (!controller.signal.aborted) this.#fail("search", error);
    }
  }

  /** Marks a result of the present search; the same mark again takes it back. */
  async mark(document: string, relevant: boolean): Promise<void> {
    const { query, judgments, sides, busy } = this.#store.state;
    // A training run compares before and after on the same marks.
    if (busy?.place === "training") return;
    const others = judgments.filter((judgment) => judgment.query !== query || judgment.document !== document);
    const undo = verdictOn(judgments, query, document) === relevant;
    const split = sides.get(normalise(query)) ?? nextSide(sides.size);
    const judgment: Judgment = { query, document, relevant, split };
    this.#store.update({ judgments: undo ? others : [...others, judgment], sides: new Map(sides).set(normalise(query), split) });
    await this.#tell("search", (engine) => (undo ? engine.judgments.remove([{ query, document }]) : engine.judgments.add([judgment])));
  }

  /** Takes back every mark of one question. */
  async forget(question: string): Promise<void> {
    const { judgments, busy } = this.#store.state;
    if (busy) return;
    const gone = judgments.filter((judgment) => judgment.query === question);
    this.#store.update({ judgments: judgments.filter((judgment) => judgment.query !== question) });
    await this.#tell("training", (engine) => engine.judgments.remove(gone.map(({ query, document }) => ({ query, document }))));
  }

  async train(): Promise<Outcome> {
    const engine = this.#engine;
    if (!engine) return "refused";
    const { trainable, epochs } = this.#store.state;
    const outcome = await this.#run("training", strings.training.begin, async (job) => {
      const run = new TrainingRun(this.#store, job);
      for await (const event of engine.train({ trainable, ...(epochs !== null && { epochs }), signal: job.signal })) run.take(event);
      if (run.verdict) this.#store.update({ verdict: run.verdict, inUse: run.verdict.kept ? "trained" : "earlier" });
    });
    if (outcome === "done") await this.#searchAgain();
    return outcome;
  }

  /** Puts the trained weights, or those before them, into use. */
  async use(choice: State["inUse"]): Promise<void> {
    const engine = this.#engine;
    if (!engine || choice === this.#store.state.inUse) return;
    const outcome = await this.#run("results", strings.results.keeping, async () => {
      await (choice === "trained" ? engine.keep() : engine.rollback());
      this.#store.update({ inUse: choice });
    });
    if (outcome === "done") await this.#searchAgain();
  }

  async exportTrained(): Promise<void> {
    const engine = this.#engine;
    if (!engine) return;
    await this.#run("results", strings.results.exporting, async () => {
      save(await engine.export("safetensors"), `nearmiss-${this.#store.state.trainable}.safetensors`);
    });
  }

  #chosenModel(): { name: string; source: ModelSource | null } {
    const { source, disk, served } = this.#store.state;
    if (source === "disk") return { name: disk?.name ?? "", source: disk?.source ?? null };
    return { name: served, source: new URL(`models/${served}/`, document.baseURI) };
  }

  /** Gives the engine all that the page holds; what it knows already costs nothing. */
  async #fill(job: Job): Promise<void> {
    const { documents, judgments } = this.#store.state;
    if (this.#engine && documents.length > 0) {
      this.#store.update({ allRead: false });
      await this.#engine.documents.add(documents, { signal: job.signal, onProgress: showReading(job) });
      if (judgments.length > 0) await this.#engine.judgments.add(judgments);
    }
    this.#store.update({ allRead: this.#engine !== null || documents.length === 0 });
  }

  async #addDocuments(added: Document[], job: Job): Promise<void> {
    if (added.length === 0) return;
    const byId = new Map([...this.#store.state.documents, ...added].map((document) => [document.id, document]));
    this.#store.update({ documents: [...byId.values()] });
    await this.#fill(job);
  }

  async #forgetDocuments(chosen: (document: Document) => boolean): Promise<void> {
    const { documents, judgments, hits, examples } = this.#store.state;
    const gone = new Set(documents.filter(chosen).map((document) => document.id));
    if (gone.size === 0) return;
    const rest = documents.filter((document) => !gone.has(document.id));
    this.#store.update({
      documents: rest,
      judgments: judgments.filter((judgment) => !gone.has(judgment.document)),
      hits: rest.length === 0 ? null : (hits?.filter((hit) => !gone.has(hit.id)) ?? null),
      examples: rest.length === 0 ? [] : examples,
    });
    await this.#engine?.documents.remove([...gone]);
  }

  /** The present search with the weights now in use, remembering where each result stood. */
  async #searchAgain(): Promise<void> {
    const { hits, query } = this.#store.state;
    if (hits) await this.search(query, new Map(hits.map((hit) => [hit.id, hit.rank])));
  }

  /** A question that differs from a judged one in case alone is that question. */
  #knownSpelling(query: string): string {
    const { judgments } = this.#store.state;
    return judgments.find((judgment) => normalise(judgment.query) === normalise(query))?.query ?? query;
  }

  async #tell(place: Place, message: (engine: Nearmiss) => Promise<unknown>): Promise<void> {
    if (!this.#engine) return;
    try {
      await message(this.#engine);
    } catch (error) {
      this.#fail(place, error);
    }
  }

  #fail(place: Place, error: unknown): void {
    this.#store.update({ problem: toProblem(place, error) });
    this.#leaveLostEngine();
  }

  async #run(place: Place, label: string, work: (job: Job) => Promise<void>): Promise<Outcome> {
    const outcome = await runJob(this.#store, place, label, work);
    if (outcome === "failed") this.#leaveLostEngine();
    return outcome;
  }

  #leaveLostEngine(): void {
    const problem = this.#store.state.problem;
    if (problem && endsEngine(problem.code)) void this.close();
  }
}

function pairOf(judgment: Judgment): string {
  return JSON.stringify([judgment.query, judgment.document]);
}
