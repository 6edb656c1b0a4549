/** What outlives the page: notes, marks, what was read and trained, in the browser's own storage on this device. */
import { stores, type Nearmiss, type StorageState } from "nearmiss";
import { saveBlob } from "../files.ts";
import type { Outcome } from "../jobs.ts";
import { normalise, sideOf } from "../marks.ts";
import { initial } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import type { Ledger } from "./ledger.ts";

/** The name of the page's store. Browsers that lack the first kind, or refuse it, take another, and it says so. */
const NAME = "notes";
export const STORE = `opfs:${NAME}`;

export class Keeping {
  readonly #desk: Desk;
  readonly #ledger: Ledger;

  constructor(desk: Desk, ledger: Ledger) {
    this.#desk = desk;
    this.#ledger = ledger;
    void this.look();
  }

  /** Is there anything from an earlier visit? */
  async look(): Promise<void> {
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
      this.#ledger.begin();
      const { documents, judgments, sides, examples, query, hits, verdict, checkpoint, conflicts, mined, nearMisses, suspects, losses, looks } = initial;
      this.#desk.store.update({ documents, judgments, sides, examples, query, hits, verdict, checkpoint, conflicts, mined, nearMisses, suspects, losses, looks, allRead: true });
      await this.look();
    });
  }

  async #take(engine: Nearmiss, storage: StorageState): Promise<void> {
    const { store } = this.#desk;
    const [kept, judgments] = await Promise.all([engine.documents.list(), engine.judgments.list()]);
    const byId = new Map([...kept, ...store.state.documents].map((document) => [document.id, document]));
    const sides = new Map([...judgments.map(({ query, split }) => [normalise(query), sideOf(split)] as const), ...store.state.sides]);
    store.update({ storage, sides, documents: [...byId.values()], inUse: storage.trained ? "trained" : store.state.inUse });
    await this.#keepCheckpoint(engine, storage);
  }

  /** A training that was broken off can be gone on with. */
  async #keepCheckpoint(engine: Nearmiss, { checkpoint: step }: StorageState): Promise<void> {
    const { store } = this.#desk;
    if (step === null || store.state.checkpoint) return;
    const bytes = await engine.storage?.checkpoint();
    const { documents, model } = store.state;
    if (bytes && model) store.update({ checkpoint: { step, bytes, documents, fingerprint: model.fingerprint } });
  }

  /** Another tab has written, or has left the writing to this one. */
  async #follow(engine: Nearmiss, storage: StorageState): Promise<void> {
    const { store } = this.#desk;
    if (engine !== this.#desk.engine) return;
    const follows = storage.role === "reader";
    store.update({ storage });
    if (!follows) return;
    store.update({ documents: await engine.documents.list() });
    await this.#ledger.sync();
  }
}
