/** Encoding with nearmiss and with another engine, turn by turn in one page, and with one or two workers. */
import { alternate, apart } from "/speed/pairs.js";
import { ENGINES } from "./engines.js";

const WIDTH = 384;

/**
 * @param {string} peer of `ENGINES` @param {object} options of it
 * @param {[number, number]} shape texts a batch, tokens a text
 * @returns milliseconds of each turn, and over all turns the largest difference of a number and the least cosine of two rows
 */
export async function beside(peer, options, shape, turns) {
  const works = { nearmiss: await ENGINES.nearmiss(), peer: await ENGINES[peer](options) };
  const draw = await drawing(...shape);
  let batch;
  const rows = { nearmiss: null, peer: null };
  const agreement = { difference: 0, cosine: 1 };
  const times = await alternate(
    {
      nearmiss: async () => (rows.nearmiss = await works.nearmiss(batch)),
      peer: async () => (rows.peer = await works.peer(batch)),
    },
    {
      ...turns,
      before: () => (batch = draw()),
      after: () => {
        agreement.difference = Math.max(agreement.difference, apart(rows.nearmiss, rows.peer));
        agreement.cosine = Math.min(agreement.cosine, ...cosines(rows.nearmiss, rows.peer));
      },
    },
  );
  return { times, ...agreement, threads: window.crossOriginIsolated };
}

/** Dot products of unit rows in the same places. */
function cosines(a, b) {
  return Array.from({ length: a.length / WIDTH }, (_, row) => {
    let sum = 0;
    for (let at = row * WIDTH; at < (row + 1) * WIDTH; at += 1) sum += a[at] * b[at];
    return sum;
  });
}

/** @returns a function that draws so many texts of so many tokens, never the same: words that the tokenizer has whole. */
async function drawing(count, length) {
  const { model } = await (await fetch("/model/tokenizer.json")).json();
  const words = Object.keys(model.vocab).filter((word) => /^[a-z]{3,9}$/.test(word));
  let state = 1;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const text = () => Array.from({ length: length - 2 }, () => words[Math.floor(random() * words.length)]);
  return () => {
    const drawn = Array.from({ length: count }, text);
    const ids = drawn.map((some) => [model.vocab["[CLS]"], ...some.map((word) => model.vocab[word]), model.vocab["[SEP]"]]);
    return { texts: drawn.map((some) => some.join(" ")), ids };
  };
}

/** Two instances of the package, each with a worker of its own, beside one: the same texts, halved. Memory in bytes. */
export async function workers([count, length], turns) {
  const { Nearmiss } = await import("/pkg/dist/index.js");
  const create = () => Nearmiss.create({ model: "/model/", device: "cpu" });
  const [one, two] = [await create(), await create()];
  const draw = await drawing(count, length);
  let texts;
  const rows = { one: null, two: null };
  let difference = 0;
  const halves = async () => {
    const middle = texts.length / 2;
    const parts = await Promise.all([one.encode(texts.slice(0, middle)), two.encode(texts.slice(middle))]);
    rows.two = Float32Array.from([...parts[0], ...parts[1]]);
  };
  const times = await alternate(
    { one: async () => (rows.one = await one.encode(texts)), two: halves },
    { ...turns, before: () => (texts = draw().texts), after: () => (difference = Math.max(difference, apart(rows.one, rows.two))) },
  );
  const memory = [await one.memory(), await two.memory()].map(({ wasm }) => wasm);
  await Promise.all([one.dispose(), two.dispose()]);
  return { times, difference, memory };
}

/** The WebGPU build on whatever adapter there is, beside the CPU build, on the model of the tests. */
export async function smoke(turns) {
  const { open } = await import("/tests/page.js");
  const engines = { cpu: (await open("cpu", "/tiny/")).engine, webgpu: (await open("webgpu", "/tiny/")).engine };
  const texts = Array.from({ length: 8 }, (_, at) => `${"the key of the station and the valve of the door ".repeat(3)}${at}`);
  const rows = {};
  const encode = (name) => async () => (rows[name] = await engines[name].encode(texts, "document"));
  const times = await alternate({ cpu: encode("cpu"), webgpu: encode("webgpu") }, turns);
  return { times, difference: apart(rows.cpu, rows.webgpu), adapter: engines.webgpu.info().device.name };
}
