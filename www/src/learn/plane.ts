/** A plane through the notes as they lay before the first step (PCA): every later step is drawn on it, so that the map stands still. */
import { count, dot, normalise, row, type Rows } from "./algebra.ts";

export interface Plane {
  mean: Float64Array;
  axes: [Float64Array, Float64Array];
  /** Share of the notes' variance that the plane shows, 0..1. */
  share: number;
}

/** Rounds of power iteration; on the sample 60 give five digits. */
const ROUNDS = 200;

export function planeOf(rows: Rows): Plane {
  const { dim } = rows;
  const n = count(rows);
  const mean = new Float64Array(dim);
  for (let i = 0; i < n; i += 1) for (let d = 0; d < dim; d += 1) mean[d] = (mean[d] ?? 0) + (row(rows, i)[d] ?? 0) / n;
  const centred = Array.from({ length: n }, (_, i) => Float64Array.from(row(rows, i), (value, d) => value - (mean[d] ?? 0)));
  const first = principal(centred, []);
  const second = principal(centred, [first.axis]);
  const total = centred.reduce((sum, vector) => sum + dot(vector, vector), 0);
  return { mean, axes: [first.axis, second.axis], share: total > 0 ? (first.variance + second.variance) / total : 0 };
}

/** The direction of the largest variance among those at right angles to `without`. */
function principal(vectors: Float64Array[], without: Float64Array[]): { axis: Float64Array; variance: number } {
  const dim = vectors[0]?.length ?? 0;
  // Any start will do that is not at right angles to what is sought; a fixed one gives the same map every time.
  let axis = Float64Array.from({ length: dim }, (_, d) => Math.cos(d + 1));
  let variance = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = new Float64Array(dim);
    for (const vector of vectors) {
      const along = dot(vector, axis);
      for (let d = 0; d < dim; d += 1) next[d] = (next[d] ?? 0) + along * (vector[d] ?? 0);
    }
    for (const other of without) {
      const along = dot(next, other);
      for (let d = 0; d < dim; d += 1) next[d] = (next[d] ?? 0) - along * (other[d] ?? 0);
    }
    normalise(next);
    axis = next;
  }
  for (const vector of vectors) variance += dot(vector, axis) ** 2;
  return { axis: turned(axis), variance };
}

/** The same line, pointing to where its largest part is above 0: of two signs, always the same. */
function turned(axis: Float64Array): Float64Array {
  const largest = axis.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return largest < 0 ? axis.map((value) => -value) : axis;
}

/** Where a row lies on the plane; both coordinates −2..2. */
export function place({ mean, axes }: Plane, vector: Float32Array): [number, number] {
  const centred = Float64Array.from(vector, (value, d) => value - (mean[d] ?? 0));
  return [dot(centred, axes[0]), dot(centred, axes[1])];
}
