/** The native worker (bench/quality/main.rs): built once, then asked run by run. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ensureModel, MODEL } from "../../tools/model.mjs";
import { CACHE, ENV, ROOT, run, SetupError, TARGET } from "../../tools/shared.mjs";

/** Embeddings of collections lie here from run to run. */
export const VECTORS = join(CACHE, "quality");

/**
 * Compiles the worker; the profile of tests leaves this crate's own code nearly unoptimised. Not incrementally: parts left by the one
 * profile and taken up by the other have failed to link. @returns {Promise<string>} its path
 */
export async function buildWorker() {
  await ensureModel();
  await run("cargo", ["build", "--features", "cpu", "--example", "quality"], { show: true, env: { CARGO_PROFILE_DEV_OPT_LEVEL: "3", CARGO_INCREMENTAL: "0" } });
  const name = process.platform === "win32" ? "quality.exe" : "quality";
  const path = join(TARGET, "debug", "examples", name);
  if (!existsSync(path)) throw new SetupError(`cargo did not leave ${path}`);
  return path;
}

/** One process. `ask` takes one request at a time; after it has failed the worker is of no more use. */
export class Worker {
  #child;
  #lines;
  #end;

  /** @param {string[]} more "int8": encode with rounded weights */
  constructor(path, model = MODEL, ...more) {
    this.#child = spawn(path, [model, VECTORS, ...more], { cwd: ROOT, env: ENV, stdio: ["pipe", "pipe", "inherit"] });
    this.#end = new Promise((done) => {
      this.#child.on("error", (cause) => done(cause.message));
      this.#child.on("close", (status, signal) => done(signal ?? `exit status ${status}`));
    });
    // Writing to a process that has ended shows as the end of its output.
    this.#child.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * @returns {Promise<{ row?: object, error?: string }>}
   * @throws {SetupError} when the process ends instead of answering
   */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new SetupError(`the worker ended with ${await this.#end}`);
    return JSON.parse(value);
  }

  close() {
    this.#child.stdin.end();
  }
}
