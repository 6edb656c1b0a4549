/** `npm test` runs every stage; `npm test -- rust package` runs those two. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bin, build } from "./build.mjs";
import { setup } from "./setup.mjs";
import { duration, ROOT, run, script, SetupError } from "./shared.mjs";

const DENY_WARNINGS = ["--", "-D", "warnings"];
const show = { show: true };
const cargo = (...args) => run("cargo", args, show);

/** `needs`: what setup must provide. `after`: the stages whose results this one uses; they run even if not asked for. */
const STAGES = {
  format: { needs: ["rust"], run: () => cargo("fmt", "--all", "--check") },
  lint: { needs: ["rust"], run: lint },
  rust: { needs: ["rust", "model"], run: rust },
  doc: { needs: ["rust"], run: () => run("cargo", ["doc", "--workspace", "--no-deps"], { show: true, env: { RUSTDOCFLAGS: "-D warnings" } }) },
  "wasm-build": { needs: ["rust", "node", "bindgen"], run: build },
  package: { needs: ["node", "model"], after: ["wasm-build"], run: packageTests },
  consumers: { needs: ["node", "chromium"], after: ["wasm-build"], run: () => node("tests/consumers") },
  wasm: { needs: ["node", "chromium"], after: ["wasm-build"], run: () => node("tests/browser") },
  e2e: { needs: ["node", "model", "chromium"], after: ["wasm-build"], run: endToEnd },
};

/** The three ways in which the crate is compiled: pure, natively on the CPU, and in the browser on the GPU. */
async function lint() {
  await cargo("clippy", "--workspace", "--all-targets", ...DENY_WARNINGS);
  await cargo("clippy", "--all-targets", "--features", "cpu", ...DENY_WARNINGS);
  await cargo("clippy", "--lib", "--target", "wasm32-unknown-unknown", "--features", "webgpu", ...DENY_WARNINGS);
}

async function rust() {
  await cargo("test", "--workspace");
  await cargo("test", "--features", "cpu");
}

async function packageTests() {
  for (const project of ["pkg", "www"]) await bin("tsc", ["-p", project, "--noEmit"], show);
  await node("tests/package");
}

async function endToEnd() {
  await bin("vite", ["build", "www", "--logLevel", "warn"], show);
  await node("tests/e2e");
}

/** Node's test runner over a folder, one file at a time: browsers and timings do not share a machine well. */
async function node(folder) {
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".test.mjs"));
  if (files.length === 0) throw new SetupError(`${folder} holds no *.test.mjs`);
  // Else a test that timed out keeps its file, and all that come after it, waiting for its browser.
  const options = ["--test", "--test-concurrency=1", "--test-force-exit", "--test-reporter=spec"];
  await run(process.execPath, [...options, ...files.sort().map((name) => join(folder, name))], show);
}

/** Every stage runs even after another failed, unless it uses that one's results: one run shows all there is to mend. */
async function main() {
  const chosen = choose(process.argv.slice(2));
  await setup(chosen.flatMap((name) => STAGES[name].needs));
  const results = {};
  for (const name of chosen) {
    console.log(`\n── ${name} ${"─".repeat(70 - name.length)}`);
    results[name] = await outcome(STAGES[name], results);
  }
  summarise(results);
  if (Object.values(results).some(({ word }) => word !== "passed")) process.exitCode = 1;
}

function choose(names) {
  const unknown = names.find((name) => !Object.hasOwn(STAGES, name));
  if (unknown) throw new SetupError(`there is no stage "${unknown}"; the stages are: ${Object.keys(STAGES).join(", ")}`);
  const wanted = names.length === 0 ? Object.keys(STAGES) : names.flatMap((name) => [name, ...(STAGES[name].after ?? [])]);
  return Object.keys(STAGES).filter((name) => wanted.includes(name));
}

async function outcome({ after = [], run: work }, results) {
  const broken = after.find((name) => results[name].word !== "passed");
  if (broken) {
    console.log(`not run: ${broken} did not pass`);
    return { word: "not run", ms: 0 };
  }
  const started = performance.now();
  try {
    await work();
    return { word: "passed", ms: performance.now() - started };
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error.stack);
    return { word: "FAILED", ms: performance.now() - started };
  }
}

function summarise(results) {
  console.log(`\n── summary ${"─".repeat(63)}`);
  for (const [name, { word, ms }] of Object.entries(results)) {
    console.log(`${word.padEnd(8)} ${name.padEnd(12)} ${duration(ms).padStart(8)}`);
  }
}

await script(import.meta.url, main);
