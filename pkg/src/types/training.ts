/** Training and measuring. */

import type { ImportEvent } from "./input.js";
import type { SearchMode, SearchStage } from "./search.js";
import type { MiningReport, MiningStrategy, SelectionOptions } from "./mining.js";

/** Averages over the judged queries of one split, each 0..1. */
export interface Metrics {
  /** How well the first ten are ordered by their grades (discounted gain, as a share of the best order's). */
  "ndcg@10": number;
  /** One over the rank of the first relevant document, 0 beyond the tenth. */
  "mrr@10": number;
  /** Share of the relevant documents that is among the first ten. */
  "recall@10": number;
  /** Share of the relevant documents that is among the first hundred. */
  "recall@100": number;
  /** Share of the queries whose first document is relevant. */
  "precision@1": number;
}

/** How far up training reaches, cheapest first. */
export type Trainable = "head" | "lora" | `layers:${number}` | "full";

/** Of `train`: what trains, by which loss, in which steps, on which negatives, and when it is enough. */
export interface TrainOptions {
  /** "info-nce" (default): in-batch negatives plus mined ones. "margin": margin ranking on cosine. "triplet": the same hinge on
   * `distance`. "margin-mse": the score differences of a teacher (`mining.teacher`). "contrastive": pairs, pulled or pushed. */
  loss?: "info-nce" | "margin" | "triplet" | "margin-mse" | "contrastive";
  /** "head" (default): a residual linear map on frozen embeddings. "lora": low-rank updates of attention. "layers:n": the last n
   * layers. "full": every layer. Word embeddings are always frozen. */
  trainable?: Trainable;
  /** For trainable "lora". */
  lora?: LoraOptions;
  /** "query" trains the query side alone, so that document embeddings stay valid. Default "shared". */
  towers?: "shared" | "query";
  /** Where negatives come from. Mined anew each epoch: with the weights trained so far where documents need not be encoded anew
   * for it (a head, or towers "query"), else with those it began with; "ance" every `refreshEvery` steps and always with those
   * trained so far. Default "dense". */
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
  /** Passes over the examples. Default: as many as make 8 to 64 steps, more for more examples. */
  epochs?: number;
  /** Queries a step. Default for a head: half of the examples, at most 256; for everything else 16. */
  batchSize?: number;
  /** Batches whose gradients are averaged for one update. Default 1. */
  accumulate?: number;
  /** Bytes that the activations of a step may take. Texts beyond it go through the model in parts, with the gradient of the whole
   * batch all the same. Default 1 GiB. */
  memoryBudget?: number;
  /** Peak learning rate, reached after the warm-up. Default 5e-4 for a head, 1e-3 for LoRA, 2e-5 for layers. */
  learningRate?: number;
  /** Share of all steps over which the rate rises linearly from 0. Default 0.1. */
  warmup?: number;
  /** How it falls to 0 afterwards. Default "linear". */
  schedule?: "linear" | "cosine";
  /** Gradients are scaled down to this global norm; null for never. Default 1. */
  maxGradNorm?: number | null;
  /** Margin of the margin, triplet and contrastive losses: cosine or distance (0..2). Default 0.1. */
  margin?: number;
  /** Of the triplet loss. Default "cosine". */
  distance?: "cosine" | "euclidean";
  /** 1/temperature of InfoNCE. Default 30. */
  scale?: number;
  /** Taken off the positive's cosine in InfoNCE (0..1). Default 0. */
  additiveMargin?: number;
  /** Documents of the batch that score above the positive's cosine plus this are left out of InfoNCE, as they may well answer the
   * query; labelled negatives are not. Null (default): none is. */
  falseNegativeMargin?: number | null;
  /** Negatives a (query, positive) pair, labelled ones first. Default 1. */
  numNegatives?: number;
  /** A mined negative may score at most positive − |positive| × this. Default 0.05. */
  relativeMargin?: number | null;
  /** Decoupled decay of what trains towards 0, per unit of learning rate; pulls a head towards the identity. Default 0.01. */
  weightDecay?: number;
  /** Likewise towards the weights with which training began. Default 0. */
  anchor?: number;
  /** Share, 0..0.9, of the inputs of what trains that each step leaves out. Default 0. */
  dropout?: number;
  /** Changes training queries, anew each epoch. */
  augment?: AugmentOptions;
  /** Which weights are judged and kept: the last ("none"), their exponential moving average ("ema"), or the mean of those at each
   * look at the dev queries ("checkpoints"; without dev queries there is none, and the last are taken). Default "none". */
  average?: "none" | "ema" | "checkpoints";
  /** Runs with different seeds, whose weights are averaged. Default 1; not for LoRA. */
  runs?: number;
  /** Share, 0..0.5, of the training queries that is not trained on but decides which weights are best, when to stop, and how far to
   * go from the old weights to the new. Without judgments on the side "dev". Default 0.2, and 0 with fewer than 40 queries. */
  devShare?: number;
  /** Steps between two looks at the dev queries. Default: an eighth of the run. */
  evaluateEvery?: number;
  /** Looks without gain after which a run stops early. Default 3. */
  patience?: number;
  /** Steps between two checkpoints; none by default. */
  checkpointEvery?: number;
  /** Bytes of a checkpoint: goes on where it was made, with the options it was made with. The documents must be the same. Every other
   * option but `signal` is refused. */
  resume?: Uint8Array;
  /** Of everything random. Default 0. */
  seed?: number;
  /** Aborting ends the run with `ABORTED` and leaves the last good weights. */
  signal?: AbortSignal;
}

