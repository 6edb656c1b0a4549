/**
 * From nothing to the first embedding: instantiating the module, reading the model, the first text; memory beside the size of the model's
 * file; what a server sends. nearmiss and onnxruntime-web take turns, each time in a fresh page of headless Chromium. Writes
 * bench/results/<date>-startup.md.
 *
 *     node bench/startup.mjs [--quick]    # needs the built package and the model; onnxruntime-web and its graph come from bench/encode.mjs
 */
import { build } from "esbuild";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import { MODEL } from "../tools/model.mjs";
import { CACHE, ROOT, SetupError } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { apart, compare, median } from "./speed/pairs.js";
import { BESIDE, browser, head, mega, ms, NODE, ratioCell, save, table } from "./speed/results.mjs";

const PEERS = join(CACHE, "bench-encode");
const COMPACT = join(ROOT, "pkg/models/compact");
const TINY = join(ROOT, "tests/fixtures/tiny-bert");
const TURNS = QUICK ? 2 : 7;
/** Memory at its most, as a multiple of the model's file, that is aimed at for a model in single precision. */
const TARGET = 1.6;

/** Each turn a fresh page, one after another. */
async function turns(works) {
  const found = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [name, work] of Object.entries(works)) found[name].push(await work());
  }
  return found;
}

const middle = (runs, stage) => ms(median(runs.map((run) => run[stage])));
const STAGES = ["instantiate", "create", "first", "later", "total"];

function stageRow(name, runs, ratio) {
  const { bytes, file } = runs.at(-1);
  return [name, ...STAGES.map((stage) => middle(runs, stage)), mega(bytes), mega(file), (bytes / file).toFixed(2), ratio];
}

async function onCpu(roots) {
  const page = await browser(roots);
  try {
    const found = await turns({
      minilm: () => page.call("/page.js", "nearmiss", "cpu", "/model/"),
      peer: () => page.call("/page.js", "onnxRuntime"),
      compact: () => page.call("/page.js", "nearmiss", "cpu", "/compact/"),
    });
    const difference = apart(found.minilm[0].row, found.peer[0].row);
    if (difference > 1e-5) throw new Error(`the first embeddings are apart by ${difference}`);
    const totals = (runs) => runs.map(({ total }) => total);
    const ratio = ratioCell(compare(totals(found.minilm), totals(found.peer)));
    const rows = [
      stageRow("nearmiss, all-MiniLM-L6-v2", found.minilm, ratio), stageRow("onnxruntime-web, the same weights", found.peer, ""),
      stageRow("nearmiss, its compact model", found.compact, ""),
    ];
    rows.forEach((cells) => console.error(cells.join("  ")));
    return { rows, difference, version: page.version, share: found.minilm[0].bytes / found.minilm[0].file };
  } finally {
    await page.close();
  }
}

/** Shaders are compiled when they are first needed: how many, and what the first text takes beside a later one. */
async function onGpu(roots) {
  const page = await browser(roots, { webgpu: true });
  try {
    const rows = [];
    for (const [name, folder] of [["tests' model, 24,000 weights", "/tiny/"], ...(QUICK ? [] : [["compact", "/compact/"]])]) {
      const runs = (await turns({ gpu: () => page.call("/page.js", "nearmiss", "webgpu", folder) })).gpu;
      const [create, first, ...later] = runs[0].pipelines;
      const firsts = runs.map((run) => run.first);
      const ratio = ratioCell(compare(runs.map((run) => run.later), firsts));
      rows.push([name, middle(runs, "instantiate"), middle(runs, "create"), ms(median(firsts)), middle(runs, "later"), ratio, create, first, later.join(", ")]);
      console.error(rows.at(-1).join("  "));
    }
    return { rows, adapter: (await page.adapter())?.name };
  } finally {
    await page.close();
  }
}

/**
 * The most that a Node process ever held, less what it held with the module and the tests' tiny model: with whatever JavaScript keeps of the
 * file meanwhile, which a page's count leaves out. From /proc, since getrusage counts what the parent held before exec.
 */
