/// <reference lib="esnext.disposable" preserve="true" />
/** The class that applications use: it checks what comes in, speaks to the host, and keeps jobs from colliding. */

import * as check from "./checks.js";
import { createWorkerHost } from "./client.js";
import { encodeAll } from "./encoding.js";
import { disposed, invalid } from "./errors.js";
import { createHost, type Args, type Host, type Method, type Result } from "./host.js";
import { runJob, trainEvents } from "./jobs.js";
import { toDocuments } from "./sources.js";
import { Turns } from "./turns.js";
import type {
  AddOptions, AddResult, CreateOptions, DeviceInfo, Document, DocumentInput, EncodeOptions, EvaluateOptions, Evaluation, Hit,
  Judgment, MineOptions, MiningResult, ModelInfo, SearchOptions, TrainEvent, TrainOptions,
} from "./types.js";

// Engines without explicit resource management still get methods under the names that polyfills use.
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

const CREATE = ["model", "device", "maxLength", "worker", "onProgress", "signal"] as const;
const SEARCH = ["k", "mode", "signal"] as const;
const MINE = ["strategy", "rangeMin", "rangeMax", "maxScore", "minScore", "absoluteMargin", "relativeMargin", "numNegatives", "sampling", "seed", "signal", "onProgress"] as const;
const EVALUATE = ["split", "mode", "signal", "onProgress"] as const;
const TRAIN = [
  "loss", "trainable", "towers", "negatives", "epochs", "batchSize", "learningRate", "warmup", "margin", "scale",
  "numNegatives", "relativeMargin", "weightDecay", "seed", "signal",
] as const;

/** The documents of one instance. */
export interface Documents {
  /**
   * Adds documents, all or none, and encodes them. One with a known id replaces it; unchanged content is not encoded again.
   *
   * @throws {NearmissError} `INPUT_INVALID` naming place and field; `ABORTED` (the documents stay, found by their words)
   */
  add(documents: DocumentInput | Iterable<DocumentInput>, options?: AddOptions): Promise<AddResult>;
  /** Removes documents and the judgments about them; unknown ids are passed over. */
  remove(ids: string | Iterable<string>): Promise<{ removed: number; total: number }>;
  list(): Promise<Document[]>;
}

/** What people said about documents. */
export interface Judgments {
  /** Adds judgments, all or none. The same query and document replaces. */
  add(judgments: Judgment | Iterable<Judgment>): Promise<{ total: number }>;
  remove(judgments: Pick<Judgment, "query" | "document"> | Iterable<Pick<Judgment, "query" | "document">>): Promise<{ removed: number }>;
  list(): Promise<Judgment[]>;
}

/**
 * Private search that learns from its mistakes. Every method rejects with a `NearmissError`.
 *
 * ```ts
 * const nm = await Nearmiss.create({ model: "/models/all-MiniLM-L6-v2/" });
 * await nm.documents.add([{ id: "keys", title: "Keys", text: "How to rotate the signing key …" }]);
 * const hits = await nm.search("rotate the signing key", { k: 5 });
 * await nm.judgments.add({ query: "rotate the signing key", document: hits[0].id, relevant: false });
 * for await (const event of nm.train()) console.log(event);
 * ```
 */
export class Nearmiss {
  readonly documents: Documents;
  readonly judgments: Judgments;
  readonly #host: Host;
  readonly #turns = new Turns();
  #model: ModelInfo;
  #disposed = false;

  private constructor(host: Host) {
    this.#host = host;
    this.#model = host.info.model;
    this.documents = {
      add: (documents, options = {}) => this.#addDocuments(documents, options),
      remove: (ids) => this.#removeDocuments(check.list(ids)),
      list: () => this.#call("documents", []),
    };
    this.judgments = {
      add: async (judgments) => this.#call("addJudgments", [check.list(judgments).map(check.judgment)]),
      remove: async (judgments) => this.#call("removeJudgments", [check.list(judgments).map(check.pair)]),
      list: () => this.#call("judgments", []),
    };
  }

  /**
   * Loads the engine and a model. After this nothing is fetched any more.
   *
   * @throws {NearmissError} `NETWORK`, `MODEL_INVALID`, `TOKENIZER_INVALID`, `WEBGPU_UNAVAILABLE` (only for device
   *   "webgpu"), `OUT_OF_MEMORY`, `INPUT_INVALID`, `ABORTED`
   */
  static async create(options: CreateOptions): Promise<Nearmiss> {
    check.options(options, CREATE, "options");
    const { worker = typeof Worker === "function", ...rest } = options;
    return new Nearmiss(await (worker ? createWorkerHost(rest) : createHost(rest)));
  }

  /** @internal Over a host that exists: for the command and for tests. */
  static over(host: Host): Nearmiss {
    return new Nearmiss(host);
  }

  /** What the arithmetic runs on, and why. */
  get device(): DeviceInfo {
    return this.#host.info.device;
  }

  get model(): ModelInfo {
    return this.#model;
  }

