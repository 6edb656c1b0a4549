/**
 * Encoding with all-MiniLM-L6-v2 in headless Chromium, nearmiss (CPU build) beside onnxruntime-web and transformers.js, turn by turn in
 * one page on the same texts: do the embeddings agree, and how many tokens a second? Then both in eight bits, two workers of an instance beside
 * one, and a smoke run of WebGPU. Writes bench/results/<date>-encode.md.
 *
 *     node bench/encode.mjs [--quick]     # needs the built package and the model (npm run build), Python 3; installs the others into its cache
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MODEL } from "../tools/model.mjs";
import { exportOnnx } from "./encode/export.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { compare, least, median } from "./speed/pairs.js";
import { BESIDE, browser, head, installPeers, mega, ms, ratioCell, save, table, whole } from "./speed/results.mjs";

const PEERS = [
  { name: "onnxruntime-web, 1 thread", engine: "onnxRuntime", options: { threads: 1 } },
  { name: "transformers.js, 1 thread", engine: "transformersJs", options: { threads: 1 } },
  { name: "onnxruntime-web, 2 threads", engine: "onnxRuntime", options: { threads: 2 } },
];
/** Both in eight bits, and float32, which both are compared to. */
const EIGHT_BITS = {
  float32: { engine: "nearmiss" },
  nearmiss: { engine: "nearmiss", options: { precision: "int8" } },
  peer: { engine: "onnxRuntime", options: { file: "model_quantized.onnx" } },
};
const SHAPES = QUICK ? [[8, 32]] : [[8, 32], [8, 128], [32, 128]];
const TURNS = { warm: 1, rounds: QUICK ? 3 : 7 };
/** Of a number of an embedding in float32; for eight bits the cosine is stated. */
const TOLERANCE = 1e-5;

/** transformers.js brings a version of onnxruntime-web of its own; where npm finds that both ask for the same one, there is one only. */
function runtimeOf(modules) {
  const own = join(modules, "@huggingface/transformers/node_modules/onnxruntime-web/dist");
  return existsSync(own) ? own : join(modules, "onnxruntime-web/dist");
}

const second = (values, [count, length]) => whole((1000 * count * length) / median(values));
const time = (values) => `${ms(median(values))} (${ms(least(values))})`;
const label = ([count, length]) => `${count} × ${length}`;

async function peerRows({ call }) {
  const rows = [];
  for (const { name, engine, options } of PEERS) {
    const { shapes, threads } = await call("/page.js", "beside", { nearmiss: { engine: "nearmiss" }, peer: { engine, options } }, SHAPES, TURNS);
    if (options.threads > 1 && !threads) throw new Error("the page is not isolated: there are no threads");
    for (const [at, { times, agreement }] of shapes.entries()) {
      const { difference, cosine } = agreement.peer;
      if (difference > TOLERANCE) throw new Error(`${name}, ${label(SHAPES[at])}: embeddings apart by ${difference}`);
      const compared = compare(times.nearmiss, times.peer);
      rows.push([
        name, label(SHAPES[at]), time(times.nearmiss), time(times.peer), second(times.nearmiss, SHAPES[at]), second(times.peer, SHAPES[at]),
        ratioCell(compared), compared.best.toFixed(2), difference.toExponential(1), cosine.toFixed(6),
      ]);
      console.error(rows.at(-1).join("  "));
    }
  }
  return rows;
}

async function eightBitRows({ call }) {
  const { shapes } = await call("/page.js", "beside", EIGHT_BITS, SHAPES, TURNS);
  return shapes.map(({ times, agreement }, at) => {
    const cosines = [agreement.nearmiss, agreement.peer].map(({ cosine }) => cosine.toFixed(6));
    const cells = [
      label(SHAPES[at]), time(times.nearmiss), time(times.peer), second(times.nearmiss, SHAPES[at]), second(times.peer, SHAPES[at]),
      ratioCell(compare(times.nearmiss, times.peer)), ratioCell(compare(times.nearmiss, times.float32)), ...cosines,
    ];
    console.error(cells.join("  "));
    return cells;
  });
}

