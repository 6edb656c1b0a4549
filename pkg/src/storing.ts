/** `nm.storage`: what outlives the page, and `stores`: all that there are. */

import type { Core } from "./core.js";
import { inWorker } from "./client.js";
import { invalid } from "./errors.js";
import { deleteStore, estimate, listStores, persist } from "./storage/index.js";
import { storageError } from "./storage/quota.js";
import { MANAGING, type Managing } from "./stored/manage.js";
import type { StorageState, StoreInfo } from "./types.js";

/** The store of one instance. */
export interface Storage {
  /** As it is now. */
  readonly state: StorageState;
  /**
   * Called when it changes: another tab has written (documents and judgments of this instance have followed), this tab has become the
   * writer, or something could not be saved. Gives the function that ends it.
   */
  onChange(listener: (state: StorageState) => void): () => void;
  /**
   * Of a training that was broken off, for `train({ resume })`; null when there is none.
   *
   * @throws {NearmissError} `DISPOSED`
   */
  checkpoint(): Promise<Uint8Array | null>;
  /**
   * Everything in it as one file, which `stores.import` takes up again.
   *
   * @throws {NearmissError} `DISPOSED`; `STORAGE_CORRUPT` where it can no longer be read
   */
  export(): Promise<Blob>;
}

export function storage(core: Core): Storage | null {
  const { host } = core;
  if (host.storage === null) return null;
  return {
    get state() {
      return host.storage as StorageState;
    },
    onChange: (listener) => host.onStorage(listener),
    checkpoint: async () => (core.alive(), host.checkpoint()),
    export: async () => (core.alive(), host.exportStore()),
  };
}

/** The stores of this site. A store is named as in the option `storage`, such as "opfs:notes". */
export interface Stores {
  /**
   * Every store that there is, by name.
   *
   * @throws {NearmissError} `INTERNAL` where the browser fails to look into one
   */
  list(): Promise<StoreInfo[]>;
  /** @throws {NearmissError} `INPUT_INVALID` while it is open anywhere */
  delete(store: string): Promise<void>;
  /**
   * Puts a file from `storage.export` in the place of a store, all or nothing.
   *
   * @throws {NearmissError} `STORAGE_CORRUPT` for another or a damaged file, `STORAGE_QUOTA`, `INPUT_INVALID` while it is open anywhere
   */
  import(store: string, file: Blob): Promise<void>;
  /**
   * Keeps what stands before the first damage of a store that cannot be opened (`STORAGE_CORRUPT`), and puts the damaged one aside.
   *
   * @throws {NearmissError} `INPUT_INVALID` while it is open anywhere, `STORAGE_QUOTA`
   */
  repair(store: string): Promise<void>;
  /** Bytes that the site uses and may use; null where the browser does not say. Never rejects. */
  estimate(): Promise<{ usage: number; quota: number } | null>;
  /** Asks the browser not to clear this site's stores when space is short. False when it does not promise. Never rejects. */
  persist(): Promise<boolean>;
}

/** All stores of this site, whether an instance has them open or not. */
export const stores: Stores = {
  list: () =>
    listStores().catch(async (error: unknown) => {
      throw await storageError(error);
    }),
  delete: deleteStore,
  import: async (store, file) => {
    if (!(file instanceof Blob)) throw invalid("file", "must be a Blob, such as a file that a person picked");
    await manage("import", [store, file]);
  },
  repair: (store) => manage("repair", [store]),
  estimate,
  persist,
};

async function manage<M extends Managing>(method: M, args: Parameters<(typeof MANAGING)[M]>): Promise<void> {
  const work = MANAGING[method] as (...args: Parameters<(typeof MANAGING)[M]>) => Promise<void>;
  // Memory is this thread's own.
  if (typeof Worker !== "function" || String(args[0]).startsWith("memory")) return work(...args);
  await inWorker({ managing: method, args });
}