  /** The vectors themselves: row-major, `model.dimensions` numbers for each text, of length 1. */
  async encode(texts: Iterable<string>, options: EncodeOptions = {}): Promise<Float32Array> {
    this.#alive();
    const { as = "document" } = check.options(options, ["as", "signal"], "options");
    check.oneOf(as, ["query", "document"], "options.as");
    if (typeof texts === "string") throw invalid("texts", "must be a list of strings, not a single one");
    const all = check.list(texts);
    all.forEach((text, index) => check.string(text, `texts[${index}]`));
    return encodeAll(this.#host, all, as, options.signal);
  }

  /** The best documents, best first. Runs also while a training run is open, with the weights as they are. */
  async search(query: string, options: SearchOptions = {}): Promise<Hit[]> {
    this.#alive();
    check.nonEmpty(query, "query");
    const settings = check.options(options, SEARCH, "options");
    const { k, mode } = settings;
    if (k !== undefined && !(Number.isInteger(k) && Number(k) >= 1)) throw invalid("options.k", "must be a whole number, 1 or more");
    if (mode !== undefined) check.oneOf(mode, ["dense", "lexical", "hybrid"], "options.mode");
    return this.#call("search", [query, settings], options.signal);
  }

  /** Hard negatives for the training side of the judgments. */
  async mine(options: MineOptions = {}): Promise<MiningResult> {
    const settings = check.options(options, MINE, "options");
    return this.#turn("mine", options.signal, async () => {
      const { examples, report } = await runJob(this.#host, { kind: "mine", options: settings }, options);
      return { examples, report };
    });
  }

  /** Measures search on judged queries: with the model as it was loaded and as it is now. */
  async evaluate(options: EvaluateOptions = {}): Promise<Evaluation> {
    const settings = check.options(options, EVALUATE, "options");
    return this.#turn("evaluate", options.signal, async () => {
      const { before, after, queries, verdict } = await runJob(this.#host, { kind: "evaluate", options: settings }, options);
      return { before, after, queries, verdict };
    });
  }

  /**
   * Trains as it is pulled: not pulling pauses, `return()`, `break` or aborting cancels and leaves the last good weights.
   * The last event is the verdict. While a run is open, only search, encode, judgments, lists and export are to be had.
   */
  async *train(options: TrainOptions = {}): AsyncGenerator<TrainEvent, void, void> {
    this.#alive();
    const settings = check.options(options, TRAIN, "options");
    const release = await this.#turns.take("train", options.signal);
    try {
      for await (const event of trainEvents(this.#host, settings, { signal: options.signal, onEnd: release })) {
        if (event.type === "verdict") await this.#refresh();
        yield event;
      }
    } finally {
      release();
    }
  }

  /** Takes the weights of the last training into use, whatever its verdict. */
  async keep(): Promise<void> {
    await this.#turn("keep", undefined, () => this.#reweigh("keep", []));
    await this.#refresh();
  }

  /** Puts the weights before the last training back. */
  async rollback(): Promise<void> {
    await this.#turn("rollback", undefined, () => this.#reweigh("rollback", []));
    await this.#refresh();
  }

  /** What was trained, as a file: the head alone, or all weights. */
  async export(format: "safetensors" = "safetensors"): Promise<Uint8Array> {
    this.#alive();
    check.oneOf(format, ["safetensors"], "format");
    return this.#call("export", [format]);
  }

  /** Puts an exported file into use. @throws {NearmissError} `MODEL_MISMATCH` when it was made for another model */
  async import(file: Uint8Array | ArrayBuffer | Blob): Promise<void> {
    this.#alive();
    const bytes = file instanceof Blob ? await file.arrayBuffer() : file;
    if (!(bytes instanceof ArrayBuffer || bytes instanceof Uint8Array)) throw invalid("file", "must be a Uint8Array, an ArrayBuffer or a Blob");
    await this.#turn("import", undefined, () => this.#reweigh("import", [new Uint8Array(bytes)]));
    await this.#refresh();
  }

  /** Frees everything. What is pending, and every later call, rejects with `DISPOSED`. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#host.dispose();
  }

  [DISPOSE](): void {
    void this.dispose();
  }

  async [ASYNC_DISPOSE](): Promise<void> {
    await this.dispose();
  }

  async #addDocuments(input: DocumentInput | Iterable<DocumentInput>, options: AddOptions): Promise<AddResult> {
    this.#alive();
    check.options(options, ["signal", "onProgress"], "options");
    const documents = await toDocuments(input, options.signal);
    return this.#turn("documents.add", options.signal, async () => {
      const result = await this.#host.call("addDocuments", [documents], options.signal);
      await runJob(this.#host, { kind: "index" }, options);
      return result;
    });
  }

  async #removeDocuments(ids: string[]): Promise<{ removed: number; total: number }> {
    ids.forEach((id, index) => check.string(id, `ids[${index}]`));
    return this.#turn("documents.remove", undefined, () => this.#host.call("removeDocuments", [ids]));
  }

  async #turn<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    this.#alive();
    const release = await this.#turns.take(name, signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Other weights may be another transformer, for which documents have no embedding yet: those are made at once. */
  async #reweigh<M extends "keep" | "rollback" | "import">(method: M, args: Args<M>): Promise<void> {
    await this.#host.call(method, args);
    await runJob(this.#host, { kind: "index" });
  }

  /** Full training and imports make another model of it. */
  async #refresh(): Promise<void> {
    this.#model = (await this.#host.call("info", [])).model;
  }

  async #call<M extends Method>(method: M, args: Args<M>, signal?: AbortSignal): Promise<Result<M>> {
    this.#alive();
    return this.#host.call(method, args, signal);
  }

  #alive(): void {
    if (this.#disposed) throw disposed();
  }
}
