/** `nm.storage`: what outlives the page, and `stores`: all that there are. */

import type { Core } from "./core.js";
import { deleteStore, estimate, importStore, listStores, persist, repairStore } from "./storage/index.js";
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
  /** Of a training that was broken off, for `train({ resume })`; null when there is none. */
  checkpoint(): Promise<Uint8Array | null>;
  /** Everything in it as one file, which `stores.import` takes up again. */
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

/** The stores of this site, open or not. A store is named as in the option `storage`, such as "opfs:notes". */
export interface Stores {
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
   * Keeps what stands before the first damage of a store that cannot be opened (`STORAGE_CORRUPT`), and drops the rest.
   *
   * @returns how many records could be kept, and whether anything was damaged
   */
  repair(store: string): Promise<{ saved: number; damaged: boolean }>;
  /** Bytes that the site uses and may use; null where the browser does not say. */
  estimate(): Promise<{ usage: number; quota: number } | null>;
  /** Asks the browser not to clear this site's stores when space is short. False when it does not promise. */
  persist(): Promise<boolean>;
}

export const stores: Stores = { list: listStores, delete: deleteStore, import: importStore, repair: repairStore, estimate, persist };
