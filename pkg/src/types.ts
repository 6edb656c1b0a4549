/** The public vocabulary of nearmiss: what goes in, what comes out, what is reported on the way. */

/** Where the arithmetic runs. `"auto"` takes WebGPU when a hardware adapter passes a known-answer test, else the CPU. */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

/** What was chosen, and why. */
export interface DeviceInfo {
  kind: "webgpu" | "cpu";
  /** The adapter's own description, or the CPU build's. */
  name: string;
  /** One sentence: why this device and not the other. */
  reason: string;
}

export interface ModelInfo {
  /** Length of one embedding. */
  dimensions: number;
  layers: number;
  parameters: number;
  /** Longest input in tokens; the rest of a text is cut. */
  maxLength: number;
  pooling: "mean" | "cls";
  /** Changes with the transformer's weights, tokenizer, pooling and length, not with a head. Keys the embedding cache. */
  fingerprint: string;
}

/** A sentence encoder in its Hugging Face layout. */
export type ModelSource =
  | string
  | URL
  | { config: BinaryInput; tokenizer: BinaryInput; weights: BinaryInput; pooling?: BinaryInput; sentenceBert?: BinaryInput };

export type BinaryInput = Uint8Array | ArrayBuffer | Blob | string | URL;

export interface Document {
  id: string;
  title?: string;
  text: string;
  /** Anything JSON can hold; returned with each hit, never read. */
  metadata?: unknown;
}

/** A document, or a text or Markdown file: its id is its path, its title its first heading or its name. */
export type DocumentInput = Document | Blob | FileSystemDirectoryHandle;

