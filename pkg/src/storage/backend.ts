/** What keeps the bytes of one log. */

import type { Bytes } from "./frames.js";

export interface Backend {
  /** Length of the log in bytes. */
  readonly bytes: number;
  /** Records that were not read yet. A log that was replaced meanwhile is read from its beginning. */
  read(): AsyncGenerator<Uint8Array>;
  /** Takes the log into writing: what a dead tab left half written is cut off. Called once, before the first write. */
  openForWriting(): Promise<void>;
  /** All frames or none; on disk when it resolves. What this side wrote it does not read again. */
  append(frames: readonly Bytes[]): Promise<void>;
  /** In the place of all that was there, at once. */
  replace(frames: AsyncIterable<Bytes>): Promise<void>;
  close(): Promise<void>;
}

/** A kind of storage, and the stores in it. */
export interface Medium {
  /** Why stores cannot be kept in it here, in one sentence; null when they can. */
  lacks(): Promise<string | null>;
  /** Why a store cannot be appended to in this thread, likewise. */
  lacksAppending(): Promise<string | null>;
  /** Opens a store for reading; an empty one where there is none. @throws {NearmissError} `STORAGE_CORRUPT` */
  open(name: string): Promise<Backend>;
  list(): Promise<{ name: string; bytes: number }[]>;
  /** Puts a whole log in the place of a store that nobody has open. */
  replace(name: string, frames: AsyncIterable<Bytes>): Promise<void>;
  delete(name: string): Promise<void>;
}
