/**
 * Given vectors for the mining benchmark: the same numbers on every machine with the same Node.
 *
 * 10,000 documents of 384 numbers around 500 centres, some near theirs and some far. 1,000 queries, each asking for one
 * document: between its centre and it, with noise of their own. Cosines much as those of a sentence encoder: 0.77 to 0.86
 * with the positive, 0.42 to 0.80 with its neighbours, around 0 with the rest. All rows are of length 1.
 */
export const SIZES = { documents: 10_000, queries: 1_000, dim: 384, centres: 500 };

/** @returns {{ documents: Float32Array, queries: Float32Array, positives: number[] }} row-major; the document of each query */
export function makeVectors({ documents, queries, dim, centres } = SIZES, seed = 1) {
  const random = mulberry32(seed);
  const noise = () => normal(random) / Math.sqrt(dim);
  const centre = Float32Array.from({ length: centres * dim }, noise);
  const rows = new Float32Array(documents * dim);
  for (let d = 0; d < documents; d++) {
    const [c, spread] = [d % centres, 0.3 + 0.8 * random()];
    for (let j = 0; j < dim; j++) rows[d * dim + j] = centre[c * dim + j] + spread * noise();
  }
  const asked = new Float32Array(queries * dim);
  const positives = Array.from({ length: queries }, (_, q) => Math.floor((q * documents) / queries) + (q % 7));
  for (const [q, d] of positives.entries()) {
    const c = d % centres;
    for (let j = 0; j < dim; j++) {
      const [from, to] = [centre[c * dim + j], rows[d * dim + j]];
      asked[q * dim + j] = from + 0.6 * (to - from) + 0.7 * noise();
    }
  }
  for (const table of [rows, asked]) normalise(table, dim);
  return { documents: rows, queries: asked, positives };
}

function normalise(table, dim) {
  for (let at = 0; at < table.length; at += dim) {
    const row = table.subarray(at, at + dim);
    const length = Math.hypot(...row);
    row.forEach((x, j) => (row[j] = x / length));
  }
}

function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Box and Muller. */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
