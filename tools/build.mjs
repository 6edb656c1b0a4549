/** Builds what is generated: the two wasm modules in pkg/wasm/, then the package's JavaScript in pkg/dist/ and its reference. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { findBindgen, setup } from "./setup.mjs";
import { ask, ROOT, run, script, SetupError, step, TARGET } from "./shared.mjs";

/** Largest size of each module as a server sends it (brotli 11, its largest window, as its command has it), in bytes. A person waits for these before the first search. */
export const BUDGETS = { webgpu: 2_050_000, cpu: 900_000 };

const PROFILE = ["--release", "--lib", "--target", "wasm32-unknown-unknown"];
const COMPILED = join(TARGET, "wasm32-unknown-unknown", "release", "nearmiss.wasm");

const BINDGEN = ["--target", "web", "--remove-name-section", "--remove-producers-section"];

/** What rustc 1.95 emits and every browser with WebGPU understands. */
const FEATURES = [
  "simd",
  "bulk-memory",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
  "reference-types",
  "multivalue",
];
/**
 * LLVM has optimised already; what is left is to drop what is there twice or for nothing, and to say the rest in fewer words. Measured on the CPU
 * module, kB as brotli: 906 with the first and last of PASSES alone, 903 with those between, 901 with redundant sets gone too, 881 without hints
 * of alignment, which engines pass over. What shrinks the raw bytes further spoils the repetition: merging similar functions 910, packing
 * memory 911, functions in order of use 920, -O1 1 % and -Oz 10 % more.
 */
const PASSES = [
  "duplicate-function-elimination", "dce", "dae", "optimize-instructions", "remove-unused-brs", "coalesce-locals", "rse", "reorder-locals", "dealign", "vacuum",
];
const OPTIMISE = [...PASSES.map((pass) => `--${pass}`), ...FEATURES.map((feature) => `--enable-${feature}`)];

/** Loaded here, since its parser is an npm package that setup may only just have installed. */
async function writeReference() {
  const { reference } = await import("./reference.mjs");
  return reference();
}

export async function build() {
  for (const name of Object.keys(BUDGETS)) await step(`wasm ${name}`, () => buildModule(name));
  await step("package", () => bin("tsc", ["-p", "pkg"]));
  await step("reference", writeReference);
}

/** @returns {Promise<string>} the sizes. @throws {SetupError} over budget */
async function buildModule(name) {
  const out = join(ROOT, "pkg", "wasm", name);
  const record = join(out, "build.json");
  const inputs = hashInputs(name);
  const known = existsSync(record) ? JSON.parse(await readFile(record, "utf8")) : null;
  const fresh = known?.inputs === inputs;
  const sizes = fresh ? known.sizes : await compile(name, out);
  if (!fresh) await writeFile(record, `${JSON.stringify({ inputs, sizes }, null, 2)}\n`);
  const line = `raw ${megabytes(sizes.raw)}, gzip ${megabytes(sizes.gzip)}, brotli ${megabytes(sizes.brotli)} of ${megabytes(BUDGETS[name])} MB`;
  if (sizes.brotli > BUDGETS[name]) throw new SetupError(`the ${name} module is over its budget: ${line}`);
  return fresh ? `${line}, unchanged` : line;
}

/** Both builds leave the compiler under one name, so each is taken up before the next begins. */
async function compile(name, out) {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  // RUSTFLAGS would replace the flags in .cargo/config.toml, and with them simd128.
  const env = { RUSTFLAGS: undefined, CARGO_ENCODED_RUSTFLAGS: undefined };
  await run("cargo", ["build", ...PROFILE, "--features", name], { show: process.stderr.isTTY === true, env });
  await run(findBindgen(), [...BINDGEN, "--out-dir", out, "--out-name", "nearmiss", COMPILED]);
  const module = join(out, "nearmiss_bg.wasm");
  await bin("wasm-opt", [...OPTIMISE, module, "-o", `${module}.small`]);
  await rename(`${module}.small`, module);
  return measure(await readFile(module));
}

async function measure(bytes) {
  const [zipped, brotli] = await Promise.all([promisify(gzip)(bytes, { level: 9 }), promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS } })]);
  return { raw: bytes.length, gzip: zipped.length, brotli: brotli.length };
}

/** SHA-256 over everything that moves the result: sources, manifest, lock file, compiler, wasm-opt, and this script. */
function hashInputs(name) {
  const tools = [ask("rustc", ["--version", "--verbose"]), ask(process.execPath, [join(ROOT, "node_modules/.bin/wasm-opt"), "--version"])];
  const hash = createHash("sha256").update(`${name}\n${tools.join("\n")}\n`);
  const files = ["Cargo.toml", "Cargo.lock", ".cargo", "src", "tools/build.mjs"].flatMap((path) => filesUnder(join(ROOT, path)));
  for (const file of files) hash.update(`${relative(ROOT, file)}\0`).update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

function filesUnder(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => filesUnder(join(path, name)));
}

/** A command of an npm package in node_modules. */
export function bin(name, args, options) {
  return run(process.execPath, [join(ROOT, "node_modules", ".bin", name), ...args], options);
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(2);
}

await script(import.meta.url, async () => {
  await setup(["rust", "node", "bindgen", "model"]);
  await build();
});
