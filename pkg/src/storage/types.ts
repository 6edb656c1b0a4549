/** What a store promises to those who use it, and what it asks of the places where it is kept. */

export type StoreKind = "opfs" | "indexeddb" | "memory";

/** Something happened that this one did not do: more to read, everything anew, or this one now writes. */
export type StoreChange = "records" | "replaced" | "role";

/** One append-only log of records (bytes of any length up to 1 GiB). One tab writes; others follow. */
export interface Store {
  readonly name: string;
  /** Where it is kept, which need not be what was asked for: `reason` says why in one sentence. */
  readonly kind: StoreKind;
  readonly reason: string;
  /** A reader becomes the writer once the writer is gone and everything it left was read; `onChange` tells. */
  readonly role: "writer" | "reader";
  /** Length of the log as last looked at, with what frames take. */
  readonly bytes: number;
  /**
   * All records in order; after it was drained once, those that came since, and after "replaced" all again. One that is left
   * early begins at the same place the next time. A second call waits until the first is over or left. Ends early if the log is
   * replaced meanwhile: "replaced" is told first.
   *
   * @throws {NearmissError} `STORAGE_CORRUPT` naming the place
   */
  read(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Every record from the beginning, whatever `read` has given so far, and without moving it. */
  all(): AsyncGenerator<Uint8Array, void, undefined>;
  /**
   * Resolves when they are on disk. After a crash or a refusal all of them are there or none. Not to be changed meanwhile.
   *
   * @throws {NearmissError} `STORAGE_QUOTA` when the browser gives no more room; `INPUT_INVALID` for a reader
   */
  append(records: readonly Uint8Array[]): Promise<void>;
  /** These in the place of everything: after a crash or a refusal it is either the old log or the new one. Errors as in `append`. */
  replace(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Listen before the first `read`, and nothing is missed. Gives back how to stop. */
  onChange(listener: (what: StoreChange) => void): () => void;
  /** After what was asked for before. Lets the oldest reader write. */
  close(): Promise<void>;
}

/** How records are kept in one kind of place. One caller at a time, but for `records`. */
export interface Log {
  /** Place of the first record: bytes in a file, rows in a table. */
  readonly start: number;
  /** Counts replacements; 0 as long as nothing was ever written. */
  readonly generation: number;
  /** Place behind the last record. */
  readonly end: number;
  readonly bytes: number;
  /** Looks at what a writer elsewhere has written. */
  refresh(): Promise<void>;
  /**
   * Makes this one the writer: checks everything, makes the log if there is none, takes away what a crash left unfinished.
   *
   * @param recover keep what stands before the first damage, and put the damaged log aside, rather than throw `STORAGE_CORRUPT`
   */
  own(recover: boolean): Promise<void>;
  /** From one place to another of the present generation. Ends early once that is replaced. */
  records(from: number, to: number): AsyncGenerator<Uint8Array, void, undefined>;
  append(records: readonly Uint8Array[]): Promise<void>;
  replace(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that can be read anywhere. */
export interface Readable {
  /** At most `length` bytes, fewer only at the end. */
  read(at: number, length: number): Promise<Uint8Array>;
  size(): Promise<number>;
}

/** A file that is open for writing, by one only. */
export interface LogFile extends Readable {
  write(at: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Resolves when everything written is on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Where the files of one store lie. */
export interface Folder {
  list(): Promise<string[]>;
  /** Makes it if there is none. */
  open(name: string): Promise<LogFile>;
  /** Also while another has it open for writing. `null` if there is none. */
  view(name: string): Promise<Readable | null>;
  remove(name: string): Promise<void>;
}
