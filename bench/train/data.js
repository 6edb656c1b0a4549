/** What both train on: a seeded BERT, and questions, answers and wrong answers of one length whose word pieces are whole words. */
import { seededModel } from "/tests/gpu.js";

/** Of the step: a BERT; `batch` questions, as many answers and as many wrong ones, each of `length` tokens. */
export const SHAPE = { hidden: 128, heads: 4, wide: 512, layers: 2, batch: 16, length: 32 };
export const SCALE = 20;
export const RATE = 1e-3;

/** @returns {Promise<{ shape, files, tensors: Map<string, { shape, values }>, queries, positives, negatives, ids(text): number[] }>} */
export async function data(shape = SHAPE) {
  const files = await seededModel(shape);
  const { model } = JSON.parse(new TextDecoder().decode(files.tokenizer));
  const words = Object.keys(model.vocab).filter((word) => /^[a-z]{2,}$/.test(word));
  const random = uniform(3);
  const text = () => Array.from({ length: shape.length - 2 }, () => words[Math.floor(random() * words.length)]).join(" ");
  const texts = () => Array.from({ length: shape.batch }, text);
  const ids = (text) => [model.vocab["[CLS]"], ...text.split(" ").map((word) => model.vocab[word]), model.vocab["[SEP]"]];
  return { shape, files, tensors: read(files.weights), queries: texts(), positives: texts(), negatives: texts(), ids };
}

/** The tensors of a safetensors file. */
function read(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const values = ([from, to]) => new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer);
  return new Map(Object.entries(header).map(([name, { shape, data_offsets }]) => [name, { shape, values: values(data_offsets) }]));
}

/** Mulberry32. */
function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
