/** The mining of the fake engine: nearest documents first, a teacher's rule if there is one, and nothing else. */
import { coded, dot, embed, textOf } from "./fake-values.mjs";

const NOTHING_DROPPED = {
  positive: 0, copy: 0, labelled: 0, nearDuplicate: 0, sibling: 0, sameTitle: 0, absoluteMargin: 0, relativeMargin: 0, maxScore: 0,
  minScore: 0, teacher: 0,
};

/**
 * Yields what the engine reports on the way.
 *
 * @param takeScores gives what was put since the last call, or null
 * @returns {Generator<object, { examples: object[], suspects: object[], report: object }>}
 */
export function* mining({ documents, judgments, options, takeScores }) {
  const positives = judgments.filter(({ relevant, split }) => relevant && split !== "held-out");
  if (options.strategy === "synthetic") yield { type: "encode", stage: "near-misses", done: 1, total: 1, elapsedMs: 1 };
  if (options.teacher === "maxsim") yield { type: "encode", stage: "tokens", done: 1, total: 1, elapsedMs: 1 };
  yield { type: "search", done: positives.length, total: positives.length, elapsedMs: 1 };
  const found = { examples: [], suspects: [], dropped: { ...NOTHING_DROPPED } };
  for (const positive of positives) {
    const scores = options.teacher === "given" ? yield* asked(positive.query, documents, takeScores) : null;
    take(positive, documents, judgments, options, scores, found);
  }
  const { examples, suspects, dropped } = found;
  return { examples, suspects, report: report(examples, suspects, dropped, options) };
}

function* asked(query, documents, takeScores) {
  takeScores();
  yield { type: "scoring", query, documents, elapsedMs: 1 };
  const scores = takeScores();
  if (scores?.length !== documents.length) throw coded("INTERNAL", "the scores were not put");
  return new Map(documents.map(({ id }, at) => [id, scores[at]]));
}

function take({ query, document: positive, weight = 1 }, documents, judgments, { numNegatives = 3, strategy = "dense" }, scores, found) {
  const cosine = (id) => dot(embed(query), embed(textOf(documents.find((document) => document.id === id))));
  const positiveScore = cosine(positive);
  const judged = judgments.filter((judgment) => judgment.query === query);
  const wrong = judged.filter(({ relevant }) => !relevant);
  const labelled = wrong.map((judgment) => ({ document: judgment.document, score: cosine(judgment.document), rank: null, source: "labelled", weight: judgment.weight ?? 1 }));
  const others = documents.map(({ id }) => id).filter((id) => !judged.some(({ document }) => document === id));
  const passed = others.filter((id) => {
    if (!scores || scores.get(id) <= scores.get(positive)) return true;
    found.dropped.teacher += 1;
    found.suspects.push({ query, document: id, positive, reason: "teacher", score: cosine(id), positiveScore, similarity: scores.get(id) });
    return false;
  });
  const source = strategy === "bm25" ? "bm25" : "dense";
  const mined = passed.map((document) => ({ document, score: cosine(document), source, weight: 1 })).sort((a, b) => b.score - a.score);
  const ranked = mined.map((negative, at) => ({ ...negative, rank: at + 1 }));
  found.dropped.positive += 1;
  found.examples.push({ query, positive, negatives: [...labelled, ...ranked].slice(0, numNegatives), positiveScore, weight });
}

function report(examples, suspects, dropped, { numNegatives = 3, strategy = "dense" }) {
  const negatives = examples.flatMap((example) => example.negatives);
  const sources = {};
  for (const { source } of negatives) sources[source] = (sources[source] ?? 0) + 1;
  const short = examples.filter((example) => example.negatives.length < numNegatives);
  return {
    strategy, pairs: examples.length, negatives: negatives.length, candidates: negatives.length + suspects.length + examples.length, dropped, sources,
    toppedUp: 0, shortPairs: short.length, shortfall: short.reduce((sum, example) => sum + numNegatives - example.negatives.length, 0),
    suspects: suspects.length, rangeMin: 0, rangeMax: 30, positiveScores: quantiles(examples.map(({ positiveScore }) => positiveScore)),
    negativeScores: quantiles(negatives.map(({ score }) => score)),
    histogram: examples.length === 0 ? null : bins(examples.map(({ positiveScore }) => positiveScore), negatives.map(({ score }) => score)), overlap: null, miningMs: 1,
  };
}

function quantiles(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return { min: at(0), p25: at(0.25), median: at(0.5), p75: at(0.75), max: at(1) };
}

function bins(positives, negatives, count = 4) {
  const inBins = (values) => Array.from({ length: count }, (_, bin) => values.filter((value) => Math.min(count - 1, Math.floor(value * count)) === bin).length);
  return { min: 0, max: 1, positives: inBins(positives), negatives: inBins(negatives) };
}
