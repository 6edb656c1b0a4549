/** What a person does on the page, carried out: a part for each section, on one desk with one engine. */
import { Nearmiss, type DeviceChoice, type ModelSource } from "nearmiss";
import { creation } from "./build/code.ts";
import { recorded } from "./build/recorder.ts";
import type { Outcome } from "./jobs.ts";
import { prefetchLessons } from "./learn/library.ts";
import { note, now } from "./network.ts";
import { engineKept, pageKept } from "./offline.ts";
import { showLoading } from "./progress.ts";
import { prefetchSample } from "./sample.ts";
import { Answers } from "./session/answer.ts";
import { Build, listenerFor } from "./session/build.ts";
import { Desk } from "./session/desk.ts";
import { Keeping, STORE } from "./session/keeping.ts";
import { Marks } from "./session/marks.ts";
import { LessonSession } from "./session/lesson.ts";
import { Mining } from "./session/mining.ts";
import { Notes } from "./session/notes.ts";
import { Search } from "./session/search.ts";
import { Training } from "./session/training.ts";
import type { Store } from "./state.ts";
import { strings } from "./strings.ts";
import { prefetchZip } from "./zip.ts";

export class Session {
  readonly answers: Answers;
  readonly build: Build;
  readonly keeping: Keeping;
  readonly lesson: LessonSession;
  readonly marks: Marks;
  readonly mining: Mining;
  readonly notes: Notes;
  readonly search: Search;
  readonly training: Training;
  readonly #desk: Desk;
  readonly #device: DeviceChoice;

  constructor(store: Store, device: DeviceChoice) {
    this.#device = device;
    this.#desk = new Desk(store);
    this.answers = new Answers(this.#desk);
    this.search = new Search(this.#desk);
    this.lesson = new LessonSession(store, device, () => this.#chosenModel().model);
    this.marks = new Marks(this.#desk);
    this.keeping = new Keeping(this.#desk, this.marks.ledger);
    this.mining = new Mining(this.#desk);
    this.notes = new Notes(this.#desk, this.marks);
    this.training = new Training(this.#desk, this.search);
    this.build = new Build(this.#desk, this.notes, this.training);
  }

  /** Opens an engine and fills it with the notes and marks that the page holds. */
  async load(device = this.#device): Promise<Outcome> {
    const { store } = this.#desk;
    const { name, model } = this.#chosenModel();
    if (model === null || store.state.busy) return "refused";
    await this.#desk.close();
    this.training.begin();
    store.update({ phase: "loading", losses: [], looks: [], stoppedAfter: null, earlier: null, mined: null, nearMisses: [], suspects: [] });
    const outcome = await this.#desk.run("model", strings.model.starting, async (job) => {
      const rest = Promise.all([prefetchSample(), prefetchZip(), pageKept(job.signal).then((kept) => (kept ? undefined : prefetchLessons()))]);
      const options = { ...(model && { model }), device, storage: STORE };
      const opened = await Nearmiss.create({ ...options, signal: job.signal, onProgress: showLoading(job), onRequest: (request) => note(store, [request]) });
      const engine = recorded(opened, listenerFor(store));
      store.update({ created: creation(options), calls: [], events: [], measured: [], measureNote: "", memory: null });
      // Once the model is ready nothing is to be fetched any more, whatever is opened later.
      job.report({ label: strings.model.rest, done: 0, total: null });
      await rest;
      await engineKept(engine.device.kind, store, job.signal);
      this.#desk.engine = engine;
      store.update({ phase: "ready", readyAt: now(), device: engine.device, model: { name, ...engine.model } });
      await this.keeping.adopt(engine);
      await this.marks.ledger.begin(engine);
      try {
        await this.notes.fill(job);
      } finally {
        // Also when the reading was cancelled: what was trained does not wait for it.
        if (this.#desk.engine) await this.keeping.takeCheckpoint(engine);
      }
    });
    store.update({ phase: this.#desk.engine ? "ready" : "none" });
    return outcome;
  }

  async continueOnCpu(): Promise<void> {
    const { store } = this.#desk;
    await this.load("cpu");
    if (this.#desk.engine && store.state.query !== "") await this.search.ask(store.state.query);
  }

  async close(): Promise<void> {
    await this.#desk.close();
  }

  /** Without `model`, the one in the package; null while files are missing. */
  #chosenModel(): { name: string; model?: ModelSource | null } {
    const { source, disk, served } = this.#desk.store.state;
    if (source === "compact") return { name: strings.model.compact };
    if (source === "disk") return { name: disk?.name ?? "", model: disk?.source ?? null };
    return { name: served, model: new URL(`models/${served}/`, document.baseURI) };
  }
}
