/** Which note a document belongs to: what was read from one file is one note, in as many passages as it takes. */
import type { Document } from "nearmiss";

/** The file that a document came from, or itself. */
export function noteOf({ id, metadata }: Document): string {
  const { file } = Object(metadata) as { file?: unknown };
  return typeof file === "string" ? file : id;
}

/** Notes with their passages, in the order in which they came. */
export function byNote(documents: readonly Document[]): Map<string, Document[]> {
  const notes = new Map<string, Document[]>();
  for (const document of documents) {
    const parts = notes.get(noteOf(document));
    if (parts) parts.push(document);
    else notes.set(noteOf(document), [document]);
  }
  return notes;
}
