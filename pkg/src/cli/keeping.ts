/** What a training leaves on disk: its latest checkpoint while it runs, weights and report afterwards. */

import { readFile } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import { invalid, NearmissError } from "../errors.js";
import type { ExportedFile } from "../types.js";
import { writeAtomic } from "./output.js";

/** The one file of checkpoints: each replaces the one before, and it is never half written. */
export class Checkpoints {
  readonly #path: string;
  #step: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async take({ step, bytes }: { step: number; bytes: Uint8Array }): Promise<void> {
    await writeAtomic(this.#path, bytes);
    this.#step = step;
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
