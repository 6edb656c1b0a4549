/**
 * Encoding with all-MiniLM-L6-v2 in headless Chromium, nearmiss (CPU build) beside onnxruntime-web and transformers.js, turn by turn in
 * one page on the same texts: do the embeddings agree, and how many tokens a second? Then two workers beside one, and a smoke run of
 * WebGPU. Writes bench/results/<date>-encode.md.
 *
 *     node bench/encode.mjs [--quick]     # needs the built package and the model (npm run build), Python 3; installs the others into its cache
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MODEL } from "../tools/model.mjs";
import { run, script } from "../tools/shared.mjs";
import { compare, least, median } from "./speed/pairs.js";
import { BESIDE, QUICK, browser, head, installPeers, mega, ms, ratioCell, save, table, whole } from "./speed/results.mjs";

const PACKAGES = ["onnx==1.23.2", "onnxruntime==1.32.0", "safetensors==0.8.0", "numpy==2.4.6"];
const PEERS = [
  { name: "onnxruntime-web, 1 thread", engine: "onnxRuntime", options: { threads: 1 } },
  { name: "transformers.js, 1 thread", engine: "transformersJs", options: { threads: 1 } },
  { name: "onnxruntime-web, 2 threads", engine: "onnxRuntime", options: { threads: 2 } },
  { name: "onnxruntime-web, 1 thread, int8", engine: "onnxRuntime", options: { threads: 1, file: "model_quantized.onnx" }, tolerance: 1 },
];
const SHAPES = QUICK ? [[8, 32]] : [[8, 32], [8, 128], [32, 128]];
const TURNS = { warm: 1, rounds: QUICK ? 3 : 7 };
/** Of a number of an embedding; for eight bits it is only stated. */
const TOLERANCE = 1e-5;

/** Registries hold no ONNX file of the model: it is made from the same safetensors, once. */
async function exportModel(folder) {
  const python = join(folder, "python", "bin", "python");
  if (!existsSync(python)) await run("python3", ["-m", "venv", join(folder, "python")]);
  if (existsSync(join(folder, "models/minilm/tokenizer_config.json"))) return;
  await run(python, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  await run(python, ["bench/download/export_onnx.py", MODEL, join(folder, "models/minilm")]);
}

/** transformers.js brings a version of onnxruntime-web of its own; where npm finds that both ask for the same one, there is one only. */
function runtimeOf(modules) {
  const own = join(modules, "@huggingface/transformers/node_modules/onnxruntime-web/dist");
  return existsSync(own) ? own : join(modules, "onnxruntime-web/dist");
}

async function peerRows({ call }) {
  const rows = [];
  for (const { name, engine, options, tolerance = TOLERANCE } of PEERS) {
    for (const [count, length] of SHAPES) {
      const { times, difference, cosine, threads } = await call("/page.js", "beside", engine, options, [count, length], TURNS);
      if (options.threads > 1 && !threads) throw new Error("the page is not isolated: there are no threads");
      if (difference > tolerance) throw new Error(`${name}, ${count} × ${length}: embeddings apart by ${difference}`);
      const second = (values) => whole((1000 * count * length) / median(values));
      const compared = compare(times.nearmiss, times.peer);
      rows.push([
        name, `${count} × ${length}`, `${ms(median(times.nearmiss))} (${ms(least(times.nearmiss))})`, `${ms(median(times.peer))} (${ms(least(times.peer))})`,
        second(times.nearmiss), second(times.peer), ratioCell(compared), compared.best.toFixed(2), difference.toExponential(1), cosine.toFixed(6),
      ]);
      console.error(rows.at(-1).join("  "));
    }
  }
  return rows;
}

async function workerRow({ call }) {
  const [count, length] = QUICK ? [8, 32] : [64, 128];
  const { times, difference, memory } = await call("/page.js", "workers", [count, length], { warm: 1, rounds: QUICK ? 2 : 5 });
  if (difference > TOLERANCE) throw new Error(`one worker and two are apart by ${difference}`);
  const { ratio, from, to } = compare(times.two, times.one);
  return [
    `${count} × ${length}`, ms(median(times.one)), ms(median(times.two)), ratioCell({ ratio, from, to }), difference.toExponential(1),
    mega(memory[0]), mega(memory[0] + memory[1]),
  ];
}

async function smokeRow(roots) {
  const page = await browser(roots, { webgpu: true });
  try {
    const { times, difference, adapter } = await page.call("/page.js", "smoke", { warm: 2, rounds: 5 });
    if (difference > 1e-4) throw new Error(`WebGPU and CPU are apart by ${difference}`);
    return [adapter, ms(median(times.webgpu)), ms(median(times.cpu)), difference.toExponential(1)];
  } finally {
    await page.close();
  }
}

async function main() {
  const folder = await installPeers("encode");
  await exportModel(folder);
  const modules = join(folder, "node_modules");
  const roots = {
    "/": "bench/encode", "/model/": MODEL, "/models/": join(folder, "models"), "/pkg/": "pkg", "/peers/": modules, "/ort/": runtimeOf(modules),
  };
  const page = await browser(roots);
  try {
    const peers = await peerRows(page);
    const workers = await workerRow(page);
    const smoke = await smokeRow(roots);
    await save("encode", [
      ...head("Encoding beside onnxruntime-web and transformers.js", page.version, ...BESIDE,
        "all-MiniLM-L6-v2, mean pooling, length 1; every text has exactly as many tokens as it says, no padding, other texts each turn. nearmiss is",
        "its CPU build on one thread, from text; onnxruntime-web is given token ids and has its rows pooled outside; transformers.js works from text.",
        `All are called in the page's own thread. COOP and COEP are sent, so that threads and exact clocks are to be had. Times: median (least) of ${TURNS.rounds}`,
        `turns. Embeddings must agree within ${TOLERANCE} in every number, or there is no table; int8 is onnxruntime's dynamic quantisation, another model.`),
      ...table(
        ["beside", "texts × tokens", "nearmiss, ms", "peer, ms", "nearmiss, tokens/s", "peer, tokens/s", "peer / nearmiss", "of the best times", "numbers apart", "least cosine"], peers),
      "## Two workers", "",
      "An instance of nearmiss has one worker. Two instances with half of the texts each, beside one with all; above 1 is in favour of two. On a",
      "machine of two cores shared with other work this is a lower bound.",
      ...table(["texts × tokens", "one, ms", "two, ms", "one / two", "numbers apart", "wasm memory of one, MB", "of both, MB"], [workers]),
      "## WebGPU, a smoke run", "",
      "A software adapter, so the times say nothing about a GPU; a model of 24,000 weights, 8 short texts.",
      ...table(["adapter", "WebGPU build, ms", "CPU build, ms", "numbers apart"], [smoke]),
    ]);
  } finally {
    await page.close();
  }
}

await script(import.meta.url, main);
