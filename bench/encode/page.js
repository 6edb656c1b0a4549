/** Encoding with nearmiss and with other engines, turn by turn in one page, and with one worker or two. */
import { alternate, apart } from "/speed/pairs.js";
import { ENGINES } from "./engines.js";

/**
 * @param {Record<string, { engine: string, options?: object }>} given engines of `ENGINES` by the names of the columns
 * @param {[number, number][]} shapes texts a batch, tokens a text; one after another on the same engines
 * @param {{ warm: number, rounds: number }} turns
 * @param {{ folder?: string, reference?: string }} options `folder`: of the tokenizer whose words are drawn; `reference`: the name to which
 *   all others are compared, by default the first
 * @returns of each shape: milliseconds of each turn by name; and of each name but the reference, over all turns, the largest difference of a
 *   number and the least cosine of two rows; the ids and rows of the reference in the last turn
 */
export async function beside(given, shapes, turns, { folder = "/model/", reference = Object.keys(given)[0] } = {}) {
  const engines = {};
  for (const [name, { engine, options }] of Object.entries(given)) engines[name] = await ENGINES[engine](options ?? {});
  const found = [];
  for (const shape of shapes) found.push(await measured(engines, await drawing(...shape, folder), turns, reference, shape));
  return { shapes: found, threads: window.crossOriginIsolated };
}

async function measured(engines, draw, turns, reference, [count]) {
  let batch;
  const rows = {};
  const agreement = {};
  const after = () => {
    for (const name of Object.keys(engines)) {
      if (name === reference) continue;
      const { difference, cosine } = agreement[name] ?? { difference: 0, cosine: 1 };
      agreement[name] = { difference: Math.max(difference, apart(rows[name], rows[reference])), cosine: Math.min(cosine, ...cosines(rows[name], rows[reference], count)) };
    }
  };
  const works = Object.fromEntries(Object.entries(engines).map(([name, encode]) => [name, async () => (rows[name] = await encode(batch))]));
  const times = await alternate(works, { ...turns, before: () => (batch = draw()), after });
  return { times, agreement, ids: batch.ids, rows: [...rows[reference]] };
}

/** Dot products of unit rows in the same places. */
function cosines(a, b, count) {
  const width = a.length / count;
  return Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let at = row * width; at < (row + 1) * width; at += 1) sum += a[at] * b[at];
    return sum;
  });
}

/** @returns a function that draws so many texts of so many tokens, never the same: words that the tokenizer has whole. */
async function drawing(count, length, folder = "/model/") {
  const { model } = await (await fetch(`${folder}tokenizer.json`)).json();
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

/**
 * Adding documents to an instance with one worker that encodes, and to one with two, the same texts each turn. The turns before are for the
 * second worker, which reads the model when there is first enough to encode.
 *
 * @returns milliseconds of each turn; the largest difference of a number between the two; bytes of memory of either
 */
export async function workers([count, length], turns) {
  const { Nearmiss } = await import("/pkg/dist/index.js");
  const create = (encoders) => Nearmiss.create({ model: "/model/", device: "cpu", encoders });
  const [one, two] = [await create(1), await create(2)];
  const draw = await drawing(count, length);
  let [texts, added, difference] = [null, 0, 0];
  const add = (nm) => nm.documents.add(texts.map((text, at) => ({ id: `${added + at}`, text })));
  const before = () => {
    added += count;
    ({ texts } = draw());
  };
  // What each keeps of its documents; both answer from there, nothing is encoded again but the query.
  const vectors = async (nm) => Float32Array.from(await scores(nm, texts[0]));
  const times = await alternate({ one: () => add(one), two: () => add(two) }, { ...turns, before });
  difference = apart(await vectors(one), await vectors(two));
  const memory = [await one.memory(), await two.memory()].map(({ wasm, encoders }) => wasm + encoders);
  const helped = (await two.memory()).encoders > 0;
  await Promise.all([one.dispose(), two.dispose()]);
  return { times, difference, memory, helped };
}

/** Of every document, by its id: cosines to one query, which tell the embeddings apart. */
async function scores(nm, query) {
  const hits = await nm.search(query, { mode: "dense", k: 1000 });
  return hits.toSorted((a, b) => Number(a.id) - Number(b.id)).map(({ score }) => score);
}

/** The WebGPU build on whatever adapter there is, beside the CPU build, on the model of the tests. */
export async function smoke(turns) {
  const { open } = await import("/tests/page.js");
  const engines = { cpu: (await open("cpu", "/tiny/")).engine, webgpu: (await open("webgpu", "/tiny/")).engine };
  const texts = Array.from({ length: 8 }, (_, at) => `${"the key of the station and the valve of the door ".repeat(3)}${at}`);
  const rows = {};
  const encode = (name) => async () => (rows[name] = await engines[name].encode(texts, "document"));
  const times = await alternate({ cpu: encode("cpu"), webgpu: encode("webgpu") }, turns);
  return { times, difference: apart(rows.cpu, rows.webgpu) };
}
