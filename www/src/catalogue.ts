/** Documents by id. */
import type { Document } from "nearmiss";

/** The list of documents is replaced and never changed, so each list needs one table. */
const tables = new WeakMap<readonly Document[], ReadonlyMap<string, Document>>();

export function documentOf(documents: readonly Document[], id: string): Document | undefined {
  const table = tables.get(documents) ?? new Map(documents.map((document) => [document.id, document]));
  tables.set(documents, table);
  return table.get(id);
}

/** What a person knows a document by. */
export function titleOf(documents: readonly Document[], id: string): string {
  return documentOf(documents, id)?.title || id;
}
