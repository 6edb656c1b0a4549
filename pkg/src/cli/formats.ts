/**
 * Examples as texts, in the shapes and with the rules of `mine_hard_negatives` of sentence-transformers: what its trainers
 * read as a JSON data set. A passage is title, space and text, as it is encoded.
 */

import type { Document, Example, Negative } from "../types.js";

export const FORMATS = ["examples", "triplet", "n-tuple", "labeled-pair", "labeled-list"] as const;

export type Format = (typeof FORMATS)[number];

export interface Formatted {
  rows: object[];
  /** Pairs that have too few negatives for the format, and so are not in it. */
  leftOut: number;
}

/**
 * - `triplet`: `{ query, positive, negative }`, one a negative
 * - `n-tuple`: `{ query, positive, negative_1, … }`, for pairs that have all of them
 * - `labeled-pair`: `{ query, passage, label }`, each passage of a query once; label 1 says that it answers it, 0 that not
 * - `labeled-list`: `{ query, passages, labels }`, the positive first
 *
 * @param width negatives a pair that were asked for
 */
export function format(shape: Format, examples: Example[], documents: Document[], width: number): Formatted {
  if (shape === "examples") return { rows: examples, leftOut: 0 };
  const texts = new Map(documents.map(({ id, title, text }) => [id, `${(title ?? "").trim()} ${text.trim()}`.trim()]));
  const pairs = examples.map((example) => passages(example, texts));
  if (shape === "labeled-pair") return { rows: labeledPairs(pairs), leftOut: 0 };
  const least = shape === "n-tuple" ? width : 1;
  const full = pairs.filter(({ negatives }) => negatives.length >= least);
  const rows = full.flatMap((pair) => SHAPES[shape](pair, width));
  return { rows, leftOut: pairs.length - full.length };
}

interface Passages {
  query: string;
  positive: string;
  negatives: string[];
}

const SHAPES = {
  triplet: ({ query, positive, negatives }: Passages) => negatives.map((negative) => ({ query, positive, negative })),
  "n-tuple": ({ query, positive, negatives }: Passages, width: number) => {
    const columns = negatives.slice(0, width).map((negative, at) => [`negative_${at + 1}`, negative]);
    return [{ query, positive, ...Object.fromEntries(columns) }];
  },
  "labeled-list": ({ query, positive, negatives }: Passages) => {
    return [{ query, passages: [positive, ...negatives], labels: [1, ...negatives.map(() => 0)] }];
  },
};

/** By query, in the order in which they come; a passage that answers it is never also a negative. */
function labeledPairs(pairs: Passages[]): object[] {
  const queries = new Map<string, Map<string, 0 | 1>>();
  for (const { query, positive, negatives } of pairs) {
    const labels = queries.get(query) ?? new Map<string, 0 | 1>();
    queries.set(query, labels.set(positive, 1));
    for (const negative of negatives) if (!labels.has(negative)) labels.set(negative, 0);
  }
  return [...queries].flatMap(([query, labels]) => {
    const sorted = [...labels].sort(([, a], [, b]) => b - a);
    return sorted.map(([passage, label]) => ({ query, passage, label }));
  });
}

function passages({ query, positive, negatives }: Example, texts: Map<string, string>): Passages {
  const textOf = ({ document, synthetic }: Negative) => synthetic?.text ?? texts.get(document ?? "") ?? "";
  return { query, positive: texts.get(positive) ?? "", negatives: negatives.map(textOf) };
}