async function resident(model) {
  const code = `
    import { readFileSync } from "node:fs";
    const { Nearmiss } = await import(${JSON.stringify(join(ROOT, "pkg/dist/index.js"))});
    const most = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
    const open = async (model) => (await Nearmiss.create({ model, device: "cpu", worker: false })).encode(["which way does the tap open"]);
    await open(${JSON.stringify(TINY)});
    const before = most();
    await open(${JSON.stringify(model)});
    console.log(JSON.stringify(most() - before));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  return JSON.parse(stdout);
}

/** What a page downloads, brotli 11: each build's module with its glue, and the package's own script as an application bundles it. */
async function sizes() {
  const bundle = async () => {
    const { outputFiles } = await build({
      stdin: { contents: 'export { Nearmiss } from "./pkg/dist/index.js"', resolveDir: ROOT }, bundle: true, minify: true, format: "esm", write: false,
      external: ["node:*"], outdir: "/", splitting: true, logLevel: "error",
    });
    return outputFiles.map(({ contents }) => Buffer.from(contents));
  };
  const read = (...paths) => Promise.all(paths.map((path) => readFile(join(ROOT, path))));
  const parts = {
    "CPU build": await read("pkg/wasm/cpu/nearmiss_bg.wasm", "pkg/wasm/cpu/nearmiss.js"),
    "WebGPU build": await read("pkg/wasm/webgpu/nearmiss_bg.wasm", "pkg/wasm/webgpu/nearmiss.js"),
    "the package's scripts, minified, all readers of files among them": await bundle(),
    "compact model": await read("pkg/models/compact/model.safetensors", "pkg/models/compact/tokenizer.json"),
  };
  const rows = [];
  for (const [name, files] of Object.entries(parts)) {
    const raw = files.reduce((sum, bytes) => sum + bytes.length, 0);
    const sent = (await Promise.all(files.map((bytes) => promisify(brotliCompress)(bytes)))).reduce((sum, bytes) => sum + bytes.length, 0);
    rows.push([name, (raw / 1e6).toFixed(2), (sent / 1e6).toFixed(2), (sent / raw).toFixed(2)]);
  }
  return rows;
}

async function main() {
  if (!existsSync(join(PEERS, "models/minilm/onnx/model.onnx"))) throw new SetupError("no graph for onnxruntime-web yet: run node bench/encode.mjs --quick");
  const roots = { "/": "bench/startup", "/model/": MODEL, "/compact/": COMPACT, "/models/": join(PEERS, "models"), "/peers/": join(PEERS, "node_modules") };
  const { rows, difference, version, share } = await onCpu(roots);
  const gpu = await onGpu(roots);
  const resident = await residents();
  await save("startup", [
    ...head("From nothing to the first embedding", { where: `${version}, ${NODE}`, modules: ["cpu", "webgpu"], adapter: gpu.adapter }, ...BESIDE,
      `Each line is a page of its own, ${TURNS} turns; times are medians in ms. The files come from this machine and are there before the clock starts, but for`,
      "the modules. instantiate: import, compile and start the module (onnxruntime-web does so with the first session). create: weights and tokenizer, and",
      "one text to see that it works. first, later: one question of 8 tokens. Memory: all that WebAssembly was given, which never shrinks.",
      `The first embeddings of nearmiss and onnxruntime-web are apart by at most ${difference.toExponential(1)} in a number.`),
    ...table(["", ...STAGES, "memory, MB", "file, MB", "memory / file", "peer / nearmiss, total"], rows),
    "`Nearmiss.create` and a text in Node, as the most that the process ever held beyond the started module, with what JavaScript keeps of the file",
    "meanwhile (Linux only):",
    ...table(["model", "MB", "of the file"], resident.map(({ name, bytes, file }) => [name, mega(bytes), (bytes / file).toFixed(2)])),
    `Aim: at most ${TARGET} × the file for all-MiniLM-L6-v2.`, "",
    `- WebAssembly's memory alone: ${verdict(share)}.`,
    ...resident.slice(0, 1).map(({ bytes, file }) => `- The whole process: ${verdict(bytes / file)}.`), "",
    "## Shaders", "",
    "WebGPU on a software adapter: the times say nothing about a GPU, but the number of pipelines is that of any. Before its first text, a device is",
    "asked for known answers of the kernels (in create).",
    ...table(["model", "instantiate", "create", "first", "later", "first / later", "pipelines in create", "in first", "in later ones"], gpu.rows),
    "## What a server sends", "",
    ...table(["", "raw, MB", "brotli 11, MB", "of raw"], await sizes()),
  ]);
}

const verdict = (share) => `${share.toFixed(2)} ×, ${share <= TARGET ? "met" : "missed"}`;

/** None where the system does not tell. */
async function residents() {
  if (!existsSync("/proc/self/status")) return [];
  const rows = [];
  for (const [name, folder] of [["all-MiniLM-L6-v2", MODEL], ["compact", COMPACT]]) {
    const bytes = await resident(folder);
    const { length } = await readFile(join(folder, "model.safetensors"));
    rows.push({ name, bytes, file: length });
  }
  return rows;
}

await command(import.meta.url, main);