export interface AddOptions {
  /** Aborting leaves the documents added; those not encoded yet are found by their words alone. */
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** What adding documents did; `total` is the number of documents afterwards. */
export interface AddResult {
  added: number;
  updated: number;
  unchanged: number;
  total: number;
}

/** One person's word on one document for one query. */
export interface Judgment {
  /** The query's text. */
  query: string;
  /** A document's id. */
  document: string;
  relevant: boolean;
  /** Graded relevance, 0 or more; default 1 when relevant and 0 when not. */
  grade?: number;
  /** Fixes the side on which the query stands. Without it a fifth of the queries is held out, by seed. */
  split?: "train" | "held-out";
}

export interface EncodeOptions {
  /** Which tower. Default "document"; the two differ only when the query side was trained alone. */
  as?: "query" | "document";
  signal?: AbortSignal;
}

export type SearchMode = "dense" | "lexical" | "hybrid";

export interface SearchOptions {
  /** Number of hits (documents). Default 10. */
  k?: number;
  /** Default "hybrid": reciprocal rank fusion of both. */
  mode?: SearchMode;
  signal?: AbortSignal;
}

export interface Hit {
  id: string;
  title: string;
  text: string;
  metadata?: unknown;
  /** Comparable within one result list only: cosine (dense), BM25 (lexical) or summed reciprocal ranks (hybrid). */
  score: number;
  /** From 1. */
  rank: number;
  /** Rank and score in each stage that found the document. */
  dense?: { rank: number; score: number };
  lexical?: { rank: number; score: number };
}

/** Averages over the judged queries of one split, each 0..1. */
export interface Metrics {
  "ndcg@10": number;
  "mrr@10": number;
  "recall@10": number;
  "recall@100": number;
  "precision@1": number;
}

export interface MineOptions {
  strategy?: "dense";
  /** This many of the best candidates that passed the filters are skipped. Default 0. */
  rangeMin?: number;
  /** Candidates from this place on, counted likewise, are skipped. Default grows with the corpus. */
  rangeMax?: number;
  /** Drop a candidate that scores above this. */
  maxScore?: number;
  /** Drop a candidate that scores below this. */
  minScore?: number;
  /** Drop a candidate that scores above positive − this. */
  absoluteMargin?: number;
  /** Drop a candidate that scores above positive − |positive| × this. Default 0.05. */
  relativeMargin?: number;
  /** Negatives a (query, positive) pair. Default 3. */
  numNegatives?: number;
  /** `"top"` takes the hardest that remain, `"random"` draws among them. Default "top". */
  sampling?: "top" | "random";
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** One training example: ids of documents and the scores they had when they were mined. */
export interface Example {
  query: string;
  positive: string;
  negatives: { document: string; score: number | null; rank: number | null; source: "labelled" | "dense" }[];
  positiveScore: number;
}

export interface MiningReport {
  pairs: number;
  negatives: number;
  /** Hits looked at, before any filter. */
  candidates: number;
  /** How many candidates each rule dropped. */
  dropped: {
    /** Relevant to the query. */
    positive: number;
    /** Copies of a relevant document. */
    excluded: number;
    /** Taken already, because a person marked them. */
    labelled: number;
    absoluteMargin: number;
    relativeMargin: number;
    maxScore: number;
    minScore: number;
  };
  /** Pairs that got fewer negatives than asked for, and how many negatives are missing in all. */
  shortPairs: number;
  shortfall: number;
  rangeMin: number;
  rangeMax: number;
  positiveScores: Quantiles | null;
  /** Null when no negative has a score. */
  negativeScores: Quantiles | null;
}

export interface MiningResult {
  examples: Example[];
  report: MiningReport;
}

export interface Quantiles {
  min: number;
  p25: number;
  median: number;
  p75: number;
  max: number;
}

export interface TrainOptions {
  /** Default "info-nce" (in-batch negatives plus mined ones); "margin" is a margin ranking loss on cosine. */
  loss?: "info-nce" | "margin";
  /** Default "head": a residual linear map on frozen embeddings. "full" trains every layer, word embeddings frozen. */
  trainable?: "head" | "full";
  /** "query" trains the query side alone, so that document embeddings stay valid (head only). Default "shared". */
  towers?: "shared" | "query";
  /** "dense" mines hard negatives (for a head anew each epoch, for full training once); "labelled" uses only what people marked
   * wrong. Default "dense". */
  negatives?: "dense" | "labelled";
  /** Passes over the examples. Default: as many as make about 64 steps. */
  epochs?: number;
  /** Queries a step. Default for a head: half of the examples, at most 256; for full training 8. */
  batchSize?: number;
  /** Peak learning rate, reached after the warm-up. Default 3e-4 for a head, 2e-5 for full training. */
  learningRate?: number;
  /** Share of all steps over which the rate rises linearly from 0; it then falls linearly to 0. Default 0.1. */
  warmup?: number;
  /** Margin of the margin loss, in cosine (0..2). Default 0.1. */
  margin?: number;
  /** 1/temperature of InfoNCE. Default 30. */
  scale?: number;
  /** Negatives a (query, positive) pair, labelled ones first. Default 1. */
  numNegatives?: number;
  /** A mined negative may score at most positive − |positive| × this. Default 0.05. */
  relativeMargin?: number;
  /** Decoupled decay of what trains; pulls a head towards the identity. Default 0.01. */
  weightDecay?: number;
  /** Of everything random. Default 0. */
  seed?: number;
  signal?: AbortSignal;
}

export type ProgressEvent =
  | { type: "download"; file: string; loaded: number; total: number | null; elapsedMs: number }
  | { type: "load"; stage: "module" | "device" | "model"; elapsedMs: number }
  | { type: "encode"; stage: "documents" | "queries"; done: number; total: number; elapsedMs: number };

export type TrainEvent =
  | { type: "encode"; stage: "documents" | "queries"; done: number; total: number; elapsedMs: number }
  | { type: "mining"; epoch: number; report: MiningReport; elapsedMs: number }
  | { type: "evaluation"; stage: "before" | "after"; epoch: number; metrics: Metrics; queries: number; elapsedMs: number }
  | {
      type: "step";
      epoch: number;
      epochs: number;
      /** From 1, over the whole run. */
      step: number;
      steps: number;
      loss: number;
      learningRate: number;
      /** Mean cosine of the batch's (query, positive) pairs and of its (query, negative) pairs, before the update. */
      positiveScore: number;
      negativeScore: number;
      /** Share of triplets that still violate the margin. */
      activeTriplets: number;
      elapsedMs: number;
    }
  | ({ type: "verdict"; elapsedMs: number } & Verdict);

/** Did held-out search get better? Measured on queries that training never saw. */
export interface Verdict {
  outcome: "better" | "no-difference" | "worse";
  /** True when the tuned weights are in use now; anything but "better" is rolled back. */
  kept: boolean;
  metric: "ndcg@10";
  before: Metrics;
  after: Metrics;
  /** Mean per-query difference in the metric, with its 95 % paired-bootstrap interval. */
  difference: number;
  interval: [number, number];
  queries: number;
  won: number;
  lost: number;
  tied: number;
  perQuery: { query: string; before: number; after: number; rankBefore: number | null; rankAfter: number | null }[];
  /** The verdict in one plain sentence. */
  summary: string;
  /** Examples trained on, steps taken. */
  examples: number;
  steps: number;
}

export interface EvaluateOptions {
  /** Which side of the judgments. Default "held-out". */
  split?: "train" | "held-out";
  /** Default "dense": what training moves. */
  mode?: SearchMode;
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

export interface Evaluation {
  /** The model as it was loaded. */
  before: Metrics;
  /** The model as it is now. */
  after: Metrics;
  queries: number;
  /** Of the last training, if there was one. */
  verdict: Verdict | null;
}

export interface CreateOptions {
  model: ModelSource;
  device?: DeviceChoice;
  /** Longest input in tokens. Default: what the model's own files say. */
  maxLength?: number;
  /** `false` runs in this thread (the only way in Node); default: a dedicated worker in browsers. */
  worker?: boolean;
  onProgress?: (event: ProgressEvent) => void;
  signal?: AbortSignal;
}

/** Stable names for what can go wrong. */
export type ErrorCode =
  | "WEBGPU_UNAVAILABLE" | "DEVICE_LOST" | "OUT_OF_MEMORY" | "MODEL_INVALID" | "MODEL_MISMATCH" | "TOKENIZER_INVALID"
  | "INPUT_INVALID" | "INSUFFICIENT_DATA" | "STORAGE_QUOTA" | "STORAGE_CORRUPT" | "NETWORK" | "ABORTED" | "DISPOSED" | "INTERNAL";
