/** The little linear algebra of the lesson: rows of embeddings, a head over them, and how many directions they use. */

/** Row-major `[n, dim]`, each row of length 1. */
export interface Rows {
  values: Float32Array;
  dim: number;
}

export function row({ values, dim }: Rows, at: number): Float32Array {
  return values.subarray(at * dim, (at + 1) * dim);
}

export function count({ values, dim }: Rows): number {
  return values.length / dim;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

/** What a head makes of finished embeddings, `e' = normalise(e + e W)`. @param weight row-major `[dim, dim]` */
export function adapt(rows: Rows, weight: Float32Array): Rows {
  const { dim } = rows;
  const values = rows.values.slice();
  for (let at = 0; at < values.length; at += dim) {
    const out = values.subarray(at, at + dim);
    for (let from = 0; from < dim; from += 1) {
      const scale = rows.values[at + from] ?? 0;
      const weights = weight.subarray(from * dim, (from + 1) * dim);
      for (let to = 0; to < dim; to += 1) out[to] = (out[to] ?? 0) + scale * (weights[to] ?? 0);
    }
    normalise(out);
  }
  return { values, dim };
}

export function normalise(vector: Float32Array | Float64Array): void {
  const length = Math.sqrt(dot(vector, vector));
  if (length > 0) for (let at = 0; at < vector.length; at += 1) vector[at] = (vector[at] ?? 0) / length;
}

/** How embeddings lie in space, by the same two numbers as a verdict's `spread`. */
export interface Spread {
  /** Mean cosine of pairs of rows. */
  alike: number;
  /** exp of the entropy of the normalised singular values (Roy & Vetterli 2007). */
  rank: number;
}

export function spread(rows: Rows): Spread {
  const n = count(rows);
  const gram = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => dot(row(rows, i), row(rows, j))));
  const total = gram.reduce((sum, line, i) => sum + line.reduce((sum, value, j) => (i === j ? sum : sum + value), 0), 0);
  const singular = eigenvalues(gram).map((value) => Math.sqrt(Math.max(value, 0)));
  const sum = singular.reduce((sum, value) => sum + value, 0);
  const entropy = singular.reduce((entropy, value) => (value > 0 ? entropy - (value / sum) * Math.log(value / sum) : entropy), 0);
  return { alike: total / Math.max(n * (n - 1), 1), rank: Math.exp(entropy) };
}

/** Sweeps of Jacobi's method; 83 notes need 8. */
const SWEEPS = 30;

/** Of a symmetric matrix, which is used up: Jacobi's cyclic method (Golub & Van Loan, 8.5). Slow beyond a few hundred rows. */
export function eigenvalues(a: Float64Array[]): number[] {
  const n = a.length;
  const at = (i: number, j: number) => a[i]?.[j] ?? 0;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    let beside = 0;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) beside += at(p, q) ** 2;
    if (beside < 1e-20) break;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) rotate(a, p, q);
  }
  return a.map((_, i) => at(i, i));
}

/** Turns the plane of two coordinates so that nothing stands between them. */
function rotate(a: Float64Array[], p: number, q: number): void {
  const [rowP, rowQ] = [a[p], a[q]];
  if (!rowP || !rowQ || Math.abs(rowP[q] ?? 0) < 1e-15) return;
  const theta = ((rowQ[q] ?? 0) - (rowP[p] ?? 0)) / (2 * (rowP[q] ?? 0));
  const tan = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cos = 1 / Math.sqrt(tan * tan + 1);
  const sin = tan * cos;
  for (const line of a) {
    const [x, y] = [line[p] ?? 0, line[q] ?? 0];
    line[p] = cos * x - sin * y;
    line[q] = sin * x + cos * y;
  }
  for (let k = 0; k < a.length; k += 1) {
    const [x, y] = [rowP[k] ?? 0, rowQ[k] ?? 0];
    rowP[k] = cos * x - sin * y;
    rowQ[k] = sin * x + cos * y;
  }
}
