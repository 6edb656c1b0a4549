/** What a training leaves on disk: its latest checkpoint while it runs, weights and report afterwards. */

import { readFile, rm } from "node:fs/promises";
import { isAbsolute, join, normalize, resolve, sep } from "node:path";
import { invalid, NearmissError, toNearmissError } from "../errors.js";
import type { ExportedFile } from "../types.js";
import type { Args } from "./args.js";
import { writeAtomic } from "./output.js";
import { writing } from "./places.js";

/** In the folder of `--out`, while a training runs. */
const CHECKPOINT = "run.checkpoint";

/** Where checkpoints are kept: where `--checkpoint` says, else in the folder of `--out`; undefined without either. */
export function checkpointPath(args: Args): string | undefined {
  const out = args.text("out");
  return args.text("checkpoint") ?? (out === undefined ? undefined : join(out, CHECKPOINT));
}

/** The one file of checkpoints: each replaces the one before, and it is never half written. */
export class Checkpoints {
  readonly #path: string | undefined;
  readonly #named: string | undefined;
  readonly #resumed: string | undefined;
  readonly #warn: (line: string) => void;
  #step: number | null = null;
  #warned = false;

  /** @param warn told once, when one cannot be written: the training is worth more than its checkpoints */
  constructor(args: Args, warn: (line: string) => void) {
    this.#path = checkpointPath(args);
    this.#named = args.text("checkpoint");
    this.#resumed = args.text("resume");
    this.#warn = warn;
  }

  async take({ step, bytes }: { step: number; bytes: Uint8Array }): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    try {
      await writing(this.#named === undefined ? "out" : "checkpoint", path, () => writeAtomic(path, bytes));
      this.#step = step;
    } catch (error) {
      const { code, message } = toNearmissError(error);
      if (!this.#warned) this.#warn(`${code}: ${message} The training goes on.`);
      this.#warned = true;
    }
  }

  /** One that nobody asked for by name is of no use once the training has come to its end. */
  async finish(): Promise<void> {
    const path = this.#path;
    if (path === undefined || this.#named !== undefined) return;
    const resumed = this.#resumed !== undefined && resolve(this.#resumed) === resolve(path);
    if (this.#step !== null || resumed) await rm(path, { force: true }).catch(() => {});
  }

  /** For a person who ended a training too soon. */
  get stopped(): string {
    if (this.#step !== null) return this.line ?? "";
    if (this.#path === undefined) return "nothing of this training is kept: with --out DIR or --checkpoint FILE, one that is stopped can be taken up again";
    return "this training was stopped before its first checkpoint: --checkpoint-every N makes them come sooner";
  }

  /** For a person whose training ended too soon; null while nothing was written. */
  get line(): string | null {
    if (this.#step === null) return null;
    return `the last checkpoint, of step ${this.#step}, is in ${this.#path}: go on with --resume ${this.#path}`;
  }
}

/** @throws {NearmissError} `INPUT_INVALID` */
export async function readCheckpoint(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw invalid("--resume", (cause as Error).message, cause);
  }
}

/** Writes an exported folder, each file whole or not at all. Gives the paths. */
export async function writeFolder(folder: string, files: ExportedFile[]): Promise<string[]> {
  const paths = files.map(({ path }) => inside(folder, path));
  for (const [at, { bytes }] of files.entries()) await writeAtomic(paths[at] ?? folder, bytes);
  return paths;
}

function inside(folder: string, path: string): string {
  const local = normalize(path);
  if (isAbsolute(local) || local.split(sep)[0] === "..") throw new NearmissError("INTERNAL", `the export names a file outside its folder: ${path}`);
  return join(folder, local);
}

/** What an exported safetensors file holds, by its header: "bert" means weights of the transformer itself. */
export function kindOf(bytes: Uint8Array): "head" | "lora" | "bert" {
  const header = headerOf(bytes);
  if (header["nearmiss.kind"] === "bert") return "bert";
  return header["nearmiss.adapter_config"] === undefined ? "head" : "lora";
}

/** Eight bytes say how long the JSON is that follows. */
function headerOf(bytes: Uint8Array): Record<string, string> {
  if (bytes.length < 8) return {};
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  try {
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as { __metadata__?: Record<string, string> };
    return header.__metadata__ ?? {};
  } catch {
    return {};
  }
}
