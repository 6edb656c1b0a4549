/**
 * What a first search downloads, and how long it takes from import to the first hit on a later visit: nearmiss beside
 * transformers.js and onnxruntime-web, in one run, one browser, one page each. Writes bench/results/<date>-download.md.
 *
 *     node bench/download.mjs [--quick]     # needs the built package and all-MiniLM-L6-v2 (npm run build), Python 3.11; installs the others into its cache
 */
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { launch, ROOT, serve } from "../tests/harness.mjs";
import { MODEL } from "../tools/model.mjs";
import { CACHE, SetupError } from "../tools/shared.mjs";
import { exportOnnx } from "./encode/export.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { median } from "./speed/pairs.js";
import { head, installPeers, save, table } from "./speed/results.mjs";

const PEERS = join(CACHE, "bench-download");
/** Visits with everything in the cache; before them comes one that fills it. */
const VISITS = QUICK ? 1 : 7;
const BLANK = "<!doctype html><link rel=icon href=data:,><title>bench</title>";

const DOCUMENTS = [
  { id: "key", text: "To rotate the signing key, turn it to the last notch." },
  { id: "valve", text: "Turn the valve to the left." },
  { id: "mast", text: "The mast is on the roof of the station." },
];
const QUERY = "which way does the tap open";
/** What the tokenizer of all-MiniLM-L6-v2 makes of the documents and the query. */
const PIECES = [
  [101, 2000, 24357, 1996, 6608, 3145, 1010, 2735, 2009, 2000, 1996, 2197, 18624, 1012, 102],
  [101, 2735, 1996, 10764, 2000, 1996, 2187, 1012, 102],
  [101, 1996, 15429, 2003, 2006, 1996, 4412, 1997, 1996, 2276, 1012, 102],
  [101, 2029, 2126, 2515, 1996, 11112, 2330, 102],
];
const ASKED = { documents: DOCUMENTS, query: QUERY, pieces: PIECES };

/** `from`: the page's module and its function; `gpu`: also told of WebGPU's files, which no time is taken of, as there is no GPU. */
const ALL = [
  { name: "nearmiss", model: "compact, int8", from: "/app/page.js", call: "first", asked: {}, gpu: true },
  { name: "nearmiss", model: "MiniLM, f32", from: "/app/page.js", call: "first", asked: { model: "/minilm/" } },
  { name: "transformers.js", model: "MiniLM, f32", from: "/bench/peers.js", call: "transformersJs", asked: { dtype: "fp32" } },
  { name: "transformers.js", model: "MiniLM, int8", from: "/bench/peers.js", call: "transformersJs", asked: { dtype: "q8" } },
  { name: "onnxruntime-web, no tokenizer", model: "MiniLM, f32", from: "/bench/peers.js", call: "onnxRuntime", asked: { file: "model.onnx" } },
  { name: "onnxruntime-web, no tokenizer", model: "MiniLM, int8", from: "/bench/peers.js", call: "onnxRuntime", asked: { file: "model_quantized.onnx" } },
];
/** The first and the last: compressing the large files takes minutes. */
const CASES = QUICK ? [ALL[0], ALL.at(-1)] : ALL;

async function install() {
  await installPeers("download");
  await exportOnnx(PEERS, MODEL, "minilm");
}

/** As an application ships it, like the peers' minified files. @returns the folder, and the script of each of the engine's builds */
async function bundle() {
  const outdir = join(PEERS, "app");
  const entryPoints = { page: join(ROOT, "bench/download/nearmiss.js"), worker: join(ROOT, "pkg/dist/worker.js") };
  const alias = { nearmiss: join(ROOT, "pkg/dist/index.js") };
  const options = { bundle: true, format: "esm", splitting: true, minify: true, metafile: true, logLevel: "error" };
  const { metafile } = await build({ absWorkingDir: ROOT, entryPoints, outdir, alias, ...options });
  const chunk = (name) => Object.keys(metafile.outputs).find((path) => Object.hasOwn(metafile.outputs[path].inputs, `pkg/wasm/${name}/nearmiss.js`));
  return { outdir, glue: { cpu: `/app/${basename(chunk("cpu"))}`, webgpu: `/app/${basename(chunk("webgpu"))}` } };
}

function roots(app) {
  const own = join(PEERS, "node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist");
  return {
    "/app/": app, "/wasm/": "pkg/wasm", "/models/compact/": "pkg/models/compact", "/models/minilm/": join(PEERS, "models/minilm"), "/minilm/": MODEL,
    "/bench/": "bench/download", "/peers/": join(PEERS, "node_modules"),
    // transformers.js brings a version of its own; where npm finds that both ask for the same one, there is one only.
    "/ort/": existsSync(own) ? own : join(PEERS, "node_modules/onnxruntime-web/dist"),
    "/": (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK),
  };
}

