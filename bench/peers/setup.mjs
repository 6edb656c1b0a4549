/** What benchmarks run beside nearmiss: onnxruntime-web, transformers.js and TensorFlow.js, with all-MiniLM-L6-v2 as ONNX. */
import { build } from "esbuild";
import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { MODEL } from "../../tools/model.mjs";
import { CACHE, ROOT, run } from "../../tools/shared.mjs";

export const PEERS = join(CACHE, "bench-download");
const PYTHON = join(PEERS, "python", "bin", "python");
const PACKAGES = ["onnx==1.23.2", "onnxruntime==1.32.0", "safetensors==0.8.0", "numpy==2.4.6"];
const BLANK = "<!doctype html><link rel=icon href=data:,><title>bench</title>";

/** Packages, and the ONNX files that they read, in a folder of their own. */
export async function install() {
  await mkdir(PEERS, { recursive: true });
  await copyFile(join(ROOT, "bench/peers/package.json"), join(PEERS, "package.json"));
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: PEERS });
  if (!existsSync(PYTHON)) await run("python3", ["-m", "venv", join(PEERS, "python")]);
  await run(PYTHON, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  if (!existsSync(join(PEERS, "models/minilm/onnx/model_quantized.onnx"))) await run(PYTHON, ["bench/peers/export_onnx.py", MODEL, join(PEERS, "models/minilm")]);
}

/**
 * nearmiss as an application ships it, like the peers' minified files.
 *
 * @param {string} page the application's script, relative to the checkout, served as /app/page.js
 * @returns the folder, and the script of each of the engine's builds
 */
export async function bundle(page) {
  const outdir = join(PEERS, "app");
  const entryPoints = { page: join(ROOT, page), worker: join(ROOT, "pkg/dist/worker.js") };
  const alias = { nearmiss: join(ROOT, "pkg/dist/index.js") };
  const options = { bundle: true, format: "esm", splitting: true, minify: true, metafile: true, logLevel: "error" };
  const { metafile } = await build({ absWorkingDir: ROOT, entryPoints, outdir, alias, ...options });
  const chunk = (name) => Object.keys(metafile.outputs).find((path) => Object.hasOwn(metafile.outputs[path].inputs, `pkg/wasm/${name}/nearmiss.js`));
  return { outdir, glue: { cpu: `/app/${basename(chunk("cpu"))}`, webgpu: `/app/${basename(chunk("webgpu"))}` } };
}

/** What a benchmark's server serves, besides its own pages under `/bench/`. @param {string} app folder of the bundle */
export function roots(app) {
  const own = join(PEERS, "node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist");
  return {
    "/app/": app, "/wasm/": "pkg/wasm", "/models/compact/": "pkg/models/compact", "/models/minilm/": join(PEERS, "models/minilm"), "/minilm/": MODEL,
    "/peers/": join(PEERS, "node_modules"),
    // transformers.js brings a version of its own; where npm finds that both ask for the same one, there is one only.
    "/ort/": existsSync(own) ? own : join(PEERS, "node_modules/onnxruntime-web/dist"),
    "/": (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK),
  };
}
