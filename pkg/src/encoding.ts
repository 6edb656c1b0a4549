/** Long lists of texts, cut into batches that the engine takes one at a time. */

import { aborted } from "./errors.js";
import type { Host } from "./host.js";

/** Texts a batch: enough to keep the device busy, few enough that a search need not wait long behind one. */
const BATCH = 32;

/** Positions of the texts, longest first and so of like length in each batch: a batch is padded to its longest text. */
export function batches(texts: readonly string[], size = BATCH): number[][] {
  const length = (index: number) => texts[index]?.length ?? 0;
  const order = texts.map((_, index) => index).sort((a, b) => length(b) - length(a) || a - b);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, batch) => order.slice(batch * size, (batch + 1) * size));
}

/** Row-major, one row of `dimensions` for each text, in the order of the texts. */
export async function encodeAll(host: Host, texts: readonly string[], as: "query" | "document", signal?: AbortSignal): Promise<Float32Array> {
  const { dimensions } = host.info.model;
  const rows = new Float32Array(texts.length * dimensions);
  for (const batch of batches(texts)) {
    if (signal?.aborted) throw aborted(signal);
    const vectors = await host.call("encode", [batch.map((index) => texts[index] ?? ""), as], signal);
    batch.forEach((index, row) => rows.set(vectors.subarray(row * dimensions, (row + 1) * dimensions), index * dimensions));
  }
  return rows;
}
