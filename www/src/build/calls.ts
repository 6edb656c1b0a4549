/** Calls that the playground offers, with arguments to begin with. The sample's own words, so that each gives something at once. */

export interface Offer {
  /** As it is called: `search`, `documents.list`. */
  path: string;
  /** As JSON, one argument after the other. */
  args: unknown[];
  /** What its options, the last argument, take besides: a way to cancel, and somebody to tell of progress. */
  takes: "nothing" | "signal" | "signal and progress";
}

const QUESTION = "Which batteries have to come back to the workshop?";

export const OFFERS: readonly Offer[] = [
  { path: "search", args: [QUESTION, { k: 3, mode: "hybrid", explain: true }], takes: "signal" },
  { path: "encode", args: [["a question", "another one"], { as: "query" }], takes: "signal" },
  { path: "context", args: [QUESTION, { maxTokens: 300 }], takes: "signal" },
  { path: "mine", args: [{ strategy: "dense", numNegatives: 2 }], takes: "signal and progress" },
  { path: "why", args: [QUESTION, "battery-recall"], takes: "nothing" },
  { path: "train", args: [{ loss: "margin", margin: 0.2, epochs: 4 }], takes: "signal and progress" },
  { path: "evaluate", args: [{ split: "held-out" }], takes: "signal and progress" },
  { path: "compare", args: [QUESTION, { k: 5 }], takes: "signal and progress" },
  { path: "documents.add", args: [[{ id: "jetty", title: "The jetty", text: "Quokkas sleep under the jetty." }]], takes: "nothing" },
  { path: "documents.list", args: [], takes: "nothing" },
  { path: "judgments.list", args: [], takes: "nothing" },
  { path: "export", args: ["safetensors"], takes: "nothing" },
  { path: "memory", args: [], takes: "nothing" },
];

/** @returns null when the text is JSON but no list @throws {SyntaxError} when it is no JSON */
export function readArgs(text: string): unknown[] | null {
  const args: unknown = JSON.parse(text.trim() === "" ? "[]" : text);
  return Array.isArray(args) ? args : null;
}
