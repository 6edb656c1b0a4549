/** Which calls change what a person has, and so are written down before they are made. */

import type { Method } from "../host.js";

/**
 * Made again in order, these calls lead to the same documents and judgments, with the same history to undo. Not among them: what is made
 * by arithmetic (embeddings, weights), which is kept as it came out.
 */
const CHANGES = new Set<Method>([
  "addDocuments", "removeDocuments", "addJudgments", "removeJudgments", "undo", "redo", "importJudgments", "pseudoQueries", "feedback",
]);

/** Calls after which other weights may be in use, once the next index job has ended. */
const WEIGHTS = new Set<Method>(["keep", "rollback", "import", "importFolder"]);

export const changes = (method: Method): boolean => CHANGES.has(method);
export const reweighs = (method: Method): boolean => WEIGHTS.has(method);

/** What only the writer of a store may do. A job that trains writes weights. */
export function needsWriter(method: Method, args: readonly unknown[]): boolean {
  if (changes(method) || reweighs(method)) return true;
  return method === "start" && (Object(args[0]) as { kind?: unknown }).kind === "train";
}