async function workerRow({ call }) {
  const shape = QUICK ? [64, 16] : [128, 128];
  const { times, difference, memory, helped } = await call("/page.js", "workers", shape, { warm: 1, rounds: QUICK ? 1 : 5 });
  if (!helped) throw new Error("the second worker never encoded");
  if (difference > TOLERANCE) throw new Error(`one worker and two are apart by ${difference}`);
  return [
    label(shape), ms(median(times.one)), ms(median(times.two)), ratioCell(compare(times.two, times.one)), difference.toExponential(1),
    ...memory.map(mega), (memory[1] / memory[0]).toFixed(2),
  ];
}

async function smokeRow(roots) {
  const page = await browser(roots, { webgpu: true });
  try {
    const { times, difference } = await page.call("/page.js", "smoke", { warm: 2, rounds: 5 });
    if (difference > 1e-4) throw new Error(`WebGPU and CPU are apart by ${difference}`);
    const adapter = (await page.adapter())?.name;
    return [adapter, ms(median(times.webgpu)), ms(median(times.cpu)), ratioCell(compare(times.webgpu, times.cpu)), difference.toExponential(1)];
  } finally {
    await page.close();
  }
}

async function main() {
  const folder = await installPeers("encode");
  await exportOnnx(folder, MODEL, "minilm");
  const modules = join(folder, "node_modules");
  const roots = {
    "/": "bench/encode", "/model/": MODEL, "/models/": join(folder, "models"), "/pkg/": "pkg", "/peers/": modules, "/ort/": runtimeOf(modules),
  };
  const page = await browser(roots);
  try {
    const peers = await peerRows(page);
    const bits = await eightBitRows(page);
    const workers = await workerRow(page);
    const smoke = await smokeRow(roots);
    await save("encode", [
      ...head("Encoding beside onnxruntime-web and transformers.js", { where: page.version, modules: ["cpu", "webgpu"], adapter: smoke[0] }, ...BESIDE,
        "all-MiniLM-L6-v2, mean pooling, length 1; every text has exactly as many tokens as it says, no padding, other texts each turn. nearmiss is",
        "its CPU build on one thread, from text; onnxruntime-web is given token ids and has its rows pooled outside; transformers.js works from text.",
        `All are called in the page's own thread. COOP and COEP are sent, so that threads and exact clocks are to be had. Times: median (least) of ${TURNS.rounds}`,
        `turns. Embeddings must agree within ${TOLERANCE} in every number, or there is no table.`),
      ...table(
        ["beside", "texts × tokens", "nearmiss, ms", "peer, ms", "nearmiss, tokens/s", "peer, tokens/s", "peer / nearmiss", "of the best times", "numbers apart", "least cosine"], peers),
      "## Eight bits", "",
      "nearmiss with `precision: \"int8\"` beside onnxruntime-web on the same weights, dynamically quantised by onnxruntime (1 thread), in turns with",
      "nearmiss in float32. The cosines are the least to float32. They are not the same bargain: what nearmiss's costs in search is in the table of",
      "`bench/precision.mjs`; embeddings as far from float32 as the other's are those of another model.",
      ...table(
        ["texts × tokens", "nearmiss, ms", "onnxruntime-web, ms", "nearmiss, tokens/s", "onnxruntime-web, tokens/s", "peer / nearmiss", "float32 / int8 of nearmiss",
          "least cosine, nearmiss", "least cosine, onnxruntime-web"], bits),
      "## Two workers", "",
      "An instance with `encoders: 2` beside one with `encoders: 1`, as documents are added to both; above 1 is in favour of two. Apart: scores of all",
      "documents for one query. Memory: all wasm memory of the instance, at the end. On two cores this is all of the machine.",
      ...table(["documents × tokens", "one, ms", "two, ms", "one / two", "numbers apart", "memory of one, MB", "of two, MB", "two / one"], [workers]),
      "## WebGPU, a smoke run", "",
      "A software adapter, so the times say nothing about a GPU; a model of 24,000 weights, 8 short texts. For a real one: `bench/gpu.mjs`.",
      ...table(["adapter", "WebGPU build, ms", "CPU build, ms", "CPU / WebGPU", "numbers apart"], [smoke]),
    ]);
  } finally {
    await page.close();
  }
}

await command(import.meta.url, main);
