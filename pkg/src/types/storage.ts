/** What outlives the page. */

import type { ErrorCode } from "./model.js";

/** Where things are kept. "opfs": files that belong to the site (origin private file system); "memory": nothing outlives the page. */
export type StorageKind = "opfs" | "indexeddb" | "memory";

/** How an instance is kept, now. */
export interface StorageState {
  /** Yours, without the kind. */
  name: string;
  /** Where it is kept in the end. */
  kind: StorageKind;
  /** One sentence: why this kind. */
  reason: string;
  /** A store is written by one tab at a time. The others follow what it does, and become the writer when it goes. */
  role: "writer" | "reader";
  /** Length of the store. */
  bytes: number;
  /** Why something that could be made again (embeddings), or trained weights, could not be saved; null when all is saved. */
  unsaved: { code: ErrorCode; message: string } | null;
  /** Why trained weights that are in the store were left out when it was opened; null when they were not. */
  leftOut: string | null;
  /** Are trained weights in it, and in use? */
  trained: boolean;
  /** The step at which the last checkpoint of a training was made that was broken off; null when there is none. */
  checkpoint: number | null;
}

/** A store of this site, whether it is in use or not. */
export interface StoreInfo {
  /** Yours, without the kind. */
  name: string;
  /** Where it is kept. */
  kind: StorageKind;
  /** Its length. */
  bytes: number;
}
