/** What the wasm modules export, as the facade sees it. Written by hand so that both builds meet one interface. */

import type { ByteReader } from "./loading/reader.js";
import type {
  BeirJudgments, Change, CheckedAnswer, Comparison, Conflict, Context, CreateOptions, Document, Example, FeedbackOptions, FeedbackResult, Hit, Impression, Judgment,
  Metrics, MiningReport, ModelInfo, PseudoOptions, PseudoResult, Suspect, TrainEvent, Undone, Verdict, Why,
} from "./types.js";

/** Files of a model, in memory but for weights that are read where they lie. The engine lets go of `weights` once they are parsed. */
export interface ModelFiles {
  config: Uint8Array;
  tokenizer: Uint8Array;
  weights: Uint8Array | ByteReader;
  pooling?: Uint8Array;
  sentenceBert?: Uint8Array;
  modules?: Uint8Array;
}

/**
 * A job is started once and then pulled: each `next()` does one bounded piece of work (a batch to encode, a training
 * step) and says what happened. Stop pulling to pause; `cancel()` to give up and return to the state before the job.
 */
export type Job =
  | { kind: "index" }
  | { kind: "mine"; options: Record<string, unknown> }
  | { kind: "evaluate"; options: Record<string, unknown> }
  | { kind: "compare"; query: string; options: Record<string, unknown> }
  | { kind: "train"; options: Record<string, unknown> };

/**
 * A mining or training job whose `teacher` is `"given"` reports `scoring` for one query and its candidates: answer with
 * `putScores`, one number a document, before the next pull. Else: `TrainEvent`s, then for each kind one closing event, then null. */
export type JobEvent =
  | TrainEvent
  | { type: "scoring"; query: string; documents: Document[]; elapsedMs: number }
  | { type: "graph"; done: number; total: number; elapsedMs: number }
  | { type: "indexed"; documents: number; elapsedMs: number }
  | { type: "mined"; examples: Example[]; suspects: Suspect[]; report: MiningReport; elapsedMs: number }
  | (Comparison & { type: "compared"; elapsedMs: number })
  | { type: "evaluated"; before: Metrics; after: Metrics; queries: number; verdict: Verdict | null; elapsedMs: number };

