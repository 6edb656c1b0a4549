/// <reference lib="esnext.disposable" preserve="true" />
/** The class that applications use: it checks what comes in, speaks to the host, and keeps jobs from colliding. */

import { answer, type Answering } from "./answer/answer.js";
import * as check from "./checks.js";
import { createWorkerHost } from "./client.js";
import { Core } from "./core.js";
import { documents, type Documents } from "./documents.js";
import { withEncoders, type Encoders } from "./encoders.js";
import { encodeAll } from "./encoding.js";
import { aborted } from "./errors.js";
import { createHost, type Args, type Host } from "./host.js";
import { runJob, trainEvents } from "./jobs.js";
import { judgments, type Judgments } from "./judgments.js";
import { COMPARE, CREATE, evaluateSettings, mineSettings, towerOf, trainSettings, WEIGHTS, whySettings, type WhyOptions } from "./options.js";
import { context, search } from "./searching.js";
import { missing, scorer, type Scorer } from "./teacher.js";
import { storage, type Storage } from "./storing.js";
import type {
  AnswerEvent, AnswerOptions, CompareOptions, Comparison, Context, ContextOptions, CreateOptions, DeviceInfo, Document, EncodeOptions,
  EvaluateOptions, Evaluation, ExportedFile, FolderFormat, FolderInput, Hit, MemoryInfo, MineOptions, MiningResult, ModelInfo, SearchOptions, Teacher, TrainEvent, TrainOptions, WeightsOptions, Why,
} from "./types.js";

// Engines without explicit resource management still get methods under the names that polyfills use.
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * Private search that learns from its mistakes. Every method rejects with a `NearmissError`: with what its own comment says, with `DISPOSED`
 * after `dispose`, and where it reaches the engine with `DEVICE_LOST`, `OUT_OF_MEMORY`, or `INTERNAL` with the stack.
 *
 * Nothing need be awaited before the next call: what changes documents or weights, mines, evaluates or compares is done whole, in the
 * order of the calls. Search, encode, judgments and lists do not wait for such work but come in between, in their order, behind at most
 * the one batch or training step that is under way. Aborting ends work at the same place.
 *
 * ```ts
 * const nm = await Nearmiss.create();
 * await nm.documents.add([{ id: "keys", title: "Keys", text: "How to rotate the signing key …" }]);
 * const hits = await nm.search("rotate the signing key", { k: 5 });
 * await nm.judgments.add({ query: "rotate the signing key", document: hits[0].id, relevant: false });
 * for await (const event of nm.train()) console.log(event);
 * ```
 */
export class Nearmiss {
  /** What is searched. */
  readonly documents: Documents;
  /** What is known to be relevant, and what is not. */
  readonly judgments: Judgments;
  /** What outlives the page; null without the option `storage`. */
  readonly storage: Storage | null;
  readonly #core: Core;
  #model: ModelInfo;