/** Low-rank updates of linear maps (Hu et al. 2021). */
export interface LoraOptions {
  /** Columns of the low-rank factors. Default 8. */
  rank?: number;
  /** The update counts alpha / rank times. Default 16. */
  alpha?: number;
  /** Which linear maps get one. Default query and value. */
  targets?: ("query" | "key" | "value" | "output" | "inner" | "outer")[];
  /** Only in the last layers. Default: in all. */
  layers?: number;
}

/** Each 0..1; all 0 by default. */
export interface AugmentOptions {
  /** Share of words left out. */
  wordDropout?: number;
  /** Chance that a query is cut to a run of its words. */
  crop?: number;
  /** Share of words with a slip of the keyboard. */
  typos?: number;
  /** Chance for each word that has one to be replaced by a synonym. */
  synonyms?: number;
  /** Words that mean the same, in either direction. By default words that stand in the same surroundings in the documents. */
  table?: string[][];
}

/** What is reported while something takes its time. `elapsedMs` counts from the beginning of that work, `loaded` and `total` are bytes. */
export type ProgressEvent =
  /** A file of the model; `overall` counts those of all its files. A `total` is null while it is not known. */
  | { type: "download"; file: string; loaded: number; total: number | null; overall: { loaded: number; total: number | null }; elapsedMs: number }
  /** So many embeddings are linked in the graph that searches them. */
  | { type: "graph"; done: number; total: number; elapsedMs: number }
  /** A store is being read: bytes of it. */
  | { type: "restore"; loaded: number; total: number; elapsedMs: number }
  /** The stage is done. */
  | { type: "load"; stage: "module" | "device" | "model"; elapsedMs: number }
  | ImportEvent
  | EncodeEvent
  | SearchEvent;

/** While mining: so many queries have had their candidates looked up. Only where there are many. */
export interface SearchEvent {
  type: "search";
  /** Queries so far. */
  done: number;
  /** Queries in all. */
  total: number;
  /** Since the work began. */
  elapsedMs: number;
}

/** "tokens": for a MaxSim teacher. "near-misses": synthetic negatives. */
export interface EncodeEvent {
  type: "encode";
  /** What is encoded. */
  stage: "documents" | "queries" | "near-misses" | "tokens";
  /** Texts so far. */
  done: number;
  /** Texts in all. */
  total: number;
  /** Since the work began. */
  elapsedMs: number;
}

/** What `train` yields: what it encodes, mines and measures, each step, checkpoints, and last the verdict. `elapsedMs` counts from its beginning. */
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
  | ({ type: "evaluation"; epoch: number; step: number; metrics: Metrics; queries: number; elapsedMs: number } & (
      | { stage: "before" | "after" }
      | {
          /** On the dev queries. */
          stage: "dev";
          /** Documents they were looked for in: all, or, where documents would have to be encoded anew, those that come into question. */
          documents: number;
          spread: Spread;
          /** The best so far. */
          best: boolean;
        }
    ))
  | {
      type: "step";
      /** Of `runs`, from 1. */
      run: number;
      epoch: number;
      epochs: number;
      /** From 1, over the whole run. */
      step: number;
      steps: number;
      loss: number;
      learningRate: number;
      /** Global norm of the gradient, before clipping. */
      gradNorm: number;
      /** Since the run began, encoding and mining included. */
      examplesPerSecond: number;
      /** Mean cosine of the batch's (query, positive) pairs and of its (query, negative) pairs, before the update. */
      positiveScore: number;
      negativeScore: number;
      /** Share of triplets that still violate the margin. */
      activeTriplets: number;
      elapsedMs: number;
    }
  /** Hand `bytes` to `resume` to go on from here. */
  | { type: "checkpoint"; step: number; bytes: Uint8Array; elapsedMs: number }
  | ({ type: "verdict"; elapsedMs: number } & Verdict);

