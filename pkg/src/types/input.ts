/** Files that become documents. */

import type { NearmissError } from "../errors.js";
import type { AddResult, Document } from "./documents.js";
import type { ProgressEvent } from "./training.js";

/** A file or a folder: as a person picked or dropped it, or its bytes with a name. */
export type FileInput = Blob | FileSystemFileHandle | FileSystemDirectoryHandle | { path: string; bytes: Uint8Array };

/** Which columns of a CSV file, or fields of a JSON record, are which. What is not named is recognised: id or _id, title, text, body or content. */
export interface Columns {
  /** Name of the column or field with the id. */
  id?: string;
  /** Likewise with the title. */
  title?: string;
  /** Likewise with the text. */
  text?: string;
}

/** How files are read. */
export interface ReadOptions {
  /** Aborting ends the reading after the file under way. */
  signal?: AbortSignal;
  /** For CSV and JSON. Default: recognised by their names. */
  columns?: Columns;
  /** Largest file, in bytes. Default 50,000,000. */
  maxBytes?: number;
  /** Longest passage, in characters. Default 1000: models that read 256 tokens take in about as much of English. */
  passageLength?: number;
  /** In a page: where pdfjs-dist's folder `cmaps/` is served, for PDF files in Chinese, Japanese or Korean that bring no tables of their own. */
  cMapUrl?: string | URL;
}

/** One file: its passages, or why there are none. `warnings` tell of parts that could not be read. */
export type FileRead = { path: string; documents: Document[]; warnings: string[] } | { path: string; error: NearmissError };

/** Of `documents.import`. */
export interface ImportOptions extends ReadOptions {
  /** Gets an `import` event for each file, and what is reported on the way. */
  onProgress?: (event: ProgressEvent) => void;
}

/** What an import did, file by file where something is amiss. */
export interface ImportResult {
  /** Files whose documents are in. */
  files: number;
  /** What became of the passages. */
  documents: AddResult;
  /** Passages that were removed, because their file no longer has them. */
  removed: number;
  /** Files that could not be read, and why. */
  skipped: { path: string; code: NearmissError["code"]; message: string }[];
  /** Parts of files that could not be read. */
  warnings: { path: string; message: string }[];
}

/** While files are imported, at least once for each. */
export interface ImportEvent {
  type: "import";
  /** The file that was read last. */
  path: string;
  /** Files that were read, skipped ones included. */
  done: number;
  /** Null while a folder is still being walked. */
  total: number | null;
  /** Documents that are in and can be found. */
  documents: number;
  /** Files that could not be read so far. */
  skipped: number;
  /** Since the import began. */
  elapsedMs: number;
}
