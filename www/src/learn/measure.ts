/** Makes frames from embeddings, a head and the examples in force. */
import { adapt, count, dot, row, spread, type Rows } from "./algebra.ts";
import type { Example } from "./checkpoint.ts";
import { BARS, LEAST_COSINE, type Frame, type Scored } from "./frames.ts";
import { place, type Plane } from "./plane.ts";

/** A question by its row, with the grades of what answers it by number of document. */
export type Graded = ReadonlyMap<number, number>;

/** What does not change in a training. */
export interface Measured {
  documents: Rows;
  practice: Rows;
  heldOut: Rows;
  /** One for each row of questions. */
  practiceGrades: Graded[];
  heldOutGrades: Graded[];
  /** Rows of `practice` that can be followed. */
  followed: number[];
  /** Cosine. */
  margin: number;
  /** Is the loss that of pairs which are pulled and never pushed (contrastive, margin 0), and not the margin loss? */
  onlyPulls: boolean;
  /** The notes that count: copies made to provoke trouble come behind them, and are searched by nobody. */
  notes: number;
}

export interface Ground extends Measured {
  plane: Plane;
}

/** @param weights null for the model before training; `before` holds the examples of the frame before, null for the first */
export function measure(ground: Ground, weights: Float32Array | null, examples: Example[], before: Example[] | null): Frame {
  const under = (rows: Rows) => (weights ? adapt(rows, weights) : rows);
  const [documents, practice, heldOut] = [under(ground.documents), under(ground.practice), under(ground.heldOut)];
  const notes: Rows = { values: documents.values.subarray(0, ground.notes * documents.dim), dim: documents.dim };
  const cosine = (query: number, document: number) => dot(row(practice, query), row(documents, document));
  const { positives, negatives, ...scores } = scoresOf(examples, cosine, ground);
  const places = [...placesOf(documents, ground.plane), ...ground.followed.map((query) => place(ground.plane, row(practice, query)))];
  return {
    ...scores,
    ...spread(notes),
    heldOut: ndcg(heldOut, notes, ground.heldOutGrades),
    practice: ndcg(practice, notes, ground.practiceGrades),
    bars: { positives: bars(positives), negatives: bars(negatives) },
    same: before && sameNegatives(before, examples),
    places,
    followed: ground.followed.map((query) => follow(examples, query, cosine)),
  };
}

type Cosine = (query: number, document: number) => number;

function scoresOf(examples: Example[], cosine: Cosine, { margin, onlyPulls }: Ground) {
  const [positives, negatives]: [number[], number[]] = [[], []];
  let [loss, active] = [0, 0];
  for (const example of examples) {
    const positive = cosine(example.query, example.positive);
    positives.push(positive);
    for (const document of example.negatives) {
      const negative = cosine(example.query, document);
      negatives.push(negative);
      const hinge = margin - positive + negative;
      if (hinge > 0) [loss, active] = [loss + hinge, active + 1];
    }
  }
  const triplets = negatives.length;
  const pulled = positives.reduce((sum, cosine) => sum + (1 - cosine) ** 2 / 2, 0) / Math.max(positives.length + triplets, 1);
  const means = { loss: onlyPulls ? pulled : loss / Math.max(triplets, 1), positive: mean(positives), negative: mean(negatives) };
  return { ...means, active, triplets, positives, negatives };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}

/** What lies outside counts for the bar at the end. */
function bars(cosines: number[]): number[] {
  const counts = new Array<number>(BARS).fill(0);
  for (const cosine of cosines) {
    const at = Math.floor(((cosine - LEAST_COSINE) / (1 - LEAST_COSINE)) * BARS);
    const bar = Math.min(Math.max(at, 0), BARS - 1);
    counts[bar] = (counts[bar] ?? 0) + 1;
  }
  return counts;
}

/** Null when all are the same: then nobody looked, or it made no difference. */
function sameNegatives(before: Example[], now: Example[]): number | null {
  const [old, fresh] = [new Set(tripletsOf(before)), tripletsOf(now)];
  const same = fresh.filter((triplet) => old.has(triplet)).length / Math.max(fresh.length, 1);
  return same === 1 ? null : same;
}

function tripletsOf(examples: Example[]): string[] {
  return examples.flatMap(({ query, positive, negatives }) => negatives.map((document) => `${query} ${positive} ${document}`));
}

function placesOf(rows: Rows, plane: Plane): [number, number][] {
  return Array.from({ length: count(rows) }, (_, at) => place(plane, row(rows, at)));
}

function follow(examples: Example[], query: number, cosine: Cosine): { positive: Scored; negatives: Scored[] } {
  const scored = (document: number): Scored => [document, cosine(query, document)];
  const example = examples.find((example) => example.query === query);
  if (!example) throw new Error(`the practice question no. ${query} has no example`);
  return { positive: scored(example.positive), negatives: example.negatives.map(scored) };
}

/** Mean nDCG@10, with the grade as the gain, as the package measures it. */
export function ndcg(queries: Rows, documents: Rows, grades: Graded[]): number {
  const each = grades.map((graded, at) => {
    const query = row(queries, at);
    const scores = Array.from({ length: count(documents) }, (_, document): Scored => [document, dot(query, row(documents, document))]);
    const ranking = scores.sort(([a, x], [b, y]) => y - x || a - b).map(([document]) => graded.get(document) ?? 0);
    const ideal = [...graded.values()].sort((a, b) => b - a);
    return discounted(ranking) / discounted(ideal);
  });
  return mean(each);
}

function discounted(gains: number[]): number {
  return gains.slice(0, 10).reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0);
}