export interface Engine {
  /** `device.kind`, `device.name` of the build; the facade adds the reason. */
  info(): { device: { kind: "webgpu" | "cpu"; name: string }; model: ModelInfo };
  /** Same id replaces; unchanged content keeps its embedding. */
  addDocuments(documents: Document[]): { added: number; updated: number; unchanged: number; total: number };
  removeDocuments(ids: string[]): { removed: number; total: number };
  documents(): Document[];
  /** Texts of documents that have no embedding yet (title and text joined as they are encoded). */
  unencoded(): string[];
  /** Token ids of each text, special tokens included, cut at the model's longest input. */
  tokenize(texts: string[]): number[][];
  /** One batch; the caller cuts long lists. Row-major, `texts.length × dimensions`, adapter applied. */
  encode(texts: string[], as: "query" | "document"): Promise<Float32Array>;
  /** Embeddings before the adapter, for `loadVectors` of another engine with the same fingerprint. */
  encodeBase(texts: string[], as: "query" | "document"): Promise<Float32Array>;
  loadVectors(texts: string[], as: "query" | "document", vectors: Float32Array): void;
  /**
   * Everything encoded so far, before the adapter: opaque keys and their rows, to be written to a cache and put back. Of the weights in
   * use, or of those with a fingerprint; without the first `from`.
   */
  vectors(fingerprint?: string, from?: number): { keys: string[]; vectors: Float32Array };
  putVectors(keys: string[], vectors: Float32Array, fingerprint?: string): void;
  /** Drops the embeddings of texts that are neither a document nor a judged query. */
  pruneVectors(): void;
  /** Encodes the query; documents without an embedding are found by the lexical stage alone. */
  search(query: string, options: Record<string, unknown>): Promise<Hit[]>;
  /** The documents nearest to a vector that the caller made. */
  searchVector(vector: Float32Array, options: { k?: number; index?: "auto" | "exact" | "hnsw"; ef?: number }): Promise<{ id: string; score: number }[]>;
  /** The graph that searches embeddings where there are many of them, to be stored; undefined where there is none. */
  graph(): Uint8Array | undefined;
  /** Puts one back, for the next index job: it is taken where documents and weights are those that it was made for. */
  putGraph(bytes: Uint8Array): void;
  context(query: string, options: Record<string, unknown>): Promise<Context>;
  /** All or none: one unknown document or empty query refuses the batch. Same query and document replaces. */
  addJudgments(judgments: Judgment[]): { total: number };
  removeJudgments(judgments: { query: string; document: string }[]): { removed: number };
  judgments(): Judgment[];
  /** Null when there is nothing to undo or redo. */
  undo(): Undone | null;
  redo(): Undone | null;
  /** Oldest first, at most the last 200. */
  history(): Change[];
  conflicts(): Conflict[];
  exportJudgments(format: "jsonl" | "beir", split?: "train" | "dev" | "held-out"): string | BeirJudgments;
  /** A string is JSONL. All or none. */
  importJudgments(input: string | BeirJudgments, split?: "train" | "dev" | "held-out"): { added: number; total: number };
  /** Makes queries from the documents and adds them as judgments with source "synthetic". */
  pseudoQueries(options: PseudoOptions): PseudoResult;
  feedback(impressions: Impression[], options: FeedbackOptions): FeedbackResult;
  /** `options` as for mining; the teacher is left out of account. */
  why(query: string, document: string, options: Record<string, unknown>): Promise<Why>;
  /** Sentences of an answer, what each cites by `[1]` or `[2, 3]`, and whether those passages bear it out, word by word. */
  checkCitations(answer: string, passages: { citation: number; title: string; text: string }[]): CheckedAnswer;
  /** Answers a `scoring` event. */
  putScores(scores: Float32Array): void;
  start(job: Job): void;
  next(): Promise<JobEvent | null>;
  cancel(): void;
  /** Takes the weights of the last training into use, or puts those before it back; as `import` does. */
  keep(): void;
  rollback(): void;
  /** `"safetensors"`: what was trained (the head, or all weights), with a JSON header. */
  export(format: "safetensors"): Promise<Uint8Array>;
  /** A folder: "sentence-transformers" is a whole model that Python loads, "peft" a LoRA adapter in PEFT's layout. */
  exportFolder(format: "sentence-transformers" | "peft"): Promise<{ path: string; bytes: Uint8Array }[]>;
  /** Everything that was trained and is in use, as files to be imported one after another; none for the model as it was loaded. */
  weights(): Promise<Uint8Array[]>;
  /** The model as it was loaded; as `import` does. */
  resetWeights(): void;
  /** Puts an exported head, adapter or full weights into use: at the end of the next index job, where documents must be encoded for them. */
  import(bytes: Uint8Array): Promise<void>;
  /** Likewise a folder of either format. */
  importFolder(files: { path: string; bytes: Uint8Array }[]): Promise<void>;
  free(): void;
}

/** What of an instance's options concerns the engine. */
export type EngineOptions = Pick<CreateOptions, "maxLength" | "precision" | "language" | "graphFrom">;

/** Default export of `pkg/wasm/<build>/nearmiss.js`. Rejections carry `code` and `message`. */
export interface EngineModule {
  default(init?: { module_or_path: unknown }): Promise<unknown>;
  /** Bytes of the module's memory, which grows and never shrinks. Added by `modules.ts`. */
  memory?(): number;
  /** The first fault of the GPU: why a panic came, or why results are worthless. Readable even after a panic. */
  fault?(): { code: string; message: string } | undefined;
  Engine: { create(files: ModelFiles, options: EngineOptions): Promise<Engine> };
}
