/** From rows, one a run, to means over seeds and to what they say about the claims. Pure: rows in, numbers out. */

const METRIC = "ndcg@10";
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Groups in order of first appearance. */
export function groupBy(items, name) {
  const groups = new Map();
  for (const item of items) {
    const key = name(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}

/**
 * One entry for each collection, setting and seed: folds are merged, each weighted by its queries. Seeds of which folds are
 * missing are left out.
 */
export function bySeed(rows) {
  const groups = [...groupBy(rows, ({ collection, setting, seed }) => JSON.stringify([collection, setting, seed])).values()];
  return groups.filter((group) => group.length === (group[0].request.folds?.of ?? 1)).map(merged);
}

function merged(folds) {
  const queries = folds.reduce((sum, fold) => sum + fold.queries, 0);
  const weighted = (value) => folds.reduce((sum, fold) => sum + value(fold) * fold.queries, 0) / queries;
  const { collection, setting, seed, documents } = folds[0];
  const before = weighted((fold) => fold.before[METRIC]);
  const after = weighted((fold) => fold.after[METRIC]);
  return {
    collection, setting, seed, documents, queries, before, after,
    difference: after - before,
    outcomes: folds.map((fold) => fold.outcome),
    examples: mean(folds.map((fold) => fold.examples)),
    steps: mean(folds.map((fold) => fold.steps)),
    seconds: folds.reduce((sum, fold) => sum + fold.seconds, 0),
    interval: folds.length === 1 ? folds[0].interval : null,
  };
}

/** One entry for each collection and setting: means over seeds, and the range of nDCG@10 afterwards. */
export function bySetting(seeds) {
  return [...groupBy(seeds, ({ collection, setting }) => JSON.stringify([collection, setting])).values()].map((group) => {
    const over = (name) => mean(group.map((entry) => entry[name]));
    const after = group.map((entry) => entry.after);
    const { collection, setting, documents, queries } = group[0];
    return {
      collection, setting, documents, queries,
      seeds: group.length,
      before: over("before"), after: over("after"), difference: over("difference"),
      lowest: Math.min(...after), highest: Math.max(...after),
      outcomes: group.flatMap((entry) => entry.outcomes),
      interval: group.length === 1 ? group[0].interval : null,
      examples: over("examples"), steps: over("steps"), seconds: over("seconds"),
    };
  });
}

/** Fewer pairs agree by chance in one case of four, or more. */
const LEAST_PAIRS = 3;

/**
 * A claim against the rows: `a` and `b` of the same collection and seed are one pair. It holds when a is better in every pair,
 * its opposite when b is; a tie counts for neither.
 *
 * @returns {{ pairs: number, won: number, lost: number, difference: number, collections: object[] }}
 */
export function judge({ pairs }, seeds) {
  const found = new Map(seeds.map((entry) => [JSON.stringify([entry.collection, entry.setting, entry.seed]), entry.after]));
  const compared = seeds.flatMap(({ collection, setting, seed, after }) =>
    pairs.filter(([a]) => a === setting).flatMap(([, b]) => {
      const other = found.get(JSON.stringify([collection, b, seed]));
      return other === undefined ? [] : [{ collection, difference: after - other }];
    }),
  );
  const collections = [...groupBy(compared, ({ collection }) => collection)].map(([collection, own]) => ({ collection, ...tally(own) }));
  return { ...tally(compared), collections };
}

function tally(compared) {
  const differences = compared.map(({ difference }) => difference);
  const won = differences.filter((difference) => difference > 0).length;
  const lost = differences.filter((difference) => difference < 0).length;
  const n = differences.length;
  const word = n === 0 ? "not measured" : n < LEAST_PAIRS ? "too few pairs" : won === n ? "holds" : lost === n ? "the opposite holds" : "mixed";
  return { pairs: n, won, lost, difference: n === 0 ? null : mean(differences), word };
}
