/** Training and measuring. */

import type { SearchMode } from "./documents.js";
import type { MiningReport, MiningStrategy, SelectionOptions } from "./mining.js";

/** Averages over the judged queries of one split, each 0..1. */
export interface Metrics {
  "ndcg@10": number;
  "mrr@10": number;
  "recall@10": number;
  "recall@100": number;
  "precision@1": number;
}

export interface TrainOptions {
  /** Default "info-nce" (in-batch negatives plus mined ones); "margin" is a margin ranking loss on cosine. */
  loss?: "info-nce" | "margin";
  /** Default "head": a residual linear map on frozen embeddings. "full" trains every layer, word embeddings frozen. */
  trainable?: "head" | "full";
  /** "query" trains the query side alone, so that document embeddings stay valid (head only). Default "shared". */
  towers?: "shared" | "query";
  /** Where negatives come from. Mined anew each epoch: for a head with the weights trained so far, for full
   * training with those it began with; "ance" every `refreshEvery` steps and always with those trained so far.
   * Default "dense". */
  negatives?: MiningStrategy;
  /** Which candidates become negatives; what is not given is as in `mine`. */
  mining?: SelectionOptions;
  /** For negatives "ance": steps between two minings. Default 16. */
  refreshEvery?: number;
  /** Share of all steps, 0..1, that begin with BM25 negatives before `negatives` takes over. Default 0. */
  bm25Warmup?: number;
  /** Easy negatives first: "rank" moves the range of places up towards `rangeMin` as training goes on, "score" moves the
   * relative margin from 0.5 down to its value. Default "none". */
  curriculum?: "none" | "rank" | "score";
  /** Positives of one query in one epoch, so that none dominates; each epoch takes others. Default 4. */
  maxPositives?: number;
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
  relativeMargin?: number | null;
  /** Decoupled decay of what trains; pulls a head towards the identity. Default 0.01. */
  weightDecay?: number;
  /** Of everything random. Default 0. */
  seed?: number;
  signal?: AbortSignal;
}

export type ProgressEvent =
  | { type: "download"; file: string; loaded: number; total: number | null; elapsedMs: number }
  | { type: "load"; stage: "module" | "device" | "model"; elapsedMs: number }
  | EncodeEvent
  | SearchEvent;

/** While mining: so many queries have had their candidates looked up. Only where there are many. */
export interface SearchEvent {
  type: "search";
  done: number;
  total: number;
  elapsedMs: number;
}

/** "tokens": for a MaxSim teacher. "near-misses": synthetic negatives. */
export interface EncodeEvent {
  type: "encode";
  stage: "documents" | "queries" | "near-misses" | "tokens";
  done: number;
  total: number;
  elapsedMs: number;
}

export type TrainEvent =
  | EncodeEvent
  | SearchEvent
  | {
      type: "mining";
      epoch: number;
      /** Steps taken before it. */
      step: number;
      /** How many steps old the negatives were that it replaces; null for the first. */
      staleness: number | null;
      report: MiningReport;
      elapsedMs: number;
    }
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
  /** "pseudo-queries" when no judgment by a person says what is relevant: then the numbers say little about real questions. */
  measuredOn: "judgments" | "pseudo-queries";
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
