/** Documents: what is searched. */

import type { ProgressEvent } from "./training.js";

export interface Document {
  id: string;
  title?: string;
  text: string;
  /** Id of the document that this one is a chunk of, if it is one: chunks of one document are no negatives for each other's queries. */
  parent?: string;
  /** Anything JSON can hold; returned with each hit, and what filters go by. */
  metadata?: unknown;
}

/** A document, or a text or Markdown file: its id is its path, its title its first heading or its name. */
export type DocumentInput = Document | Blob | FileSystemDirectoryHandle;

export interface AddOptions {
  /** Aborting leaves the documents added; those not encoded yet are found by their words alone. */
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** What adding documents did; `total` is the number of documents afterwards. */
export interface AddResult {
  added: number;
  updated: number;
  unchanged: number;
  total: number;
}

export interface EncodeOptions {
  /** Which tower. Default "document"; the two differ only when the query side was trained alone. */
  as?: "query" | "document";
  signal?: AbortSignal;
}
