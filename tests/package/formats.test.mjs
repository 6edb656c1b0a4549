/**
 * Examples as data sets. Expected rows follow `mine_hard_negatives` of sentence-transformers (util/hard_negatives.py): which
 * rows it keeps for which `output_format`, and how its columns are called for a data set with columns query and positive.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "../../pkg/dist/cli/formats.js";

const DOCUMENTS = [
  { id: "p", title: "Keys", text: "rotate them" },
  { id: "q", title: "", text: "also an answer" },
  { id: "n", text: "a lock" },
  { id: "m", text: "a door" },
];

const negative = (document) => ({ document, score: 0.5, rank: 1, source: "dense", weight: 1 });
const nearMiss = { text: "rotate them never", kind: "negation", from: "", to: "never", source: "p", donor: null };
const synthetic = { document: null, synthetic: nearMiss, score: null, rank: null, source: "synthetic", weight: 1 };
const example = (query, positive, negatives) => ({ query, positive, negatives, positiveScore: 0.9, weight: 1 });

const EXAMPLES = [
  example("how", "p", [negative("n"), synthetic]),
  example("how", "q", [negative("m")]),
  example("why", "q", []),
];

const rows = (shape, examples = EXAMPLES) => format(shape, examples, DOCUMENTS, 2);

test("examples stay as they are", () => {
  assert.deepEqual(rows("examples"), { rows: EXAMPLES, leftOut: 0 });
});

test("triplet: one for each negative; a synthetic one by its own text, titles before texts", () => {
  assert.deepEqual(rows("triplet"), {
    rows: [
      { query: "how", positive: "Keys rotate them", negative: "a lock" },
      { query: "how", positive: "Keys rotate them", negative: "rotate them never" },
      { query: "how", positive: "also an answer", negative: "a door" },
    ],
    leftOut: 1,
  });
});

test("n-tuple: only pairs that have all their negatives, so that every row has the same columns", () => {
  assert.deepEqual(rows("n-tuple"), {
    rows: [{ query: "how", positive: "Keys rotate them", negative_1: "a lock", negative_2: "rotate them never" }],
    leftOut: 2,
  });
});

test("labeled-pair: each passage of a query once, answers first, also for a query without negatives", () => {
  assert.deepEqual(rows("labeled-pair"), {
    rows: [
      { query: "how", passage: "Keys rotate them", label: 1 },
      { query: "how", passage: "also an answer", label: 1 },
      { query: "how", passage: "a lock", label: 0 },
      { query: "how", passage: "rotate them never", label: 0 },
      { query: "how", passage: "a door", label: 0 },
      { query: "why", passage: "also an answer", label: 1 },
    ],
    leftOut: 0,
  });
});

test("labeled-pair: what answers a query is never also wrong for it", () => {
  const examples = [example("how", "p", [negative("q")]), example("how", "q", [])];
  assert.deepEqual(rows("labeled-pair", examples).rows.map(({ passage, label }) => [passage, label]), [["Keys rotate them", 1], ["also an answer", 1]]);
});

test("labeled-list: positive first, labels beside; a pair without negatives is left out", () => {
  assert.deepEqual(rows("labeled-list"), {
    rows: [
      { query: "how", passages: ["Keys rotate them", "a lock", "rotate them never"], labels: [1, 0, 0] },
      { query: "how", passages: ["also an answer", "a door"], labels: [1, 0] },
    ],
    leftOut: 1,
  });
});
