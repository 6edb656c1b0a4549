/** The files of a sentence encoder in its Hugging Face layout: from a folder's URL or path, or handed over one by one. */

import { compact } from "./compact.js";
import type { ModelFiles } from "./engine.js";
import { invalid } from "./errors.js";
import { fetchFile, readBlob, type Bytes, type FetchOptions } from "./fetching.js";
import { toUrl } from "./platform.js";
import type { BinaryInput, ModelSource, ProgressEvent } from "./types.js";

const FILES = {
  config: { path: "config.json", optional: false },
  tokenizer: { path: "tokenizer.json", optional: false },
  weights: { path: "model.safetensors", optional: false },
  pooling: { path: "1_Pooling/config.json", optional: true },
  sentenceBert: { path: "sentence_bert_config.json", optional: true },
  modules: { path: "modules.json", optional: true },
} as const satisfies Record<keyof ModelFiles, { path: string; optional: boolean }>;

type Part = keyof typeof FILES;

/** In this order, so that a wrong folder is noticed before its largest file is on the way. */
const PARTS = ["config", "tokenizer", "modules", "pooling", "sentenceBert", "weights"] as const satisfies readonly Part[];

export interface LoadOptions {
  signal?: AbortSignal | undefined;
  /** Gets `download` events, their `file` named as in the layout. */
  onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/**
 * Reads a model's files into memory; without a source those of the compact model in this package.
 *
 * @throws {NearmissError} `NETWORK`, `MODEL_INVALID` (both naming the file), `INPUT_INVALID`, `ABORTED`
 */
export async function loadModel(source: ModelSource = compact(), options: LoadOptions = {}): Promise<ModelFiles> {
  const started = performance.now();
  const parts = locate(source);
  const files: Partial<Record<Part, Bytes>> = {};
  for (const part of PARTS) {
    const from = parts[part];
    if (from === undefined) continue;
    const file = FILES[part].path;
    const onBytes = (loaded: number, total: number | null) =>
      options.onProgress?.({ type: "download", file, loaded, total, elapsedMs: performance.now() - started });
    const bytes = await read(from, file, FILES[part].optional && !isParts(source), { signal: options.signal, onBytes });
    if (bytes) files[part] = bytes;
  }
  return files as ModelFiles;
}

function locate(source: ModelSource): Partial<Record<Part, BinaryInput>> {
  if (isParts(source)) {
    const needed = PARTS.find((part) => !FILES[part].optional && source[part] === undefined);
    if (needed) throw invalid(`model.${needed}`, `is missing: the contents of ${FILES[needed].path}`);
    return source;
  }
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw invalid("model", "must be a URL, in Node a path, or an object with config, tokenizer and weights");
  }
  if (source === "") throw invalid("model", "must not be empty");
  const base = new URL(toUrl(source));
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return Object.fromEntries(PARTS.map((part) => [part, new URL(FILES[part].path, base)]));
}

function isParts(source: ModelSource): source is Exclude<ModelSource, string | URL> {
  return typeof source === "object" && source !== null && !(source instanceof URL);
}

async function read(from: BinaryInput, file: string, optional: boolean, options: FetchOptions): Promise<Bytes | null> {
  if (typeof from === "string" || from instanceof URL) return fetchFile(toUrl(from), optional, options);
  if (from instanceof Blob) return readBlob(from, options);
  if (from instanceof ArrayBuffer) return new Uint8Array(from);
  if (from instanceof Uint8Array) return from as Bytes;
  throw invalid(`model: ${file}`, "must be a Uint8Array, an ArrayBuffer, a Blob or a URL");
}

/** The source with relative locations made absolute, as it must be before it goes to a worker, whose base is another. */
export function absolute(source: ModelSource = compact()): ModelSource {
  const fix = <T>(value: T) => (typeof value === "string" || value instanceof URL ? toUrl(value).href : value);
  if (!isParts(source)) return fix(source);
  return Object.fromEntries(Object.entries(source).map(([part, from]) => [part, fix(from)])) as unknown as ModelSource;
}
