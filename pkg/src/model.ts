/** The files of a sentence encoder in its Hugging Face layout: from a folder's URL or path, or handed over one by one. */

import { compact, type Shipped } from "./compact.js";
import type { ModelFiles } from "./engine.js";
import { invalid } from "./errors.js";
import { fetchFile, readBlob, unreadableLocal, type Bytes, type FetchOptions } from "./fetching.js";
import { checkedDigest, verify } from "./loading/digest.js";
import { pickedParts } from "./loading/files.js";
import { isReadable, readerOf, type ByteReader } from "./loading/reader.js";
import { folderUrl } from "./loading/models.js";
import { Together } from "./loading/together.js";
import { toUrl } from "./platform.js";
import type { BinaryInput, ModelLocation, ModelParts, ModelSource, ProgressEvent } from "./types.js";

const FILES = {
  config: { path: "config.json", optional: false },
  tokenizer: { path: "tokenizer.json", optional: false },
  weights: { path: "model.safetensors", optional: false },
  pooling: { path: "1_Pooling/config.json", optional: true },
  sentenceBert: { path: "sentence_bert_config.json", optional: true },
  modules: { path: "modules.json", optional: true },
} as const satisfies Record<keyof ModelFiles, { path: string; optional: boolean }>;

type Part = keyof typeof FILES;

/** In this order they are named in errors; the first is read alone, so that a wrong folder is noticed before its largest file is on the way. */
const PARTS = ["config", "tokenizer", "modules", "pooling", "sentenceBert", "weights"] as const satisfies readonly Part[];

export interface LoadOptions extends Pick<FetchOptions, "pause" | "stallMs"> {
  signal?: AbortSignal | undefined;
  /** Gets `download` events, their `file` named as in the layout. */
  onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** Weights that can be read where they lie come as a reader, to be closed by whoever asked. Not where their digest must be checked. */
  inPlace?: boolean | undefined;
}

/** Where the parts are, and how they are read. */
interface Located {
  parts: Partial<Record<Part, BinaryInput>>;
  /** A folder may lack what is optional; what a person named must exist. */
  folder: URL | null;
  sha256: Partial<Record<string, string>>;
  cache: boolean;
  shipped?: boolean;
}

/**
 * Reads a model's files into memory, several at a time; without a source those of the compact model in this package.
 *
 * @throws {NearmissError} `NETWORK`, `MODEL_INVALID` (both naming the file), `INPUT_INVALID`, `ABORTED`
 */
export async function loadModel(source: ModelSource = compact(), { signal, onProgress, pause, stallMs, inPlace }: LoadOptions = {}): Promise<ModelFiles> {
  const { parts, folder, sha256, cache, shipped } = locate(source);
  const present = PARTS.filter((part) => parts[part] !== undefined);
  const together = new Together(present.map((part) => FILES[part].path), onProgress);
  const stop = new AbortController();
  const all = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const readPart = async (part: Part): Promise<Bytes | null> => {
    const { path: file, optional } = FILES[part];
    const options = { signal: all, pause, stallMs, cache, sha256: sha256[file], only: shipped ? file : undefined, model: folder ?? undefined, onBytes: together.counter(file) };
    const bytes = await read(parts[part] as BinaryInput, file, optional && folder !== null, options);
    together.done(file);
    return bytes;
  };
  const files: Partial<Record<Part, Bytes | ByteReader>> = {};
  const held = inPlace && sha256[FILES.weights.path] === undefined ? located(parts.weights) : null;
  try {
    const [first, ...rest] = present.filter((part) => part !== "weights" || held === null);
    for (const some of [first ? [first] : [], rest]) {
      const read = await Promise.all(some.map(readPart));
      some.forEach((part, at) => read[at] && (files[part] = read[at]));
    }
    // Last, so that nothing can fail while it is open.
    if (held) files.weights = inHand(held, together);
  } finally {
    stop.abort();
  }
  return files as ModelFiles;
}