  private constructor(host: Host, encoders?: Encoders) {
    this.#core = new Core(host, encoders);
    this.#model = host.info.model;
    this.documents = documents(this.#core);
    this.judgments = judgments(this.#core);
    this.storage = storage(this.#core);
    this.#followStore(host);
  }

  /**
   * Loads the engine and a model, by default the compact one of this package. After this nothing is fetched any more.
   *
   * @throws {NearmissError} `NETWORK` for a model, a module or a worker that cannot be loaded; `MODEL_INVALID`, `TOKENIZER_INVALID`;
   *   `WEBGPU_UNAVAILABLE` and `DEVICE_LOST` (only for device "webgpu"; "auto" goes on with the CPU); `OUT_OF_MEMORY`; `STORAGE_CORRUPT` and
   *   `STORAGE_QUOTA` for the store; `INPUT_INVALID` for an option; `ABORTED`
   */
  static async create(options: CreateOptions = {}): Promise<Nearmiss> {
    check.options(options, CREATE, "options");
    check.callback(options.onRequest, "options.onRequest");
    const { worker = typeof Worker === "function", encoders = 1, ...rest } = options;
    if (encoders === 1) return new Nearmiss(await (worker ? createWorkerHost(rest) : createHost(rest)));
    return new Nearmiss(...(await withEncoders(worker, encoders, rest)));
  }

  /** @internal Over a host that exists: for the command and for tests. */
  static over(host: Host): Nearmiss {
    return new Nearmiss(host);
  }

  /** What the arithmetic runs on, and why. */
  get device(): DeviceInfo {
    return this.#core.host.info.device;
  }

  /** The encoder in use; another one after training or importing whole layers, here or in the tab that writes this store. */
  get model(): ModelInfo {
    return this.#model;
  }

  /**
   * The vectors themselves: row-major, `model.dimensions` numbers for each text, of length 1.
   *
   * @throws {NearmissError} `INPUT_INVALID` for texts or an option; `TOKENIZER_INVALID` for a text on which the tokenizer fails; `ABORTED`
   */
  async encode(texts: Iterable<string>, options: EncodeOptions = {}): Promise<Float32Array> {
    this.#core.alive();
    const as = towerOf(options);
    return encodeAll(this.#core.host, check.texts(texts), as, options.signal);
  }

  /**
   * The best documents, best first. Runs also while a training run is open, with the weights as they are.
   *
   * @throws {NearmissError} `INPUT_INVALID` naming the option; `INSUFFICIENT_DATA` without documents; `ABORTED`
   */
  async search(query: string, options: SearchOptions = {}): Promise<Hit[]> {
    return search(this.#core, query, options);
  }

  /**
   * Passages for whoever writes an answer: relevant, none twice, within a number of tokens, each with a number to cite.
   *
   * @throws {NearmissError} as `search`
   */
  async context(query: string, options: ContextOptions = {}): Promise<Context> {
    return context(this.#core, query, options);
  }

  /**
   * An answer by a model of your own that rests on these passages, piece by piece, and then which of its sentences they bear out.
   *
   * ```ts
   * for await (const event of nm.answer("when does the key expire?", { generate: askMyModel })) {
   *   if (event.type === "text") show(event.text);
   *   if (event.type === "done") mark(event.citations.filter((sentence) => !sentence.supported));
   * }
   * ```
   *
   * @throws {NearmissError} `INPUT_INVALID` for an option, or for a model that fails (its error is the cause) or gives something
   *   other than text; `ABORTED`; and as `search`
   */
  answer(query: string, options: AnswerOptions): AsyncGenerator<AnswerEvent, void, void> {
    const checkCitations: Answering["checkCitations"] = (text, passages) => this.#core.call("checkCitations", [text, passages]);
    return answer({ context: (...asked) => this.context(...asked), checkCitations }, query, options);
  }

  /**
   * One query with the model as it was loaded and as it is now: which documents moved, and why.
   *
   * @throws {NearmissError} as `search`
   */
  async compare(query: string, options: CompareOptions = {}): Promise<Comparison> {
    check.nonEmpty(query, "query");
    const settings = check.options(options, COMPARE, "options");
    return this.#core.turn("compare", options.signal, async () => {
      const { changed, hits } = await runJob(this.#core.host, { kind: "compare", query, options: settings }, options);
      return { query, changed, hits };
    });
  }

  /**
   * Hard negatives for the training side of the judgments, documents that only look like such, and what was dropped and why.
   *
   * A `teacher` of your own runs in this thread and is asked query by query. It may search, and must not start other jobs of
   * this instance: they would wait for this one.
   *
   * @throws {NearmissError} `INSUFFICIENT_DATA` without documents or judged queries; `INPUT_INVALID` for an option, or for a
   *   teacher that fails (its error is the cause) or does not give one finite number a document; `ABORTED`
   */
  async mine(options: MineOptions = {}): Promise<MiningResult> {
    const { settings, teacher } = mineSettings(options);
    return this.#core.turn("mine", options.signal, async () => {
      const { signal, onProgress } = options;
      const running = { signal, onProgress, scorer: this.#scorer(teacher, "options.teacher") };
      const { examples, suspects, report } = await runJob(this.#core.host, { kind: "mine", options: settings }, running);
      return { examples, suspects, report };
    });
  }

  /**
   * Why a document is, or is not, a negative for a query: its place and score, the word of every rule, and what made it look
   * right. `options` are those of `mine`, but for the teacher, who is not asked.
   *
   * @throws {NearmissError} `INPUT_INVALID` for an unknown document or an option
   */
  async why(query: string, document: string | Pick<Document, "id">, options: WhyOptions = {}): Promise<Why> {
    this.#core.alive();
    check.nonEmpty(query, "query");
    const id: unknown = typeof document === "object" && document !== null ? document.id : document;
    check.nonEmpty(id, "document");
    return this.#core.call("why", [query, id, whySettings(options)]);
  }

  /**
   * Measures search on judged queries: with the model as it was loaded and as it is now.
   *
   * @throws {NearmissError} `INSUFFICIENT_DATA` without documents or judged queries of that side; `INPUT_INVALID` for an option, and while a
   *   training run is open; `ABORTED`
   */
  async evaluate(options: EvaluateOptions = {}): Promise<Evaluation> {
    const settings = evaluateSettings(options);
    return this.#core.turn("evaluate", options.signal, async () => {
      const { before, after, queries, verdict } = await runJob(this.#core.host, { kind: "evaluate", options: settings }, options);
      return { before, after, queries, verdict };
    });
  }

  /**
   * Trains as it is pulled: not pulling pauses, `return()`, `break` or aborting cancels and leaves the last good weights.
   * The last event is the verdict. While a run is open, only search, why, encode, judgments, lists and export are to be had.
   *
   * With `checkpointEvery` it yields checkpoints, and with the bytes of one as `resume` it goes on from there, here or in
   * another instance with the same model and documents. Then no other option is taken but `signal`, and `mining.teacher` where
   * the run has a function of yours for a teacher: functions are not in a checkpoint.
   *
   * @throws {NearmissError} `INSUFFICIENT_DATA` with fewer than two judged queries on either side; `INPUT_INVALID` for an
   *   option, or for a teacher as in `mine`; `MODEL_MISMATCH` for a checkpoint of another model; `WEBGPU_UNAVAILABLE` for a GPU
   *   that gives wrong gradients, which the first training on it finds before any work; `ABORTED`
   */
  async *train(options: TrainOptions = {}): AsyncGenerator<TrainEvent, void, void> {
    this.#core.alive();
    const { settings, teacher } = trainSettings(options);
    const asked = this.#scorer(teacher, "options.mining.teacher") ?? (options.resume && missing("options.mining.teacher"));
    const release = await this.#core.turns.take("train", options.signal);
    const pulling = { signal: options.signal, onEnd: release, scorer: asked };
    try {
      for await (const event of trainEvents(this.#core.host, settings, pulling)) {
        if (event.type === "verdict") await this.#refresh();
        yield event;
      }
    } finally {
      release();
    }
  }

  /**
   * Takes the weights of the last training into use, whatever its verdict.
   *
   * @throws {NearmissError} `INSUFFICIENT_DATA` when nothing was trained or imported; `ABORTED`
   */
  async keep(options: WeightsOptions = {}): Promise<void> {
    await this.#reweigh("keep", "keep", null, options);
  }

  /**
   * Puts the weights before the last training, or import, back.
   *
   * @throws {NearmissError} as `keep`
   */
  async rollback(options: WeightsOptions = {}): Promise<void> {
    await this.#reweigh("rollback", "rollback", null, options);
  }

  /**
   * What was trained and is in use, as one file: the head, the adapter, or all weights.
   *
   * @throws {NearmissError} `INSUFFICIENT_DATA` when nothing that was trained is in use; `INPUT_INVALID` for another format, and for a head on top
   *   of a tuned transformer, which only a folder can hold
   */
  async export(format?: "safetensors"): Promise<Uint8Array>;
  /**
   * The weights in use as a folder that Python reads: "sentence-transformers" is the whole model, "peft" a LoRA adapter.
   *
   * @throws {NearmissError} `INSUFFICIENT_DATA` for "peft" when the weights in use hold no LoRA adapter; `INPUT_INVALID` for another format
   */
  async export(format: FolderFormat): Promise<ExportedFile[]>;
  async export(format: "safetensors" | FolderFormat = "safetensors"): Promise<Uint8Array | ExportedFile[]> {
    this.#core.alive();
    check.oneOf(format, ["safetensors", "sentence-transformers", "peft"], "format");
    return format === "safetensors" ? this.#core.call("export", [format]) : this.#core.call("exportFolder", [format]);
  }

  /**
   * Puts what was exported into use: the one file, or the files of a folder in either format, as a list or by path.
   *
   * @throws {NearmissError} `MODEL_MISMATCH` when it was made for another model, `MODEL_INVALID` when it cannot be read; `ABORTED`, with
   *   the weights before it in use
   */
  async import(input: Uint8Array | ArrayBuffer | Blob | FolderInput, options: WeightsOptions = {}): Promise<void> {
    this.#core.alive();
    if (check.isBytes(input)) await this.#reweigh("import", "import", check.bytes(input, "input"), options);
    else await this.#reweigh("import", "importFolder", check.folder(input, "input"), options);
  }

  /**
   * What it takes, in bytes: the engine's memory, what is in it, and the store. Runs also while a training run is open.
   *
   * @throws {NearmissError} `DISPOSED`
   */
  async memory(): Promise<MemoryInfo> {
    this.#core.alive();
    const [memory, encoders] = await Promise.all([this.#core.host.memory(), this.#core.encoders.memory()]);
    return { ...memory, encoders };
  }

  /**
   * Frees everything. What is pending, and every later call, rejects with `DISPOSED`. Once it has resolved, the store can be opened or
   * deleted.
   *
   * @throws {NearmissError} `INTERNAL` where the engine fails to end
   */
  async dispose(): Promise<void> {
    await this.#core.dispose();
  }

  /** `dispose` for `using`, which does not wait for its end. */
  [DISPOSE](): void {
    void this.dispose();
  }

  /** `dispose` for `await using`. @throws {NearmissError} as `dispose` */
  async [ASYNC_DISPOSE](): Promise<void> {
    await this.dispose();
  }

  #scorer(teacher: Teacher | undefined, field: string): Scorer | undefined {
    return teacher && scorer(teacher, field, this.#core.end);
  }

  /** Other weights may be another transformer, for which documents have no embedding yet: those are made at once. */
  async #reweigh<M extends "keep" | "rollback" | "import" | "importFolder">(
    name: string,
    method: M,
    input: Promise<Args<M>[0]> | null,
    options: WeightsOptions,
  ): Promise<void> {
    this.#core.alive();
    check.options(options, WEIGHTS, "options");
    const { host } = this.#core;
    await this.#core.turnOver(name, options.signal, Promise.resolve(input), async (given) => {
      if (options.signal?.aborted) throw aborted(options.signal);
      await host.call(method, (given === null ? [] : [given]) as Args<M>);
      try {
        await this.#core.index(options);
      } catch (error) {
        if (options.signal?.aborted) {
          // Else they would come into use with the next documents that are added.
          await host.call(method === "rollback" ? "keep" : "rollback", []);
          await runJob(host, { kind: "index" });
        }
        throw error;
      }
    });
    await this.#refresh();
  }

  /** Another tab's weights, and those that a new worker finds in the store, make another model of it as well. */
  #followStore(host: Host): void {
    let role = host.storage?.role;
    host.onStorage(({ role: now }) => {
      this.#model = host.info.model;
      const risen = role === "reader" && now === "writer";
      role = now;
      // The writer before may have been closed in the middle of adding documents. What fails here is heard with the next that are added.
      if (risen) this.#core.turn("documents", undefined, () => this.#core.index()).catch(() => {});
    });
  }

  /** Full training and imports make another model of it. */
  async #refresh(): Promise<void> {
    this.#model = (await this.#core.host.call("info", [])).model;
  }
}
