/** What the parts of the fake engine share: its embedding, its errors, what tests wait with, and the numbers it reports. */

const LETTERS = [..."aeionrst"];
export const DIMENSIONS = LETTERS.length;

export const FILES = { config: new Uint8Array([1]), tokenizer: new Uint8Array([2]), weights: new Uint8Array([3]) };

/** An error as the wasm module throws it. */
export function coded(code, message = code) {
  return Object.assign(new Error(message), { code });
}

/** A promise and what settles it. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** Lets the event loop turn until the condition holds; no clock, but an end, so that a failure is not a hang. */
export async function until(condition) {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn === 20_000) throw new Error(`still waiting for ${condition}`);
    await new Promise(setImmediate);
  }
}

export const METRICS = { "ndcg@10": 0.5, "mrr@10": 0.4, "recall@10": 0.8, "recall@100": 0.9, "precision@1": 0.3 };

/** What every step reports besides its number and its loss. */
export const STEP = { learningRate: 3e-4, gradNorm: 0.5, examplesPerSecond: 100, positiveScore: 0.7, negativeScore: 0.4, activeTriplets: 0.25 };

export const VERDICT = {
  outcome: "better", metric: "ndcg@10", before: METRICS, after: { ...METRICS, "ndcg@10": 0.6 }, difference: 0.1,
  interval: [0.05, 0.15], won: 1, lost: 0, tied: 0, perQuery: [], summary: "Better.", examples: 2,
  measuredOn: "judgments", chosen: { run: 1, step: 2, weight: 0.75, dev: 8 }, collapsed: false,
  spread: { before: { meanCosine: 0.12, effectiveRank: 6.5 }, after: { meanCosine: 0.154, effectiveRank: 6.25 } },
  falsePositives: { before: { threshold: 0.4, recall: 0.9, rate: 0.031 }, after: { threshold: 0.5, recall: 0.91, rate: 0.022 } },
};

/** What the fake engine exports as a folder. */
export function folder(format, weights) {
  const [config, tensors] = format === "peft" ? ["adapter_config.json", "adapter_model.safetensors"] : ["1_Pooling/config.json", "model.safetensors"];
  const encode = (text) => new TextEncoder().encode(text);
  return [{ path: config, bytes: encode("{}") }, { path: tensors, bytes: encode(weights) }];
}

/** A file with nothing but a header, which says what the tensors would be. */
export function safetensors(metadata) {
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata }));
  const file = new Uint8Array(8 + header.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}

/** Counts of letters, length 1. */
export function embed(text) {
  const counts = LETTERS.map((letter) => text.toLowerCase().split(letter).length - 1);
  const length = Math.hypot(...counts) || 1;
  return Float32Array.from(counts, (count) => count / length);
}

export function textOf({ title, text }) {
  return title ? `${title} ${text}` : text;
}

export function dot(a, b) {
  return a.reduce((sum, value, at) => sum + value * b[at], 0);
}

/** Rows one after the other. */
export function pack(rows) {
  const packed = new Float32Array(rows.length * DIMENSIONS);
  rows.forEach((row, at) => packed.set(row, at * DIMENSIONS));
  return packed;
}
