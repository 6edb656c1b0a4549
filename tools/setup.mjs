/** Makes a bare checkout ready to build: `node tools/setup.mjs`. Does only what is not done yet. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ensureModel } from "./model.mjs";
import { ask, CACHE, ROOT, run, script, SetupError, step } from "./shared.mjs";
import { ensureChromium } from "./system.mjs";

const WASM = "wasm32-unknown-unknown";

const STEPS = {
  rust: ["Rust", ensureRust],
  node: ["npm packages", ensurePackages],
  bindgen: ["wasm-bindgen", ensureBindgen],
  model: ["model", ensureModel],
  chromium: ["Chromium", ensureChromium],
};

/** @param {(keyof typeof STEPS)[]} needs what the caller is about to use; always done in the order of `STEPS` */
export async function setup(needs = Object.keys(STEPS)) {
  await mkdir(CACHE, { recursive: true });
  for (const [need, [name, work]] of Object.entries(STEPS)) if (needs.includes(need)) await step(name, work);
}

async function ensureRust() {
  const version = ask("rustc", ["--version"]);
  const minimum = readFileSync(join(ROOT, "Cargo.toml"), "utf8").match(/^rust-version = "(.+)"/m)[1];
  if (version === null || ask("cargo", ["--version"]) === null) {
    throw new SetupError(`Rust ${minimum} or newer is missing. Install it from https://rustup.rs, or run: rustup default stable`);
  }
  if (older(version.split(" ")[1], minimum)) {
    throw new SetupError(`${version} is too old: ${minimum} or newer is needed. Run: rustup update stable`);
  }
  const library = join(ask("rustc", ["--print", "sysroot"]), "lib", "rustlib", WASM, "lib");
  if (!existsSync(library)) await rustup("target", "add", WASM);
  if (ask("cargo", ["fmt", "--version"]) === null) await rustup("component", "add", "rustfmt");
  if (ask("cargo", ["clippy", "--version"]) === null) await rustup("component", "add", "clippy");
  return version.split(" ")[1];
}

function rustup(...args) {
  return run("rustup", args, { hint: `rustup is what adds parts to Rust: install it from https://rustup.rs, then run: rustup ${args.join(" ")}` });
}

function older(version, minimum) {
  const number = (text) => text.split(".").slice(0, 2).reduce((sum, part) => sum * 1000 + Number(part), 0);
  return number(version) < number(minimum);
}

async function ensurePackages() {
  const [installed, lock] = ["node_modules/.package-lock.json", "package-lock.json"].map((name) => join(ROOT, name));
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return "up to date";
  const hint = "The npm registry could not be reached, or a package does not support this Node: see above.";
  await run("npm", ["ci", "--no-audit", "--no-fund"], { hint });
  return "installed";
}

/** The command must be of exactly the crate's version: the two share a private format. */
async function ensureBindgen() {
  const version = bindgenVersion();
  if (findBindgen() === null) await installBindgen(version);
  if (findBindgen() === null) throw new SetupError(`wasm-bindgen ${version} was installed but does not run: ${bindgenFolder(version)}`);
  return version;
}

/**
 * The versions that its authors locked come first. A registry mirror that lags behind may lack one of them; then any
 * versions that its manifest allows will do.
 */
async function installBindgen(version) {
  const args = ["install", "wasm-bindgen-cli", "--version", version, "--bin", "wasm-bindgen", "--root", bindgenFolder(version)];
  const options = { cwd: CACHE, hint: "crates.io could not be reached, or no C linker (Debian: apt-get install gcc libc6-dev)." };
  try {
    await run("cargo", [...args, "--locked"], options);
  } catch {
    await run("cargo", args, options);
  }
}

/** @returns {string | null} the command, on the PATH or in the cache */
export function findBindgen() {
  const version = bindgenVersion();
  const candidates = ["wasm-bindgen", join(bindgenFolder(version), "bin", "wasm-bindgen")];
  return candidates.find((command) => ask(command, ["--version"]) === `wasm-bindgen ${version}`) ?? null;
}

function bindgenFolder(version) {
  return join(CACHE, `wasm-bindgen-${version}`);
}

function bindgenVersion() {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const version = lock.match(/name = "wasm-bindgen"\nversion = "(.+)"/)?.[1];
  if (!version) throw new SetupError("Cargo.lock names no wasm-bindgen: run cargo metadata, then try again.");
  return version;
}

await script(import.meta.url, () => setup());
