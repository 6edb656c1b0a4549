/** What outlives the page: notes, marks, what was read and trained, in the browser's own storage on this device. */
import { NearmissError, stores, type Nearmiss, type StorageState } from "nearmiss";
import { untold } from "../build/recorder.ts";
import { saveBlob } from "../files.ts";
import { endsEngine, type Outcome } from "../jobs.ts";
import { normalise, sideOf } from "../marks.ts";
import { initial, type State } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import type { Ledger } from "./ledger.ts";

/** The name of the page's store. Browsers that lack the first kind, or refuse it, take another, and it says so. */
const NAME = "notes";
export const STORE = `opfs:${NAME}`;

/** What tells of a person's notes, questions and marks. The rest is settings, and what the page is made of. */
const ABOUT_A_PERSON = [
  ...(["documents", "skipped", "incomplete", "judgments", "sides", "conflicts", "examples", "query", "hits", "earlier", "answered", "allRead", "stored"] as const),
  ...(["mined", "nearMisses", "suspects", "losses", "looks", "stoppedAfter", "checkpoint", "verdict", "inUse", "choice", "earlierTrained"] as const),
  ...(["created", "calls", "events", "measured", "memory"] as const),
] satisfies (keyof State)[];

export class Keeping {
  readonly #desk: Desk;
  readonly #ledger: Ledger;

  constructor(desk: Desk, ledger: Ledger) {
    this.#desk = desk;
    this.#ledger = ledger;
    desk.store.watch(
      (state) => [state.storage === null],
      ({ storage }) => {
        if (!storage) void this.look();
      },
    );
  }

  /** Is there anything from an earlier visit, or from the engine that was closed? */
  async look(): Promise<void> {
    await this.#desk.closing;
    try {
      const kept = (await stores.list()).find(({ name }) => name === NAME);
      this.#desk.store.update({ keptBytes: kept?.bytes ?? 0 });
    } catch {
      // A browser that does not let the page look keeps nothing for it either.
    }
  }

  /** Shows what an engine brought from its store, beside what the page holds already. */
  async adopt(engine: Nearmiss): Promise<void> {
    const { storage } = engine;
    if (!storage) return;
    storage.onChange((state) => void this.#follow(engine, state));
    await this.#take(engine, storage.state);
    // Asked once there is something to lose; a browser may say no, and things are kept all the same while there is room.
    void stores.persist().catch(() => false);
  }

  async exportAll(): Promise<Outcome> {
    const { engine } = this.#desk;
    return this.#desk.run("keeping", strings.keeping.exporting, async () => {
      if (engine?.storage) saveBlob(await engine.storage.export(), strings.keeping.file);
    });
  }

  /** Puts a file in the place of everything; the engine must be opened again for it. */
  async importAll(file: File): Promise<Outcome> {
    return this.#replace(strings.keeping.importing, () => stores.import(STORE, file));
  }

  async deleteAll(): Promise<Outcome> {
    return this.#replace(strings.keeping.deleting, () => stores.delete(STORE));
  }

  async #replace(label: string, work: () => Promise<void>): Promise<Outcome> {
    return this.#desk.run("keeping", label, async () => {
      await this.#desk.close();
      await work();
      await this.#ledger.begin(null);
      this.#desk.store.update(pick(initial, ABOUT_A_PERSON));
      await this.look();
    });
  }

  /**
   * A training that was broken off can be gone on with, if notes and model are still those that it was about: only the engine can
   * say, so it is asked to begin, and stopped before its first step.
   */
  async takeCheckpoint(engine: Nearmiss): Promise<void> {
    const { store } = this.#desk;
    const { storage } = engine;
    const { checkpoint: known, documents, model } = store.state;
    // In this tab's memory where nothing could be written down.
    const step = storage?.state.checkpoint ?? known?.step ?? null;
    if (!model || step === null || storage?.state.role === "reader") return;
    const bytes = (await storage?.checkpoint()) ?? known?.bytes;
    if (bytes && (await fits(engine, bytes))) store.update({ checkpoint: { step, bytes, documents, fingerprint: model.fingerprint } });
  }

  async #take(engine: Nearmiss, storage: StorageState): Promise<void> {
    const { store } = this.#desk;
    const [kept, judgments] = await Promise.all([engine.documents.list(), engine.judgments.list()]);
    const byId = new Map([...kept, ...store.state.documents].map((document) => [document.id, document]));
    const sides = new Map([...judgments.map(({ query, split }) => [normalise(query), sideOf(split)] as const), ...store.state.sides]);
    store.update({ storage, sides, documents: [...byId.values()], stored: true });
    this.#takeWeights(storage);
  }

  /** Weights that came out of the storage, put in the place of those of the model. */
  #takeWeights({ trained }: StorageState): void {
    if (trained) this.#desk.store.update({ inUse: "trained", choice: true, earlierTrained: false });
  }

  /** Another tab has written, or has left the writing to this one. */
  async #follow(engine: Nearmiss, storage: StorageState): Promise<void> {
    const { store } = this.#desk;
    if (engine !== this.#desk.engine) return;
    const before = store.state.storage;
    store.update({ storage });
    if (before?.role !== "reader") return;
    store.update({ documents: await engine.documents.list() });
    if (storage.trained !== before.trained) store.update({ verdict: null, inUse: "earlier", choice: false, earlierTrained: false });
    this.#takeWeights(storage);
    // What the other tab did is not undone here.
    await this.#ledger.begin(engine);
    await this.#ledger.sync();
    if (storage.role !== "writer") return;
    try {
      await this.takeCheckpoint(engine);
    } catch (error) {
      this.#desk.fail("training", error);
    }
  }
}

/** Can a training go on from these bytes? */
async function fits(engine: Nearmiss, resume: Uint8Array): Promise<boolean> {
  try {
    for await (const _ of untold(engine).train({ resume })) break;
    return true;
  } catch (error) {
    if (error instanceof NearmissError && !endsEngine(error.code)) return false;
    throw error;
  }
}

function pick<T, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