/** @returns what was asked for on the first visit, and the times of the others; no times where a visit failed */
async function measure(chromium, server, one) {
  const context = await chromium.browser.newContext();
  const first = server.requests.length;
  const times = [];
  let files = null;
  try {
    for (let visit = 0; visit <= VISITS; visit++) {
      const ms = await visited(context, server, one).finally(() => (files ??= [...new Set(server.requests.slice(first))]));
      if (visit > 0) times.push(ms);
    }
    return { files, times };
  } catch (error) {
    console.error(`${one.name}, ${one.model}: ${error.message.split("\n")[0]}`);
    return { files, times: [] };
  } finally {
    await context.close();
  }
}

/** @returns {Promise<number>} milliseconds */
async function visited(context, server, { from, call, asked }) {
  const page = await context.newPage();
  await page.goto(server.url);
  const { ms, hit } = await page.evaluate(async ([module, name, given]) => (await import(module))[name](given), [from, call, { ...ASKED, ...asked }]);
  if (hit !== "valve") throw new Error(`${call} found ${hit}`);
  await page.close();
  return ms;
}

/** The median, with the least and the most. */
function timeCell(times) {
  if (times.length === 0) return "not measured";
  return `${Math.round(median(times))} (${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))})`;
}

/** Brotli as servers send it: 11 for what is code; 5 for weights, where 11 takes minutes for the last percent. By content, kept between runs. */
async function sent(bytes, weights) {
  const record = join(PEERS, "brotli", `${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}-${weights ? 5 : 11}`);
  if (existsSync(record)) return Number(await readFile(record, "utf8"));
  const params = { [constants.BROTLI_PARAM_QUALITY]: weights ? 5 : 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const { length } = await promisify(brotliCompress)(bytes, { params });
  await mkdir(join(PEERS, "brotli"), { recursive: true });
  await writeFile(record, String(length));
  return length;
}

const KINDS = { js: /\.m?js$/, wasm: /\.wasm$/, model: /\.(json|safetensors|onnx)$/ };

async function sizes(files, server) {
  const total = { js: 0, wasm: 0, model: 0 };
  for (const path of files) {
    const kind = Object.keys(KINDS).find((name) => KINDS[name].test(path));
    const response = await fetch(new URL(path, server.url));
    // The page itself, and optional files that are not there, hold nothing.
    if (!kind || response.headers.get("content-type")?.startsWith("text/html") || path === "/bench/peers.js") continue;
    total[kind] += await sent(Buffer.from(await response.arrayBuffer()), /\.(safetensors|onnx)$/.test(path));
  }
  return total;
}

const mb = (bytes) => (bytes / 1e6).toFixed(2);
const all = ({ js, wasm, model }) => js + wasm + model;
/** Beside the first row. */
const sizeCells = (size, first) => [...[size.js, size.wasm, size.model, all(size)].map(mb), (all(size) / all(first)).toFixed(2)];
const timeRatio = (times, first) => (times.length > 0 && first.length > 0 ? (median(times) / median(first)).toFixed(2) : "");

/** The same files but for the build of the engine. */
const onGpu = (files, { cpu, webgpu }) => files.map((path) => (path === cpu ? webgpu : path.replace("/wasm/cpu/", "/wasm/webgpu/")));

async function main() {
  if (!existsSync(join(ROOT, "pkg/models/compact/model.safetensors"))) throw new SetupError("pkg/models/compact is missing");
  await install();
  const { outdir, glue } = await bundle();
  const server = await serve(roots(outdir), { headers: { "cache-control": "max-age=3600" } });
  const chromium = await launch({ webgpu: false });
  const rows = [];
  let first;
  try {
    for (const one of CASES) {
      const { files, times } = await measure(chromium, server, one);
      const size = await sizes(files, server);
      first ??= { size, times };
      rows.push([one.name + (one.call === "first" ? ", CPU" : ""), one.model, ...sizeCells(size, first.size), timeCell(times), timeRatio(times, first.times)]);
      if (one.gpu) rows.push([`${one.name}, WebGPU`, one.model, ...sizeCells(await sizes(onGpu(files, glue), server), first.size), "no GPU", ""]);
      console.error(rows.at(-1).join("  "));
    }
  } finally {
    await chromium.close();
    await server.close();
  }
  await save("download", [
    ...head("What a first search downloads", { where: `Headless Chromium ${chromium.browser.version()}, no GPU, each on one thread`, modules: ["cpu", "webgpu"] },
      "", "Megabytes as a server sends them: brotli 11, for weights brotli 5. Only what the page asks for until the first hit; all scripts are minified, nearmiss by",
      "esbuild. Time: from `import()` to the first of three documents, on visits after the first, from the browser's cache where it keeps files so large;",
      `the median of ${VISITS} visits (least–most), each a new page, library after library. The peers' ONNX files are made from the same safetensors by`,
      "`bench/download/export_onnx.py`; int8 is onnxruntime's dynamic quantisation. MiniLM is all-MiniLM-L6-v2 (6 layers, 384 numbers); compact is the model in",
      "nearmiss (2 layers, 256 numbers). nearmiss works in a worker, the others in the page. The ratios are to the first row: above 1 is more to wait for."),
    ...table(["library", "model", "scripts, MB", "wasm, MB", "model, MB", "all, MB", "of the first", "import to first hit, ms", "of the first"], rows),
  ]);
}

await command(import.meta.url, main);