/** Where weights lie that this thread can read piece by piece. */
function located(weights: BinaryInput | undefined): Blob | URL | null {
  const from = typeof weights === "string" ? toUrl(weights) : weights;
  return isReadable(from) ? from : null;
}

function inHand(from: Blob | URL, together: Together): ByteReader {
  const file = FILES.weights.path;
  try {
    const reader = readerOf(from);
    together.counter(file)(reader.length, reader.length);
    together.done(file);
    return reader;
  } catch (cause) {
    throw from instanceof URL ? unreadableLocal(from, cause) : cause;
  }
}

function locate(source: ModelSource): Located {
  if (isLocation(source)) {
    const sha256 = Object.entries(source.sha256 ?? {}).map(([path, digest]) => [known(path), checkedDigest(digest, `model.sha256["${path}"]`)]);
    return { ...inFolder(source.url), sha256: Object.fromEntries(sha256), cache: source.cache ?? true };
  }
  if (isFiles(source)) return locate(pickedParts(source, FILES) as ModelParts);
  if (isParts(source)) {
    const needed = PARTS.find((part) => !FILES[part].optional && source[part] === undefined);
    if (needed) throw invalid(`model.${needed}`, `is missing: the contents of ${FILES[needed].path}`);
    const { shipped = false, ...parts } = source as Shipped;
    return { parts, folder: null, sha256: {}, cache: true, shipped };
  }
  return { ...inFolder(source), sha256: {}, cache: true };
}

function inFolder(location: unknown): Pick<Located, "parts" | "folder"> {
  if (typeof location !== "string" && !(location instanceof URL)) {
    throw invalid("model", "must be a URL, in Node a path, an object with url or with config, tokenizer and weights, or a list of files");
  }
  if (location === "") throw invalid("model", "must not be empty");
  const folder = folderUrl(location);
  return { folder, parts: Object.fromEntries(PARTS.map((part) => [part, new URL(FILES[part].path, folder)])) };
}

/** A digest under a name that is never read would check nothing. */
function known(path: string): string {
  const paths: string[] = PARTS.map((part) => FILES[part].path);
  if (!paths.includes(path)) throw invalid("model.sha256", `"${path}" is no file of a model; these are: ${paths.join(", ")}`);
  return path;
}

function isObject(source: ModelSource): source is Exclude<ModelSource, string | URL> {
  return typeof source === "object" && source !== null && !(source instanceof URL);
}

function isLocation(source: ModelSource): source is ModelLocation {
  return isObject(source) && "url" in source;
}

function isFiles(source: ModelSource): source is Iterable<File> {
  return isObject(source) && Symbol.iterator in source;
}

function isParts(source: ModelSource): source is ModelParts {
  return isObject(source) && !isLocation(source) && !isFiles(source);
}

async function read(from: BinaryInput, file: string, optional: boolean, options: FetchOptions): Promise<Bytes | null> {
  if (typeof from === "string" || from instanceof URL) return fetchFile(toUrl(from), optional, options);
  if (from instanceof Blob) return readBlob(from, options, file);
  const bytes = from instanceof ArrayBuffer ? new Uint8Array(from) : from instanceof Uint8Array ? (from as Bytes) : null;
  if (!bytes) throw invalid(`model: ${file}`, "must be a Uint8Array, an ArrayBuffer, a Blob or a URL");
  await verify(bytes, options.sha256, file);
  return bytes;
}

/** The source with relative locations made absolute, as it must be before it goes to a worker, whose base is another. */
export function absolute(source: ModelSource = compact()): ModelSource {
  const fix = <T>(value: T) => (typeof value === "string" || value instanceof URL ? toUrl(value).href : value);
  if (isFiles(source)) return pickedParts(source, FILES) as ModelParts;
  if (!isLocation(source) && !isParts(source)) return fix(source);
  const fixed = Object.entries(source).map(([name, value]: [string, unknown]) => [name, fix(value)]);
  return Object.fromEntries(fixed) as unknown as ModelSource;
}
