/** Files that a person gives to the page, and the one that it gives back. */
import type { Document } from "nearmiss";
import { passages } from "./passages.ts";
import { strings } from "./strings.ts";

/** Bytes; a note longer than a thick book is more likely a mistake. */
const LARGEST = 5_000_000;

export interface Read {
  documents: Document[];
  /** "name: reason" for each file that was not taken. */
  skipped: string[];
}

/** Reads .txt and .md files; one that cannot be used is skipped with its reason and never stops the others. */
export async function readNotes(files: readonly File[]): Promise<Read> {
  const read: Read = { documents: [], skipped: [] };
  for (const file of files) {
    const name = file.webkitRelativePath || file.name;
    const result = await readNote(file, name);
    if (typeof result === "string") read.skipped.push(`${name}: ${result}`);
    else read.documents.push(...result);
  }
  return read;
}

async function readNote(file: File, name: string): Promise<Document[] | string> {
  if (!/\.(txt|md|markdown)$/i.test(name)) return strings.skipped.kind;
  if (file.size > LARGEST) return strings.skipped.size;
  try {
    const text = await file.text();
    if (text.includes("\0")) return strings.skipped.binary;
    const documents = passages(name, text);
    return documents.length > 0 ? documents : strings.skipped.empty;
  } catch {
    // A folder that was dropped, or a file that has gone since.
    return strings.skipped.unreadable;
  }
}

/** Hands a file to the browser's download list. Nothing is sent anywhere: the address is a local blob. */
export function save(bytes: Uint8Array, name: string): void {
  saveBlob(new Blob([bytes.slice()], { type: "application/octet-stream" }), name);
}

export function saveBlob(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
