/**
 * What every script here needs: where things lie, how a command is run, how progress is shown.
 * Only Node's own modules, because these scripts run before `npm ci` has.
 */
import { spawn, spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(fileURLToPath(new URL("..", import.meta.url)));

/** Tools, the model and compiled crates are kept here, so that a second checkout starts warm. */
export const CACHE = process.env.NEARMISS_CACHE ?? join(homedir(), ".cache", "nearmiss");
export const TARGET = process.env.CARGO_TARGET_DIR ?? join(CACHE, "target");

/** rustup puts its commands here; a shell opened before it was installed does not have the folder on its PATH. */
const PATH = [process.env.PATH, join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin")].join(delimiter);
export const ENV = { ...process.env, PATH, CARGO_TARGET_DIR: TARGET };

/** Something a person can mend: shown as one message, without a stack. */
export class SetupError extends Error {}

/**
 * Runs a command to its end.
 * `show`: its output goes straight to the terminal. Otherwise it is kept, and shown only if the command fails.
 * @returns {Promise<string>} standard output (empty with `show`)
 * @throws {SetupError} when the command is missing or its exit status is not 0
 */
export function run(command, args, { show = false, cwd = ROOT, env = {}, hint = "" } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd,
      env: merged(env),
      stdio: ["ignore", show ? "inherit" : "pipe", show ? "inherit" : "pipe"],
    });
    const kept = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) child[stream]?.setEncoding("utf8").on("data", (text) => (kept[stream] += text));
    const line = [command, ...args].join(" ");
    child.on("error", (cause) => fail(new SetupError(`cannot run ${line}: ${cause.message}${hint && `\n${hint}`}`)));
    child.on("close", (status, signal) => {
      if (status === 0) return done(kept.stdout);
      const output = (kept.stdout + kept.stderr).trim().split("\n").slice(-40).join("\n");
      fail(new SetupError([`${line} ended with ${signal ?? `exit status ${status}`}`, output, hint].filter(Boolean).join("\n")));
    });
  });
}

/** What a quick question to a tool answers (`rustc --version`), or null when it is missing or fails. */
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: ROOT, env: ENV, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** Does one piece of work and prints one line about it: what, a detail it may return, and how long it took. */
export async function step(name, work) {
  const started = performance.now();
  try {
    const detail = await work();
    console.log(`✓ ${name.padEnd(24)} ${duration(performance.now() - started).padStart(8)}${detail ? `  ${detail}` : ""}`);
  } catch (error) {
    console.log(`✗ ${name.padEnd(24)} ${duration(performance.now() - started).padStart(8)}`);
    throw error;
  }
}

/** `387000` → `"6m 27s"`, `420` → `"0.4s"`. */
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  return `${Math.floor(seconds / 60)}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
}

/** Runs `main` when its file is the one that was started, and turns a failure into exit status 1. */
export async function script(url, main) {
  if (process.argv[1] === undefined || resolve(process.argv[1]) !== fileURLToPath(url)) return;
  try {
    await main();
  } catch (error) {
    console.error(`\n${error instanceof SetupError ? error.message : error.stack}`);
    process.exitCode = 1;
  }
}

/** `undefined` takes a variable away. */
function merged(env) {
  return Object.fromEntries(Object.entries({ ...ENV, ...env }).filter(([, value]) => value !== undefined));
}
