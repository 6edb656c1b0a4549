/** What the page shows of documents that are gone, and of what was found about them, goes with them. */
import type { Store } from "../state.ts";

export function drop(store: Store, gone: ReadonlySet<string>): void {
  if (gone.size === 0) return;
  const { documents, judgments, hits, examples, suspects } = store.state;
  const rest = documents.filter((document) => !gone.has(document.id));
  store.update({
    documents: rest,
    judgments: judgments.filter((judgment) => !gone.has(judgment.document)),
    hits: rest.length === 0 ? null : (hits?.filter((hit) => !gone.has(hit.id)) ?? null),
    examples: rest.length === 0 ? [] : examples,
    suspects: suspects.filter((suspect) => !gone.has(suspect.document) && !gone.has(suspect.positive)),
    nearMisses: [],
    mined: null,
  });
}