/** How embeddings lie in space; a model that collapses gives every text nearly the same one. */
export interface Spread {
  /** Mean cosine of pairs of documents, −1..1. */
  meanCosine: number;
  /** exp of the entropy of the normalised singular values (Roy & Vetterli 2007): 1 to the number of dimensions. */
  effectiveRank: number;
}

/** How many documents that are not known to be relevant pass a threshold. */
export interface FalsePositives {
  /** The cosine that nine of ten relevant documents reach on the training side. */
  threshold: number;
  /** Share of relevant (query, document) pairs of the held-out side that reach it, 0..1. */
  recall: number;
  /** Share of the others that do, 0..1. */
  rate: number;
}

/** Did held-out search get better? Measured on queries that training never saw. */
export interface Verdict {
  /** "better" or "worse" when the whole interval lies on that side of 0 and chance (signs drawn at random) explains it in at most one of
   * forty cases, which takes six changed queries; else "no-difference", also when a model collapsed. */
  outcome: "better" | "no-difference" | "worse";
  /** True when the tuned weights are in use now; anything but "better" is rolled back. */
  kept: boolean;
  metric: "ndcg@10";
  /** With the weights before this training. */
  before: Metrics;
  /** With the weights that it chose. */
  after: Metrics;
  /** Mean per-query difference in the metric, with its 95 % paired-bootstrap interval. */
  difference: number;
  /** Lower and upper end. */
  interval: [number, number];
  /** Held-out queries that were measured. */
  queries: number;
  /** Queries that got better, in the metric. */
  won: number;
  /** Queries that got worse. */
  lost: number;
  /** Queries that stayed the same. */
  tied: number;
  /** The metric of each query, and the rank of its first relevant document; null where none was found. */
  perQuery: { query: string; before: number; after: number; rankBefore: number | null; rankAfter: number | null }[];
  /** The verdict in one plain sentence. */
  summary: string;
  /** "pseudo-queries" when no judgment by a person says what is relevant: then the numbers say little about real questions. */
  measuredOn: "judgments" | "pseudo-queries";
  /** Which weights were measured: those after `step` of run `run`, moved from the old ones by `weight` (1: all the way; 0: dev
   * queries preferred the old ones); `dev` queries had a say, 0 for none. */
  chosen: { run: number; step: number; weight: number; dev: number };
  /** Of the documents. */
  spread: { before: Spread; after: Spread };
  /** Do all texts nearly get one embedding? Then `outcome` is not "better". */
  collapsed: boolean;
  /** At one threshold, before and after. */
  falsePositives: { before: FalsePositives; after: FalsePositives };
  /** Examples trained on, steps taken. */
  examples: number;
  /** Steps taken. */
  steps: number;
}

/** Of `evaluate`. */
export interface EvaluateOptions {
  /** Which side of the judgments. Default "held-out". */
  split?: "train" | "dev" | "held-out";
  /** Default "dense": what training moves. */
  mode?: SearchMode;
  /** Short for a rerank stage behind those of the mode: seconds a query on a CPU. */
  rerank?: "maxsim";
  /** All stages, in place of mode and rerank. A function as scorer cannot be measured here. */
  stages?: SearchStage[];
  /** Aborting rejects with `ABORTED`. */
  signal?: AbortSignal;
  /** Gets `encode` events. */
  onProgress?: (event: ProgressEvent) => void;
}

/** Search in numbers, with and without what was trained. */
export interface Evaluation {
  /** The model as it was loaded. */
  before: Metrics;
  /** The model as it is now. */
  after: Metrics;
  /** Judged queries that were measured. */
  queries: number;
  /** Of the last training, if there was one. */
  verdict: Verdict | null;
}
