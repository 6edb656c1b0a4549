/** Documents from what a person hands over: objects, text and Markdown files, whole folders. */

import * as check from "./checks.js";
import { aborted, invalid } from "./errors.js";
import type { Document, DocumentInput } from "./types.js";

const TEXT_FILE = /\.(md|markdown|mdown|txt|text)$/i;
const MARKDOWN_FILE = /\.(md|markdown|mdown)$/i;

/**
 * All or nothing: one that cannot be read refuses the list.
 *
 * @throws {NearmissError} `INPUT_INVALID`, naming the place in the list and the field or file
 */
export async function toDocuments(input: DocumentInput | Iterable<DocumentInput>, signal?: AbortSignal): Promise<Document[]> {
  const documents: Document[] = [];
  for (const [index, item] of check.list(input).entries()) {
    if (signal?.aborted) throw aborted(signal);
    if (item instanceof Blob) documents.push(await fromBlob(item, index));
    else if (isFolder(item)) for await (const [path, file] of textFiles(item)) documents.push(await fromBlob(file, index, path));
    else documents.push(check.document(item, index));
  }
  return documents;
}

async function fromBlob(blob: Blob, index: number, path?: string): Promise<Document> {
  const file = typeof File !== "undefined" && blob instanceof File ? blob : null;
  const place = `documents[${index}]${file ? ` (${file.name})` : ""}`;
  const bytes = await blob.arrayBuffer();
  const text = decode(bytes, place);
  const id = path || file?.webkitRelativePath || file?.name || (await contentId(bytes));
  const markdown = blob.type === "text/markdown" || MARKDOWN_FILE.test(id);
  return { id, title: (markdown && firstHeading(text)) || file?.name || "", text };
}

function decode(bytes: ArrayBuffer, place: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(place, "is not UTF-8 text; only text and Markdown files can be added", cause);
  }
  if (text.includes("\0")) throw invalid(place, "is a binary file; only text and Markdown files can be added");
  return text;
}

/** `# Title` at its first occurrence outside code fences, of any level, without closing marks. */
export function firstHeading(markdown: string): string | undefined {
  let fence: string | undefined;
  for (const line of markdown.split(/\r?\n/)) {
    const mark = /^ {0,3}(```|~~~)/.exec(line)?.[1];
    if (mark && (!fence || fence === mark)) fence = fence ? undefined : mark;
    const heading = fence ? null : /^ {0,3}#{1,6}\s+(.+?)(?:\s+#+)?\s*$/.exec(line);
    if (heading) return heading[1];
  }
  return undefined;
}

/** A bare Blob has no name, so the same content gets the same id. */
export async function contentId(bytes: ArrayBuffer): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `blob-${[...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function isFolder(item: unknown): item is FileSystemDirectoryHandle {
  return (Object(item) as { kind?: unknown }).kind === "directory";
}

/** Text and Markdown files below a folder with their paths, by name, so that the order is the same each time. */
async function* textFiles(folder: FileSystemDirectoryHandle, prefix = ""): AsyncGenerator<[string, File]> {
  const entries: FileSystemHandle[] = [];
  for await (const entry of folder.values()) entries.push(entry);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = `${prefix}${entry.name}`;
    if (isFolder(entry)) yield* textFiles(entry, `${path}/`);
    else if (TEXT_FILE.test(entry.name)) yield [path, await (entry as FileSystemFileHandle).getFile()];
  }
}
