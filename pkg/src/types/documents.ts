/** Documents: what is searched. */

import type { ProgressEvent } from "./training.js";

/** One thing that can be found: a note, a message, a chunk of a longer text. */
export interface Document {
  /** Yours; not empty, and unique in the instance. */
  id: string;
  /** Searched with the text, in front of it. Default: none. */
  title?: string;
  /** What is searched. The encoder reads its first `maxLength` tokens, lexical search all of it. */
  text: string;
  /** Id of the document that this one is a chunk of, if it is one: chunks of one document are no negatives for each other's queries. */
  parent?: string;
  /** Anything JSON can hold; returned with each hit, and what filters go by. */
  metadata?: unknown;
}

/** A document, or a text or Markdown file: its id is its path, its title its first heading or its name. */
export type DocumentInput = Document | Blob | FileSystemDirectoryHandle;

/** Of `documents.add`. */
export interface AddOptions {
  /** Aborting leaves the documents added; those not encoded yet are found by their words alone. */
  signal?: AbortSignal;
  /** Gets `encode` events while embeddings are made. */
  onProgress?: (event: ProgressEvent) => void;
}

/** What adding documents did; `total` is the number of documents afterwards. */
export interface AddResult {
  /** Documents that are new. */
  added: number;
  /** Known ids with other content. */
  updated: number;
  /** Known ids with the same content: nothing was encoded for them. */
  unchanged: number;
  /** Documents afterwards. */
  total: number;
}

/** Of `encode`. */
export interface EncodeOptions {
  /** Which tower. Default "document"; the two differ only when the query side was trained alone. */
  as?: "query" | "document";
  /** Aborting rejects with `ABORTED`. */
  signal?: AbortSignal;
}
